package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class AnswersTest {
    private static final int CAPPED_WITH_TEXT = 0x300;

    private static ByteBuffer message(int length, int type, int flags, int sequence) {
        return ByteBuffer.allocate(length)
                .order(ByteOrder.nativeOrder())
                .putInt(length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence)
                .putInt(0);
    }

    private static byte[] done(int... sequences) {
        ByteBuffer all = ByteBuffer.allocate(20 * sequences.length);
        for (int sequence : sequences) {
            all.put(message(20, Answers.NLMSG_DONE, 0, sequence).putInt(0).array());
        }
        return all.array();
    }

    @Test
    void anAnswerGivenTwiceAnswersNothingElse() {
        Request two = Rtnetlink.dumpLinks().and(Rtnetlink.dumpAddresses());
        assertThat(Answers.parse(two, done(1, 2)).failures()).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Answers.parse(two, done(1, 1)))
                .withMessage("1 of 2 netlink messages were answered");
    }

    @Test
    void anAcknowledgementWithoutErrnoIsNone() {
        byte[] cut = message(16, Answers.NLMSG_ERROR, 0, 1).array();
        byte[] whole = message(20, Answers.NLMSG_ERROR, 0, 1).putInt(0).array();
        assertThat(Answers.parse(Rtnetlink.dumpLinks(), whole).failures()).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> Answers.parse(Rtnetlink.dumpLinks(), cut));
    }

    @Test
    void anErrorAboutAMessageThatCantBeIsRefused() {
        for (int length : new int[] {-1, 0, 15, 17, 0x7ffffffc}) {
            byte[] error = message(36, Answers.NLMSG_ERROR, CAPPED_WITH_TEXT & ~0x100, 1)
                    .putInt(-22)
                    .putInt(length)
                    .array();
            assertThatIllegalArgumentException().isThrownBy(() -> Answers.parse(Rtnetlink.dumpLinks(), error));
        }
        byte[] capped = message(36, Answers.NLMSG_ERROR, CAPPED_WITH_TEXT, 1)
                .putInt(-22)
                .putInt(0x7ffffffc)
                .array();
        // The kernel echoes the header alone then, whatever the message's length was.
        assertThat(Answers.parse(Rtnetlink.dumpLinks(), capped).failures()).hasSize(1);
    }

    @Test
    void aRouteToMappedAddressesIsOneOfIpv6() {
        ByteBuffer route = message(48, Rtnetlink.RTM_NEWROUTE, 0, 1)
                .put(new byte[] {10, 120, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
                .putShort((short) 20)
                .putShort((short) Rtnetlink.RTA_DST)
                .put(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, (byte) 200, 0, 0});
        byte[] all = ByteBuffer.allocate(68).put(route.array()).put(done(1)).array();
        assertThat(Answers.parse(Rtnetlink.dumpRoutes(Family.IPV6), all).routes())
                .singleElement()
                .satisfies(range -> {
                    assertThat(range.family()).isEqualTo(Family.IPV6);
                    assertThat(range.prefix()).isEqualTo(120);
                    assertThat(range.overlaps(Cidr.parse("10.200.0.0/16"))).isFalse();
                });
    }
}
