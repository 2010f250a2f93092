package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Route;
import dev.openshell.netns.testkit.net.RouteType;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** RTM_NEWROUTE, RTM_DELROUTE, and RTM_GETROUTE of one destination (fib_frontend.c, net/ipv4/route.c, ipv6/route.c). */
final class RouteRequests {
    static final int RTMSG = 12;
    static final int RTA_DST = 1;
    static final int RTA_OIF = 4;
    static final int RTA_GATEWAY = 5;
    static final int RTA_PRIORITY = 6;
    static final int RTA_PREFSRC = 7;
    static final int RTA_TABLE = 15;

    private static final int RTM_F_CLONED = 0x200;
    private static final int USER_METRIC6 = 1024;
    private static final Set<Integer> KNOWN =
            Set.of(RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE);
    private static final Set<Integer> IGNORED4 = Set.of(2, 3, 10, 12, 13, 14, 16, 17, 19, 20, 23, 24, 25, 27, 28, 29);
    private static final Set<Integer> IGNORED6 = Set.of(3, 10, 11, 12, 13, 14, 16, 17, 19, 24, 25, 27, 28, 29);
    private static final Set<Integer> LOOKUP = Set.of(2, 3, 4, 16, 25, 27, 28, 29, 31);

    static final Policy IPV4 = new Policy(31)
            .number(4, 1, 2, 3, 4, 5, 6, 7, 11, 15, 16, 25, 30, 31)
            .nested(8)
            .atLeast(8, 9)
            .number(2, 21, 28, 29)
            .number(1, 27);
    static final Policy IPV6 = new Policy(31)
            .atLeast(16, RTA_GATEWAY, RTA_PREFSRC)
            .number(4, 3, 4, 6, 15, 16, 23, 25, 30, 31)
            .nested(8, 22)
            .atLeast(8, 9)
            .number(2, 21, 28, 29)
            .number(1, 20, 27);

    private RouteRequests() {}

    private static boolean isIpv6(Message message) {
        return message.family() == RtnetlinkResponder.AF_INET6;
    }

    private static NetException invalid(String text) {
        return new NetException(NetException.EINVAL, text);
    }

    /** What a message says, with links and addresses in place. */
    private record Wanted(Route route, boolean missingLink) {}

    private static Wanted read(Context context, Message message) {
        boolean six = isIpv6(message);
        ByteBuffer fixed = message.fixed(RTMSG, six ? "Invalid header length" : "");
        Attributes attributes = Attributes.lenient(message.attributes(RTMSG), six ? IPV6 : IPV4, message.extack());
        int tos = fixed.get(3) & 0xff;
        if (six && tos != 0) {
            throw invalid("Invalid dsfield (tos): option not available for IPv6");
        }
        if (!six && (tos & 3) != 0) {
            throw invalid("Invalid dsfield (tos): ECN bits must be 0");
        }
        if (six && attributes.has(18)) {
            throw invalid("IPv6 does not support RTA_VIA attribute");
        }
        int type = fixed.get(7) & 0xff;
        if (!six && type >= RouteType.values().length) {
            throw invalid("Invalid route type");
        }
        attributes.requireKnown("RTM_NEWROUTE", KNOWN, six ? IGNORED6 : IGNORED4);
        int prefix = fixed.get(1) & 0xff;
        Ip destination = destination(attributes, six, prefix);
        flags(fixed.getInt(8), six);
        if (type >= RouteType.values().length) {
            throw invalid("Invalid route type");
        }
        if (prefix > (six ? 128 : 32)) {
            throw invalid("Invalid prefix length");
        }
        if (tos != 0 || fixed.get(2) != 0 && six) {
            throw new UnsupportedOperationException("route with tos or source");
        }
        int index = attributes.u32(RTA_OIF, 0);
        Optional<Link> link = context.netns().byIndex(index);
        Optional<Ip> gateway = Optional.ofNullable(attributes.get(RTA_GATEWAY)).map(raw -> address(raw, six));
        if (!six) {
            gateway = gateway.filter(g -> g.low() != 0);
        }
        Optional<Ip> source = Optional.ofNullable(attributes.get(RTA_PREFSRC))
                .map(raw -> address(raw, six))
                .filter(s -> s.high() != 0 || s.low() != 0);
        int table = attributes.u32(RTA_TABLE, fixed.get(4) & 0xff);
        long metric = attributes.u32(RTA_PRIORITY, 0) & 0xffff_ffffL;
        Route route = new Route(
                table == 0 ? Route.MAIN : table,
                RouteType.values()[type],
                destination,
                prefix,
                link.orElse(null),
                gateway,
                source,
                six && metric == 0 && message.type() == RtnetlinkResponder.RTM_NEWROUTE ? USER_METRIC6 : metric,
                fixed.get(6) & 0xff,
                fixed.get(5) & 0xff);
        return new Wanted(route, index != 0 && link.isEmpty());
    }

