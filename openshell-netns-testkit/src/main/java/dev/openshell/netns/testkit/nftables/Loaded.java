package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import java.util.BitSet;

/** Which bytes of the registers the expressions of a rule have written so far. */
final class Loaded {
    private static final int ENODATA = 61;

    private final BitSet written = new BitSet();

    /** Returns where a register begins that is read; ENODATA where nothing was written before. */
    int from(int register, int length) {
        int offset = Registers.offset(register, length);
        if (written.nextClearBit(offset) < offset + length) {
            throw new NetException(ENODATA, "");
        }
        return offset;
    }

    /** Returns where a register begins that is written. */
    int to(int register, int length) {
        int offset = Registers.offset(register, length);
        written.set(offset, offset + (length + 3 & ~3));
        return offset;
    }
}
