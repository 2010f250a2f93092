package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import java.util.Map;
import java.util.Set;

/** What the types of ICMP and ICMPv6 mean to connection tracking. */
final class Icmp {
    private static final int REDIRECT = 5;
    private static final int NDISC_REDIRECT = 137;
    private static final int LAST_KNOWN = 18;
    private static final int FIRST_INFORMATIONAL_V6 = 128;
    private static final Set<Integer> ERRORS_V4 = Set.of(3, 4, REDIRECT, 11, 12);
    private static final Map<Integer, Integer> ANSWERS_V4 = Map.of(8, 0, 13, 14, 15, 16, 17, 18);
    private static final Map<Integer, Integer> ANSWERS_V6 = Map.of(128, 129, 139, 140);
    private static final Set<Integer> UNTRACKED_V6 = Set.of(130, 131, 132, 133, 134, 135, 136, 143);

    private Icmp() {}

    /** Returns whether packets of this type never belong to a flow and are not INVALID either. */
    static boolean isUntracked(Header header) {
        return header.family() == Family.IPV6 && UNTRACKED_V6.contains(header.icmpType());
    }

    /** Returns whether no tracker looks at this type at all. */
    static boolean isUnknown(Header header) {
        return header.family() == Family.IPV4 && header.icmpType() > LAST_KNOWN;
    }

    /** Returns whether this belongs to the flow of the packet that it quotes. */
    static boolean isError(Header header) {
        if (header.family() == Family.IPV4) {
            return ERRORS_V4.contains(header.icmpType());
        }
        return header.icmpType() < FIRST_INFORMATIONAL_V6 || isRedirect(header) && header.icmpCode() == 0;
    }

    static boolean isRedirect(Header header) {
        return header.icmpType() == (header.family() == Family.IPV4 ? REDIRECT : NDISC_REDIRECT);
    }

    /** Returns whether a flow can begin with {@code type}. */
    static boolean startsFlow(Family family, int type) {
        return answers(family).containsKey(type);
    }

    /** Returns the type that answers {@code type}, or that it answers; -1 where there is none. */
    static int opposite(Family family, int type) {
        for (Map.Entry<Integer, Integer> pair : answers(family).entrySet()) {
            if (pair.getKey() == type) {
                return pair.getValue();
            }
            if (pair.getValue() == type) {
                return pair.getKey();
            }
        }
        return -1;
    }

    /** Returns whether NAT rewrites the identifier of this type. */
    static boolean hasIdentifier(Header header) {
        int type = header.icmpType();
        return header.family() == Family.IPV4 ? opposite(Family.IPV4, type) >= 0 : type == 128 || type == 129;
    }

    private static Map<Integer, Integer> answers(Family family) {
        return family == Family.IPV4 ? ANSWERS_V4 : ANSWERS_V6;
    }
}
