package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition.Address;
import dev.openshell.netns.linux.ruleset.Condition.Number;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one rule, {@code -A CHAIN …} as iptables-save prints it. */
final class RuleReader {
    private static final Set<String> ALONE = Set.of("ACCEPT", "DROP", "RETURN", "MASQUERADE");
    /** Targets that a packet passes by, whatever their options. */
    static final Set<String> NOTES = Set.of("LOG", "NFLOG");

    private static final Set<String> NOTE_FLAGS =
            Set.of("--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid", "--log-macdecode");
    private static final int TCP = 6;
    private static final int SYN = 2;
    /** FIN, SYN, RST and ACK. */
    private static final int SYN_FLAGS = 23;

    private final Family family;
    private final Words words;
    private final List<Condition> conditions = new ArrayList<>(8);
    private @Nullable TrackedReader tracked;
    private @Nullable LimitReader limit;
    private final List<LimitReader> limits = new ArrayList<>(0);
    private String target = "";
    private boolean goesTo;
    private int protocol;

    RuleReader(Family family, String line) {
        this.family = family;
        this.words = new Words(line);
    }

    /** Reads it; of a rule that only notes packets it does not matter which ones. */
    Rule read() {
        try {
            return readAll();
        } catch (UnknownTokenException e) {
            String note = target.isEmpty() ? note() : "";
            if (note.isEmpty()) {
                throw e;
            }
            return new Rule(words.toString(), List.of(), note, false);
        }
    }

    private String note() {
        Words again = new Words(words.toString());
        boolean jump = false;
        while (again.more()) {
            String word = again.next();
            if (jump && NOTES.contains(word)) {
                return word;
            }
            jump = word.equals("-j");
        }
        return "";
    }

    private Rule readAll() {
        words.next();
        words.next();
        while (words.more()) {
            boolean not = words.take("!");
            option(words.next(), not);
        }
        closeModule();
        limits.forEach(each -> conditions.add(each.condition(target)));
        return new Rule(words.toString(), List.copyOf(conditions), target, goesTo);
    }

    private void option(String option, boolean not) {
        switch (option) {
            case "-s", "--source" -> between(Address.SOURCE, Values.network(family, words.next()), option, not);
            case "-d", "--destination" ->
                between(Address.DESTINATION, Values.network(family, words.next()), option, not);
            case "-i", "--in-interface" -> networkInterface(true, not);
            case "-o", "--out-interface" -> networkInterface(false, not);
            case "-p", "--protocol" -> protocol(words.next(), not);
            case "-m", "--match" -> module(words.next());
            case "-j", "--jump", "-g", "--goto" -> {
                refuse(not, option);
                closeModule();
                goesTo = option.startsWith("-g") || option.equals("--goto");
                target(words.next());
            }
            case "--sport", "--source-port" ->
                among(Number.SOURCE_PORT, Values.ports(words.next(), false), option, not);
            case "--dport", "--destination-port" ->
                among(Number.DESTINATION_PORT, Values.ports(words.next(), false), option, not);
            case "--sports", "--source-ports" ->
                among(Number.SOURCE_PORT, Values.ports(words.next(), true), option, not);
            case "--dports", "--destination-ports" ->
                among(Number.DESTINATION_PORT, Values.ports(words.next(), true), option, not);
            case "--ports" -> {
                refuse(!Flow.hasPorts(protocol), option);
                conditions.add(new Condition.EitherPort(words.known(Values.ports(words.next(), true), option), not));
            }
            case "--syn" -> {
                refuse(protocol != TCP, option);
                conditions.add(new Condition.Flags(SYN_FLAGS, SYN, not));
            }
            case "--tcp-flags" -> {
                refuse(protocol != TCP, option);
                int mask = words.known(Values.flags(words.next()), option);
                conditions.add(new Condition.Flags(mask, words.known(Values.flags(words.next()), option), not));
            }
            case "--icmp-type", "--icmpv6-type" -> among(Number.ICMP, Values.icmp(family, words.next()), option, not);
            case "--src-range" -> between(Address.SOURCE, Values.range(family, words.next()), option, not);
            case "--dst-range" -> between(Address.DESTINATION, Values.range(family, words.next()), option, not);
            case "--comment" -> {
                refuse(not, option);
                words.next();
            }
            default -> {
                boolean known = tracked != null && tracked.option(option, not);
                if (!known && (limit == null || !limit.option(option, not))) {
                    throw words.unknown(option);
                }
            }
        }
    }