    private static void flags(int flags, boolean six) {
        if (!six && (flags & 0x11) != 0) {
            throw invalid("Invalid rtm_flags - can not contain DEAD or LINKDOWN");
        }
        if ((flags & (six ? RTM_F_CLONED | 4 : -1)) != 0) {
            throw new UnsupportedOperationException("route flags " + Integer.toHexString(flags));
        }
    }

    private static Ip destination(Attributes attributes, boolean six, int prefix) {
        byte[] raw = attributes.get(RTA_DST);
        if (six && raw != null && raw.length < prefix + 7 >> 3) {
            throw invalid("");
        }
        return address(raw == null ? new byte[0] : raw, six);
    }

    private static Ip address(byte[] raw, boolean six) {
        return Ip.of(Arrays.copyOf(raw, six ? 16 : 4));
    }

    static void add(Context context, Message message) {
        Wanted wanted = read(context, message);
        if (message.flag(Message.NLM_F_REPLACE) && !message.flag(Message.NLM_F_EXCL)
                || message.flag(Message.NLM_F_APPEND)) {
            throw new UnsupportedOperationException("RTM_NEWROUTE that replaces or appends");
        }
        Route route = wanted.route;
        if (wanted.missingLink) {
            refuseWithoutLink(route);
        }
        context.netns().addRoute(route, message.flag(Message.NLM_F_CREATE), message.flag(Message.NLM_F_EXCL));
    }

    private static void refuseWithoutLink(Route route) {
        if (route.destination().family() == Family.IPV6) {
            throw new NetException(NetException.ENODEV, "");
        }
        if (route.type() == RouteType.UNICAST && route.gateway().isPresent() && route.scope() < Route.SCOPE_HOST) {
            throw new NetException(NetException.ENETUNREACH, "Nexthop has invalid gateway");
        }
        if (route.type() != RouteType.UNICAST || route.gateway().isPresent() || route.scope() > Route.SCOPE_HOST) {
            throw new UnsupportedOperationException("route by an interface that is not there");
        }
        throw new NetException(NetException.ENODEV, "");
    }

    static void delete(Context context, Message message) {
        Route wanted = read(context, message).route;
        boolean six = isIpv6(message);
        Route found = context.netns().routes(wanted.destination().family()).stream()
                .filter(r -> r.table() == wanted.table()
                        && r.prefix() == wanted.prefix()
                        && r.destination().equals(wanted.destination())
                        && (wanted.metric() == 0 || r.metric() == wanted.metric())
                        && (wanted.protocol() == 0 || r.protocol() == wanted.protocol())
                        && (wanted.link() == null || r.link() == wanted.link())
                        && (wanted.gateway().isEmpty() || r.gateway().equals(wanted.gateway()))
                        && (wanted.source().isEmpty() || r.source().equals(wanted.source()))
                        && (six
                                || (wanted.type() == RouteType.UNSPEC || r.type() == wanted.type())
                                        && (wanted.scope() == 255 || r.scope() == wanted.scope())))
                .findFirst()
                .orElseThrow(() -> new NetException(NetException.ESRCH, ""));
        context.netns().removeRoute(found);
    }

