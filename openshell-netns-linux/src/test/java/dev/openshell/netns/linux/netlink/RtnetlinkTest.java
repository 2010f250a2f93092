package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class RtnetlinkTest {
    private static final Rtnetlink.End HOST = new Rtnetlink.End("osh-abcd1234", 4711, new byte[] {2, 0, 0, 0, 0, 1});
    private static final Rtnetlink.End PEER = new Rtnetlink.End("eth0", 1000, new byte[] {2, 0, 0, 0, 0, 2});

    private static String hex(Request request) {
        return HexFormat.of().formatHex(request.toBytes());
    }

    /** A 32-bit or 16-bit number in the machine's byte order. */
    private static String u32(int value) {
        return HexFormat.of()
                .formatHex(ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    private static String u16(int value) {
        return HexFormat.of()
                .formatHex(ByteBuffer.allocate(2)
                        .order(ByteOrder.nativeOrder())
                        .putShort((short) value)
                        .array());
    }

    @Test
    void writesAnAddress() {
        // rtnetlink(7): nlmsghdr, ifaddrmsg, IFA_LOCAL, IFA_ADDRESS.
        assertThat(hex(Rtnetlink.newAddress(7, InetAddresses.forString("10.200.0.5"), 30)))
                .isEqualTo(u32(40) + u16(20) + u16(0x605) + u32(1) + u32(0)
                        + "021e0000" + u32(7)
                        + u16(8) + u16(2) + "0ac80005"
                        + u16(8) + u16(1) + "0ac80005");
    }

    @Test
    void writesAVethPairWithItsPeerInAnotherNamespace() {
        String end = u16(17) + u16(3) + "6f73682d616263643132333400" + "000000"
                + u16(10) + u16(1) + "020000000001" + "0000"
                + u16(8) + u16(31) + u32(1) + u16(8) + u16(32) + u32(1);
        String peer = u32(0) + u32(1000) + u32(0) + u32(0)
                + u16(9) + u16(3) + "6574683000" + "000000"
                + u16(10) + u16(1) + "020000000002" + "0000"
                + u16(8) + u16(31) + u32(1) + u16(8) + u16(32) + u32(1)
                + u16(8) + u16(28) + u32(55);
        int peerLength = 4 + peer.length() / 2;
        String bytes = hex(Rtnetlink.newVeth(HOST, PEER, 55));
        assertThat(bytes)
                .startsWith(u32(bytes.length() / 2)
                        + u16(16)
                        + u16(0x605)
                        + u32(1)
                        + u32(0)
                        + u32(0)
                        + u32(4711)
                        + u32(0)
                        + u32(0)
                        + end);
        assertThat(bytes)
                .endsWith(u16(9) + u16(1) + "7665746800" + "000000" + u16(4 + peerLength) + u16(0x8002)
                        + u16(peerLength) + u16(1) + peer);
    }

    @Test
    void numbersTheMessagesOfABatch() {
        Request batch = Rtnetlink.setUp(1, "lo", true).and(Rtnetlink.setUp(2, "eth0", false));
        byte[] bytes = batch.toBytes();
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        assertThat(in.getInt(8)).isEqualTo(1);
        assertThat(in.getInt(32 + 8)).isEqualTo(2);
        assertThat(in.getInt(16 + 8)).isEqualTo(1);
        assertThat(in.getInt(32 + 16 + 8)).isZero();
        assertThat(bytes).hasSize(64);
    }

    private static byte[] error(int sequence, int errno) {
        return ByteBuffer.allocate(36)
                .order(ByteOrder.nativeOrder())
                .putInt(36)
                .putShort((short) 2)
                .putShort((short) 0)
                .putInt(sequence)
                .putInt(0)
                .putInt(-errno)
                .array();
    }

    @Test
    void tellsWhichMessageFailed() {
        Request request = Rtnetlink.setUp(1, "lo", true).and(Rtnetlink.setUp(2, "eth0", true));
        byte[] both = Arrays.copyOf(error(1, 0), 72);
        System.arraycopy(error(2, 19), 0, both, 36, 36);
        Answers answers = Answers.parse(request, both);
        assertThat(answers.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.object()).isEqualTo("eth0");
            assertThat(failure.errno()).isEqualTo(19);
        });
        byte[] one = Arrays.copyOf(both, 36);
        assertThatThrownBy(() -> Answers.parse(request, one))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 of 2");
    }

    @Test
    void refusesWhatIsCutOffOrWasNeverAsked() {
        Request request = Rtnetlink.setUp(1, "lo", true);
        byte[] good = error(1, 1);
        assertThat(Answers.parse(request, good).failures()).hasSize(1);
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> Answers.parse(request, cut)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Answers.parse(request, error(2, 0))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Answers.parse(request, error(0, 0))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void asksForRoutesWithTheStrictHeader() {
        assertThat(hex(Rtnetlink.dumpRoutes(Family.IPV6)))
                .isEqualTo(u32(28) + u16(26) + u16(0x301) + u32(1) + u32(0) + "0a000000" + u32(0) + u32(0));
        assertThat(hex(Rtnetlink.getRoute(InetAddresses.forString("203.0.113.10"))))
                .isEqualTo(u32(36) + u16(26) + u16(5) + u32(1) + u32(0) + "02200000" + u32(0) + u32(0) + u16(8) + u16(1)
                        + "cb00710a");
    }
}
