package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;

/** A part of a packet, or of the flow that it belongs to, by which sets are asked. */
enum Field {
    /** Where it came in. */
    INCOMING(41) {
        @Override
        void load(Expressions to, int register) {
            to.meta(Expressions.META_IIFNAME, register);
        }
    },
    /** Where it goes out. */
    OUTGOING(41) {
        @Override
        void load(Expressions to, int register) {
            to.meta(Expressions.META_OIFNAME, register);
        }
    },
    SOURCE(0) {
        @Override
        void load(Expressions to, int register) {
            to.source(register);
        }
    },
    DESTINATION(0) {
        @Override
        void load(Expressions to, int register) {
            to.destination(register);
        }
    },
    PROTOCOL(12) {
        @Override
        void load(Expressions to, int register) {
            to.meta(Expressions.META_L4PROTO, register);
        }
    },
    PORT(13) {
        @Override
        void load(Expressions to, int register) {
            to.portOf(register);
        }
    },
    /** Those of the flow's first packet, whatever was translated since. */
    FLOW_SOURCE(0) {
        @Override
        void load(Expressions to, int register) {
            to.flowSource(register);
        }
    },
    FLOW_DESTINATION(0) {
        @Override
        void load(Expressions to, int register) {
            to.flowDestination(register);
        }
    },
    FLOW_PROTOCOL(12) {
        @Override
        void load(Expressions to, int register) {
            to.flow(Expressions.CT_PROTOCOL, register, Expressions.NONE);
        }
    },
    FLOW_PORT(13) {
        @Override
        void load(Expressions to, int register) {
            to.flow(Expressions.CT_PROTO_DST, register, 0);
        }
    };

    private static final int IPV4_ADDRESS = 7;
    private static final int IPV6_ADDRESS = 8;
    private static final int NAME = 41;
    private static final int SLOT = 4;

    private final int type;

    Field(int type) {
        this.type = type;
    }

    /** Loads it into a register and those behind it, as many as it takes. */
    abstract void load(Expressions to, int register);

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
