package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import java.util.Arrays;

/** The data registers of one run: four of 16 bytes, which are sixteen of 4 bytes by other numbers. */
final class Registers {
    private static final int SIZE = 64;
    private static final int LAST_WIDE = 4;
    private static final int FIRST_NARROW = 8;
    private static final int LAST_NARROW = 23;

    private final byte[] data = new byte[SIZE];

    /** Returns where {@code register} begins; ERANGE as Linux for one that there is not or is too short. */
    static int offset(int register, int length) {
        int offset;
        if (register >= 1 && register <= LAST_WIDE) {
            offset = (register - 1) * 16;
        } else if (register >= FIRST_NARROW && register <= LAST_NARROW) {
            offset = (register - FIRST_NARROW) * 4;
        } else {
            throw new NetException(NetException.ERANGE, "");
        }
        if (length <= 0) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (offset + length > SIZE) {
            throw new NetException(NetException.ERANGE, "");
        }
        return offset;
    }

    byte[] get(int offset, int length) {
        return Arrays.copyOfRange(data, offset, offset + length);
    }

    /** Writes {@code value}; what is behind it up to a multiple of four is zero. */
    void put(int offset, byte[] value) {
        Arrays.fill(data, offset, Math.min(SIZE, offset + (value.length + 3 & ~3)), (byte) 0);
        System.arraycopy(value, 0, data, offset, value.length);
    }
}
