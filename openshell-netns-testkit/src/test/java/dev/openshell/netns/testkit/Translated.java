package dev.openshell.netns.testkit;

import dev.openshell.netns.Backend;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.path.Journey;
import java.util.ArrayList;
import java.util.List;

/** Where the host translates destinations, a policy means the address that is listed, not the one behind it. */
final class Translated {
    private record Target(String address, int port, int protocol) {}

    private static final List<Target> TARGETS = List.of(
            new Target("10.43.1.53", 5353, Header.UDP),
            new Target("198.51.100.77", 8443, Header.TCP),
            new Target("2001:db8:1::53", 5353, Header.UDP),
            new Target("2001:db8::77", 8443, Header.TCP));

    private Translated() {}

    static List<String> check(SandboxPolicy policy, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        FakeKernel kernel = policy.backend() == Backend.IPTABLES ? Opened.translating() : Opened.translatingNear();
        List<String> before = kernel.state();
        try (Opened opened = Opened.of(kernel, policy, providers)) {
            direct(opened, findings);
            Denial.check(opened).forEach(line -> findings.add("destinations translated, " + line));
            direct(opened, findings);
        }
        Opened.difference(before, kernel.state()).forEach(line -> findings.add("destinations translated: " + line));
        return findings;
    }

    private static void direct(Opened opened, List<String> findings) {
        for (Target target : TARGETS) {
            Ip place = Ip.parse(target.address());
            int flags = target.protocol() == Header.TCP ? Header.SYN : 0;
            for (Ip source : opened.sources()) {
                boolean listed = opened.reading().allows(source, place, target.protocol(), target.port());
                if (source.family() == place.family() && !listed) {
                    Journey journey =
                            opened.send(Header.ports(source, 1999, place, target.port(), target.protocol(), flags));
                    if (Opened.leaves(journey, opened.inside())) {
                        findings.add("what a destination is translated to: admitted " + Trace.of(journey));
                    }
                }
            }
        }
    }
}
