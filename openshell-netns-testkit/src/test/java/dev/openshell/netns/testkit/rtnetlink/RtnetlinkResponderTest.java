package dev.openshell.netns.testkit.rtnetlink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RtnetlinkResponderTest {
    private static final byte[] MAC_A = {2, 0, 0, 0, 1, 1};
    private static final byte[] MAC_B = {2, 0, 0, 0, 1, 2};

    private final Machine machine = new Machine();
    private final Netns host = machine.create();
    private final Netns inside = machine.create();

    private Answers ask(Netns netns, Request request) {
        return Answers.parse(request, answer(netns, request.toBytes()));
    }

    private byte[] answer(Netns netns, byte[] request) {
        return RtnetlinkResponder.answer(
                machine, netns, fd -> fd == 7 ? Optional.of(inside) : Optional.empty(), request);
    }

    private static Request veth(String a, int indexA, String b, int indexB, int descriptor) {
        return Rtnetlink.newVeth(new Rtnetlink.End(a, indexA, MAC_A), new Rtnetlink.End(b, indexB, MAC_B), descriptor);
    }

    @Test
    void makesAVethWhosePeerIsElsewhere() {
        assertThat(ask(host, veth("a", 10, "b", 11, 7)).failures()).isEmpty();
        assertThat(host.link("a").peer()).contains(inside.link("b"));
        assertThat(inside.link("b").mac()).isEqualTo(MAC_B);
        assertThat(ask(host, Rtnetlink.dumpLinks()).links())
                .containsExactly(new Answers.Link("lo", 1, false, ""), new Answers.Link("a", 10, false, ""));
    }

    @Test
    void goesOnAfterAFailedMessage() throws Exception {
        Request request = veth("a", 10, "b", 11, 7)
                .and(veth("a", 10, "c", 12, 7))
                .and(Rtnetlink.newDefaultRoute(10, InetAddress.getByName("10.200.0.2")))
                .and(Rtnetlink.setUp(10, "a", true));
        Answers answers = ask(host, request);
        assertThat(answers.failures())
                .extracting(Answers.Failure::errno)
                .containsExactly(NetException.EEXIST, NetException.ENETUNREACH);
        assertThat(answers.failures().get(1).text()).contains("Nexthop has invalid gateway");
        assertThat(host.link("a").up()).isTrue();
    }

    @Test
    void refusesAnUnknownDescriptor() {
        assertThat(ask(host, veth("a", 10, "b", 11, 8)).failures())
                .extracting(Answers.Failure::errno)
                .containsExactly(NetException.EBADF);
    }

    @Test
    void stopsSilentlyAtACutHeader() {
        byte[] request = veth("a", 10, "b", 11, 7).toBytes();
        for (int length = 0; length < request.length; length++) {
            assertThat(answer(host, Arrays.copyOf(request, length))).isEmpty();
        }
        assertThat(host.findLink("a")).isEmpty();
    }

    @Test
    void findsARoute() throws Exception {
        ask(host, veth("a", 10, "b", 11, 7).and(Rtnetlink.setUp(10, "a", true)));
        ask(host, Rtnetlink.newAddress(10, InetAddress.getByName("10.200.0.1"), 30));
        Answers answers = ask(host, Rtnetlink.getRoute(InetAddress.getByName("10.200.0.2")));
        assertThat(answers.outgoing().get(0)).hasValue(10);
        assertThat(ask(host, Rtnetlink.getRoute(InetAddress.getByName("10.43.0.1")))
                        .failures())
                .extracting(Answers.Failure::errno)
                .containsExactly(NetException.ENETUNREACH);
    }
}
