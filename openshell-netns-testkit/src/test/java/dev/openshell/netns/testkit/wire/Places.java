package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;

/** Addresses of one family: a host behind west, one behind east, one far away behind east, and the router's own. */
record Places(Family family, Ip west, Ip east, Ip far, Ip router, Ip routerEast) {
    static Places of(Family family) {
        return family == Family.IPV4
                ? of("10.200.1.2", "203.0.113.9", "198.51.100.7", "10.200.1.1", "203.0.113.1")
                : of("2001:db8:1::2", "2001:db8:2::9", "2001:db8:77::7", "2001:db8:1::1", "2001:db8:2::1");
    }

    private static Places of(String west, String east, String far, String router, String routerEast) {
        Ip first = Ip.parse(west);
        return new Places(first.family(), first, Ip.parse(east), Ip.parse(far), Ip.parse(router), Ip.parse(routerEast));
    }

    /** Returns the type of an echo request. */
    int echo() {
        return family == Family.IPV4 ? 8 : 128;
    }

    /** Returns the type of "destination unreachable". */
    int unreachable() {
        return family == Family.IPV4 ? 3 : 1;
    }

    String withPort(Ip host, int port) {
        return family == Family.IPV4 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
