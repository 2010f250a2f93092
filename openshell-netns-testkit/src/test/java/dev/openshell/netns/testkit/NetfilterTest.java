package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.KernelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of nfnetlink on a fake kernel. */
class NetfilterTest {
    private static final int ANY = 0;
    private static final int IPV4 = 2;
    private static final int IPV6 = 10;
    private static final int GET = 0x0101;
    private static final int REQUEST = 1;
    private static final int ACK = 4;
    private static final int DUMP = 0x300;

    private final FakeKernel kernel = FakeKernel.create();
    private final int host = kernel.openNamespace(Optional.empty());

    private static byte[] request(int type, int flags, int... payload) {
        ByteBuffer request = ByteBuffer.allocate(16 + payload.length).order(ByteOrder.nativeOrder());
        request.putInt(16 + payload.length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(1)
                .putInt(0);
        Arrays.stream(payload).forEach(value -> request.put((byte) value));
        return request.array();
    }

    private static byte[] dump(int family) {
        return request(GET, REQUEST | DUMP, family, 0, 0, 0);
    }

    private String ask(byte[] request) {
        return HexFormat.of().formatHex(kernel.netfilter(host, request));
    }

    /** As hexadecimal digits; 92100000 is the port number of the fake's netlink sockets. */
    private static String hex(String text) {
        return text.replaceAll("\\s", "");
    }

    private static final String DONE = "14000000 0300 0200 01000000 92100000 00000000";
    private static final String REFUSED = "28000000 0200 0000 01000000 92100000 eaffffff";

    @Test
    void writesFlowsAsLinuxDoes() {
        kernel.send(Packet.udp("198.51.100.2", 4001, "203.0.113.10", 53));
        kernel.send(Packet.tcp("2001:db8::2", 40000, "2001:db8::10", 5432));
        // CtnetlinkTest has what Linux writes; 180 in the status: the nat table was asked, which here it always is.
        String udp = " 02 00 0000"
                + "3400 0180 1400 0180 0800 0100 c6336402 0800 0200 cb00710a"
                + "  1c00 0280 0500 0100 11000000 0600 0200 0fa10000 0600 0300 00350000"
                + "3400 0280 1400 0180 0800 0100 cb00710a 0800 0200 c6336402"
                + "  1c00 0280 0500 0100 11000000 0600 0200 00350000 0600 0300 0fa10000"
                + "0800 0300 00000188";
        String tcp = " 0a 00 0000"
                + "4c00 0180 2c00 0180 1400 0300 20010db8000000000000000000000002"
                + "  1400 0400 20010db8000000000000000000000010"
                + "  1c00 0280 0500 0100 06000000 0600 0200 9c400000 0600 0300 15380000"
                + "4c00 0280 2c00 0180 1400 0300 20010db8000000000000000000000010"
                + "  1400 0400 20010db8000000000000000000000002"
                + "  1c00 0280 0500 0100 06000000 0600 0200 15380000 0600 0300 9c400000"
                + "0800 0300 00000188"
                + "1000 0480 0c00 0180 0500 0100 01000000";
        String filtered = " 0001 2200 01000000 92100000";
        assertThat(ask(dump(IPV4))).isEqualTo(hex("84000000" + filtered + udp + DONE));
        assertThat(ask(dump(IPV6))).isEqualTo(hex("c4000000" + filtered + tcp + DONE));
        String all = " 0001 0200 01000000 92100000";
        assertThat(ask(dump(ANY))).isEqualTo(hex("84000000" + all + udp + "c4000000" + all + tcp + DONE));
        assertThat(ask(dump(7))).isEqualTo(hex(DONE));
    }

    @Test
    void writesTheIdentifierOfAPingAndNoPortsOfOthers() {
        kernel.send(Packet.icmp("198.51.100.2", "203.0.113.10", 8, 0));
        assertThat(ask(dump(IPV4)))
                .contains(hex("0280 0500 0100 01000000 0600 0400"), hex("0500 0500 08000000 0500 0600 00000000"))
                .contains(hex("0500 0500 00000000 0500 0600 00000000 0800 0300"));
    }

    @Test
    void aMessageThatIsTooShortIsPassedOver() {
        byte[] request = dump(IPV4);
        for (int length = 0; length < request.length; length++) {
            assertThat(ask(Arrays.copyOf(request, length))).isEmpty();
        }
        assertThat(ask(request(GET, REQUEST | DUMP))).isEmpty();
        assertThat(ask(request(GET, REQUEST | DUMP, 2, 0, 0))).isEmpty();
        assertThat(ask(request(GET, DUMP, 2, 0, 0, 0))).isEmpty();
        String acknowledged = hex("24000000 0200 0001 01000000 92100000 00000000");
        assertThat(ask(request(GET, REQUEST | DUMP | ACK, 2))).startsWith(acknowledged);
        assertThat(ask(request(5, REQUEST | ACK, 2, 0, 0, 0))).startsWith(acknowledged);
        assertThat(ask(request(GET, REQUEST | DUMP | ACK, 2, 0, 0, 0))).isEqualTo(hex(DONE));
    }

    /** Of subsystem 0 and of ones that no kernel has, a message that ctnetlink has not, one flow without its tuple. */
    @ParameterizedTest
    @ValueSource(ints = {0x0014, 0x0d00, 0x7f00, 0x0108, 0x01ff, 0x0101})
    void whatLinuxDoesNotKnowIsRefused(int type) {
        assertThat(ask(request(type, REQUEST, 2, 0, 0, 0))).startsWith(hex(REFUSED));
    }

    /** ctnetlink's NEW, DELETE, GET_CTRZERO, UNCONFIRMED; expectations. */
    @ParameterizedTest
    @ValueSource(ints = {0x0100, 0x0102, 0x0103, 0x0107, 0x0201})
    void whatOnlyLinuxKnowsIsSaid(int type) {
        assertThatThrownBy(() -> kernel.netfilter(host, request(type, REQUEST, 2, 0, 0, 0)))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("nfnetlink");
    }

    @Test
    void aBatchAndAQuestionForTablesAreHeard() {
        int begin = 0x0010;
        int getTable = 0x0a01;
        assertThat(ask(request(begin, REQUEST | ACK, 0, 0, 0, 10))).startsWith(hex("24000000 0200 0001 01000000"));
        assertThat(ask(request(getTable, REQUEST | DUMP, 0, 0, 0, 0))).isEqualTo(hex(DONE));
    }

    @Test
    void filtersAreNotKnown() {
        byte[] tuple = request(GET, REQUEST | DUMP, 2, 0, 0, 0, 4, 0, 1, 0);
        assertThatThrownBy(() -> kernel.netfilter(host, tuple))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("IPCTNL_MSG_CT_GET");
    }

    @Test
    void faultsHappenWhereTheyAreScripted() {
        kernel.script(new Fault.ErrnoAlways(KernelCall.NETFILTER, Errno.EPERM));
        assertThatThrownBy(() -> ask(dump(IPV4)))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
        kernel.script(new Fault.CutFlows(2, 5));
        assertThat(ask(dump(IPV4))).isEqualTo(hex(DONE));
        assertThat(ask(dump(IPV4))).isEqualTo(hex("1400000003"));
        assertThat(kernel.calls()).containsExactly(KernelCall.NETFILTER, KernelCall.NETFILTER);
        assertThatThrownBy(() -> kernel.netfilter(99, dump(IPV4))).isInstanceOf(KernelException.class);
    }
}
