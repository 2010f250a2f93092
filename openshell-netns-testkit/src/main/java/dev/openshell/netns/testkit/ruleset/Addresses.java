package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;

/** Addresses and masks in the ways that iptables and the C library read them. */
final class Addresses {
    /** The buffer that iptables copies a dotted address into, without its NUL. */
    private static final int DOTTED = 19;

    private Addresses() {}

    /** Returns a numeric address; an IPv4 one may be short of octets, and each may be octal or hexadecimal. */
    static Optional<Ip> numeric(String word, Family family) {
        if (family == Family.IPV6) {
            return Ip.parse(family, word);
        }
        String[] octets = word.substring(0, Math.min(DOTTED, word.length())).split("\\.", 4);
        long address = 0;
        for (int i = 0; i < 4; i++) {
            long octet = i < octets.length ? Numbers.parse(octets[i]).orElse(-1L) : 0;
            if (octet < 0 || octet > 255) {
                return Optional.empty();
            }
            address = address << 8 | octet;
        }
        return Optional.of(new Ip(family, 0, address));
    }

    /** Returns what getaddrinfo(3) makes of a host that is no name, or of {@code localhost}. */
    static Ip host(String word, Family family) {
        Optional<Ip> known = family == Family.IPV4 ? aton(word) : Ip.parse(family, word);
        return known.orElseThrow(() -> word.matches("(?i)(?=.*[a-z])[a-z0-9_][a-z0-9._-]*")
                ? RuleProblem.unknown(word, "what a host name stands for")
                : RuleProblem.refused(word, "host or network not found"));
    }

    /** Returns what inet_aton(3) makes of it: the last of one to four parts fills all octets that are left. */
    private static Optional<Ip> aton(String word) {
        String[] parts = word.split("\\.", -1);
        long address = 0;
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            long part = parts[i].matches("[0-9].*") ? Numbers.parse(parts[i]).orElse(-1L) : -1;
            long most = last ? 0xffff_ffffL >>> 8 * i : 255;
            if (parts.length > 4 || part < 0 || part > most) {
                return Optional.empty();
            }
            address = last ? address << 8 * (4 - i) | part : address << 8 | part;
        }
        return Optional.of(new Ip(Family.IPV4, 0, address));
    }

    /** Returns an address as behind {@code -s}. */
    static Ip address(String word, Family family) {
        return numeric(word, family).orElseGet(() -> host(word, family));
    }

    /** Returns the mask behind the slash of {@code -s}: a whole address or a prefix length. */
    static Ip mask(String word, Family family) {
        boolean whole =
                family == Family.IPV6 || word.chars().filter(c -> c == '.').count() >= 3;
        return Optional.of(word)
                .filter(text -> whole)
                .flatMap(text -> numeric(text, family))
                .orElseGet(() -> Ip.mask(family, (int) Numbers.upTo(word, family.bits(), "mask")));
    }
}
