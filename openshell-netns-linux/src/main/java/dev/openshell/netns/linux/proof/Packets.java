package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.diagram.Simplicity;
import dev.openshell.netns.linux.ruleset.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Packets of a space as people see them, and which of two is simpler: the first packet of a flow before one from its
 * middle, on the sandbox's own link, between its own address and one that documentation uses (RFC 5737, RFC 3849) before
 * any other, TCP before UDP before ICMP, a lower port before a higher one, not translated before translated.
 */
final class Packets implements Simplicity {
    private static final int FIRST_PORT = 40000;
    private static final int SYN = 2;
    private static final int ACK = 16;
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");
    private static final List<String> SIMPLE4 =
            List.of("198.51.100.0/24", "203.0.113.0/24", "1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "8.0.0.0/5");
    private static final List<String> SIMPLE6 = List.of("2001:db8::/32", "2000::/3", "fc00::/7");

    private final Space space;
    private final VethPair veth;
    private final boolean inside;
    private final Ranges link;

    Packets(Space space, VethPair veth) {
        this(space, veth, false);
    }

    /**
     * Names the packets of one end of a link.
     *
     * @param inside whether that is the sandbox's end
     */
    Packets(Space space, VethPair veth, boolean inside) {
        this.space = space;
        this.veth = veth;
        this.inside = inside;
        this.link = space.interfaces(inside ? veth.sandboxInterface() : veth.hostInterface(), false);
    }

    /** Returns the simplest packet for which {@code diagram}, which is so for some, is not 0: by kind, then by field. */
    long[] simplest(Diagram diagram) {
        Diagram nothing = space.diagrams().always(0);
        for (Kind kind : Kind.values()) {
            Diagram of = space.and(diagram, space.where(Field.KIND, Kind.among(kind)));
            if (of != nothing) {
                return space.diagrams().simplest(of, (field, packet) -> order(field, packet, kind));
            }
        }
        throw new IllegalArgumentException("no packet");
    }

    /** {@inheritDoc} For packets of that one's kind. */
    @Override
    public List<Ranges> of(int field, long[] packet) {
        return order(field, packet, Kind.values()[(int) packet[Field.KIND]]);
    }

    private List<Ranges> order(int field, long[] packet, Kind kind) {
        List<Ranges> order = new ArrayList<>();
        boolean error = Kind.ERROR.contains(kind.ordinal());
        boolean back = error || kind == Kind.REPLY;
        boolean answer = kind == Kind.REPLY && !inside;
        switch (field) {
            case Field.IN, Field.OUT -> {
                if (field == Field.IN || !link.contains(packet[Field.IN])) {
                    order.add(link);
                }
                order.add(space.interfaces(veth.sandboxInterface(), false));
                order.add(space.links()
                        .or(space.interfaces("", false))
                        .or(space.interfaces("lo", false))
                        .complement());
                order.add(link.complement());
            }
            case Field.DESTINATION, Field.DESTINATION + 1 -> {
                if (intoSandbox(packet) && (inside || !back)) {
                    own(field - Field.DESTINATION, order);
                }
                documented(field, packet, Field.DESTINATION, order);
            }
            case Field.SOURCE, Field.SOURCE + 1 -> {
                if (!intoSandbox(packet)) {
                    own(field - Field.SOURCE, order);
                } else if (answer) {
                    order.add(Ranges.of(packet[field - Field.SOURCE + Field.DESTINATION]));
                }
                documented(field, packet, Field.SOURCE, order);
            }
            case Field.NOW, Field.NOW + 1 -> {
                if (inside) {
                    documented(field, packet, Field.NOW, order);
                } else if (intoSandbox(packet)) {
                    own(field - Field.NOW, order);
                }
                order.add(Ranges.of(packet[field - Field.NOW + Field.DESTINATION]));
            }
            case Field.FLOW_SOURCE, Field.FLOW_SOURCE + 1 -> own(field - Field.FLOW_SOURCE, order);
            case Field.PROTOCOL -> protocols(error, order);
            case Field.FLOW_PROTOCOL -> protocols(false, order);
            case Field.SOURCE_PORT -> order.add(Ranges.of(answer ? packet[Field.DESTINATION_PORT] : FIRST_PORT));
            case Field.NOW_PORT -> order.add(Ranges.of(answer ? FIRST_PORT : packet[Field.DESTINATION_PORT]));
            case Field.FLAGS -> {
                order.add(Ranges.of(kind == Kind.ESTABLISHED ? ACK : kind == Kind.REPLY ? SYN | ACK : SYN));
                order.add(Ranges.of(ACK));
            }
            default -> {}
        }
        if (field != Field.KIND && field != Field.FLAGS) {
            order.add(Ranges.of(1, -1L));
        }
        order.add(Ranges.all());
        return order;
    }

    private void protocols(boolean error, List<Ranges> order) {
        if (error) {
            order.add(Ranges.of(space.icmp()));
        }
        for (int protocol : List.of(Space.TCP, 17, space.icmp())) {
            order.add(Ranges.of(protocol));
        }
    }

    private void own(int half, List<Ranges> order) {
        veth.sandboxAddress(space.family())
                .map(Ip::of)
                .ifPresent(own -> order.add(Ranges.of(half == 0 ? own.high() : own.low())));
    }

    private void documented(int field, long[] packet, int address, List<Ranges> order) {
        boolean first = field == address;
        if (space.family() == Family.IPV4) {
            if (!first) {
                SIMPLE4.forEach(cidr -> order.add(range(cidr, false)));
            }
            return;
        }
        if (first) {
            SIMPLE6.forEach(cidr -> order.add(range(cidr, true)));
        }
    }

    private static Ranges range(String text, boolean high) {
        Cidr cidr = Cidr.parse(text);
        Ip from = Ip.of(cidr.address());
        if (high) {
            return Ranges.of(from.high(), from.high() | (1L << 64 - cidr.prefix()) - 1);
        }
        return Ranges.of(from.low(), from.low() | (1L << 32 - cidr.prefix()) - 1);
    }

    private InetAddress address(long[] packet, int field) {
        return new Ip(packet[field], packet[Field.low(field)]).address(space.family());
    }

    private boolean intoSandbox(long[] packet) {
        return link.contains(packet[inside ? Field.IN : Field.OUT]);
    }

    /** Returns the flow that the packet begins or belongs to. */
    Flow flow(long[] packet) {
        boolean about = Field.isError(packet);
        boolean forward = Kind.FORWARD.or(Kind.NO_FLOW).contains(packet[Field.KIND]);
        boolean now = inside ? !forward : intoSandbox(packet) && packet[Field.KIND] == Kind.NEW.ordinal();
        return Flow.of(
                (int) packet[about ? Field.FLOW_PROTOCOL : Field.PROTOCOL],
                address(packet, now ? Field.NOW : Field.DESTINATION),
                (int) packet[now ? Field.NOW_PORT : Field.DESTINATION_PORT]);
    }

    /** Returns such as {@code tcp 10.200.0.2:40000 > 203.0.113.11:443 [SYN] NEW, in osh-1a2b out uplink0}. */
    String text(long[] packet, boolean translated) {
        int protocol = (int) packet[Field.PROTOCOL];
        boolean ports = Flow.hasPorts(protocol);
        Kind kind = Kind.values()[(int) packet[Field.KIND]];
        StringBuilder text = new StringBuilder(Flow.protocolName(protocol) + " ");
        text.append(end(address(packet, Field.SOURCE), packet[Field.SOURCE_PORT], ports))
                .append(" > ");
        boolean header = !translated || kind != Kind.NEW && kind != Kind.ESTABLISHED;
        String destination = end(address(packet, Field.DESTINATION), packet[Field.DESTINATION_PORT], ports);
        String now = end(address(packet, Field.NOW), packet[Field.NOW_PORT], ports);
        if (!translated || destination.equals(now)) {
            text.append(destination);
        } else if (header) {
            text.append(now).append(" of a flow to ").append(destination);
        } else {
            text.append(destination).append(" (translated to ").append(now).append(')');
        }
        if (protocol == Space.TCP) {
            List<String> set = new ArrayList<>();
            for (int i = 0; i < FLAGS.size(); i++) {
                if ((packet[Field.FLAGS] >> i & 1) != 0) {
                    set.add(FLAGS.get(i));
                }
            }
            text.append(" [").append(String.join(",", set)).append(']');
        } else if (protocol == space.icmp() && !Field.isError(packet)) {
            text.append(" type ").append(packet[Field.DESTINATION_PORT] >> 8);
            text.append(" code ").append(packet[Field.DESTINATION_PORT] & 255);
        }
        if (Field.isError(packet)) {
            text.append(" about ").append(Flow.protocolName((int) packet[Field.FLOW_PROTOCOL]));
            text.append(" of ").append(InetAddresses.toAddrString(address(packet, Field.FLOW_SOURCE)));
        }
        text.append(' ')
                .append(kind.name().replace('_', ' ').toUpperCase(Locale.ROOT))
                .append(',');
        String in = space.interfaceName(packet[Field.IN]);
        String out = space.interfaceName(packet[Field.OUT]);
        return text + (in.isEmpty() ? "" : " in " + in) + (out.isEmpty() ? "" : " out " + out);
    }

    private static String end(InetAddress address, long port, boolean ports) {
        return ports ? InetAddresses.toUriString(address) + ":" + port : InetAddresses.toAddrString(address);
    }
}
