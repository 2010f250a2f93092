package dev.openshell.netns.testkit;

import dev.openshell.netns.DirectHost;
import dev.openshell.netns.DnsServer;
import dev.openshell.netns.Family;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Packets aimed at a policy's edges: what it allows, and its nearest neighbours. */
final class Attempts {
    private static final List<Integer> OTHER_PROTOCOLS = List.of(1, 2, 4, 33, 47, 50, 58, 132, 136, 253, 255);
    private static final int FIRST_PORT = 2_000;
    /** What lies between the ports of packets that may begin a flow and of those that belong to none. */
    private static final int OF_NO_FLOW = 30_000;

    private static int nextPort = FIRST_PORT;

    private Attempts() {}

    /** Returns packets from each of {@code sources} of the packet's family. */
    static List<Header> of(Reading reading, Set<Ip> sources) {
        Set<Ip> places = new LinkedHashSet<>();
        Set<Integer> ports = new LinkedHashSet<>(List.of(22, 53, 80, 443));
        reading.policy().proxyPort().ifPresent(port -> near(ports, port));
        for (DnsServer server : reading.policy().dnsServers()) {
            near(places, Ip.of(server.address()));
        }
        for (DirectHost host : reading.policy().directHosts()) {
            for (InetAddress address : reading.addresses(host)) {
                near(places, Ip.of(address));
            }
            host.ports().forEach(port -> near(ports, port));
        }
        VethPair veth = reading.veth();
        for (Family family : Family.values()) {
            veth.network(family).ifPresent(network -> {
                for (int offset = 0; offset < 4; offset++) {
                    places.add(Ip.of(network.at(offset)));
                }
            });
        }
        for (String place : List.of(
                "198.51.100.2",
                "198.51.100.1",
                "203.0.113.77",
                "169.254.169.254",
                "224.0.0.1",
                "255.255.255.255",
                "127.0.0.1",
                "10.43.0.99",
                "2001:db8::2",
                "2001:db8:9::9",
                "ff02::1",
                "::1",
                "fe80::1")) {
            places.add(Ip.parse(place));
        }
        List<Header> packets = new ArrayList<>();
        for (Ip place : places) {
            for (Ip source : sources) {
                if (source.family() == place.family()) {
                    to(place, source, ports, packets);
                }
            }
        }
        return packets;
    }

    private static void near(Set<Integer> ports, int port) {
        for (int near = Math.max(1, port - 1); near <= Math.min(65535, port + 1); near++) {
            ports.add(near);
        }
    }

    private static void near(Set<Ip> places, Ip place) {
        places.add(place);
        places.add(place.plus(1));
        places.add(place.plus(-1));
        places.add(place.plus(256));
    }

    private static void to(Ip place, Ip source, Set<Integer> ports, List<Header> packets) {
        for (int port : ports) {
            packets.add(Header.ports(source, freshPort(), place, port, Header.TCP, Header.SYN));
            packets.add(Header.ports(source, freshPort() + OF_NO_FLOW, place, port, Header.TCP, Header.ACK));
            packets.add(Header.ports(source, freshPort(), place, port, Header.UDP, 0));
        }
        packets.add(Header.icmp(source, place, place.family() == Family.IPV4 ? 8 : 128, 0, freshPort(), null));
        for (int protocol : OTHER_PROTOCOLS) {
            packets.add(Header.other(source, place, protocol));
        }
    }

    private static synchronized int freshPort() {
        nextPort = nextPort >= FIRST_PORT + OF_NO_FLOW - 1 ? FIRST_PORT : nextPort + 1;
        return nextPort;
    }
}
