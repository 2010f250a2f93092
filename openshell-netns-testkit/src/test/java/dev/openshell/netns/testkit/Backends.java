package dev.openshell.netns.testkit;

import dev.openshell.netns.Backend;
import dev.openshell.netns.Family;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The same packets on two machines that are alike but for the backend that loaded the rules of their sandboxes: the same
 * becomes of each, on both ends of the link.
 */
final class Backends {
    private static final int SPAN = 8;
    private static final int CONNECTIONS = 5;
    /** What more there is to find would tell nothing else. */
    private static final int ENOUGH = 10;

    /** One of the machines, with its sandboxes in order. */
    private record Side(FakeKernel kernel, List<Opened> all) {
        static Side of(FakeKernel kernel, List<SandboxPolicy> policies, Backend backend, Opened.Providers providers) {
            List<Opened> all = new ArrayList<>();
            for (SandboxPolicy policy : policies) {
                all.add(Opened.of(kernel, policy.toBuilder().backend(backend).policy(), providers));
            }
            return new Side(kernel, all);
        }

        private @Nullable Ip network(int sandbox, Family family) {
            return all.get(sandbox)
                    .reading()
                    .veth()
                    .network(family)
                    .map(network -> Ip.of(network.at(0)))
                    .orElse(null);
        }

        /** Returns which address {@code ip} of this side is on the other one. */
        Ip on(Side other, Ip ip) {
            for (int i = 0; i < all.size(); i++) {
                Ip network = network(i, ip.family());
                for (int offset = 0; network != null && offset < SPAN; offset++) {
                    if (network.plus(offset).equals(ip)) {
                        return other.network(i, ip.family()).plus(offset);
                    }
                }
            }
            return ip;
        }

        /** Returns what can be told of an address on either side. */
        private String name(Ip ip) {
            for (int i = 0; i < all.size(); i++) {
                Ip network = network(i, ip.family());
                for (int offset = 0; network != null && offset < SPAN; offset++) {
                    if (network.plus(offset).equals(ip)) {
                        return "link " + i + "+" + offset;
                    }
                }
            }
            return ip.toString();
        }

        private String place(long inode) {
            for (int i = 0; i < all.size(); i++) {
                if (all.get(i).inside().inode() == inode) {
                    return "inside " + i;
                }
            }
            return "host";
        }

        String text(Journey journey) {
            Header header = journey.skb().header;
            return journey.end() + " " + journey.detail() + " in " + place(journey.namespace()) + ": "
                    + header.protocol() + " " + name(header.source()) + ":" + header.sourcePort() + " to "
                    + name(header.destination()) + ":" + header.destinationPort()
                    + journey.answer()
                            .filter(Side::arrived)
                            .map(way -> ", answered " + text(way))
                            .orElse("");
        }

        /** An answer that is stopped may be so in one way or another. */
        private static boolean arrived(Journey answer) {
            return answer.end() == End.DELIVERED || answer.end() == End.LEFT;
        }

        Journey fromOutside(Header header) {
            FakeMachine machine = kernel.machine();
            Netns host = machine.host();
            return machine.traveller().receive(machine.stack(host), host.link("eth0"), header);
        }

        Journey fromHost(Header header) {
            FakeMachine machine = kernel.machine();
            return machine.send(machine.host(), new Skb(header));
        }
    }

    /** Sends a packet on one of the machines. */
    private interface Way {
        Journey of(Side side, Header header);
    }

    private final Side one;
    private final Side other;
    private final List<String> findings = new ArrayList<>();
    private int through;

    private Backends(Side one, Side other) {
        this.one = one;
        this.other = other;
    }

    /** What makes sandboxes with nf_tables, and what is done to all of them once they are there. */
    record Made(Opened.Providers providers, Runnable afterwards) {
        static final Made SOUND = new Made(SandboxProperties.REAL, () -> {});
    }

    private static Backends of(List<SandboxPolicy> policies, Supplier<FakeKernel> world, Made made) {
        Side one = Side.of(world.get(), policies, Backend.IPTABLES, SandboxProperties.REAL);
        Side other = Side.of(world.get(), policies, Backend.NFTABLES, made.providers());
        made.afterwards().run();
        return new Backends(one, other);
    }

    /** Returns what is not the same. */
    static List<String> check(List<SandboxPolicy> policies, Supplier<FakeKernel> world, Made made) {
        Backends backends = of(policies, world, made);
        backends.all("both ends");
        backends.flush();
        backends.all("inside flushed");
        return backends.findings;
    }

    private void flush() {
        one.all().forEach(Opened::flush);
        other.all().forEach(Opened::flush);
    }

    private void all(String when) {
        for (int i = 0; i < one.all().size(); i++) {
            int sandbox = i;
            Way inside = (side, header) -> side.all().get(sandbox).send(header);
            Opened opened = one.all().get(i);
            int before = through;
            for (Header header : Attempts.of(opened.reading(), sources(opened))) {
                compare(when + ", from " + i, inside, header);
            }
            boolean allows = opened.reading().policy().proxyPort().isPresent()
                    || !opened.reading().policy().dnsServers().isEmpty()
                    || !opened.reading().policy().directHosts().isEmpty();
            if (allows && through == before) {
                findings.add(when + ", from " + i + ": nothing got out");
            }
            for (Ip own : opened.sources()) {
                neighbours(when, own, inside);
                inbound(when, own);
            }
        }
    }