    private void protocol(String name, boolean not) {
        int number = words.known(Values.protocol(name), name);
        if (number == 0) {
            // All protocols; none is left where that is negated, which iptables refuses.
            refuse(not, name);
            return;
        }
        protocol = not ? 0 : number;
        among(Number.PROTOCOL, Ranges.of(number), name, not);
    }

    private void module(String name) {
        closeModule();
        switch (name) {
            case "conntrack", "state" -> tracked = new TrackedReader(family, words);
            case "limit", "connlimit", "hashlimit" -> {
                limit = new LimitReader(name, words);
                limits.add(limit);
            }
            case "comment", "iprange" -> {
                // They go with any protocol.
            }
            case "multiport" -> belongs(protocol != 0, name);
            case "tcp", "udp", "sctp", "dccp", "udplite", "icmp" ->
                belongs(Objects.equals(Values.protocol(name), protocol), name);
            case "icmp6" -> belongs(Objects.equals(Values.protocol("ipv6-icmp"), protocol), name);
            default -> throw words.unknown(name);
        }
    }

    /** What does not, iptables refuses: the match would read another protocol's bytes. */
    private void belongs(boolean belongs, String module) {
        refuse(!belongs, module);
    }

    private void closeModule() {
        if (tracked != null) {
            conditions.add(tracked.condition());
            tracked = null;
        }
        limit = null;
    }

    private void target(String name) {
        target = name;
        refuse(goesTo && (ALONE.contains(name) || NOTES.contains(name) || name.equals("REJECT")), name);
        if (NOTES.contains(name)) {
            while (words.more()) {
                String option = words.next();
                if (!option.startsWith("--log-") && !option.startsWith("--nflog-")) {
                    throw words.unknown(option);
                }
                if (!NOTE_FLAGS.contains(option)) {
                    words.next();
                }
            }
        } else if (name.equals("REJECT")) {
            String usual = family == Family.IPV4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
            String with = words.take("--reject-with") ? words.next() : usual;
            refuse(with.equals("tcp-reset") && protocol != TCP, with);
            target = "REJECT " + with;
        }
        if (words.more()) {
            // A target with options of its own.
            throw words.unknown(ALONE.contains(name) || name.equals("REJECT") ? words.next() : name);
        }
    }

    private void networkInterface(boolean incoming, boolean not) {
        String name = words.next();
        // No interface is called so, but iptables-save prints a name with a quote in it as it is.
        refuse(name.indexOf(' ') >= 0 || name.indexOf('\n') >= 0, name);
        boolean prefix = name.endsWith("+");
        conditions.add(
                new Condition.Interface(incoming, prefix ? name.substring(0, name.length() - 1) : name, prefix, not));
    }

    private void among(Number number, @Nullable Ranges values, String option, boolean not) {
        boolean possible =
                switch (number) {
                    case SOURCE_PORT, DESTINATION_PORT -> Flow.hasPorts(protocol);
                    case ICMP -> protocol == (family == Family.IPV4 ? 1 : 58);
                    default -> true;
                };
        refuse(!possible, option);
        conditions.add(Condition.Among.of(number, words.known(values, option), not));
    }

    private void between(Address address, Ip @Nullable [] ends, String option, boolean not) {
        Ip[] both = words.known(ends, option);
        conditions.add(new Condition.Between(address, both[0], both[1], not));
    }

    private void refuse(boolean not, String option) {
        if (not) {
            throw words.unknown(option);
        }
    }
}
