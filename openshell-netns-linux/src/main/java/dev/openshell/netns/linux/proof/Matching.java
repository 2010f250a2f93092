package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition;
import dev.openshell.netns.linux.ruleset.Ip;
import dev.openshell.netns.linux.ruleset.Rule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which packets a rule matches, at a hook before the host translates destinations or behind it. Before it the header has
 * the flow's own destination; behind it the header's is one of its own.
 */
final class Matching {
    private final Space space;
    private final Diagrams diagrams;
    private final boolean translated;

    Matching(Space space, boolean translated) {
        this.space = space;
        this.diagrams = space.diagrams();
        this.translated = translated;
    }

    /** Returns {@code verdict} where {@code rule} matches, and {@code NEXT} elsewhere. */
    Diagram of(Rule rule, Diagram verdict) {
        List<Diagram> cases = new ArrayList<>(2);
        boolean flows = rule.conditions().stream().anyMatch(Condition.Tracked.class::isInstance);
        if (!flows) {
            return new Box().and(rule.conditions(), null).build(verdict);
        }
        for (Group group : Group.values()) {
            Box box = new Box();
            box.narrow(Field.KIND, group.kinds);
            box.and(rule.conditions(), group);
            if (!box.empty) {
                cases.add(box.build(verdict));
            }
        }
        return diagrams.layers(cases, Verdicts.NEXT);
    }

    /** Kinds of packets whose flow's tuple is had in the same way. */
    private enum Group {
        /** It is the packet's own. */
        FORWARD(Kind.FORWARD),
        /** It is the packet's own the other way round. */
        BACKWARD(Kind.among(Kind.REPLY)),
        /** It is that of another packet. */
        ABOUT(Kind.ERROR),
        /** There is none. */
        NONE(Kind.NO_FLOW);

        private final Ranges kinds;

        Group(Ranges kinds) {
            this.kinds = kinds;
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

        Box and(List<Condition> conditions, @Nullable Group group) {
            for (Condition condition : conditions) {
                and(condition, group);
            }
            return this;
        }

        private void and(Condition condition, @Nullable Group group) {
            if (condition instanceof Condition.Among among) {
                narrow(field(among.number(), group), among.values());
            } else if (condition instanceof Condition.Between between) {
                address(field(between.address(), group), between);
            } else if (condition instanceof Condition.Interface named) {
                Ranges all = space.interfaces(named.name(), named.prefix());
                narrow(named.incoming() ? Field.IN : Field.OUT, named.not() ? all.complement() : all);
            } else if (condition instanceof Condition.Flags flags) {
                flags(flags);
            } else if (condition instanceof Condition.EitherPort ports) {
                Diagram either = space.or(
                        space.where(Field.SOURCE_PORT, ports.values()),
                        space.where(header(Field.DESTINATION_PORT), ports.values()));
                more.add(ports.not() ? space.not(either) : either);
            } else if (condition instanceof Condition.Tracked tracked) {
                tracked(tracked, group);
            }
        }

        private void tracked(Condition.Tracked tracked, @Nullable Group group) {
            Ranges kinds = Ranges.none();
            for (Kind kind : Kind.values()) {
                boolean fits = kind.is(tracked.states())
                        && (kind.tracked() ? kind.is(tracked.original(), tracked.reply()) : tracked.asksState());
                kinds = fits ? kinds.or(Ranges.of(kind.ordinal())) : kinds;
            }
            narrow(Field.KIND, kinds);
            // What else is asked is not looked at where there is no flow (xt_conntrack.c).
            if (group != Group.NONE && !empty) {
                and(tracked.flow(), group);
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

        Diagram build(Diagram verdict) {
            Diagram nothing = diagrams.always(Verdicts.NEXT);
            boolean simple = more.isEmpty() && diagrams.isConstant(verdict);
            Diagram box = simple ? verdict : diagrams.always(1);
            for (int field = Field.COUNT - 1; field >= 0; field--) {
                Ranges range = values[field];
                if (range != null) {
                    box = diagrams.where(field, range, box, nothing);
                }
            }
            if (simple) {
                return box;
            }
            for (Diagram each : more) {
                box = space.and(box, each);
            }
            return diagrams.within(verdict, box, Verdicts.NEXT);
        }
    }
}
