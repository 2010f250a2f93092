package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition;
import dev.openshell.netns.linux.ruleset.Ip;
import dev.openshell.netns.linux.ruleset.Rule;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which packets a rule matches, at a hook before the host translates destinations or behind it. Before it the header has
 * the flow's own destination; behind it the header's is one of its own. All packets are within the limits.
 */
final class Matching {
    private static final List<Group> GROUPS = List.of(Group.values());

    private final Space space;
    private final Diagrams diagrams;
    private final boolean translated;
    private final Diagram nothing;
    /** The boxes of the last rule. */
    private final Box[] last = new Box[GROUPS.size()];

    Matching(Space space, boolean translated) {
        this.space = space;
        this.diagrams = space.diagrams();
        this.translated = translated;
        this.nothing = diagrams.always(Verdicts.NEXT);
        Arrays.fill(last, new Box(List.of(), null));
    }

    /** Returns {@code verdict} where {@code rule} matches, and {@code NEXT} elsewhere. */
    Diagram of(Rule rule, Diagram verdict) {
        List<Box> cases = cases(rule);
        boolean simple = diagrams.isConstant(verdict);
        for (Box each : cases) {
            simple &= each.more.isEmpty();
        }
        if (simple) {
            return boxes(cases, verdict);
        }
        List<Diagram> layers = new ArrayList<>(cases.size());
        for (Box each : cases) {
            Diagram box = boxes(List.of(each), diagrams.always(1));
            for (Diagram more : each.more) {
                box = space.and(box, more);
            }
            layers.add(diagrams.within(verdict, box, Verdicts.NEXT));
        }
        return diagrams.layers(layers, Verdicts.NEXT);
    }

    private List<Box> cases(Rule rule) {
        int kinds = Kind.ALL;
        boolean flows = false;
        for (Condition condition : rule.conditions()) {
            if (condition instanceof Condition.Limited) {
                // Such a rule only takes away (LimitReader): without it no packet less gets through.
                return List.of();
            }
            if (condition instanceof Condition.Tracked tracked) {
                kinds &= Kind.bits(tracked);
                flows = true;
            }
        }
        if (!flows) {
            return List.of(new Box(rule.conditions(), null));
        }
        List<Box> cases = new ArrayList<>(GROUPS.size());
        for (Group group : GROUPS) {
            if ((kinds & group.kinds) != 0) {
                Box box = new Box(rule.conditions(), group);
                box.narrow(Field.KIND, Kind.of(kinds & group.kinds));
                if (!box.empty) {
                    cases.add(box);
                }
            }
        }
        return cases;
    }

    /** Returns {@code verdict} where one of the boxes holds. What they ask first is the same of all of them. */
    private Diagram boxes(List<Box> boxes, Diagram verdict) {
        int first = 0;
        while (first < Field.COUNT && boxes.size() > 1 && sameIn(boxes, first)) {
            first++;
        }
        Diagram all = nothing;
        for (int i = 0; i < boxes.size(); i++) {
            Box box = boxes.get(i);
            Diagram built = box.build(first, verdict, last[i]);
            all = i == 0 ? built : diagrams.over(all, built, Verdicts.NEXT);
            last[i] = box;
        }
        return boxes.isEmpty() ? all : boxes.get(0).within(first, all);
    }

    private static boolean sameIn(List<Box> boxes, int field) {
        for (Box box : boxes) {
            if (!Objects.equals(box.values[field], boxes.get(0).values[field])) {
                return false;
            }
        }
        return true;
    }

    /** Kinds of packets whose flow's tuple is had in the same way. */
    private enum Group {
        /** It is the packet's own. */
        FORWARD(Kind.NEW, Kind.ESTABLISHED),
        /** It is the packet's own the other way round. */
        BACKWARD(Kind.REPLY),
        /** It is that of another packet. */
        ABOUT(Kind.RELATED, Kind.RELATED_REPLY),
        /** There is none. */
        NONE(Kind.INVALID, Kind.UNTRACKED);

        /** As bits of their ordinals. */
        private final int kinds;

        Group(Kind... kinds) {
            this.kinds = Kind.bits(kinds);
        }
    }

    private int header(int field) {
        return translated ? field == Field.DESTINATION ? Field.NOW : Field.NOW_PORT : field;
    }

    /** Returns the field of the flow's original destination, for a packet that is not of the flow's own direction. */
    private int other(int field) {
        return translated ? field : field == Field.DESTINATION ? Field.NOW : Field.NOW_PORT;
    }

    private int field(Condition.Number number, @Nullable Group group) {
        return switch (number) {
            case PROTOCOL -> Field.PROTOCOL;
            case SOURCE_PORT -> Field.SOURCE_PORT;
            case DESTINATION_PORT, ICMP -> header(Field.DESTINATION_PORT);
            case FLOW_PROTOCOL -> group == Group.ABOUT ? Field.FLOW_PROTOCOL : Field.PROTOCOL;
            case FLOW_DESTINATION_PORT ->
                group == Group.FORWARD ? Field.DESTINATION_PORT : other(Field.DESTINATION_PORT);
        };
    }

