package dev.openshell.netns.testkit;

import static dev.openshell.netns.testkit.nftables.NftBatch.INET;
import static dev.openshell.netns.testkit.nftables.NftExpr.accept;
import static dev.openshell.netns.testkit.nftables.NftExpr.and;
import static dev.openshell.netns.testkit.nftables.NftExpr.be32;
import static dev.openshell.netns.testkit.nftables.NftExpr.cmp;
import static dev.openshell.netns.testkit.nftables.NftExpr.connlimit;
import static dev.openshell.netns.testkit.nftables.NftExpr.ct;
import static dev.openshell.netns.testkit.nftables.NftExpr.drop;
import static dev.openshell.netns.testkit.nftables.NftExpr.dynset;
import static dev.openshell.netns.testkit.nftables.NftExpr.element;
import static dev.openshell.netns.testkit.nftables.NftExpr.end;
import static dev.openshell.netns.testkit.nftables.NftExpr.immediate;
import static dev.openshell.netns.testkit.nftables.NftExpr.limit;
import static dev.openshell.netns.testkit.nftables.NftExpr.lookup;
import static dev.openshell.netns.testkit.nftables.NftExpr.meta;
import static dev.openshell.netns.testkit.nftables.NftExpr.of;
import static dev.openshell.netns.testkit.nftables.NftExpr.payload;
import static dev.openshell.netns.testkit.nftables.NftExpr.port;
import static dev.openshell.netns.testkit.nftables.NftExpr.u8;
import static dev.openshell.netns.testkit.nftables.NftExpr.value;
import static dev.openshell.netns.testkit.nftables.NftExpr.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.nftables.NftBatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rules of nf_tables that came as messages do to packets that leave the host. */
class NftRulesTest {
    private static final String OUR = "198.51.100.2";
    private static final int OUTPUT = 3;
    private static final int POSTROUTING = 4;
    private static final int IS = 0;
    private static final int IS_NOT = 1;
    private static final int JUMP = -3;
    private static final int GOTO = -4;
    private static final int RETURN = -5;
    private static final int MARK = 3;
    private static final int OUT_NAME = 7;
    private static final int PROTOCOL = 16;
    private static final Packet WEB = Packet.tcp(OUR, 40000, "203.0.113.10", 443);
    private static final Packet SSH = Packet.tcp(OUR, 40000, "203.0.113.10", 22);
    private static final Packet DNS = Packet.udp(OUR, 40000, "203.0.113.53", 53);

    private final FakeKernel kernel = FakeKernel.create();
    private final int host = kernel.openNamespace(Optional.empty());

    /** A table with a chain for what leaves, whose policy is to drop. */
    private static NftBatch table() {
        return new NftBatch(INET, "t").table(0).base("o", "filter", OUTPUT, 0, false);
    }

    private void load(NftBatch batch) {
        for (Message answer : Message.split(kernel.netfilter(host, batch.toBytes()))) {
            assertThat(Bytes.read(answer.payload()).getInt()).isZero();
        }
    }

    private void assertPasses(Packet... packets) {
        for (Packet packet : packets) {
            assertThat(kernel.send(packet).verdict()).as(packet.toString()).isEqualTo(Trace.Verdict.ACCEPT);
        }
    }

    private void assertDropped(Packet... packets) {
        for (Packet packet : packets) {
            assertThat(kernel.send(packet).verdict()).as(packet.toString()).isEqualTo(Trace.Verdict.DROP);
        }
    }

    private static byte[] to(int port) {
        return cmp(1, IS, port(port));
    }

