package dev.openshell.netns.linux.resolve;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What resolving a name showed besides its addresses.
 *
 * @param name the name that has the addresses, in lower case without a last dot: the listed one, or that one in a domain
 *     of the search list
 * @param ttlSeconds the smallest TTL of the records that led to the addresses, with which a caching nameserver counts
 *     down; empty where the name is in the hosts file
 * @param canonicalName the name at the end of the aliases, in lower case without a last dot; empty where there is no
 *     alias
 */
public record NameFacts(String name, OptionalLong ttlSeconds, Optional<String> canonicalName) {
    /** Returns that no more is known than the name, in whatever spelling. */
    public static NameFacts none(String name) {
        String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        return new NameFacts(bare.toLowerCase(Locale.ROOT), OptionalLong.empty(), Optional.empty());
    }
}
