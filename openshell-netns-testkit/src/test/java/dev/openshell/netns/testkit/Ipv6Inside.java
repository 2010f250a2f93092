package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.net.Address;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Neighbour;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.net.RouteType;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.path.Journey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A sandbox whose policy is without IPv6 has none, also when root inside makes itself addresses and a route. */
final class Ipv6Inside {
    private static final Ip OWN = Ip.parse("2001:db8:5::2");
    private static final Ip GATEWAY = Ip.parse("2001:db8:5::1");
    private static final int PREFIX = 64;
    private static final int NUD_PERMANENT = 0x80;

    private Ipv6Inside() {}

    /** Finds nothing for a policy with IPv6. */
    static List<String> check(SandboxPolicy policy, Opened.Providers providers, FakeKernel kernel) {
        List<String> findings = new ArrayList<>();
        try (Opened opened = Opened.of(kernel, policy, providers)) {
            if (opened.reading().veth().network6().isPresent()) {
                return findings;
            }
            opened.flush();
            Link link = makeIpv6(opened.inside());
            Set<Ip> sources = new LinkedHashSet<>();
            link.addresses(Family.IPV6).stream().map(Address::ip).forEach(sources::add);
            if (sources.size() < 2) {
                findings.add("IPv6 switched on inside: only the addresses " + sources);
            }
            List<Header> packets = Attempts.of(opened.reading(), sources);
            Link hostEnd = kernel.machine().host().link(opened.reading().veth().hostInterface());
            for (Address address : hostEnd.addresses(Family.IPV6)) {
                for (Ip source : sources) {
                    packets.add(Header.ports(source, 9999, address.ip(), 22, Header.TCP, Header.SYN));
                }
            }
            for (Header header : packets) {
                Journey journey = opened.send(header);
                if (Opened.leaves(journey, opened.inside())) {
                    findings.add("IPv6 switched on inside: admitted " + Trace.of(journey));
                }
            }
        }
        return findings;
    }

    private static Link makeIpv6(Netns inside) {
        Link link = inside.link(VethPair.SANDBOX_INTERFACE);
        inside.writeSysctl("net/ipv6/conf/" + link.name() + "/addr_gen_mode", "0");
        for (String scope : List.of("all", "default", link.name())) {
            inside.writeSysctl("net/ipv6/conf/" + scope + "/disable_ipv6", "0");
        }
        inside.addAddress(link, OWN, PREFIX);
        Link peer = link.peer().orElseThrow();
        // What Linux asks the link for, root may as well say.
        for (Ip ip : List.of(GATEWAY, Ip.parse("fe80::1"))) {
            inside.putNeighbour(new Neighbour(link, ip, peer.mac(), NUD_PERMANENT));
        }
        inside.addRoute(Ip.parse("::"), 0, RouteType.UNICAST, link, Optional.of(GATEWAY));
        return link;
    }
}
