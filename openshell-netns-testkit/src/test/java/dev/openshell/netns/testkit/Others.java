package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.net.Netns;
import java.util.ArrayList;
import java.util.List;

/** Other programs change the host while sandboxes live: the next sandbox is denied all the same, and theirs stays. */
final class Others {
    private static final String FIRST_OF_ALL = "*raw\n-I PREROUTING 1 -j ACCEPT\nCOMMIT\n"
            + "*filter\n-I FORWARD 1 -j ACCEPT\n-I INPUT 1 -j ACCEPT\n-I OUTPUT 1 -j ACCEPT\nCOMMIT\n";

    private Others() {}

    /** Their rules get before ours; the next sandbox puts that right, for those that are there as well. */
    static List<String> rules(SandboxPolicy one, SandboxPolicy two, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        FakeKernel kernel = Opened.host();
        Opened first = Opened.of(kernel, one, providers);
        FakeKernel theirsAlone = Opened.host();
        for (Family family : Family.values()) {
            Opened.rulesOfOthers(kernel, family, FIRST_OF_ALL);
            Opened.rulesOfOthers(theirsAlone, family, FIRST_OF_ALL);
        }
        Opened second = Opened.of(kernel, two, providers);
        for (Opened opened : List.of(second, first)) {
            Denial.check(opened).forEach(line -> findings.add("others' rules came first, " + line));
        }
        first.close();
        second.close();
        Opened.difference(theirsAlone.state(), kernel.state())
                .forEach(line -> findings.add("others' rules, all closed: " + line));
        return findings;
    }

    /** Whoever else switches forwarding on while a sandbox lives finds it on when the sandbox is gone. */
    static List<String> forwarding(SandboxPolicy policy, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        for (String key : List.of("net/ipv4/conf/eth0/forwarding", "net/ipv6/conf/all/forwarding")) {
            FakeKernel kernel = Opened.host();
            Netns host = kernel.machine().host();
            Opened opened = Opened.of(kernel, policy, providers);
            host.writeSysctl(key, "1");
            opened.close();
            String value = host.readSysctl(key).orElse("");
            if (!value.equals("1")) {
                findings.add("others switched " + key + " on, and found " + value);
            }
            host.writeSysctl(key, "0");
            Opened.difference(Opened.host().state(), kernel.state())
                    .forEach(line -> findings.add("others switched " + key + ": " + line));
        }
        return findings;
    }
}
