package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** No packet passes between any two sandboxes of a host, whatever root does inside. */
final class Isolation {
    private Isolation() {}

    static List<String> check(List<SandboxPolicy> policies, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        FakeKernel kernel = Opened.host();
        List<Opened> all = new ArrayList<>();
        for (SandboxPolicy policy : policies) {
            all.add(Opened.of(kernel, policy, providers));
        }
        // One that lists the others: they stay out of its reach.
        NetnsSandbox.Builder nosy =
                NetnsSandbox.builder().backend(policies.get(0).backend());
        all.forEach(other -> other.sources()
                .forEach(ip -> nosy.directTcp(ip.family() == Family.IPV4 ? ip.toString() : "[" + ip + "]", 22)));
        all.add(Opened.of(kernel, nosy.policy(), providers));
        for (boolean flushed : new boolean[] {false, true}) {
            for (Opened from : all) {
                if (flushed) {
                    from.flush();
                }
                for (Opened to : all) {
                    if (from != to) {
                        between(from, to, findings);
                    }
                }
            }
        }
        all.forEach(Opened::close);
        return findings;
    }

    private static void between(Opened from, Opened to, List<String> findings) {
        Set<Ip> sources = new LinkedHashSet<>(from.sources());
        sources.addAll(to.sources());
        Set<Integer> ports = new LinkedHashSet<>(List.of(22, 443));
        to.reading().policy().proxyPort().ifPresent(ports::add);
        for (Ip source : sources) {
            for (Ip own : to.sources()) {
                for (Ip place : List.of(own, own.plus(-1))) {
                    for (int port : ports) {
                        if (source.family() == place.family()) {
                            check(
                                    from,
                                    to,
                                    Header.ports(source, 1000 + port, place, port, Header.TCP, Header.SYN),
                                    findings);
                            check(from, to, Header.ports(source, 1000 + port, place, port, Header.UDP, 0), findings);
                            check(from, to, Header.icmp(source, place, 8, 0, 5, null), findings);
                        }
                    }
                }
            }
        }
    }

    /** The other's end of its link counts as the other: its proxy is for itself alone. */
    private static void check(Opened from, Opened to, Header header, List<String> findings) {
        Journey journey = from.send(header);
        boolean arrived = journey.end() == End.DELIVERED
                && journey.namespace() != from.inside().inode();
        if (arrived) {
            findings.add(from.sandbox() + " reached " + to.sandbox() + ": " + Trace.of(journey));
        }
    }
}
