package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Ip;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * All packets of one family at the hooks of one namespace. Interfaces are those that rules name, and one more of each
 * sort that they may take for another: no rule can tell any further one from these.
 */
final class Space {
    static final int TCP = 6;
    static final int ICMP = 1;
    static final int ICMP6 = 58;

    /** The protocols that have ports. */
    private static final Ranges WITH_PORTS = withPorts();

    private static final int GREATEST_PROTOCOL = 255;
    private static final int GREATEST_PORT = 65535;
    private static final int GREATEST_FLAGS = 63;

    private final Family family;
    private final List<String> interfaces;
    private final Diagrams diagrams;

    Space(Family family, Collection<String> interfaces) {
        this.family = family;
        this.interfaces = List.copyOf(new TreeSet<>(interfaces));
        this.diagrams = new Diagrams(greatest());
    }

    private static Ranges withPorts() {
        Ranges all = Ranges.none();
        for (int protocol = 0; protocol <= GREATEST_PROTOCOL; protocol++) {
            all = Flow.hasPorts(protocol) ? all.or(Ranges.of(protocol)) : all;
        }
        return all;
    }

    private long[] greatest() {
        long[] greatest = new long[Field.COUNT];
        greatest[Field.IN] = interfaces.size() - 1L;
        greatest[Field.OUT] = interfaces.size() - 1L;
        for (int address : List.of(Field.DESTINATION, Field.SOURCE, Field.NOW, Field.FLOW_SOURCE)) {
            greatest[address] = family == Family.IPV4 ? 0 : -1L;
            greatest[Field.low(address)] = family == Family.IPV4 ? 0xffffffffL : -1L;
        }
        for (int port : List.of(Field.DESTINATION_PORT, Field.SOURCE_PORT, Field.NOW_PORT)) {
            greatest[port] = GREATEST_PORT;
        }
        greatest[Field.PROTOCOL] = GREATEST_PROTOCOL;
        greatest[Field.FLOW_PROTOCOL] = GREATEST_PROTOCOL;
        greatest[Field.FLAGS] = GREATEST_FLAGS;
        greatest[Field.KIND] = Kind.values().length - 1L;
        return greatest;
    }

    Family family() {
        return family;
    }

    Diagrams diagrams() {
        return diagrams;
    }

    int icmp() {
        return family == Family.IPV4 ? ICMP : ICMP6;
    }

    Ranges interfaces(String name, boolean prefix) {
        Ranges all = Ranges.none();
        for (int i = 0; i < interfaces.size(); i++) {
            String each = interfaces.get(i);
            if (prefix ? each.startsWith(name) : each.equals(name)) {
                all = all.or(Ranges.of(i));
            }
        }
        return all;
    }

    /** Returns the host ends of all sandboxes' links. */
    Ranges links() {
        return interfaces(VethPair.HOST_PREFIX, true);
    }

    String interfaceName(long index) {
        return interfaces.get((int) index);
    }

    long interfaceIndex(String name) {
        return interfaces.indexOf(name);
    }

    /** Returns 1 where the field is among {@code values}. */
    Diagram where(int field, Ranges values) {
        return diagrams.where(field, values, diagrams.always(1), diagrams.always(0));
    }

    /** Returns 1 where the address is {@code from}, {@code to} or between them. */
    Diagram between(int field, Ip from, Ip to) {
        Diagram yes = diagrams.always(1);
        Diagram no = diagrams.always(0);
        int low = Field.low(field);
        if (from.high() == to.high()) {
            return diagrams.where(
                    field, Ranges.of(from.high()), diagrams.where(low, Ranges.of(from.low(), to.low()), yes, no), no);
        }
        Diagram first = diagrams.where(
                field, Ranges.of(from.high()), diagrams.where(low, Ranges.of(from.low(), -1L), yes, no), no);
        Diagram last =
                diagrams.where(field, Ranges.of(to.high()), diagrams.where(low, Ranges.of(0, to.low()), yes, no), no);
        Ranges inner = from.high() + 1 == to.high() ? Ranges.none() : Ranges.of(from.high() + 1, to.high() - 1);
        return diagrams.layers(List.of(first, last, where(field, inner)), 0);
    }

    Diagram at(int field, Ip address) {
        return between(field, address, address);
    }

    Diagram and(Diagram one, Diagram other) {
        return diagrams.within(one, other, 0);
    }

    Diagram or(Diagram one, Diagram other) {
        return diagrams.over(one, other, 0);
    }

    Diagram not(Diagram one) {
        return diagrams.difference(one, diagrams.always(1));
    }

    /** Returns 1 where {@code a} holds or {@code b} does not. */
    private Diagram implies(Diagram a, Diagram b) {
        return or(not(a), b);
    }

    /**
     * Returns 1 for what can be a packet: ports only where the protocol has them (of ICMP, type and code stand in the
     * destination's, as in the kernel's tuples), flags only of TCP, and of an error alone another flow's tuple.
     *
     * @param translated whether the host may have translated the packet before
     */
    Diagram packets(boolean translated) {
        Ranges zero = Ranges.of(0);
        Diagram ports = where(Field.PROTOCOL, WITH_PORTS);
        Diagram typed = where(Field.PROTOCOL, WITH_PORTS.or(Ranges.of(icmp())));
        Diagram error = where(Field.KIND, Kind.ERROR);
        Diagram all = implies(not(ports), where(Field.SOURCE_PORT, zero));
        all = and(all, implies(not(or(typed, error)), where(Field.DESTINATION_PORT, zero)));
        all = and(all, implies(not(where(Field.PROTOCOL, Ranges.of(TCP))), where(Field.FLAGS, zero)));
        all = and(all, implies(not(error), where(Field.FLOW_PROTOCOL, zero)));
        all = and(all, implies(not(error), at(Field.FLOW_SOURCE, new Ip(0, 0))));
        if (translated) {
            return and(all, implies(not(typed), where(Field.NOW_PORT, zero)));
        }
        Diagram ofFlow = where(Field.KIND, Kind.FORWARD.or(Kind.NO_FLOW).complement());
        all = and(all, implies(not(ofFlow), where(Field.NOW_PORT, zero)));
        return and(all, implies(not(ofFlow), at(Field.NOW, new Ip(0, 0))));
    }
}