    private int field(Condition.Address address, @Nullable Group group) {
        return switch (address) {
            case SOURCE -> Field.SOURCE;
            case DESTINATION -> header(Field.DESTINATION);
            case FLOW_SOURCE ->
                group == Group.FORWARD
                        ? Field.SOURCE
                        : group == Group.BACKWARD ? header(Field.DESTINATION) : Field.FLOW_SOURCE;
            case FLOW_DESTINATION -> group == Group.FORWARD ? Field.DESTINATION : other(Field.DESTINATION);
        };
    }

    /** All packets whose fields are each among some values, and what can't be said field by field. */
    private final class Box {
        private final @Nullable Ranges[] values = new Ranges[Field.COUNT];
        private final List<Diagram> more = new ArrayList<>(0);
        private boolean empty;
        /** What holds from each field on, as far as it was built. */
        private final @Nullable Diagram[] built = new Diagram[Field.COUNT + 1];

        Box(List<Condition> conditions, @Nullable Group group) {
            and(conditions, group);
        }

        private void and(List<Condition> conditions, @Nullable Group group) {
            for (Condition condition : conditions) {
                and(condition, group);
            }
        }

        private void and(Condition condition, @Nullable Group group) {
            if (condition instanceof Condition.Among among) {
                narrow(field(among.number(), group), among.values());
            } else if (condition instanceof Condition.Between between) {
                address(field(between.address(), group), between);
            } else if (condition instanceof Condition.Interface named) {
                Ranges all = space.interfaces(named.name(), named.prefix());
                if (all.isEmpty()) {
                    throw new UnknownTokenException(named.name(), "an interface that is written in an unusual way");
                }
                narrow(named.incoming() ? Field.IN : Field.OUT, named.not() ? all.complement() : all);
            } else if (condition instanceof Condition.Flags flags) {
                flags(flags);
            } else if (condition instanceof Condition.EitherPort ports) {
                Diagram either = space.or(
                        space.where(Field.SOURCE_PORT, ports.values()),
                        space.where(header(Field.DESTINATION_PORT), ports.values()));
                more.add(ports.not() ? space.not(either) : either);
            } else if (condition instanceof Condition.Tracked tracked) {
                // Which kinds it asks for, the cases have taken in; what else, is not looked at where there is no flow
                // (xt_conntrack.c).
                and(group == Group.NONE ? List.of() : tracked.flow(), group);
            }
        }

        private void flags(Condition.Flags flags) {
            Ranges all = Ranges.none();
            for (int each = 0; each < 64; each++) {
                boolean matches = (each & flags.mask()) == flags.set();
                all = matches != flags.not() ? all.or(Ranges.of(each)) : all;
            }
            narrow(Field.FLAGS, all);
        }

        private void address(int field, Condition.Between between) {
            Ip from = between.from();
            Ip to = between.to();
            boolean box = from.high() == to.high() || from.low() == 0 && to.low() == -1L;
            if (space.family() == Family.IPV4) {
                Ranges all = Ranges.of(from.low(), to.low());
                narrow(Field.low(field), between.not() ? all.complement() : all);
            } else if (box && !between.not()) {
                narrow(field, Ranges.of(from.high(), to.high()));
                narrow(Field.low(field), Ranges.of(from.low(), to.low()));
            } else {
                Diagram inside = space.between(field, from, to);
                more.add(between.not() ? space.not(inside) : inside);
            }
        }

        void narrow(int field, Ranges to) {
            Ranges before = values[field];
            Ranges both = before == null ? to : before.and(to);
            values[field] = both;
            empty |= both.isEmpty();
        }

        /**
         * Returns {@code verdict} where the fields from {@code first} on are among their values. Of the rules for a list
         * of addresses all but the address is equal: what {@code like} has behind it is not made again.
         */
        Diagram build(int first, Diagram verdict, Box like) {
            boolean same = verdict == like.built[Field.COUNT];
            built[Field.COUNT] = verdict;
            for (int field = Field.COUNT - 1; field >= first; field--) {
                same = same && like.built[field] != null && Objects.equals(values[field], like.values[field]);
                built[field] = same ? like.built[field] : where(field, built[field + 1]);
            }
            return built[first];
        }

        /** Returns {@code inside} where the fields before {@code end} are among their values. */
        Diagram within(int end, Diagram inside) {
            Diagram box = inside;
            for (int field = end - 1; field >= 0; field--) {
                box = where(field, box);
            }
            return box;
        }

        private Diagram where(int field, Diagram inside) {
            Ranges range = values[field];
            return range == null ? inside : diagrams.where(field, range, inside, nothing);
        }
    }
}
