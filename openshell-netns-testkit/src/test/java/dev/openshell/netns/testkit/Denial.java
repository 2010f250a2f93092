package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Deny by default: what leaves a sandbox is what the policy allows, no less and no more. Each finding is a line. */
final class Denial {
    private static final Ip STRANGER = Ip.parse("203.0.113.201");
    private static final Ip STRANGER6 = Ip.parse("2001:db8:9::201");

    private final Opened opened;
    private final String when;
    private final List<String> findings = new ArrayList<>();

    private final boolean innerEnd;

    private Denial(Opened opened, String when, boolean innerEnd) {
        this.opened = opened;
        this.when = when;
        this.innerEnd = innerEnd;
    }

    /** Checks both ends, then the host end alone, then the host end against what root inside may load. */
    static List<String> check(Opened opened) {
        List<String> findings = new ArrayList<>();
        Denial intact = new Denial(opened, "both ends", true);
        intact.exactly();
        intact.inbound();
        findings.addAll(intact.findings);
        findings.addAll(hostEnd(opened));
        for (String hostile : List.of(
                "*nat\n-A OUTPUT -j DNAT --to-destination %s\nCOMMIT\n",
                "*nat\n-A POSTROUTING -j SNAT --to-source %s\nCOMMIT\n",
                "*raw\n-A OUTPUT -j NOTRACK\nCOMMIT\n",
                "*mangle\n-A OUTPUT -j MARK --set-mark 0x1\n-A POSTROUTING -j CONNMARK --save-mark\nCOMMIT\n")) {
            Denial denial = new Denial(opened, "hostile rules inside", false);
            denial.hostile(hostile);
            findings.addAll(denial.findings);
        }
        return findings;
    }

    /** Checks the host end alone. */
    static List<String> hostEnd(Opened opened) {
        opened.flush();
        Denial flushed = new Denial(opened, "inside flushed", false);
        flushed.exactly();
        flushed.spoofed();
        flushed.inbound();
        return flushed.findings;
    }

    private void exactly() {
        for (Header header : Attempts.of(opened.reading(), opened.sources())) {
            Journey journey = opened.send(header);
            boolean leaves = Opened.leaves(journey, opened.inside());
            boolean listed = opened.reading()
                    .allows(header.source(), header.destination(), header.protocol(), header.destinationPort());
            boolean allowed = listed && begins(header);
            if (leaves != allowed) {
                findings.add(when + (allowed ? ": denied " : ": admitted ") + Trace.of(journey));
            } else if (allowed) {
                masqueraded(journey);
                answered(header, journey);
            } else if (innerEnd && !listed) {
                refusedInside(journey);
            }
        }
    }

    /** The inner end alone keeps what is denied from the link, and says so at once. */
    private void refusedInside(Journey journey) {
        if (journey.namespace() != opened.inside().inode()) {
            findings.add(when + ": got onto the link " + Trace.of(journey));
        } else if (journey.end() == End.DROPPED) {
            findings.add(when + ": dropped in silence " + Trace.of(journey));
        }
    }

    private void masqueraded(Journey journey) {
        if (journey.end() == End.LEFT
                && opened.sources().contains(journey.skb().header.source())) {
            findings.add(when + ": left with the link's own source " + Trace.of(journey));
        }
    }

    private static boolean begins(Header header) {
        return header.protocol() != Header.TCP || header.tcpFlags() == Header.SYN;
    }

    /**
     * The answer of an allowed flow gets back in, and so does what a router outside has to say about it; an error that
     * the sandbox makes about it does not get out.
     */
    private void answered(Header sent, Journey journey) {
        if (journey.end() == End.LEFT) {
            complained(journey);
        }
        Header back = Packet.of(journey.skb().header).reply().header();
        Journey answer = journey.end() == End.LEFT
                ? fromOutside(journey.link(), back)
                : opened.kernel().machine().send(opened.kernel().machine().host(), new Skb(back));
        if (!arrived(answer)) {
            findings.add(when + ": answer lost " + Trace.of(answer));
            return;
        }
        Header got = answer.skb().header;
        if (!got.source().equals(sent.destination()) || got.sourcePort() != sent.destinationPort()) {
            findings.add(when + ": answer from somebody else " + Trace.of(answer));
        }
        boolean four = sent.family() == Family.IPV4;
        Header error =
                Header.icmp(sent.source(), sent.destination(), four ? 3 : 1, four ? 3 : 4, 0, answer.skb().header);
        Journey made = opened.send(error);
        if (Opened.leaves(made, opened.inside())) {
            findings.add(when + ": admitted an ICMP error " + Trace.of(made));
        }
    }

