package dev.openshell.netns.linux.kernel;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NftTablesTest {
    private static final int NEWTABLE = 0xa00;
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int EINVAL = 22;
    private static final int EPERM = 1;

    /** A table called {@code filter}. */
    private static byte[] table(int family, int flags) {
        return ByteBuffer.allocate(40)
                .order(ByteOrder.nativeOrder())
                .putInt(40)
                .putShort((short) NEWTABLE)
                .putShort((short) 2)
                .putLong(1)
                .put(new byte[] {(byte) family, 0, 0, 0})
                .putShort((short) 11)
                .putShort((short) 1)
                .put("filter\0\0".getBytes(StandardCharsets.US_ASCII))
                .putShort((short) 8)
                .putShort((short) 2)
                .put(new byte[] {0, 0, 0, (byte) flags})
                .array();
    }

    private static byte[] last(int type, int errno) {
        return ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putInt(20)
                .putShort((short) type)
                .putShort((short) 0)
                .putLong(1)
                .putInt(-errno)
                .array();
    }

    @Test
    void refusesADormantTable() {
        assertThatCode(() -> NftTables.requireAwake(table(2, 0))).doesNotThrowAnyException();
        // A table of the family inet with that name is none of iptables'.
        assertThatCode(() -> NftTables.requireAwake(table(1, 1))).doesNotThrowAnyException();
        assertThatThrownBy(() -> NftTables.requireAwake(table(2, 1)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("table filter of this namespace is dormant");
    }

    @Test
    void refusesATableThatIsCutOff() {
        byte[] dormant = table(2, 1);
        for (int length = 1; length < dormant.length; length++) {
            byte[] cut = Arrays.copyOf(dormant, length);
            assertThatThrownBy(() -> NftTables.requireAwake(cut))
                    .as("%s bytes", length)
                    .isInstanceOf(KernelException.class);
        }
    }

    @Test
    void aListThatFailedIsNoList() {
        assertThatCode(() -> NftTables.requireAwake(last(DONE, 0))).doesNotThrowAnyException();
        assertThatCode(() -> NftTables.requireAwake(last(ERROR, EINVAL))).doesNotThrowAnyException();
        for (int type : new int[] {ERROR, DONE}) {
            assertThatThrownBy(() -> NftTables.requireAwake(last(type, EPERM)))
                    .isInstanceOf(KernelException.class)
                    .hasMessageStartingWith("EPERM");
        }
    }
}