    static void get(Context context, Message message) {
        boolean six = isIpv6(message);
        String prefix = six ? "ipv6: " : "ipv4: ";
        String what = six ? "get route request" : "route get request";
        ByteBuffer fixed = message.fixed(RTMSG, prefix + "Invalid header for " + what);
        int bits = six ? 128 : 32;
        int sourceLength = fixed.get(2) & 0xff;
        int length = fixed.get(1) & 0xff;
        boolean lengths = (sourceLength == 0 || sourceLength == bits) && (length == 0 || length == bits);
        if (!lengths || fixed.getInt(4) != 0) {
            throw invalid(prefix + "Invalid values in header for " + what);
        }
        int flags = fixed.getInt(8);
        if ((flags & ~(six ? 0x2100 : 0x3100)) != 0) {
            throw invalid(prefix + (six ? "Invalid flags" : "Unsupported rtm_flags") + " for " + what);
        }
        Attributes attributes = Attributes.strict(message.attributes(RTMSG), six ? IPV6 : IPV4);
        if (attributes.has(RTA_DST) && length == 0 || attributes.has(2) && sourceLength == 0) {
            throw invalid(prefix + "rtm_src_len and rtm_dst_len must be " + bits + " for " + (six ? "IPv6" : "IPv4"));
        }
        for (int type : attributes.types()) {
            if (type != RTA_DST && !LOOKUP.contains(type)) {
                throw invalid(prefix + "Unsupported attribute in " + what);
            }
        }
        byte[] destination = attributes.get(RTA_DST);
        if (six && destination != null && destination.length < 16) {
            throw invalid("");
        }
        if (attributes.types().stream().anyMatch(LOOKUP::contains) || flags != 0 || !six && fixed.get(3) != 0) {
            throw new UnsupportedOperationException("RTM_GETROUTE with more than a destination");
        }
        if (destination == null) {
            throw new UnsupportedOperationException("RTM_GETROUTE without a destination");
        }
        Ip to = address(destination, six);
        Route route = context.netns()
                .route(to)
                .filter(r -> r.type() != RouteType.THROW)
                .orElseThrow(() -> new NetException(NetException.ENETUNREACH, ""));
        if (!six && to.low() >>> 24 == 0) {
            throw new UnsupportedOperationException("RTM_GETROUTE of 0.0.0.0/8");
        }
        if (route.type().errno() != 0) {
            throw new NetException(route.type().errno(), "");
        }
        context.answer().data(message, RtnetlinkResponder.RTM_NEWROUTE, describe(context, route, to));
    }

    private static byte[] describe(Context context, Route route, Ip to) {
        boolean local = route.type() == RouteType.LOCAL;
        boolean four = to.family() == Family.IPV4;
        Link out = local ? context.netns().link("lo") : route.out();
        Bytes answer = new Bytes()
                .u8(four ? RtnetlinkResponder.AF_INET : RtnetlinkResponder.AF_INET6)
                .u8(four ? 32 : 128, 0, 0)
                .u8(local && !four ? Route.LOCAL_TABLE : Route.MAIN, four ? 0 : route.protocol(), 0)
                .u8(route.type().ordinal())
                .u32(four ? RTM_F_CLONED : 0)
                .attribute(RTA_DST, to.bytes())
                .attribute(RTA_OIF, Bytes.number(out.index()));
        if (!four) {
            answer.attribute(RTA_PRIORITY, Bytes.number(route.metric()));
        }
        route.gateway().ifPresent(g -> answer.attribute(RTA_GATEWAY, g.bytes()));
        route.source().ifPresent(s -> answer.attribute(RTA_PREFSRC, s.bytes()));
        return answer.toBytes();
    }

    static byte[] describe(Route route) {
        boolean four = route.destination().family() == Family.IPV4;
        @Nullable Link link = route.link();
        Bytes out = new Bytes()
                .u8(four ? RtnetlinkResponder.AF_INET : RtnetlinkResponder.AF_INET6)
                .u8(route.prefix(), 0, 0)
                .u8(route.table() < 256 ? route.table() : 252)
                .u8(route.protocol(), route.scope(), route.type().ordinal())
                .u32(link != null && link.up() && !link.carrier() && linkdown(route) ? 16 : 0)
                .attribute(RTA_TABLE, Bytes.number(route.table()));
        if (route.prefix() > 0) {
            out.attribute(RTA_DST, route.destination().bytes());
        }
        if (route.metric() != 0 || !four) {
            out.attribute(RTA_PRIORITY, Bytes.number(route.metric()));
        }
        route.source().ifPresent(s -> out.attribute(RTA_PREFSRC, s.bytes()));
        route.gateway().ifPresent(g -> out.attribute(RTA_GATEWAY, g.bytes()));
        if (link != null) {
            out.attribute(RTA_OIF, Bytes.number(link.index()));
        } else if (!four) {
            // Linux hangs a route that rejects on lo.
            out.attribute(RTA_OIF, Bytes.number(1));
        }
        return out.toBytes();
    }

    private static boolean linkdown(Route route) {
        return route.type() != RouteType.LOCAL && route.type() != RouteType.ANYCAST;
    }
}
