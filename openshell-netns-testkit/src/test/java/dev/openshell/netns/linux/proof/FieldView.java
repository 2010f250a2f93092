package dev.openshell.netns.linux.proof;

import dev.openshell.netns.testkit.ConnState;
import dev.openshell.netns.testkit.HookPacket;
import dev.openshell.netns.testkit.packet.Ip;

/** What the fields of the proof's packets mean, read from their description alone. */
final class FieldView {
    private FieldView() {}

    /** Returns the packet of these fields; {@code translated} at the hooks behind the host's DNAT. */
    static HookPacket of(Space space, long[] packet, boolean translated) {
        Kind kind = Kind.values()[(int) packet[Field.KIND]];
        Ip sentTo = ip(space, packet, Field.DESTINATION);
        Ip now = ip(space, packet, Field.NOW);
        int sentToPort = (int) packet[Field.DESTINATION_PORT];
        int nowPort = (int) packet[Field.NOW_PORT];
        Ip header = translated ? now : sentTo;
        int headerPort = translated ? nowPort : sentToPort;
        // What goes with the flow was sent to where the flow was; of all else the flow's own end is another field.
        boolean forward = kind == Kind.NEW || kind == Kind.ESTABLISHED;
        boolean error = kind == Kind.RELATED || kind == Kind.RELATED_REPLY;
        Ip source = ip(space, packet, Field.SOURCE);
        return new HookPacket(
                space.family(),
                name(space, packet[Field.IN]),
                name(space, packet[Field.OUT]),
                (int) packet[Field.PROTOCOL],
                source,
                (int) packet[Field.SOURCE_PORT],
                header,
                headerPort,
                (int) packet[Field.FLAGS],
                state(kind),
                kind == Kind.REPLY || kind == Kind.RELATED_REPLY,
                error ? ip(space, packet, Field.FLOW_SOURCE) : forward ? source : header,
                forward || translated ? sentTo : now,
                (int) packet[error ? Field.FLOW_PROTOCOL : Field.PROTOCOL],
                forward || translated ? sentToPort : nowPort);
    }

    /** Returns an interface; the one that stands for all of a beginning has a name that none can have. */
    private static String name(Space space, long index) {
        return space.interfaceName(index).replace('/', '~');
    }

    private static ConnState state(Kind kind) {
        return switch (kind) {
            case NEW -> ConnState.NEW;
            case ESTABLISHED, REPLY -> ConnState.ESTABLISHED;
            case RELATED, RELATED_REPLY -> ConnState.RELATED;
            case INVALID -> ConnState.INVALID;
            case UNTRACKED -> ConnState.UNTRACKED;
        };
    }

    private static Ip ip(Space space, long[] packet, int field) {
        return new Ip(space.family(), packet[field], packet[field + 1]);
    }
}
