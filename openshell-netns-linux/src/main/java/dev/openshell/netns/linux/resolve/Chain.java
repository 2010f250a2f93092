package dev.openshell.netns.linux.resolve;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The part of an answer that belongs to its question: the aliases from the question's name on, and the addresses of the
 * name they end at. Whatever else a server put into its answer is not looked at.
 *
 * @param addresses the addresses in the answer's order
 * @param next the alias's target that has still to be asked for
 * @param end the name that the aliases end at
 * @param ttl the smallest TTL of these aliases and addresses in seconds, {@link #NO_TTL} where there are none
 * @param broken whether the aliases go in a circle or are too many
 */
record Chain(List<InetAddress> addresses, Optional<Name> next, Name end, long ttl, boolean broken) {
    static final long NO_TTL = Long.MAX_VALUE;
    private static final long LONGEST_TTL = Integer.MAX_VALUE;
    private static final int MAX_ALIASES = 16;

    static Chain of(Message message, Question question) {
        Map<Name, CNAMERecord> aliases = new HashMap<>();
        List<Record> answer = message.getSection(Section.ANSWER).stream()
                .filter(one -> one.getDClass() == DClass.IN)
                .toList();
        for (Record one : answer) {
            if (one instanceof CNAMERecord alias) {
                aliases.putIfAbsent(alias.getName(), alias);
            }
        }
        Name end = question.name();
        long ttl = NO_TTL;
        Set<Name> seen = new HashSet<>(Set.of(end));
        for (CNAMERecord alias = aliases.get(end); alias != null; alias = aliases.get(end)) {
            end = alias.getTarget();
            ttl = Math.min(ttl, ttl(alias));
            if (!seen.add(end) || seen.size() > MAX_ALIASES) {
                return new Chain(List.of(), Optional.empty(), end, ttl, true);
            }
        }
        // RFC 6604: the code is that of the last name.
        if (message.getRcode() == Rcode.NXDOMAIN) {
            return new Chain(List.of(), Optional.empty(), end, ttl, false);
        }
        Set<InetAddress> addresses = new LinkedHashSet<>();
        for (Record one : answer) {
            if (one.getType() == question.type() && one.getName().equals(end)) {
                address(one).ifPresent(addresses::add);
                ttl = Math.min(ttl, ttl(one));
            }
        }
        // RFC 2308 section 2.2: with the zone's SOA it is said that the last name has no such address.
        boolean settled = !addresses.isEmpty()
                || end.equals(question.name())
                || message.getSection(Section.AUTHORITY).stream().anyMatch(one -> one.getType() == Type.SOA);
        Optional<Name> next = settled ? Optional.empty() : Optional.of(end);
        return new Chain(List.copyOf(addresses), next, end, ttl, false);
    }

    /** Returns the record's TTL in seconds; one with the top bit set counts as 0 (RFC 2181 section 8). */
    private static long ttl(Record one) {
        return one.getTTL() > LONGEST_TTL ? 0 : one.getTTL();
    }

    private static Optional<InetAddress> address(Record one) {
        if (one instanceof ARecord a) {
            return Optional.of(nameless(a.getAddress()));
        }
        return one instanceof AAAARecord aaaa ? Optional.of(nameless(aaaa.getAddress())) : Optional.empty();
    }

    /** Drops the name that dnsjava puts into the address: it is the server's word, and would be printed. */
    private static InetAddress nameless(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + address.getAddress().length + " bytes", e);
        }
    }
}
