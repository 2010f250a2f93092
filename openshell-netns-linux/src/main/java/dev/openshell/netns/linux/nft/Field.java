package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import java.util.function.ObjIntConsumer;

/** A part of a packet, or of the flow that it belongs to, by which sets are asked. */
enum Field {
    /** Where it came in. */
    INCOMING(41, (to, register) -> to.meta(Expressions.META_IIFNAME, register)),
    /** Where it goes out. */
    OUTGOING(41, (to, register) -> to.meta(Expressions.META_OIFNAME, register)),
    SOURCE(0, Expressions::source),
    DESTINATION(0, Expressions::destination),
    PROTOCOL(12, (to, register) -> to.meta(Expressions.META_L4PROTO, register)),
    PORT(13, Expressions::portOf),
    /** Those of the flow's first packet, whatever was translated since. */
    FLOW_SOURCE(0, Expressions::flowSource),
    FLOW_DESTINATION(0, Expressions::flowDestination),
    FLOW_PROTOCOL(12, (to, register) -> to.flow(Expressions.CT_PROTOCOL, register, Expressions.NONE)),
    FLOW_PORT(13, (to, register) -> to.flow(Expressions.CT_PROTO_DST, register, 0));

    private static final int IPV4_ADDRESS = 7;
    private static final int IPV6_ADDRESS = 8;
    private static final int NAME = 41;
    private static final int SLOT = 4;

    private final int type;
    private final ObjIntConsumer<Expressions> loading;

    Field(int type, ObjIntConsumer<Expressions> loading) {
        this.type = type;
        this.loading = loading;
    }

    /** Loads it into a register and those behind it, as many as it takes. */
    void load(Expressions to, int register) {
        loading.accept(to, register);
    }

    /** Returns nft's number for what it is, by which it shows the set. */
    int type(Family family) {
        if (type == 0) {
            return family == Family.IPV4 ? IPV4_ADDRESS : IPV6_ADDRESS;
        }
        return type;
    }

    /** Returns the bytes that it takes in a key. */
    int length(Family family) {
        if (type == 0) {
            return family.bits() / 8;
        }
        return type == NAME ? Expressions.IFNAMSIZ : SLOT;
    }
}
