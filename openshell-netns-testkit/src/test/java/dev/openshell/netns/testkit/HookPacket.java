package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A packet at one hook and the flow that it belongs to, part by part: also those of protocols and in directions that
 * {@link Packet}'s own methods don't make.
 *
 * @param destinationPort of ICMP the type in the higher byte and the code in the lower one, as are those of its flow
 * @param reply whether it runs against the flow's direction
 */
public record HookPacket(
        Family family,
        String in,
        String out,
        int protocol,
        Ip source,
        int sourcePort,
        Ip destination,
        int destinationPort,
        int flags,
        ConnState state,
        boolean reply,
        Ip flowSource,
        Ip flowDestination,
        int flowProtocol,
        int flowPort) {
    private static final int PORT = 1234;
    private static final Map<Integer, Integer> ANSWERS =
            Map.of(8, 0, 0, 8, 13, 14, 14, 13, 15, 16, 16, 15, 17, 18, 18, 17);
    private static final Map<Integer, Integer> ANSWERS6 = Map.of(128, 129, 129, 128, 139, 140, 140, 139);

    /** Returns it coming and going by other interfaces. */
    public HookPacket via(String otherIn, String otherOut) {
        return new HookPacket(
                family,
                otherIn,
                otherOut,
                protocol,
                source,
                sourcePort,
                destination,
                destinationPort,
                flags,
                state,
                reply,
                flowSource,
                flowDestination,
                flowProtocol,
                flowPort);
    }

    /** Returns it for the tracer, empty where the tracer has no such packet: its flow can't be what it is said to be. */
    public Optional<Packet> packet() {
        boolean tracked = state != ConnState.INVALID && state != ConnState.UNTRACKED;
        if (!isIcmp(protocol) && !Header.hasPorts(protocol) && (sourcePort != 0 || destinationPort != 0)) {
            return Optional.empty();
        }
        Header quoted = null;
        if (tracked && state == ConnState.RELATED && isIcmp(protocol)) {
            quoted = quoted();
            if (quoted == null) {
                return Optional.empty();
            }
        } else if (tracked && !isOfFlow()) {
            return Optional.empty();
        }
        Header header = isIcmp(protocol)
                ? Header.icmp(source, destination, destinationPort >> 8, destinationPort & 255, 1, quoted)
                : new Header(family, source, destination, protocol, sourcePort, destinationPort, flags, 0, 0, 0, null);
        return Optional.of(Packet.of(header).with(meta -> {
            meta.in = PacketChecks.link(in);
            meta.out = PacketChecks.link(out);
            meta.state = state;
            meta.reply = tracked && reply;
            if (tracked) {
                meta.originalDestination = flowDestination;
                meta.originalPort = Header.hasPorts(protocol) ? flowPort : 0;
            }
        }));
    }

    private boolean isIcmp(int number) {
        return number == (family == Family.IPV4 ? Header.ICMP : Header.ICMPV6);
    }

    private boolean isOtherIcmp(int number) {
        return number == (family == Family.IPV4 ? Header.ICMPV6 : Header.ICMP);
    }

    private int answer(int typeAndCode) {
        Map<Integer, Integer> answers = family == Family.IPV4 ? ANSWERS : ANSWERS6;
        Integer type = answers.get(typeAndCode >> 8);
        return type == null ? -1 : type << 8 | typeAndCode & 255;
    }

    /** Returns whether the packet by itself says which flow it is of. */
    private boolean isOfFlow() {
        if (flowProtocol != protocol || !flowSource.equals(reply ? destination : source) || isOtherIcmp(protocol)) {
            return false;
        }
        if (isIcmp(protocol)) {
            return answer(destinationPort) >= 0
                    && flowPort == (reply ? answer(destinationPort) : destinationPort)
                    && (reply || flowDestination.equals(destination));
        }
        return Header.hasPorts(protocol) || flowPort == 0;
    }

    /** Returns what an error quotes: in the reply's direction the flow's own packet, else an answer. */
    private @Nullable Header quoted() {
        Ip from = reply ? flowSource : flowDestination;
        Ip to = reply ? flowDestination : flowSource;
        if (isIcmp(flowProtocol)) {
            int type = reply ? flowPort : answer(flowPort);
            return answer(flowPort) < 0 ? null : Header.icmp(from, to, type >> 8, type & 255, 1, null);
        }
        // The kernel's tuples have no ports of DCCP any more.
        boolean ports = Header.hasPorts(flowProtocol) && flowProtocol != Header.DCCP;
        if (isOtherIcmp(flowProtocol) || !ports && flowPort != 0) {
            return null;
        }
        int first = !ports ? 0 : reply ? PORT : flowPort;
        int second = !ports ? 0 : reply ? flowPort : PORT;
        return new Header(family, from, to, flowProtocol, first, second, 0, 0, 0, 0, null);
    }
}
