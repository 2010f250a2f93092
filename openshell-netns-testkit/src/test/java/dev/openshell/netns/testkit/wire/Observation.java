package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.testkit.packet.Header;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** All that was seen of one packet, in order: first the wires, then the router itself. */
record Observation(List<Sight> sights) {
    Observation {
        sights = List.copyOf(sights);
    }

    /** Returns whether nothing was seen of it: no rule refused it, and it got nowhere. */
    boolean vanished() {
        return sights.isEmpty();
    }

    /** Returns where it got to and as what, on a wire or {@code local}; empty where it did not. */
    Optional<Sight.Arrived> arrived() {
        return first(Sight.Arrived.class, sights.stream().filter(sight -> !sight.where()
                .equals("lo")));
    }

    /** Returns the answer that refuses it where it was first seen: on a wire, or on {@code lo}. */
    Optional<Sight.Refused> refused() {
        return first(Sight.Refused.class, sights.stream());
    }

    private static <T extends Sight> Optional<T> first(Class<T> kind, Stream<Sight> sights) {
        return sights.filter(kind::isInstance).map(kind::cast).findFirst();
    }

    /** Returns it in a line: {@code vanished}, or what was seen and where. */
    @Override
    public String toString() {
        return sights.isEmpty()
                ? "vanished"
                : String.join("; ", sights.stream().map(Observation::text).toList());
    }

    private static String text(Sight sight) {
        if (sight instanceof Sight.Arrived arrived) {
            return "arrived " + arrived.where() + " as " + text(arrived.header());
        }
        if (sight instanceof Sight.Aside aside) {
            return "aside " + aside.where() + " " + text(aside.header());
        }
        Sight.Refused refused = (Sight.Refused) sight;
        Header answer = refused.header();
        String kind = refused.reset() ? "tcp-reset" : "icmp " + answer.icmpType() + "/" + answer.icmpCode();
        return "refused " + refused.where() + " by " + kind + " from " + answer.source();
    }

    static String text(Header header) {
        String kind = header.isIcmp()
                ? "icmp " + header.icmpType() + "/" + header.icmpCode() + " id " + header.icmpId()
                : "protocol " + header.protocol();
        String quoted = header.quoted() == null ? "" : " quoting [" + text(header.quoted()) + "]";
        return kind + " " + header.source() + " " + header.sourcePort() + " > " + header.destination() + " "
                + header.destinationPort() + " flags " + header.tcpFlags() + quoted;
    }
}
