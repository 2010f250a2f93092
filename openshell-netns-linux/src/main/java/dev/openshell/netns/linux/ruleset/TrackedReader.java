package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition.Address;
import dev.openshell.netns.linux.ruleset.Condition.Number;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the options of one {@code -m conntrack} or {@code -m state}. */
final class TrackedReader {
    private static final int ALL_STATES = (1 << Condition.State.values().length) - 1;

    private final Family family;
    private final Words words;
    private final List<Condition> flow = new ArrayList<>(4);
    private int states = ALL_STATES;
    private boolean asksState;
    private boolean original = true;
    private boolean reply = true;

    TrackedReader(Family family, Words words) {
        this.family = family;
        this.words = words;
    }

    Condition condition() {
        return new Condition.Tracked(states, asksState, original, reply, List.copyOf(flow));
    }

    /** Reads the option where it is one of this match's. */
    boolean option(String option, boolean not) {
        switch (option) {
            case "--ctstate", "--state" -> {
                int named = words.known(Values.states(words.next()), option);
                states = not ? ALL_STATES & ~named : named;
                asksState = true;
            }
            case "--ctdir" -> {
                String direction = words.next();
                if (!direction.equals("ORIGINAL") && !direction.equals("REPLY")) {
                    throw words.unknown(direction);
                }
                original = direction.equals("ORIGINAL") != not;
                reply = !original;
            }
            case "--ctproto" -> {
                Integer number = Values.protocol(words.next());
                among(Number.FLOW_PROTOCOL, number == null ? null : Ranges.of(number), option, not);
            }
            case "--ctorigdstport" ->
                among(Number.FLOW_DESTINATION_PORT, Values.ports(words.next(), false), option, not);
            case "--ctorigsrc" -> between(Address.FLOW_SOURCE, option, not);
            case "--ctorigdst" -> between(Address.FLOW_DESTINATION, option, not);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void among(Number number, @Nullable Ranges values, String option, boolean not) {
        flow.add(Condition.Among.of(number, words.known(values, option), not));
    }

    private void between(Address address, String option, boolean not) {
        Ip[] ends = words.known(Values.network(family, words.next()), option);
        flow.add(new Condition.Between(address, ends[0], ends[1], not));
    }
}
