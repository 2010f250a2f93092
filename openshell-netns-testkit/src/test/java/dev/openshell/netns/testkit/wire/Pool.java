package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The few values that rules and packets are made of, so that they meet. What rules use is noted for the packets. */
final class Pool {
    final Random random;
    final Family family;
    final List<Ip> behindWest;
    final List<Ip> behindEast;
    final List<Ip> router;
    /** What the rules stop or begin at, and what is next to it. */
    final List<Ip> boundaries = new ArrayList<>();

    final List<Integer> ports = new ArrayList<>(List.of(53, 80, 443, 1000, 3128, 40_000));

    Pool(Random random, Family family) {
        this.random = random;
        this.family = family;
        boolean v4 = family == Family.IPV4;
        behindWest = v4
                ? ips("10.200.1.2", "10.200.1.3", "10.200.1.77", "10.200.1.130")
                : ips("2001:db8:1::2", "2001:db8:1::3", "2001:db8:1::77", "2001:db8:1:0:8000::1");
        behindEast = v4
                ? ips("203.0.113.9", "203.0.113.254", "198.51.100.7", "198.51.100.8", "10.43.0.10")
                : ips("2001:db8:2::9", "2001:db8:2::fe", "2001:db8:77::7", "2001:db8:77::8", "2001:db8:43::10");
        router = v4 ? ips("10.200.1.1", "203.0.113.1") : ips("2001:db8:1::1", "2001:db8:2::1");
    }

    private static List<Ip> ips(String... texts) {
        return List.of(texts).stream().map(Ip::parse).toList();
    }

    <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    String pick(String... values) {
        return values[random.nextInt(values.length)];
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    Ip address() {
        int kind = random.nextInt(5);
        return pick(kind < 2 ? behindWest : kind < 4 ? behindEast : router);
    }

    int port() {
        return pick(ports);
    }

    /** Notes {@code port} and its neighbours, and returns it. */
    int notedPort(int port) {
        for (int near = Math.max(1, port - 1); near <= Math.min(65_535, port + 1); near++) {
            if (!ports.contains(near)) {
                ports.add(near);
            }
        }
        return port;
    }

    /** Notes the first and the last address of a network, and what is outside next to them. */
    void noteNetwork(Ip network, int prefix) {
        Ip mask = Ip.mask(family, prefix);
        Ip last = new Ip(
                family,
                family == Family.IPV4 ? 0 : network.high() | ~mask.high(),
                family == Family.IPV4 ? network.low() | ~mask.low() & 0xffff_ffffL : network.low() | ~mask.low());
        note(network, network.plus(-1), last, last.plus(1));
    }

    /** Notes addresses, but those that no packet here may have. */
    void note(Ip... addresses) {
        for (Ip address : addresses) {
            if (allowed(address)) {
                boundaries.add(address);
            }
        }
    }

    private boolean allowed(Ip address) {
        if (family == Family.IPV6) {
            return address.high() >>> 32 == 0x2001_0db8L;
        }
        long value = address.low();
        boolean subnetBroadcast =
                value == 0x0ac8_01ffL || value == 0x0ac8_0100L || value == 0xcb00_71ffL || value == 0xcb00_7100L;
        return !subnetBroadcast
                && (value >>> 16 == 0x0ac8
                        || value >>> 16 == 0x0a2b
                        || value >>> 8 == 0xc63364L
                        || value >>> 8 == 0xcb0071L);
    }
}
