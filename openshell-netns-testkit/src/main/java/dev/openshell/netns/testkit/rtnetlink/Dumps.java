package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Message;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** RTM_GET* under NLM_F_DUMP: all links, addresses, routes, neighbours. Filters are not known. */
final class Dumps {
    private Dumps() {}

    static void dump(Context context, Message message) {
        List<byte[]> found = new ArrayList<>();
        NetException failure = null;
        try {
            switch (message.type()) {
                case RtnetlinkResponder.RTM_GETLINK -> links(context, message, found);
                case RtnetlinkResponder.RTM_GETADDR -> families(context, message, found);
                case RtnetlinkResponder.RTM_GETROUTE -> families(context, message, found);
                case RtnetlinkResponder.RTM_GETNEIGH -> neighbours(context, message, found);
                default -> throw new UnsupportedOperationException("dump of type " + message.type());
            }
        } catch (NetException e) {
            failure = e;
        }
        context.answer().dump(message, message.type() - 2, found, failure);
    }

    private static NetException invalid(String text) {
        return new NetException(NetException.EINVAL, text);
    }

    private static void links(Context context, Message message, List<byte[]> found) {
        if (message.family() != 0 && message.family() != 2 && message.family() != 10) {
            throw new UnsupportedOperationException("RTM_GETLINK dump of family " + message.family());
        }
        if (message.family() == RtnetlinkResponder.AF_INET6) {
            throw new UnsupportedOperationException("RTM_GETLINK dump of IPv6");
        }
        ByteBuffer fixed = message.fixed(LinkRequests.IFINFOMSG, "Invalid header for link dump");
        if (fixed.get(1) != 0 || fixed.getShort(2) != 0 || fixed.getInt(8) != 0 || fixed.getInt(12) != 0) {
            throw invalid("Invalid values in header for link dump request");
        }
        if (fixed.getInt(4) != 0) {
            throw invalid("Filter by device index not supported for link dumps");
        }
        Attributes attributes = Attributes.strict(message.attributes(LinkRequests.IFINFOMSG), LinkRequests.POLICY);
        for (int type : attributes.types()) {
            if (type == LinkRequests.IFLA_TARGET_NETNSID || type == 10 || type == LinkRequests.IFLA_LINKINFO) {
                throw new UnsupportedOperationException("filter of a dump of links");
            }
            if (type != LinkRequests.IFLA_EXT_MASK) {
                throw invalid("Unsupported attribute in link dump request");
            }
        }
        context.netns().links().forEach(l -> found.add(LinkRequests.describe(l)));
    }

    private static void families(Context context, Message message, List<byte[]> found) {
        int family = message.family();
        if (family != RtnetlinkResponder.AF_INET6) {
            family(context, message, Family.IPV4, found);
        }
        if (family != RtnetlinkResponder.AF_INET) {
            family(context, message, Family.IPV6, found);
        }
    }

    private static void family(Context context, Message message, Family family, List<byte[]> found) {
        if (message.type() == RtnetlinkResponder.RTM_GETADDR) {
            checkAddresses(message, family);
            for (Link link : context.netns().links()) {
                link.addresses(family).forEach(a -> found.add(AddressRequests.describe(link, a)));
            }
        } else {
            checkRoutes(message, family);
            context.netns().routes(family).forEach(r -> found.add(RouteRequests.describe(r)));
        }
    }

    private static void checkAddresses(Message message, Family family) {
        String prefix = family == Family.IPV4 ? "ipv4: " : "ipv6: ";
        ByteBuffer fixed = message.fixed(AddressRequests.IFADDRMSG, prefix + "Invalid header for address dump request");
        if (fixed.get(1) != 0 || fixed.get(2) != 0 || fixed.get(3) != 0) {
            throw invalid(prefix + "Invalid values in header for address dump request");
        }
        Policy policy = family == Family.IPV4 ? AddressRequests.IPV4 : AddressRequests.IPV6;
        Attributes attributes = Attributes.strict(message.attributes(AddressRequests.IFADDRMSG), policy);
        if (fixed.getInt(4) != 0 || attributes.has(10)) {
            throw new UnsupportedOperationException("filter of a dump of addresses");
        }
        if (!attributes.types().isEmpty()) {
            throw invalid(prefix + "Unsupported attribute in dump request");
        }
    }

    private static void checkRoutes(Message message, Family family) {
        ByteBuffer fixed = message.fixed(RouteRequests.RTMSG, "Invalid header for FIB dump request");
        if (fixed.get(1) != 0 || fixed.get(2) != 0 || fixed.get(3) != 0 || fixed.get(6) != 0) {
            throw invalid("Invalid values in header for FIB dump request");
        }
        int flags = fixed.getInt(8);
        if ((flags & ~0xa00) != 0) {
            throw invalid("Invalid flags for FIB dump request");
        }
        Policy policy = family == Family.IPV4 ? RouteRequests.IPV4 : RouteRequests.IPV6;
        Attributes attributes = Attributes.strict(message.attributes(RouteRequests.RTMSG), RouteRequests.IPV4);
        if (policy != RouteRequests.IPV4 && !attributes.types().isEmpty()) {
            throw new UnsupportedOperationException("attributes of a dump of IPv6 routes");
        }
        for (int type : attributes.types()) {
            if (type != RouteRequests.RTA_TABLE && type != RouteRequests.RTA_OIF) {
                throw invalid("Unsupported attribute in dump request");
            }
        }
        boolean filtered = fixed.get(4) != 0 || fixed.get(5) != 0 || fixed.get(7) != 0 || flags != 0;
        if (filtered || !attributes.types().isEmpty()) {
            throw new UnsupportedOperationException("filter of a dump of routes");
        }
    }

    private static void neighbours(Context context, Message message, List<byte[]> found) {
        ByteBuffer fixed = message.fixed(NeighbourRequests.NDMSG, "Invalid header for neighbor dump request");
        if (fixed.get(1) != 0 || fixed.getShort(2) != 0 || fixed.getInt(4) != 0 || fixed.getInt(8) != 0) {
            throw new UnsupportedOperationException("filter of a dump of neighbours");
        }
        if (message.attributes(NeighbourRequests.NDMSG).length > 0) {
            throw new UnsupportedOperationException("attributes of a dump of neighbours");
        }
        int family = message.family();
        context.netns().neighbours().stream()
                .filter(n -> family == 0 || (family == 2) == (n.ip().family() == Family.IPV4))
                .forEach(n -> found.add(NeighbourRequests.describe(n)));
    }
}
