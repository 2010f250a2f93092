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
 * @param broken whether the aliases go in a circle or are too many
 */
record Chain(List<InetAddress> addresses, Optional<Name> next, boolean broken) {
    private static final int MAX_ALIASES = 16;

    static Chain of(Message message, Question question) {
        Map<Name, Name> aliases = new HashMap<>();
        List<Record> answer = message.getSection(Section.ANSWER).stream()
                .filter(one -> one.getDClass() == DClass.IN)
                .toList();
        for (Record one : answer) {
            if (one instanceof CNAMERecord alias) {
                aliases.putIfAbsent(alias.getName(), alias.getTarget());
            }
        }
        Name end = question.name();
        Set<Name> seen = new HashSet<>(Set.of(end));
        for (Name target = aliases.get(end); target != null; target = aliases.get(end)) {
            if (!seen.add(target) || seen.size() > MAX_ALIASES) {
                return new Chain(List.of(), Optional.empty(), true);
            }
            end = target;
        }
        // RFC 6604: the code is that of the last name.
        if (message.getRcode() == Rcode.NXDOMAIN) {
            return new Chain(List.of(), Optional.empty(), false);
        }
        List<InetAddress> addresses = addresses(answer, end, question.type());
        // RFC 2308 section 2.2: with the zone's SOA it is said that the last name has no such address.
        boolean settled = !addresses.isEmpty()
                || end.equals(question.name())
                || message.getSection(Section.AUTHORITY).stream().anyMatch(one -> one.getType() == Type.SOA);
        return new Chain(addresses, settled ? Optional.empty() : Optional.of(end), false);
    }

    private static List<InetAddress> addresses(List<Record> answer, Name owner, int type) {
        Set<InetAddress> addresses = new LinkedHashSet<>();
        for (Record one : answer) {
            if (one.getType() == type && one.getName().equals(owner)) {
                if (one instanceof ARecord a) {
                    addresses.add(nameless(a.getAddress()));
                } else if (one instanceof AAAARecord aaaa) {
                    addresses.add(nameless(aaaa.getAddress()));
                }
            }
        }
        return List.copyOf(addresses);
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