    private static byte[] destinationPort() {
        return payload(1, 2, 2, 2);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    @Test
    void policyAcceptAndDrop() {
        assertPasses(WEB);
        load(table());
        assertDropped(WEB, SSH, DNS);
        load(table().rule("o", destinationPort(), to(443), accept()));
        assertPasses(WEB);
        assertDropped(SSH, DNS);
        load(new NftBatch(INET, "u")
                .table(0)
                .base("o", "filter", OUTPUT, 5, true)
                .rule("o", destinationPort(), to(443), drop()));
        assertDropped(WEB);
    }

    @Test
    void aTableOfOneFamilyAsksNoOther() {
        Packet six = Packet.tcp("2001:db8::2", 40000, "2001:db8::10", 443);
        load(new NftBatch(2, "t").table(0).base("o", "filter", OUTPUT, 0, false));
        assertDropped(WEB);
        assertPasses(six);
        load(new NftBatch(10, "t").table(0).base("o", "filter", OUTPUT, 0, false));
        assertDropped(six);
    }

    @Test
    void jumpsReturnAndGoto() {
        load(table().chain("a")
                .chain("b")
                .rule("a", destinationPort(), to(22), verdict(RETURN, ""))
                .rule("a", destinationPort(), to(443), verdict(GOTO, "b"))
                .rule("a", destinationPort(), to(53), drop())
                .rule("a", destinationPort(), to(443), accept())
                .rule("b", meta(1, PROTOCOL), cmp(1, IS, new byte[] {17}), accept())
                .rule("o", verdict(JUMP, "a"))
                .rule("o", destinationPort(), to(22), accept()));
        assertPasses(SSH);
        assertDropped(DNS);
        // b has no verdict for it: behind a goto the caller's caller goes on.
        assertDropped(WEB);
        load(table().rule("o", destinationPort(), to(443), accept()));
        assertPasses(WEB);
    }

    @Test
    void aChainThatEndsGoesBackToItsCaller() {
        load(table().chain("a")
                .chain("b")
                .rule("a", verdict(JUMP, "b"))
                .rule("a", destinationPort(), to(443), accept())
                .rule("b", destinationPort(), to(22), drop())
                .rule("o", verdict(JUMP, "a"))
                .rule("o", destinationPort(), to(443), drop())
                .rule("o", destinationPort(), to(22), accept())
                .rule("o", destinationPort(), to(53), accept()));
        assertPasses(WEB, DNS);
        assertDropped(SSH);
    }

    /** 0 is, 1 is not, 2 below, 3 at most, 4 above, 5 at least. */
    @ParameterizedTest
    @CsvSource({
        "0, 443, true", "0, 442, false", "1, 443, false", "1, 442, true", "2, 444, true", "2, 443, false",
        "3, 443, true", "3, 442, false", "4, 442, true", "4, 443, false", "5, 443, true", "5, 444, false"
    })
    void compares(int op, int port, boolean passes) {
        load(table().rule("o", destinationPort(), cmp(1, op, port(port)), accept()));
        assertThat(kernel.send(WEB).verdict() == Trace.Verdict.ACCEPT).isEqualTo(passes);
    }

    @Test
    void rangesAndMasks() {
        byte[] range = of("range", be32(1, 1), be32(2, IS), value(3, port(440)), value(4, port(443)));
        byte[] subnet = payload(1, 1, 16, 4);
        load(table().rule("o", destinationPort(), range, accept())
                .rule("o", subnet, and(1, hex("ffffff00")), cmp(1, IS, hex("cb007200")), accept()));
        assertPasses(WEB, Packet.udp(OUR, 1, "203.0.114.7", 9));
        assertDropped(SSH, Packet.tcp(OUR, 1, "203.0.113.10", 444), Packet.udp(OUR, 1, "203.0.115.7", 9));
    }

    @Test
    void interfacesByNameAndByItsBeginning() {
        byte[] eth = "eth".getBytes(StandardCharsets.UTF_8);
        byte[] whole = new byte[16];
        System.arraycopy(eth, 0, whole, 0, eth.length);
        load(table().rule("o", meta(1, OUT_NAME), cmp(1, IS, whole), accept()));
        assertDropped(WEB);
        load(table().rule("o", meta(1, OUT_NAME), cmp(1, IS, eth), accept()));
        assertPasses(WEB);
        assertDropped(Packet.tcp("127.0.0.1", 1, "127.0.0.1", 443));
    }

    @Test
    void statesDirectionsAndOriginalEnds() {
        int established = 2;
        byte[] state = ByteBuffer.wrap(Bytes.number(established)).array();
        load(table().rule("o", ct(1, 0, -1), and(1, state), cmp(1, IS_NOT, new byte[4]), accept())
                .rule("o", ct(1, 1, -1), cmp(1, IS, new byte[] {1}), drop())
                .rule("o", ct(1, 20, 0), cmp(1, IS, hex("cb00710a")), ct(1, 12, 0), to(443), accept()));
        assertPasses(WEB);
        assertDropped(SSH, Packet.tcp(OUR, 40000, "203.0.113.11", 443));
        Packet asked = Packet.udp("203.0.113.9", 40000, OUR, 9);
        kernel.receive("eth0", asked);
        assertPasses(asked.reply());
        assertDropped(Packet.udp(OUR, 9, "203.0.113.8", 40000));
    }

    @Test
    void answersAreOfTheOtherDirection() {
        load(table().rule("o", ct(1, 1, -1), cmp(1, IS, new byte[] {1}), accept()));
        Packet asked = Packet.udp("203.0.113.9", 40000, OUR, 9);
        kernel.receive("eth0", asked);
        assertPasses(asked.reply());
        assertDropped(WEB);
    }

    @Test
    void setsRangesAndVerdictMapsOfJoinedKeys() {
        byte[] pair = hex("cb00710a01bb0000");
        byte[] other = hex("cb00713500350000");
        byte[] address = payload(1, 1, 16, 4);
        byte[] behind = payload(9, 2, 2, 2);
        load(table().chain("c")
                .rule("c", accept())
                .set("m", 1, 8, 8, be32(6, 0xffffff00), be32(7, 0))
                .elements("m", 1, element(pair, JUMP, "c"), element(other, 0, ""))
                .set("r", 2, 4, 2)
                .elements("r", 2, element(port(24)), end(port(26)), element(port(20)), end(port(23)))
                .elements("r", 2, element(port(53)), end(port(54)), element(port(23)), end(port(24)))
                .set("__set%d", 3, 3, 4)
                .elements("__set%d", 3, element(hex("cb007116")))
                .rule("o", address, behind, lookup("m", 1, 1, true))
                .rule("o", destinationPort(), lookup("r", 2, 1, false), accept())
                .rule("o", address, lookup("__set%d", 3, 1, false), accept()));
        assertPasses(WEB, SSH, Packet.udp(OUR, 1, "203.0.113.22", 9), Packet.udp(OUR, 1, "203.0.113.54", 53));
        assertDropped(DNS, Packet.tcp(OUR, 1, "203.0.113.11", 443));
        assertPasses(Packet.tcp(OUR, 1, "203.0.113.11", 23), Packet.tcp(OUR, 1, "203.0.113.11", 24));
        assertDropped(Packet.tcp(OUR, 1, "203.0.113.11", 26), Packet.tcp(OUR, 1, "203.0.113.11", 54));
    }

    @Test
    void limits() {
        load(table().rule("o", destinationPort(), to(443), limit(1, 3600, 2, false), accept())
                .rule("o", destinationPort(), to(22), limit(1, 3600, 1, true), drop())
                .rule("o", destinationPort(), to(22), accept()));
        assertPasses(WEB, WEB, SSH);
        assertDropped(WEB, SSH, WEB);
    }

    @Test
    void flowsAreCounted() {
        load(table().rule("o", destinationPort(), to(443), connlimit(2, false), accept()));
        Packet second = Packet.tcp(OUR, 40001, "203.0.113.10", 443);
        Packet third = Packet.tcp(OUR, 40002, "203.0.113.10", 443);
        assertPasses(WEB, second);
        assertDropped(third, SSH);
        // The refused one was forgotten only when another was looked for.
        assertDropped(WEB);
    }

    @Test
    void eachElementOfASetLimitsForItself() {
        byte[] address = payload(1, 1, 16, 4);
        load(table().set("l", 1, 0x20, 4)
                .set("n", 2, 0x20, 4)
                .rule("o", destinationPort(), to(443), address, dynset("l", 1, 1, limit(1, 3600, 1, false)), accept())
                .rule("o", destinationPort(), to(22), address, dynset("n", 2, 1, connlimit(1, true)), drop())
                .rule("o", destinationPort(), to(22), accept()));
        Packet another = Packet.tcp(OUR, 40000, "203.0.113.11", 443);
        assertPasses(WEB, another);
        assertDropped(WEB, another);
        assertPasses(SSH, Packet.tcp(OUR, 40000, "203.0.113.11", 22));
        assertDropped(Packet.tcp(OUR, 40001, "203.0.113.10", 22));
    }

    @Test
    void whatIsRefusedIsAnswered() {
        load(table().rule("o", meta(1, PROTOCOL), cmp(1, IS, new byte[] {1}), accept())
                .rule("o", meta(1, PROTOCOL), cmp(1, IS, new byte[] {58}), accept())
                .rule("o", destinationPort(), to(443), of("reject", be32(1, 1)))
                .rule("o", destinationPort(), to(53), of("reject", be32(1, 2), u8(2, 1)))
                .rule("o", destinationPort(), to(22), accept()));
        assertThat(kernel.send(WEB).rejectedWith()).contains("tcp-reset");
        assertThat(kernel.send(DNS).rejectedWith()).contains("icmp-port-unreachable");
        assertThat(kernel.send(Packet.udp("2001:db8::2", 1, "2001:db8::10", 53)).rejectedWith())
                .contains("icmp6-port-unreachable");
        assertPasses(SSH);
        assertDropped(Packet.tcp(OUR, 1, "203.0.113.10", 23));
    }

    @Test
    void masqueradesBehindRouting() {
        Packet inner = Packet.udp("10.200.0.1", 40000, "203.0.113.10", 9);
        kernel.addAddress("lo", "10.200.0.1/32");
        assertThat(kernel.send(inner).packet().source().getHostAddress()).isEqualTo("10.200.0.1");
        load(new NftBatch(INET, "t")
                .table(0)
                .base("p", "nat", POSTROUTING, 100, true)
                .rule("p", payload(1, 1, 12, 4), cmp(1, IS, hex("0ac80001")), of("masq")));
        Packet fresh = Packet.udp("10.200.0.1", 40001, "203.0.113.10", 9);
        assertThat(kernel.send(fresh).packet().source().getHostAddress()).isEqualTo(OUR);
        assertThat(kernel.send(inner).packet().source().getHostAddress()).isEqualTo("10.200.0.1");
    }

    @Test
    void marksAreSetAndSeen() {
        byte[] seven = Bytes.number(7);
        load(table().rule("o", destinationPort(), to(443), immediate(1, seven), of("meta", be32(2, MARK), be32(3, 1)))
                .rule("o", meta(1, MARK), cmp(1, IS, seven), accept()));
        Trace trace = kernel.send(WEB);
        assertThat(trace.verdict()).isEqualTo(Trace.Verdict.ACCEPT);
        assertThat(trace.packet().mark()).isEqualTo(7);
        assertDropped(SSH);
        assertPasses(SSH.withMark(7));
    }

    /** iptables marks at -150; who is asked at the same priority and came later is asked before. */
    @ParameterizedTest
    @CsvSource({"-151, true", "-150, true", "-149, false", "10, false"})
    void tablesAreAskedByPriorityAmongThoseOfIptables(int priority, boolean passes) {
        String text = "*mangle\n-A OUTPUT -j MARK --set-mark 1\nCOMMIT\n";
        kernel.restore(host, Family.IPV4, IptablesVariant.NFT, text, true, Deadline.in(Duration.ofSeconds(5)));
        load(new NftBatch(INET, "t")
                .table(0)
                .base("o", "filter", OUTPUT, priority, true)
                .rule("o", meta(1, MARK), cmp(1, IS, Bytes.number(1)), drop()));
        assertThat(kernel.send(WEB).verdict() == Trace.Verdict.ACCEPT).isEqualTo(passes);
    }

    @Test
    void aTableGoesWithTheProcessThatOwnsIt() {
        int netfilter = 12;
        int owner = 2;
        FakeKernel other = kernel.otherProcess();
        int socket = other.openNetlink(other.openNamespace(Optional.empty()), netfilter);
        byte[] guarded = new NftBatch(INET, "t")
                .table(owner)
                .base("o", "filter", OUTPUT, 0, false)
                .toBytes();
        assertThat(other.exchange(socket, guarded)).isNotEmpty();
        assertDropped(WEB);
        other.die();
        assertPasses(WEB);
    }

    @Test
    void aTraceNamesTheRuleByItsHandle() {
        load(table().rule("o", destinationPort(), to(443), accept()));
        Trace trace = kernel.send(WEB);
        assertThat(trace.hops()).anySatisfy(hop -> {
            assertThat(hop.table()).isEqualTo("nft t");
            assertThat(hop.chain()).isEqualTo("o");
            assertThat(hop.rules()).containsExactly("o: handle 2");
        });
    }
}
