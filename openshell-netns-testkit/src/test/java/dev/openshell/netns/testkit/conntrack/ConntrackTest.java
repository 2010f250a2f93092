package dev.openshell.netns.testkit.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ConntrackTest {
    private static final Ip A = Ip.parse("10.200.0.2");
    private static final Ip B = Ip.parse("203.0.113.7");
    private static final Ip C = Ip.parse("203.0.113.8");
    private static final Ip NAT = Ip.parse("198.51.100.1");
    private static final Ip A6 = Ip.parse("2001:db8::2");
    private static final Ip B6 = Ip.parse("2001:db8:1::7");
    private static final int SYN_ACK = Header.SYN | Header.ACK;

    private final FakeRouter router = new FakeRouter(List.of());

    private static Header tcp(Ip source, int sourcePort, Ip destination, int destinationPort, int flags) {
        return Header.ports(source, sourcePort, destination, destinationPort, Header.TCP, flags);
    }

    private static Header udp(Ip source, int sourcePort, Ip destination, int destinationPort) {
        return Header.ports(source, sourcePort, destination, destinationPort, Header.UDP, 0);
    }

    private static Header echo(Ip source, Ip destination, int type) {
        return Header.icmp(source, destination, type, 0, 7, null);
    }

    private static Header error(Ip source, Ip destination, Header quoted) {
        return Header.icmp(source, destination, 3, 1, 0, quoted);
    }

    private static Skb forward(FakeRouter router, Header header) {
        return Objects.requireNonNull(router.forward(header), "dropped");
    }

    private void assertState(Header header, CtState state, boolean reply) {
        Skb skb = forward(router, header);
        assertThat(skb.state).isEqualTo(state);
        assertThat(skb.reply).isEqualTo(reply);
        assertThat(skb.ct == null).isEqualTo(state == CtState.INVALID || state == CtState.UNTRACKED);
    }

    private static FakeRouter nat(boolean source, NatRange range) {
        return new FakeRouter(List.of(new FakeRouter.Rule(source, header -> true, range)));
    }

    @Test
    void handshake() {
        assertState(tcp(A, 1, B, 80, Header.SYN), CtState.NEW, false);
        assertState(tcp(A, 1, B, 80, Header.SYN), CtState.NEW, false);
        assertState(tcp(B, 80, A, 1, SYN_ACK), CtState.ESTABLISHED, true);
        assertThat(router.conntrack.flows().get(0).assured).isFalse();
        assertState(tcp(A, 1, B, 80, Header.ACK), CtState.ESTABLISHED, false);
        assertThat(router.conntrack.flows()).hasSize(1).allMatch(ct -> ct.assured && ct.seenReply && ct.confirmed);
    }

    @Test
    void flagsThatMakeNoSense() {
        for (int flags : new int[] {0, Header.FIN, Header.SYN | Header.FIN, Header.SYN | Header.RST, 0x29, 0xff}) {
            assertState(tcp(A, 1, B, 80, flags), CtState.INVALID, false);
        }
        assertState(tcp(A, 1, B, 80, Header.SYN | Header.PSH | 0xc0), CtState.NEW, false);
    }

    @Test
    void nothingButSynOrAckStartsTcp() {
        for (int flags : new int[] {SYN_ACK, Header.RST, Header.RST | Header.ACK, Header.FIN | Header.ACK}) {
            assertState(tcp(A, 1, B, 80, flags), CtState.INVALID, false);
        }
        assertState(tcp(A, 1, B, 80, Header.ACK), CtState.NEW, false);
        FakeRouter strict = new FakeRouter(List.of(), false, false);
        assertThat(forward(strict, tcp(A, 1, B, 80, Header.ACK)).state).isEqualTo(CtState.INVALID);
    }

    @Test
    void resetInsteadOfAnAnswerEndsTheFlow() {
        assertState(tcp(A, 1, B, 80, Header.SYN), CtState.NEW, false);
        assertState(tcp(B, 80, A, 1, Header.RST | Header.ACK), CtState.ESTABLISHED, true);
        assertThat(router.conntrack.flows()).isEmpty();
    }

    @Test
    void closedFlowReopens() {
        int finAck = Header.FIN | Header.ACK;
        handshake();
        assertState(tcp(A, 1, B, 80, finAck), CtState.ESTABLISHED, false);
        assertState(tcp(B, 80, A, 1, finAck), CtState.ESTABLISHED, true);
        assertState(tcp(A, 1, B, 80, Header.ACK), CtState.ESTABLISHED, false);
        assertState(tcp(A, 1, B, 80, Header.SYN), CtState.NEW, false);
        assertThat(router.conntrack.flows()).hasSize(1).noneMatch(ct -> ct.seenReply);
    }

    @Test
    void protocolsWithoutPorts() {
        assertState(Header.other(A, B, 47), CtState.NEW, false);
        assertState(Header.other(B, A, 47), CtState.ESTABLISHED, true);
        assertState(Header.other(A, B, 47), CtState.ESTABLISHED, false);
        assertState(Header.other(A, B, 253), CtState.NEW, false);
        assertState(Header.ports(A, 1, B, 2, Header.DCCP, 0), CtState.NEW, false);
        assertState(Header.ports(B, 9, A, 8, Header.DCCP, 0), CtState.ESTABLISHED, true);
        assertState(Header.other(A, B, Header.ICMPV6), CtState.INVALID, false);
        assertState(Header.other(A6, B6, Header.ICMP), CtState.INVALID, false);
    }

    @Test
    void udpLiteFromOutsideIsInvalid() {
        Header header = Header.ports(A, 1, B, 2, Header.UDPLITE, 0);
        Skb received = new Skb(header);
        received.in = "eth0";
        router.conntrack.track(received);
        assertThat(received.state).isEqualTo(CtState.INVALID);
        assertState(header, CtState.NEW, false);
    }

    @Test
    void icmp() {
        assertState(echo(A, B, 0), CtState.INVALID, false);
        assertState(echo(A, B, 8), CtState.NEW, false);
        assertState(echo(B, A, 0), CtState.ESTABLISHED, true);
        assertState(echo(A, B, 8), CtState.ESTABLISHED, false);
        assertState(echo(B, A, 8), CtState.NEW, false);
        assertState(echo(A, B, 9), CtState.INVALID, false);
        assertState(echo(A, B, 40), CtState.INVALID, false);
        assertState(echo(A6, B6, 128), CtState.NEW, false);
        assertState(echo(B6, A6, 129), CtState.ESTABLISHED, true);
        assertState(echo(A6, B6, 135), CtState.UNTRACKED, false);
        assertState(echo(A6, B6, 143), CtState.UNTRACKED, false);
        assertState(echo(A6, B6, 150), CtState.INVALID, false);
    }

    @Test
    void errorsBelongToTheFlowTheyQuote() {
        assertState(udp(A, 1, B, 53), CtState.NEW, false);
        assertState(error(C, A, udp(A, 1, B, 53)), CtState.RELATED, true);
        assertState(error(C, A, udp(A, 2, B, 53)), CtState.INVALID, false);
        assertState(error(C, NAT, udp(A, 1, B, 53)), CtState.INVALID, false);
        assertState(error(A, B, udp(B, 53, A, 1)), CtState.RELATED, false);
        assertState(error(C, A, error(A, B, udp(B, 53, A, 1))), CtState.INVALID, false);
        assertState(Header.icmp(C, A, 3, 1, 0, null), CtState.INVALID, false);
        assertThat(router.conntrack.flows()).hasSize(1).noneMatch(ct -> ct.seenReply);
    }

    @Test
    void redirectOfIpv6ComesFromALinkLocalAddress() {
        assertState(udp(A6, 1, B6, 53), CtState.NEW, false);
        assertState(Header.icmp(B6, A6, 137, 0, 0, udp(A6, 1, B6, 53)), CtState.INVALID, false);
        Ip local = Ip.parse("fe80::1");
        assertState(Header.icmp(local, A6, 137, 0, 0, udp(A6, 1, B6, 53)), CtState.RELATED, true);
        assertState(Header.icmp(local, A6, 137, 1, 0, udp(A6, 1, B6, 53)), CtState.INVALID, false);
    }

    @Test
    void packetsKeepTheirFlowAndNotrackIsHeeded() {
        Skb skb = new Skb(udp(A, 1, A, 53));
        router.conntrack.track(skb);
        router.conntrack.confirm(skb);
        router.conntrack.track(skb);
        assertThat(skb.state).isEqualTo(CtState.NEW);
        Skb untracked = new Skb(udp(A, 1, A, 53));
        untracked.untracked = true;
        router.conntrack.track(untracked);
        assertThat(untracked.state).isEqualTo(CtState.UNTRACKED);
        assertThat(untracked.ct).isNull();
    }

    @Test
    void droppedPacketLeavesNoFlow() {
        Skb skb = new Skb(udp(A, 1, B, 53));
        router.conntrack.track(skb);
        assertThat(skb.ct).isNotNull();
        assertThat(router.conntrack.flows()).isEmpty();
        assertThat(router.conntrack.find(new Tuple(A, B, Header.UDP, 1, 53))).isEmpty();
    }

    @Test
    void rejectAnswersInTheOtherDirection() {
        Skb cause = new Skb(tcp(A, 1, B, 80, Header.SYN));
        router.conntrack.track(cause);
        Skb reset = new Skb(tcp(B, 80, A, 1, Header.RST | Header.ACK));
        router.conntrack.attach(reset, cause);
        router.conntrack.track(reset);
        assertThat(reset.state).isEqualTo(CtState.RELATED);
        assertThat(reset.reply).isTrue();
        assertThat(router.conntrack.confirm(reset)).isTrue();
        assertThat(router.conntrack.flows()).isEmpty();

        Skb invalid = new Skb(tcp(A, 1, B, 80, Header.FIN));
        router.conntrack.track(invalid);
        Skb other = new Skb(tcp(B, 80, A, 1, Header.RST | Header.ACK));
        router.conntrack.attach(other, invalid);
        router.conntrack.track(other);
        assertThat(other.state).isEqualTo(CtState.INVALID);
    }

    @Test
    void rejectWithAResetClosesTheFlow() {
        handshake();
        Skb cause = new Skb(tcp(A, 1, B, 80, Header.ACK));
        router.conntrack.track(cause);
        router.conntrack.attach(new Skb(tcp(B, 80, A, 1, Header.RST)), cause);
        assertThat(router.conntrack.flows()).allMatch(ct -> ct.tcpState == TcpState.CLOSE.ordinal());
    }

    @Test
    void masquerade() {
        FakeRouter nat = nat(true, NatRange.of(NAT));
        assertThat(forward(nat, udp(A, 1000, B, 53)).header).isEqualTo(udp(NAT, 1000, B, 53));
        assertThat(forward(nat, udp(B, 53, NAT, 1000)).header).isEqualTo(udp(B, 53, A, 1000));
        Header sent = error(C, NAT, udp(NAT, 1000, B, 53));
        assertThat(forward(nat, sent).header).isEqualTo(error(C, A, udp(A, 1000, B, 53)));
        assertThat(forward(nat, echo(A, B, 8)).header).isEqualTo(echo(NAT, B, 8));
        assertThat(forward(nat, echo(B, NAT, 0)).header).isEqualTo(echo(B, A, 0));
        assertThat(nat.forward(Header.icmp(C, NAT, 5, 1, 0, udp(NAT, 1000, B, 53))))
                .isNull();
    }

    @Test
    void takenPortsMove() {
        FakeRouter nat = nat(true, NatRange.of(NAT));
        assertThat(forward(nat, udp(A, 5000, B, 53)).header).isEqualTo(udp(NAT, 5000, B, 53));
        assertThat(forward(nat, udp(C, 5000, B, 53)).header).isEqualTo(udp(NAT, 1024, B, 53));
        assertThat(forward(nat, udp(C, 5000, A, 53)).header).isEqualTo(udp(NAT, 1024, A, 53));
        assertThat(forward(nat, udp(A, 300, B, 53)).header).isEqualTo(udp(NAT, 300, B, 53));
        assertThat(forward(nat, udp(C, 300, B, 53)).header).isEqualTo(udp(NAT, 1, B, 53));
        assertThat(forward(nat, udp(B, 53, NAT, 1024)).header).isEqualTo(udp(B, 53, C, 5000));
    }

    @Test
    void noPortLeft() {
        FakeRouter nat = nat(true, NatRange.of(NAT, 2000, 2000));
        assertThat(forward(nat, tcp(A, 1, B, 80, Header.SYN)).header).isEqualTo(tcp(NAT, 2000, B, 80, Header.SYN));
        assertThat(nat.forward(tcp(A, 2, B, 80, Header.SYN))).isNull();
        assertThat(forward(nat, tcp(A, 2, C, 80, Header.SYN)).header).isEqualTo(tcp(NAT, 2000, C, 80, Header.SYN));
        assertThat(nat.conntrack.flows()).hasSize(2);
    }

    @Test
    void closingFlowGivesItsPortAway() {
        FakeRouter nat = nat(true, NatRange.of(NAT, 2000, 2001));
        for (int port = 1; port <= 2; port++) {
            forward(nat, tcp(A, port, B, 80, Header.SYN));
        }
        assertThat(nat.forward(tcp(A, 3, B, 80, Header.SYN))).isNull();
        forward(nat, tcp(B, 80, NAT, 2001, SYN_ACK));
        forward(nat, tcp(B, 80, NAT, 2001, Header.RST));
        assertThat(forward(nat, tcp(A, 3, B, 80, Header.SYN)).header).isEqualTo(tcp(NAT, 2001, B, 80, Header.SYN));
        assertThat(nat.conntrack.flows()).hasSize(2);
    }

    @Test
    void destinationNat() {
        FakeRouter nat = nat(false, NatRange.of(C, 8080, 8080));
        Skb skb = forward(nat, tcp(A, 1, B, 80, Header.SYN));
        assertThat(skb.header).isEqualTo(tcp(A, 1, C, 8080, Header.SYN));
        assertThat(Objects.requireNonNull(skb.ct).original).isEqualTo(new Tuple(A, B, Header.TCP, 1, 80));
        assertThat(skb.ct.reply).isEqualTo(new Tuple(C, A, Header.TCP, 8080, 1));
        assertThat(forward(nat, tcp(C, 8080, A, 1, SYN_ACK)).header).isEqualTo(tcp(B, 80, A, 1, SYN_ACK));
        Header sent = error(C, A, tcp(A, 1, C, 8080, Header.SYN));
        assertThat(forward(nat, sent).header).isEqualTo(error(B, A, tcp(A, 1, B, 80, Header.SYN)));
    }

    @Test
    void localRedirectComesBackOverInput() {
        FakeRouter nat = nat(false, NatRange.of(A, 3128, 3128));
        Skb skb = new Skb(tcp(A, 1, B, 80, Header.SYN));
        nat.conntrack.track(skb);
        assertThat(nat.nat(skb, false) && nat.nat(skb, true) && nat.conntrack.confirm(skb))
                .isTrue();
        assertThat(nat.nat(skb, false) && nat.nat(skb, true) && nat.conntrack.confirm(skb))
                .isTrue();
        assertThat(skb.header).isEqualTo(tcp(A, 1, A, 3128, Header.SYN));
        Skb answer = new Skb(tcp(A, 3128, A, 1, SYN_ACK));
        nat.conntrack.track(answer);
        assertThat(nat.nat(answer, false) && nat.nat(answer, true)).isTrue();
        assertThat(answer.header).isEqualTo(tcp(B, 80, A, 1, SYN_ACK));
    }

    @Test
    void natRulesAreAskedOnce() {
        Skb skb = new Skb(udp(A, 1, B, 53));
        assertThat(router.conntrack.needsNatRules(skb, true)).isFalse();
        assertThatThrownBy(() -> router.conntrack.setUp(skb, true, null)).isInstanceOf(IllegalStateException.class);
        router.conntrack.track(skb);
        assertThat(router.conntrack.needsNatRules(skb, true)).isTrue();
        router.conntrack.setUp(skb, true, null);
        assertThat(router.conntrack.needsNatRules(skb, true)).isFalse();
        assertThat(router.conntrack.needsNatRules(skb, false)).isTrue();
        assertThatThrownBy(() -> router.conntrack.setUp(skb, true, null)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void deletedFlowsStartAgain() {
        assertState(udp(A, 1, B, 53), CtState.NEW, false);
        assertState(udp(B, 53, A, 1), CtState.ESTABLISHED, true);
        assertState(udp(A, 2, B, 53), CtState.NEW, false);
        assertThat(router.conntrack.delete(ct -> ct.original.sourcePort() == 1)).isEqualTo(1);
        assertState(udp(A, 1, B, 53), CtState.NEW, false);
        router.conntrack.clear();
        assertThat(router.conntrack.flows()).isEmpty();
        assertState(udp(B, 53, A, 1), CtState.NEW, false);
    }

    @Test
    void impossibleRanges() {
        assertThatThrownBy(() -> new NatRange(A, null, 0, 0, false, false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NatRange.of(A, 1, 65536)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NatRange.of(A, 5, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
