package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Extack;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** IFLA_AF_SPEC of a link that is there: IPv4's settings, IPv6's way of making link-local addresses. */
record AfSpec(List<Consumer<Link>> changes) {
    static final AfSpec NONE = new AfSpec(List.of());

    private static final int IFLA_INET_CONF = 1;
    private static final int LAST_IPV4_CONF = 33;
    private static final int IFLA_INET6_TOKEN = 7;
    private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
    private static final int IFLA_INET6_RA_MTU = 9;
    private static final Policy INET = new Policy(1).nested(IFLA_INET_CONF);
    private static final Policy INET6 =
            new Policy(9).atLeast(16, IFLA_INET6_TOKEN).number(1, IFLA_INET6_ADDR_GEN_MODE);

    /** Reads and checks all of it before anything is changed. */
    static AfSpec parse(byte[] raw, Extack extack) {
        List<Consumer<Link>> changes = new ArrayList<>();
        for (Attributes.Attribute family : Attributes.each(raw)) {
            switch (family.type()) {
                case RtnetlinkResponder.AF_INET -> inet(family.value(), changes, extack);
                case RtnetlinkResponder.AF_INET6 -> inet6(family.value(), changes, extack);
                case 28, 45 -> throw new UnsupportedOperationException("IFLA_AF_SPEC of family " + family.type());
                default -> throw new NetException(NetException.EAFNOSUPPORT, "");
            }
        }
        return new AfSpec(changes);
    }

    private static void inet(byte[] raw, List<Consumer<Link>> changes, Extack extack) {
        byte[] conf = Attributes.lenient(raw, INET, extack).get(IFLA_INET_CONF);
        if (conf == null) {
            return;
        }
        for (Attributes.Attribute one : Attributes.each(conf)) {
            if (one.value().length < 4 || one.type() < 1 || one.type() > LAST_IPV4_CONF) {
                throw new NetException(NetException.EINVAL, "");
            }
            int value = Bytes.read(one.value()).getInt();
            changes.add(link -> link.setIpv4Conf(one.type(), value));
        }
    }

    private static void inet6(byte[] raw, List<Consumer<Link>> changes, Extack extack) {
        Attributes attributes = Attributes.lenient(raw, INET6, extack);
        if (attributes.has(IFLA_INET6_RA_MTU)) {
            throw new NetException(NetException.EINVAL, "IFLA_INET6_RA_MTU can not be set");
        }
        if (attributes.has(IFLA_INET6_TOKEN)) {
            throw new UnsupportedOperationException("IFLA_INET6_TOKEN");
        }
        byte[] mode = attributes.get(IFLA_INET6_ADDR_GEN_MODE);
        // Mode 2 needs a secret, which nobody has set.
        if (mode == null || (mode[0] & 0xff) > 3 || mode[0] == 2) {
            throw new NetException(NetException.EINVAL, "");
        }
        changes.add(link -> link.setAddrGenMode(mode[0]));
    }

    void apply(Link link) {
        changes.forEach(c -> c.accept(link));
    }
}
