package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.NetException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** One message of a request: struct nlmsghdr and what follows. */
record Message(int type, int flags, int sequence, int port, byte[] payload, Extack extack) {
    static final int HEADER = 16;
    static final int NLM_F_REQUEST = 1;
    static final int NLM_F_MULTI = 2;
    static final int NLM_F_ACK = 4;
    static final int NLM_F_ECHO = 8;
    static final int NLM_F_REPLACE = 0x100;
    static final int NLM_F_EXCL = 0x200;
    static final int NLM_F_CREATE = 0x400;
    static final int NLM_F_APPEND = 0x800;
    static final int NLM_F_DUMP = 0x300;
    static final int NLM_F_BULK = 0x200;

    boolean flag(int flag) {
        return (flags & flag) != 0;
    }

    int family() {
        return payload[0] & 0xff;
    }

    /** Returns the fixed part; EINVAL where the message is too short for it. */
    ByteBuffer fixed(int length, String otherwise) {
        if (payload.length < length) {
            throw new NetException(NetException.EINVAL, otherwise);
        }
        return Bytes.read(payload);
    }

    /** Returns what stands behind the fixed part. */
    byte[] attributes(int fixed) {
        return Arrays.copyOfRange(payload, Math.min(payload.length, fixed), payload.length);
    }

    byte[] header() {
        return new Bytes()
                .u32(HEADER + payload.length)
                .u16(type)
                .u16(flags)
                .u32(sequence)
                .u32(port)
                .toBytes();
    }
}