    private static Set<Ip> sources(Opened opened) {
        Set<Ip> sources = new LinkedHashSet<>(opened.sources());
        opened.sources().forEach(own -> sources.add(own.plus(-1)));
        return sources;
    }

    /** To the other sandboxes, and with their addresses to where they, or this one, may go. */
    private void neighbours(String when, Ip own, Way inside) {
        for (Opened neighbour : one.all()) {
            Set<Ip> theirs = neighbour.sources();
            if (theirs.contains(own)) {
                continue;
            }
            for (Ip to : theirs) {
                if (to.family() == own.family()) {
                    for (Ip end : List.of(to, to.plus(-1))) {
                        for (int port : new int[] {22, 53, 443, proxy(neighbour)}) {
                            both(when + ", to a neighbour", inside, own, end, port);
                        }
                    }
                }
            }
            for (Header header : Attempts.of(neighbour.reading(), theirs)) {
                boolean listed = neighbour
                        .reading()
                        .allows(header.source(), header.destination(), header.protocol(), header.destinationPort());
                if (listed && header.family() == own.family()) {
                    compare(when + ", as a neighbour", inside, header);
                    compare(
                            when + ", as a neighbour may",
                            inside,
                            header.withEnds(own, header.sourcePort(), header.destination(), header.destinationPort()));
                }
            }
        }
    }

    private static int proxy(Opened opened) {
        return opened.reading().policy().proxyPort().orElse(3128);
    }

    private void inbound(String when, Ip own) {
        Ip stranger = Ip.parse(own.family() == Family.IPV4 ? "203.0.113.201" : "2001:db8:9::201");
        both(when + ", from outside", Side::fromOutside, stranger, own, 22);
        both(when + ", from outside with its source", Side::fromOutside, own, stranger, 443);
        both(when + ", from the host", Side::fromHost, own.plus(-1), own, 22);
        both(when + ", from the host", Side::fromHost, stranger, own, 22);
    }

    private void both(String when, Way way, Ip from, Ip to, int port) {
        compare(when, way, Header.ports(from, 1900, to, port, Header.TCP, Header.SYN));
        compare(when, way, Header.ports(from, 1901, to, port, Header.TCP, Header.ACK));
        compare(when, way, Header.ports(from, 1902, to, port, Header.UDP, 0));
        compare(when, way, Header.icmp(from, to, from.family() == Family.IPV4 ? 8 : 128, 0, 1903, null));
    }

    private void compare(String when, Way way, Header header) {
        if (findings.size() >= ENOUGH) {
            return;
        }
        Header alike = header.withEnds(
                one.on(other, header.source()),
                header.sourcePort(),
                one.on(other, header.destination()),
                header.destinationPort());
        Journey wanted = way.of(one, header);
        Journey found = way.of(other, alike);
        compare(when, wanted, found);
        boolean out = wanted.end() == End.LEFT || wanted.end() == End.DELIVERED;
        if (out && found.end() == wanted.end()) {
            through += one.place(wanted.namespace()).equals("host") ? 1 : 0;
            answers(when, wanted, found);
        }
    }

    private void compare(String when, Journey wanted, Journey found) {
        if (!one.text(wanted).equals(other.text(found))) {
            findings.add(when + ": " + one.text(wanted) + ", by nf_tables " + other.text(found) + " ("
                    + Trace.of(wanted) + "; " + Trace.of(found) + ")");
        }
    }

    /** The answer, the next packet of the flow, what a router has to say about it, and what the sandbox has. */
    private void answers(String when, Journey wanted, Journey found) {
        Header there = wanted.skb().header;
        Header alike = found.skb().header;
        if (wanted.end() == End.LEFT) {
            compare(when + ", router", one.fromOutside(error(there)), other.fromOutside(error(alike)));
            compare(
                    when + ", answer",
                    one.fromOutside(Packet.of(there).reply().header()),
                    other.fromOutside(Packet.of(alike).reply().header()));
        } else if (one.place(wanted.namespace()).equals("host")) {
            compare(
                    when + ", answer of the host",
                    one.fromHost(Packet.of(there).reply().header()),
                    other.fromHost(Packet.of(alike).reply().header()));
        }
    }

    private static Header error(Header about) {
        boolean four = about.family() == Family.IPV4;
        Ip router = Ip.parse(four ? "203.0.113.201" : "2001:db8:9::201");
        return Header.icmp(router, about.source(), four ? 3 : 1, four ? 1 : 0, 0, about);
    }

    /** Returns what is not the same of more flows than {@code policy} allows at once, or at a time. */
    static List<String> limits(SandboxPolicy policy, Supplier<FakeKernel> world, Made made) {
        Backends backends = of(List.of(policy), world, made);
        Opened opened = backends.one.all().get(0);
        int port = 40_000;
        for (boolean flushed : new boolean[] {false, true}) {
            if (flushed) {
                backends.flush();
            }
            for (Header header : Attempts.of(opened.reading(), opened.sources())) {
                boolean listed = opened.reading()
                        .allows(header.source(), header.destination(), header.protocol(), header.destinationPort());
                for (int i = 0; listed && header.tcpFlags() != Header.ACK && i < CONNECTIONS; i++) {
                    port++;
                    backends.compare(
                            "limited",
                            (side, sent) -> side.all().get(0).send(sent),
                            header.withEnds(header.source(), port, header.destination(), header.destinationPort()));
                }
            }
        }
        return backends.findings;
    }
}
