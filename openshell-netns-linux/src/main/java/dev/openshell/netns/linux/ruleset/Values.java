package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Ranges;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stands behind options: numbers, names and lists of them. Null is what can't be told. */
final class Values {
    /** A copy, since a small immutable map is slower and each rule asks it. */
    private static final Map<String, Integer> PROTOCOLS = new HashMap<>(Map.ofEntries(
            Map.entry("icmp", 1),
            Map.entry("igmp", 2),
            Map.entry("tcp", 6),
            Map.entry("udp", 17),
            Map.entry("dccp", 33),
            Map.entry("ipv6", 41),
            Map.entry("gre", 47),
            Map.entry("esp", 50),
            Map.entry("ah", 51),
            Map.entry("icmpv6", 58),
            Map.entry("ipv6-icmp", 58),
            Map.entry("ospf", 89),
            Map.entry("vrrp", 112),
            Map.entry("sctp", 132),
            Map.entry("udplite", 136)));

    private static final List<Condition.State> STATES = List.of(Condition.State.values());
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");

    /** What the kernel takes for all types of ICMP under IPv4, whatever the code (ip_tables.c). */
    private static final int ANY_TYPE = 255;

    private static final Ranges ALL_TYPES = Ranges.of(0, 65535);

    private Values() {}

    /** Returns the number of a protocol, 0 for all of them. */
    static @Nullable Integer protocol(String text) {
        return text.equals("all") ? Integer.valueOf(0) : text.isEmpty() ? null : number(text, 255, PROTOCOLS);
    }

    private static @Nullable Integer number(String text, int most, Map<String, Integer> names) {
        if (text.isEmpty() || text.charAt(0) > '9') {
            return names.get(text);
        }
        if (text.length() > 1 && text.charAt(0) == '0') {
            // Some options take that for an octal number, others don't; iptables-save prints none.
            return null;
        }
        int value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || i > 5) {
                return null;
            }
            value = value * 10 + c - '0';
        }
        return value > most ? null : value;
    }

    /** Returns the ports of {@code PORT}, {@code PORT:PORT}, and with {@code list} of several with commas between. */
    static @Nullable Ranges ports(String text, boolean list) {
        Ranges all = Ranges.none();
        for (String part : list ? text.split(",", -1) : new String[] {text}) {
            int colon = part.indexOf(':');
            Integer from = colon == 0
                    ? Integer.valueOf(0)
                    : number(colon < 0 ? part : part.substring(0, colon), 65535, Map.of());
            Integer to = colon < 0
                    ? from
                    : colon == part.length() - 1
                            ? Integer.valueOf(65535)
                            : number(part.substring(colon + 1), 65535, Map.of());
            if (from == null || to == null || from > to) {
                return null;
            }
            all = all.isEmpty() ? Ranges.of(from, to) : all.or(Ranges.of(from, to));
        }
        return all;
    }

    /** Returns the bits of {@code FIN,SYN,…}, {@code ALL} or {@code NONE}. */
    static @Nullable Integer flags(String text) {
        int bits = 0;
        for (String name : text.split(",", -1)) {
            if (name.equals("ALL")) {
                bits |= 63;
            } else if (!name.equals("NONE")) {
                int flag = FLAGS.indexOf(name);
                if (flag < 0) {
                    return null;
                }
                bits |= 1 << flag;
            }
        }
        return bits;
    }

    /** Returns types and codes, the type in the higher byte, of {@code TYPE}, {@code TYPE/CODE}, a name, {@code any}. */
    static @Nullable Ranges icmp(Family family, String text) {
        if (family == Family.IPV4 && text.equals("any")) {
            return ALL_TYPES;
        }
        Map<String, Integer> names = family == Family.IPV4
                ? Map.of("echo-reply", 0, "destination-unreachable", 3, "echo-request", 8, "time-exceeded", 11)
                : Map.of("destination-unreachable", 1, "time-exceeded", 3, "echo-request", 128, "echo-reply", 129);
        int slash = text.indexOf('/');
        Integer type = number(slash < 0 ? text : text.substring(0, slash), 255, names);
        Integer code = slash < 0 ? Integer.valueOf(0) : number(text.substring(slash + 1), 255, Map.of());
        if (type == null || code == null) {
            return null;
        }
        if (family == Family.IPV4 && type == ANY_TYPE) {
            return ALL_TYPES;
        }
        return slash < 0 ? Ranges.of(type << 8, type << 8 | 255) : Ranges.of(type << 8 | code);
    }

    /** Returns the states of {@code NEW,ESTABLISHED,…} as bits. */
    static @Nullable Integer states(String text) {
        int bits = 0;
        for (String name : text.split(",", -1)) {
            int known = bits;
            for (Condition.State state : STATES) {
                bits |= state.name().equals(name) ? state.bit() : 0;
            }
            if (bits == known) {
                return null;
            }
        }
        return bits;
    }

    /** Returns the first and the last address of {@code ADDRESS}, {@code ADDRESS/PREFIX}, {@code ADDRESS/MASK}. */
    static Ip @Nullable [] network(Family family, String text) {
        int slash = text.indexOf('/');
        Ip address = Ip.parse(family, slash < 0 ? text : text.substring(0, slash));
        Integer prefix = slash < 0 ? Integer.valueOf(family.bits()) : prefix(family, text.substring(slash + 1));
        return address == null || prefix == null ? null : address.network(family, prefix);
    }

    private static @Nullable Integer prefix(Family family, String text) {
        Integer number = number(text, family.bits(), Map.of());
        if (number != null) {
            return number;
        }
        Ip mask = Ip.parse(family, text);
        for (int prefix = 0; mask != null && prefix <= family.bits(); prefix++) {
            if (mask.equals(new Ip(family == Family.IPV4 ? 0 : -1L, family == Family.IPV4 ? 0xffffffffL : -1L)
                    .network(family, prefix)[0])) {
                return prefix;
            }
        }
        return null;
    }

    /** Returns both ends of {@code ADDRESS-ADDRESS}. */
    static Ip @Nullable [] range(Family family, String text) {
        int dash = text.indexOf('-');
        Ip from = Ip.parse(family, dash < 0 ? text : text.substring(0, dash));
        Ip to = dash < 0 ? from : Ip.parse(family, text.substring(dash + 1));
        if (from == null || to == null) {
            return null;
        }
        int order = Long.compareUnsigned(from.high(), to.high());
        return order > 0 || order == 0 && Long.compareUnsigned(from.low(), to.low()) > 0 ? null : new Ip[] {from, to};
    }
}
