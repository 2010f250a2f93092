package dev.openshell.netns.testkit;

import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.net.Netns;
import java.util.ArrayList;
import java.util.List;

/** The same guarantees on a kernel before Linux 6.17, where IPv6 forwards everywhere or nowhere. */
final class Older {
    private static final String FORWARDING = "net/ipv6/conf/all/forwarding";
    private static final String ACCEPT_RA = "net/ipv6/conf/eth0/accept_ra";

    private Older() {}

    static List<String> check(SandboxPolicy policy, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        FakeKernel kernel = Opened.older();
        Netns host = kernel.machine().host();
        try (Opened opened = Opened.of(kernel, policy, providers)) {
            findings.addAll(Denial.check(opened));
            // A forwarding host forgets the default routes it learnt, unless told otherwise.
            if (reads(host, FORWARDING, "1") && !reads(host, ACCEPT_RA, "2")) {
                findings.add("forwards, and learns no routes");
            }
        }
        if (!reads(host, FORWARDING, "0") || !reads(host, ACCEPT_RA, "1")) {
            findings.add(
                    "left forwarding " + host.readSysctl(FORWARDING) + ", accept_ra " + host.readSysctl(ACCEPT_RA));
        }
        findings.replaceAll(line -> "no force_forwarding, " + line);
        return findings;
    }

    private static boolean reads(Netns host, String key, String value) {
        return host.readSysctl(key).filter(value::equals).isPresent();
    }
}