    private void complained(Journey journey) {
        Header left = journey.skb().header;
        boolean four = left.family() == Family.IPV4;
        Ip router = four ? STRANGER : STRANGER6;
        Journey error =
                fromOutside(journey.link(), Header.icmp(router, left.source(), four ? 3 : 1, four ? 1 : 0, 0, left));
        if (!arrived(error)) {
            findings.add(when + ": a router's error lost " + Trace.of(error));
        }
    }

    private Journey fromOutside(String link, Header header) {
        FakeMachine machine = opened.kernel().machine();
        Netns host = machine.host();
        return machine.traveller().receive(machine.stack(host), host.link(link), header);
    }

    private boolean arrived(Journey journey) {
        return journey.end() == End.DELIVERED
                && journey.namespace() == opened.inside().inode();
    }

    /** With a source that is not its own nothing gets out, wherever it goes. */
    private void spoofed() {
        Set<Ip> others =
                new LinkedHashSet<>(List.of(STRANGER, STRANGER6, Ip.parse("198.51.100.2"), Ip.parse("127.0.0.1")));
        opened.sources().forEach(own -> {
            others.add(own.plus(1));
            others.add(own.plus(4));
            others.add(own.plus(-1));
        });
        for (Header header : Attempts.of(opened.reading(), others)) {
            Journey journey = opened.send(header);
            if (Opened.leaves(journey, opened.inside())) {
                findings.add(when + ", source forged: admitted " + Trace.of(journey));
            }
        }
    }

    /** Nobody outside, and nothing on the host, can begin a flow to the sandbox; the host routes for nobody else. */
    private void inbound() {
        FakeMachine machine = opened.kernel().machine();
        Netns host = machine.host();
        for (Ip own : opened.sources()) {
            boolean four = own.family() == Family.IPV4;
            Ip stranger = four ? STRANGER : STRANGER6;
            Header outside = Header.ports(stranger, 4444, own, 22, Header.TCP, Header.SYN);
            Header local = Header.ports(own.plus(-1), 4445, own, 22, Header.UDP, 0);
            List<Journey> ways = new ArrayList<>();
            ways.add(fromOutside("eth0", outside));
            ways.add(machine.send(host, new Skb(local)));
            if (innerEnd) {
                ways.add(machine.traveller()
                        .receive(
                                machine.stack(opened.inside()),
                                opened.inside().link(VethPair.SANDBOX_INTERFACE),
                                Header.ports(stranger, 4446, own, 22, Header.TCP, Header.SYN)));
            }
            for (Journey journey : ways) {
                if (arrived(journey)) {
                    findings.add(when + ": let in " + Trace.of(journey));
                }
            }
            Header foreign = Header.ports(stranger, 4447, stranger.plus(1), 80, Header.TCP, Header.SYN);
            Journey routed = fromOutside("eth0", foreign);
            boolean router = host.readSysctl("net/ipv4/conf/eth0/forwarding")
                    .filter("1"::equals)
                    .isPresent();
            if (routed.end() == End.LEFT && !router) {
                findings.add(when + ": became a router " + Trace.of(routed));
            }
        }
    }

    /** Whatever is loaded inside, a flow that leaves is, as it comes out of the link, one that the policy allows. */
    private void hostile(String rules) {
        for (Ip own : opened.sources()) {
            List<String> aims = own.family() == Family.IPV4
                    ? List.of("203.0.113.77", own.plus(4).toString())
                    : List.of("2001:db8:9::9");
            for (String aim : aims) {
                Opened.rules(
                        opened.kernel(),
                        opened.inside(),
                        own.family(),
                        String.format(java.util.Locale.ROOT, rules, aim));
                for (Header header : Attempts.of(opened.reading(), Set.of(own))) {
                    Journey journey = opened.send(header);
                    Ct ct = journey.skb().ct;
                    boolean allowed = ct != null
                            && opened.reading()
                                    .allows(
                                            ct.original.source(),
                                            ct.original.destination(),
                                            ct.original.protocol(),
                                            ct.original.destinationPort());
                    if (Opened.leaves(journey, opened.inside()) && !allowed) {
                        findings.add(when + ": admitted " + Trace.of(journey));
                    }
                }
            }
        }
        opened.flush();
    }
}
