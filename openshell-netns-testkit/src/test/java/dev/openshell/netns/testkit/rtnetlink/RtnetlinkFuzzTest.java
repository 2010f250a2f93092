package dev.openshell.netns.testkit.rtnetlink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.net.InetAddress;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link RtnetlinkResponder}: any bytes get errno answers, or are what the fake says that it does not know. */
public final class RtnetlinkFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(RtnetlinkFuzzTest.class, RtnetlinkFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        Machine machine = new Machine();
        Netns host = machine.create();
        Netns inside = machine.create();
        byte[] veth = Rtnetlink.newVeth(
                        new Rtnetlink.End("osh-a", 10, new byte[] {2, 0, 0, 0, 1, 1}),
                        new Rtnetlink.End("eth0", 11, new byte[] {2, 0, 0, 0, 1, 2}),
                        7)
                .and(Rtnetlink.newAddress(10, InetAddress.getLoopbackAddress(), 30))
                .and(Rtnetlink.setUp(10, "osh-a", true))
                .toBytes();
        answer(machine, host, inside, veth);
        byte[] answers;
        try {
            answers = answer(machine, host, inside, input);
        } catch (UnsupportedOperationException e) {
            assertThat(e.getMessage()).isNotBlank();
            return;
        }
        int length = Message.split(answers).stream()
                .mapToInt(message -> Bytes.align(Message.HEADER + message.payload().length))
                .sum();
        assertThat(length).isEqualTo(answers.length);
        // The machine can still be asked.
        assertThat(answer(machine, host, inside, Rtnetlink.dumpLinks().toBytes()))
                .isNotEmpty();
        assertThat(answer(machine, inside, host, Rtnetlink.dumpAddresses().toBytes()))
                .isNotEmpty();
    }

    private static byte[] answer(Machine machine, Netns host, Netns inside, byte[] request) {
        return RtnetlinkResponder.answer(
                machine, host, fd -> fd == 7 ? Optional.of(inside) : Optional.empty(), request);
    }
}
