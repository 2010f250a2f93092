package dev.openshell.netns.testkit.net;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What happens to the machine's interfaces: they come, go, move, are renamed, go up and down (net/core/dev.c). */
final class Links {
    private static final int NAME_LIMIT = 15;

    private int macs;

    Link add(Netns netns, String name, Link.Kind kind) {
        return register(netns, name, 0, Optional.empty(), kind);
    }

    Link register(Netns netns, String name, int index, Optional<byte[]> mac, Link.Kind kind) {
        String valid = validName(netns, name);
        int number = reserve(netns, index);
        byte[] address = kind == Link.Kind.LOOPBACK ? new byte[6] : mac.orElseGet(this::nextMac);
        Link link = new Link(netns, valid, number, address, kind);
        netns.byIndex.put(number, link);
        return link;
    }

    private byte[] nextMac() {
        macs++;
        return new byte[] {2, 0, 0, (byte) (macs >> 16), (byte) (macs >> 8), (byte) macs};
    }

    private static int reserve(Netns netns, int index) {
        if (index != 0) {
            if (netns.byIndex.containsKey(index)) {
                throw new NetException(NetException.EBUSY, "");
            }
            return index;
        }
        int next = netns.lastIndex;
        do {
            next = next == Integer.MAX_VALUE ? 1 : next + 1;
        } while (netns.byIndex.containsKey(next));
        netns.lastIndex = next;
        return next;
    }

    /** Returns the name that {@code wanted} means: {@code veth%d} is the first that is free. */
    static String validName(Netns netns, String wanted) {
        if (!isName(wanted)) {
            throw new NetException(NetException.EINVAL, "");
        }
        int percent = wanted.indexOf('%');
        if (percent < 0) {
            if (netns.findLink(wanted).isPresent()) {
                throw new NetException(NetException.EEXIST, "");
            }
            return wanted;
        }
        if (!wanted.startsWith("%d", percent) || wanted.indexOf('%', percent + 2) >= 0) {
            throw new NetException(NetException.EINVAL, "");
        }
        for (int i = 0; ; i++) {
            String name = wanted.substring(0, percent) + i + wanted.substring(percent + 2);
            if (netns.findLink(name).isEmpty()) {
                return name;
            }
        }
    }

    private static boolean isName(String name) {
        boolean clean = name.chars().noneMatch(c -> c == '/' || c == ':' || isSpace(c));
        return clean && !name.isEmpty() && name.length() <= NAME_LIMIT && !name.equals(".") && !name.equals("..");
    }

    /** The kernel's isspace, which knows Latin-1's space too. */
    private static boolean isSpace(int c) {
        return c == ' ' || c >= 9 && c <= 13 || c == 0xa0;
    }

    void setUp(Link link, boolean up) {
        if (link.up == up) {
            return;
        }
        link.up = up;
        Netns netns = link.netns;
        if (up) {
            netns.ipv4.up(link);
            netns.ipv6.up(link);
            if (link.peer != null) {
                link.peer.netns.ipv6.carrier(link.peer);
            }
        } else {
            netns.ipv4.down(link);
            netns.ipv6.down(link);
            netns.neighbours.removeIf(n -> n.link() == link);
        }
    }

    void delete(Link link) {
        @Nullable Link peer = link.peer;
        unregister(link);
        if (peer != null) {
            unregister(peer);
        }
    }

    private static void unregister(Link link) {
        withdraw(link);
        link.peer = null;
    }

    /** Takes the link out of its namespace, with all that it has there. */
    private static void withdraw(Link link) {
        Netns netns = link.netns;
        netns.byIndex.remove(link.index);
        link.up = false;
        link.ipv6Ready = false;
        link.ipv4.clear();
        link.ipv6.clear();
        netns.fib.removeIf(r -> r.link() == link);
        netns.neighbours.removeIf(n -> n.link() == link);
    }

    void rename(Link link, String to) {
        if (!link.name.equals(to)) {
            link.name = validName(link.netns, to);
        }
    }

    void move(Link link, Netns to, Optional<String> pattern) {
        if (link.kind() == Link.Kind.LOOPBACK) {
            throw new NetException(NetException.EINVAL, "The interface netns is immutable");
        }
        String name = link.name;
        if (to.findLink(name).isPresent()) {
            String wanted = pattern.orElseThrow(() -> new NetException(
                    NetException.EEXIST, "An interface with the same name exists in the target netns"));
            try {
                name = validName(to, wanted);
            } catch (NetException e) {
                throw new NetException(
                        e.errno(), "Unable to use '" + wanted + "' for the new interface name in the target netns");
            }
        }
        int index = to.byIndex.containsKey(link.index) ? reserve(to, 0) : link.index;
        withdraw(link);
        link.netns = to;
        link.name = name;
        link.index = index;
        link.conf4 = to.sysctls.deviceConf4(false);
        link.conf6 = to.sysctls.deviceConf6(false);
        to.byIndex.put(index, link);
    }

    /** Returns the interfaces of {@code netns} that die with it. */
    static List<Link> all(Netns netns) {
        return new ArrayList<>(netns.byIndex.values());
    }
}
