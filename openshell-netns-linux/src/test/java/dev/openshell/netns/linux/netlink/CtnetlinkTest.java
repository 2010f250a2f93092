package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import java.net.Inet6Address;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CtnetlinkTest {
    /** The end of each dump. */
    private static final String DONE = "1400000003000200010000005915000000000000";

    /** A datagram from 127.0.0.1 port 4001 to port 4000, as Linux 6.18 on x86-64 answered it. */
    private static final String UDP =
            """
            a4000000 0001 2200 01000000 59150000  02 00 0000
            3400 0180
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              1c00 0280 0500 0100 11000000 0600 0200 0fa10000 0600 0300 0fa00000
            3400 0280
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              1c00 0280 0500 0100 11000000 0600 0200 0fa00000 0600 0300 0fa10000
            0800 0300 00000008
            0800 0800 00000000
            0800 0c00 a201324e
            0800 0b00 00000001
            0800 0700 0000001d
            """;

    /** A connection from ::1 port 40000 to port 5432. */
    private static final String TCP6 =
            """
            04010000 0001 2200 01000000 59150000  0a 00 0000
            4c00 0180
              2c00 0180
                1400 0300 00000000000000000000000000000001
                1400 0400 00000000000000000000000000000001
              1c00 0280 0500 0100 06000000 0600 0200 9c400000 0600 0300 15380000
            4c00 0280
              2c00 0180
                1400 0300 00000000000000000000000000000001
                1400 0400 00000000000000000000000000000001
              1c00 0280 0500 0100 06000000 0600 0200 15380000 0600 0300 9c400000
            0800 0300 0000000e
            0800 0800 00000000
            0800 0c00 9bf4bdf3
            0800 0b00 00000001
            0800 0700 0006977f
            3000 0480
              2c00 0180
                0500 0100 03000000 0500 0200 0a000000 0500 0300 0a000000
                0600 0400 23000000 0600 0500 23000000
            """;

    /** A ping to 127.0.0.1, and a packet of protocol 253. */
    private static final String PORTLESS =
            """
            b4000000 0001 2200 01000000 59150000  02 00 0000
            3c00 0180
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              2400 0280 0500 0100 01000000 0600 0400 004d0000 0500 0500 08000000 0500 0600 00000000
            3c00 0280
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              2400 0280 0500 0100 01000000 0600 0400 004d0000 0500 0500 00000000 0500 0600 00000000
            0800 0300 0000000a 0800 0800 00000000 0800 0c00 2654152b 0800 0b00 00000001 0800 0700 0000001e
            84000000 0001 2200 01000000 59150000  02 00 0000
            2400 0180
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              0c00 0280 0500 0100 fd000000
            2400 0280
              1400 0180 0800 0100 7f000001 0800 0200 7f000001
              0c00 0280 0500 0100 fd000000
            0800 0300 00000008 0800 0800 00000000 0800 0c00 8f5a69a7 0800 0b00 00000001 0800 0700 00000257
            """;

    private static byte[] bytes(String... hex) {
        return HexFormat.of().parseHex(String.join("", hex).replaceAll("\\s", ""));
    }

    private static List<TrackedFlow> flows(byte[] answer) {
        return Answers.parse(Ctnetlink.dumpFlows(Family.IPV4), answer).flows();
    }

    @Test
    void asksForAllFlowsOfAFamily() {
        assertThat(Ctnetlink.dumpFlows(Family.IPV4).toBytes())
                .isEqualTo(bytes("14000000 0101 0103 01000000 00000000 02 00 0000"));
        assertThat(Ctnetlink.dumpFlows(Family.IPV6).toBytes())
                .isEqualTo(bytes("14000000 0101 0103 01000000 00000000 0a 00 0000"));
        assertThat(Ctnetlink.dumpFlows(Family.IPV6)).hasToString("IPCTNL_MSG_CT_GET all ipv6 flows");
    }

    @Test
    void readsADatagramsFlow() {
        var loopback = InetAddresses.forString("127.0.0.1");
        assertThat(flows(bytes(UDP, DONE)))
                .containsExactly(new TrackedFlow(
                        loopback, loopback, 17, 4001, 4000, TrackedFlow.IPS_CONFIRMED, Optional.empty()));
    }

    @Test
    void readsAConnectionsState() {
        var loopback = InetAddresses.forString("::1");
        assertThat(flows(bytes(TCP6, DONE)))
                .containsExactly(new TrackedFlow(
                        loopback,
                        loopback,
                        6,
                        40000,
                        5432,
                        TrackedFlow.IPS_CONFIRMED | TrackedFlow.IPS_SEEN_REPLY | TrackedFlow.IPS_ASSURED,
                        Optional.of(TcpState.ESTABLISHED)));
    }

    @Test
    void readsFlowsWithoutPorts() {
        assertThat(flows(bytes(PORTLESS, DONE)))
                .extracting(TrackedFlow::protocol, TrackedFlow::sourcePort, TrackedFlow::destinationPort)
                .containsExactly(tuple(1, 0, 0), tuple(253, 0, 0));
    }

    @Test
    void anEmptyTableIsNoFlow() {
        assertThat(flows(bytes(DONE))).isEmpty();
    }

    @Test
    void aMappedAddressIsNoIpv4Address() {
        byte[] answer = bytes(
                TCP6.replace("0300 00000000000000000000000000000001", "0300 00000000000000000000ffff0ac80002"), DONE);
        assertThat(flows(answer).get(0).source()).isInstanceOf(Inet6Address.class);
    }

    @Test
    void refusesAnAnswerThatIsCutAnywhere() {
        byte[] whole = bytes(UDP, TCP6, PORTLESS, DONE);
        assertThat(flows(whole)).hasSize(4);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> flows(cut)).as("%d bytes", length).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Each length of the message that its header may claim: what is not a whole flow is refused, nothing else thrown. */
    @Test
    void refusesAFlowThatIsCutAnywhere() {
        for (String hex : List.of(UDP, TCP6)) {
            byte[] flow = bytes(hex);
            // Behind the status stand four attributes that are not read, and of TCP the state, which may be missing.
            int needed = hex.equals(UDP) ? 20 + 0x34 + 0x34 + 8 : 20 + 0x4c + 0x4c + 8;
            for (int length = 16; length < flow.length; length++) {
                byte[] cut = Arrays.copyOf(flow, length);
                ByteBuffer.wrap(cut).order(ByteOrder.nativeOrder()).putInt(0, length);
                byte[] answer = bytes(HexFormat.of().formatHex(Arrays.copyOf(cut, length + 3 & ~3)), DONE);
                boolean between = length >= needed && length <= needed + 4 * 8 && (length - needed) % 8 == 0;
                if (!between) {
                    assertThatThrownBy(() -> flows(answer))
                            .as("%d bytes", length)
                            .isInstanceOf(IllegalArgumentException.class)
                            .message()
                            .isNotBlank();
                } else {
                    assertThat(flows(answer)).as("%d bytes", length).hasSize(1);
                }
            }
        }
    }

    @Test
    void refusesWhatNoKernelSays() {
        refuses("flow of address family 7", UDP.replace("02 00 0000", "07 00 0000"));
        refuses("flow without CTA_TUPLE_ORIG", UDP.replace("3400 0180", "3400 0980"));
        refuses("flow without CTA_TUPLE_PROTO", UDP.replaceFirst("1c00 0280", "1c00 0980"));
        refuses("flow without CTA_IP_V6_SRC", UDP.replace("02 00 0000", "0a 00 0000"));
        refuses("flow without CTA_STATUS", UDP.replace("0800 0300 00000008", "0800 0900 00000008"));
        refuses("CTA_STATUS of 2 bytes, not 4", UDP.replace("0800 0300 00000008", "0600 0300 00000000"));
        refuses("CTA_TUPLE_IP: netlink attribute of 9 bytes", UDP.replace("0800 0200 7f", "0900 0200 7f"));
        refuses(
                "CTA_TUPLE_PROTO: 1 stray bytes",
                UDP.replaceFirst("1c00 0280", "1900 0280").replaceFirst("0600 0200 0fa1", "0900 0200 0fa1"));
        refuses("CTA_PROTO_DST_PORT of 1 bytes, not 2", UDP.replace("0600 0300 0fa0", "0500 0300 0fa0"));
        refuses("flow without CTA_PROTOINFO_TCP_STATE", TCP6.replace("0500 0100 03", "0500 0900 03"));
        refuses("TCP state 10", TCP6.replace("0500 0100 03", "0500 0100 0a"));
    }

    private static void refuses(String reason, String flow) {
        assertThatThrownBy(() -> flows(bytes(flow, DONE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
