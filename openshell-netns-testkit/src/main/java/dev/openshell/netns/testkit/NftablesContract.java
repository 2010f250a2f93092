package dev.openshell.netns.testkit;

import static dev.openshell.netns.testkit.nftables.NftBatch.INET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.nftables.NftBatch;
import dev.openshell.netns.testkit.nftables.NftExpr;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The part of {@link KernelContract} that is about messages to nf_tables. */
abstract class NftablesContract extends OwnershipContract {
    private static final int NETLINK_ROUTE = 0;
    private static final int NETLINK_NETFILTER = 12;
    private static final int DUMP = Message.NLM_F_DUMP;
    private static final int ACK = Message.NLM_F_ACK;
    private static final int ASKED = Message.NLM_F_REQUEST | ACK;
    private static final int MAKE = ASKED | Message.NLM_F_CREATE;
    private static final int EXCL = Message.NLM_F_EXCL;
    private static final int APPEND = Message.NLM_F_APPEND;
    private static final int OWNER = 2;
    private static final int NEW_RULE = 6;
    private static final int GET_RULE = 7;
    private static final int DELETE_RULE = 8;
    private static final int PRE = 0;
    private static final int FORWARD = 2;
    private static final int POST = 4;

    private static NftBatch batch() {
        return new NftBatch(INET, "one");
    }

    private static NftBatch forward() {
        return batch().table(0).base("f", "filter", FORWARD, 0, false);
    }

    /** Returns the answers: of an error its message's number and errno, of anything else its type. */
    private static List<String> answers(byte[] raw) {
        List<String> answers = new ArrayList<>();
        ByteBuffer in = Bytes.read(raw);
        for (int at = 0; at < raw.length; at += Bytes.align(in.getInt(at))) {
            int type = in.getShort(at + 4);
            boolean error = type == 2;
            answers.add(error ? in.getInt(at + 8) + ": " + -in.getInt(at + 16) : Integer.toHexString(type));
        }
        return answers;
    }

    private List<String> send(NftBatch batch) {
        return answers(kernel.netfilter(namespace, batch.toBytes()));
    }

    private void done(NftBatch batch) {
        assertThat(send(batch)).isNotEmpty().allMatch(answer -> answer.endsWith(": 0"));
    }

    private List<String> ask(int type, byte[]... attributes) {
        return answers(kernel.netfilter(namespace, NftBatch.ask(type, ACK, INET, attributes)));
    }

    private static byte[] name(int type, String name) {
        return NftExpr.text(type, name);
    }

    /** Returns the comments of a chain's rules, in order. */
    private List<String> rules(String chain) {
        return rules(chain, 7).stream().map(String::new).toList();
    }

    private List<byte[]> rules(String chain, int attribute) {
        byte[] request = NftBatch.ask(GET_RULE, DUMP, INET, name(1, "one"), name(2, chain));
        List<byte[]> found = new ArrayList<>();
        for (Message message : Message.split(kernel.netfilter(namespace, request))) {
            ByteBuffer in = Bytes.read(message.payload());
            for (int at = 4; at + 4 <= message.payload().length; at += Bytes.align(in.getShort(at))) {
                if (message.type() >= 0xa00 && in.getShort(at + 2) == attribute) {
                    byte[] value = new byte[in.getShort(at) - 4];
                    in.get(at + 4, value);
                    found.add(value);
                }
            }
        }
        return found;
    }

    private static NftBatch rule(NftBatch batch, int flags, String comment, byte[]... more) {
        List<byte[]> all = new ArrayList<>(List.of(more));
        all.add(name(2, "f"));
        all.add(NftExpr.list(4, NftExpr.accept()));
        all.add(new Bytes()
                .attribute(7, comment.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .toBytes());
        return batch.add(NEW_RULE, flags, all.toArray(byte[][]::new));
    }

    private byte[] handle(int attribute, int index) {
        return new Bytes().attribute(attribute, rules("f", 3).get(index)).toBytes();
    }

    @Test
    void aBatchOfNfTablesIsDoneWhollyOrNotAtAll() {
        NftBatch nowhere = batch().table(0).add(3, MAKE, name(3, "c"));
        nowhere.add(NEW_RULE, MAKE | APPEND, name(2, "none"), NftExpr.list(4, NftExpr.accept()));
        assertThat(send(nowhere.chain("d"))).containsExactly("1: 0", "2: 0", "3: 2", "4: 0");
        assertThat(ask(1, name(1, "one"))).containsExactly("1: 2");
        done(batch().table(0).chain("c"));
        assertThat(ask(1, name(1, "one"))).containsExactly("a00", "1: 0");
        assertThat(ask(4, name(1, "one"), name(3, "c"))).containsExactly("a03", "1: 0");
        assertThat(send(batch().add(0, MAKE | EXCL))).containsExactly("1: 17");
        assertThat(send(batch().add(3, MAKE | EXCL, name(3, "c")))).containsExactly("1: 17");
        assertThat(ask(0, name(1, "one"))).containsExactly("1: 22");
        assertThat(send(batch().add(1, ASKED))).containsExactly("1: 22");
        done(batch().add(2, ASKED));
        assertThat(ask(1, name(1, "one"))).containsExactly("1: 2");
    }

    @Test
    void whatIsNotThereCantBeDeletedButDestroyed() {
        assertThat(send(batch().add(2, ASKED))).containsExactly("1: 2");
        done(batch().add(26, ASKED));
        done(forward());
        assertThat(send(batch().add(5, ASKED, name(3, "none")))).containsExactly("1: 2");
        assertThat(send(batch().add(DELETE_RULE, ASKED, name(2, "f"), NftExpr.be64(3, 999))))
                .containsExactly("1: 2");
        assertThat(send(batch().add(11, ASKED, name(2, "none")))).containsExactly("1: 2");
        done(batch().add(26, ASKED));
        assertThat(ask(1, name(1, "one"))).containsExactly("1: 2");
    }

    @Test
    void whatIsUsedIsBusy() {
        done(forward()
                .chain("c")
                .set("s", 1, 0, 4)
                .rule("f", NftExpr.verdict(-3, "c"))
                .rule("f", NftExpr.meta(1, 3), NftExpr.lookup("s", 1, 1, false), NftExpr.drop()));
        assertThat(send(batch().add(5, ASKED, name(3, "c")))).containsExactly("1: 16");
        assertThat(send(batch().add(11, ASKED, name(2, "s")))).containsExactly("1: 16");
        done(batch().add(DELETE_RULE, ASKED, name(2, "f"))
                .add(11, ASKED, name(2, "s"))
                .add(5, ASKED, name(3, "c")));
        assertThat(rules("f")).isEmpty();
    }

    @Test
    void rulesStandWhereTheyArePutAndGoByTheirHandles() {
        NftBatch three = forward();
        for (String comment : List.of("b", "d")) {
            rule(three, MAKE | APPEND, comment);
        }
        done(rule(three, MAKE, "a"));
        assertThat(rules("f")).containsExactly("a", "b", "d");
        done(rule(batch(), MAKE | APPEND, "c", handle(6, 1)));
        done(rule(batch(), MAKE, "0", handle(6, 0)));
        assertThat(rules("f")).containsExactly("0", "a", "b", "c", "d");
        done(batch().add(DELETE_RULE, ASKED, name(2, "f"), handle(3, 2)));
        done(rule(batch(), ASKED | Message.NLM_F_REPLACE, "A", handle(3, 1)));
        assertThat(rules("f")).containsExactly("0", "A", "c", "d");
        assertThat(send(rule(batch(), MAKE | APPEND, "x", NftExpr.be64(6, 999))))
                .containsExactly("1: 2");
        done(batch().add(DELETE_RULE, ASKED, name(2, "f")));
        assertThat(rules("f")).isEmpty();
        done(rule(rule(batch(), MAKE | APPEND, "y"), MAKE | APPEND, "z"));
        done(batch().add(DELETE_RULE, ASKED));
        assertThat(rules("f")).isEmpty();
    }

    @Test
    void elementsComeAndGo() {
        byte[] one = NftExpr.element(new byte[] {0, 22});
        byte[] two = NftExpr.element(new byte[] {0, 53});
        done(batch().table(0).set("s", 1, 0, 2).elements("s", 1, one));
        done(batch().elements("s", 0, one, two));
        assertThat(send(batch().add(12, MAKE | EXCL, name(2, "s"), NftExpr.list(3, one))))
                .containsExactly("1: 17");
        assertThat(send(batch().add(14, ASKED, name(2, "s"), NftExpr.list(3, NftExpr.element(new byte[] {9, 9})))))
                .containsExactly("1: 2");
        done(batch().add(14, ASKED, name(2, "s"), NftExpr.list(3, one)));
        done(batch().add(12, MAKE | EXCL, name(2, "s"), NftExpr.list(3, one)));
        assertThat(send(batch().set("s", 1, 0, 2).elements("none", 7, one))).containsExactly("1: 0", "2: 2");
    }

    @Test
    void aSetWithoutANameLivesAndDiesWithItsRule() {
        byte[] port = NftExpr.element(NftExpr.port(443));
        byte[] load = NftExpr.payload(1, 2, 2, 2);
        byte[] look = NftExpr.lookup("__set%d", 7, 1, false);
        NftBatch bound = forward().set("__set%d", 7, 3, 2).elements("__set%d", 7, port);
        done(bound.rule("f", load, look, NftExpr.accept()));
        assertThat(ask(10, name(1, "one"), name(2, "__set0"))).containsExactly("a09", "1: 0");
        assertThat(send(batch().elements("__set0", 0, port))).containsExactly("1: 16");
        byte[] again = NftExpr.lookup("__set0", 0, 1, false);
        assertThat(send(batch().rule("f", load, again, NftExpr.accept()))).containsExactly("1: 16");
        done(batch().add(DELETE_RULE, ASKED, name(2, "f")));
        assertThat(ask(10, name(1, "one"), name(2, "__set0"))).containsExactly("1: 2");
        assertThat(send(batch().set("__set%d", 7, 3, 2).elements("__set%d", 7, port)))
                .containsExactly("1: 22", "1: 0", "2: 0");
        assertThat(ask(10, name(1, "one"), name(2, "__set0"))).containsExactly("1: 2");
    }

    @Test
    void jumpsThatGoRoundAreRefused() {
        NftBatch round = forward().chain("a").chain("b").rule("a", NftExpr.verdict(-3, "b"));
        round.rule("b", NftExpr.verdict(-4, "a"));
        assertThat(send(round.rule("f", NftExpr.verdict(-3, "a"))))
                .containsExactly("1: 0", "2: 0", "3: 0", "4: 0", "5: 0", "6: 0", "7: 31");
        for (int depth : new int[] {15, 16}) {
            NftBatch deep = forward();
            for (int i = 1; i <= depth; i++) {
                deep.chain("c" + i);
            }
            deep.rule("f", NftExpr.verdict(-3, "c1"));
            for (int i = 1; i < depth; i++) {
                deep.rule("c" + i, NftExpr.verdict(-3, "c" + (i + 1)));
            }
            List<String> answers = send(deep);
            assertThat(answers.get(answers.size() - 1)).endsWith(depth == 15 ? ": 0" : ": 31");
            if (depth == 15) {
                done(batch().add(2, ASKED));
            }
        }
        byte[] base = NftExpr.verdict(-3, "f");
        assertThat(send(forward().chain("a").rule("a", base))).containsExactly("1: 0", "2: 0", "3: 0", "4: 95");
    }

    @Test
    void rejectAndMasqueradeHaveTheirHooks() {
        byte[] reject = NftExpr.of("reject", NftExpr.be32(1, 2), NftExpr.u8(2, 1));
        byte[] masquerade = NftExpr.of("masq");
        done(forward().rule("f", reject));
        NftBatch early = batch().base("p", "filter", PRE, 0, true).rule("p", reject);
        done(early);
        NftBatch late = batch().base("q", "filter", POST, 0, true).rule("q", reject);
        assertThat(send(late)).containsExactly("1: 0", "2: 95");
        done(batch().base("n", "nat", POST, 100, true).rule("n", masquerade));
        assertThat(send(batch().rule("f", masquerade))).containsExactly("1: 95");
        assertThat(send(batch().base("d", "nat", PRE, -100, true).rule("d", masquerade)))
                .containsExactly("1: 0", "2: 95");
        NftBatch by = batch().chain("m").rule("m", masquerade);
        done(by);
        assertThat(send(batch().rule("f", NftExpr.verdict(-3, "m")))).containsExactly("1: 95");
        done(batch().rule("n", NftExpr.verdict(-3, "m")));
    }

    @Test
    void aSocketServesItsNamespaceAndProtocolUntilItIsClosed() {
        int route = kernel.openNetlink(namespace, NETLINK_ROUTE);
        Request request = Rtnetlink.setUp(1, "lo", true);
        for (int i = 0; i < 2; i++) {
            byte[] raw = kernel.exchange(route, request.toBytes());
            assertThat(Answers.parse(request, raw).failures()).isEmpty();
        }
        kernel.close(route);
        assertThatThrownBy(() -> kernel.exchange(route, request.toBytes())).isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> kernel.exchange(namespace, request.toBytes())).isInstanceOf(KernelException.class);
        int other = kernel.createNamespace();
        try {
            done(batch().table(0));
            int socket = kernel.openNetlink(other, NETLINK_NETFILTER);
            byte[] question = NftBatch.ask(1, ACK, INET, name(1, "one"));
            assertThat(answers(kernel.exchange(socket, question))).containsExactly("1: 2");
            kernel.exchange(socket, batch().table(0).toBytes());
            assertThat(answers(kernel.exchange(socket, question))).containsExactly("a00", "1: 0");
            kernel.close(socket);
        } finally {
            kernel.close(other);
        }
    }

    private int generation() {
        byte[] raw = kernel.netfilter(namespace, NftBatch.ask(16, ACK, 0));
        assertThat(answers(raw)).containsExactly("a0f", "1: 0");
        return ByteBuffer.wrap(raw).getInt(24);
    }

    @Test
    void eachBatchThatIsDoneIsAGeneration() {
        int before = generation();
        done(forward());
        assertThat(generation()).isEqualTo(before + 1);
        assertThat(send(batch().add(5, ASKED, name(3, "none")))).containsExactly("1: 2");
        kernel.netfilter(namespace, batch().toBytes());
        assertThat(generation()).isEqualTo(before + 1);
        done(batch().add(2, ASKED));
        assertThat(generation()).isEqualTo(before + 2);
    }

    @Test
    void aBatchThatAsksForNoAnswerHasNone() {
        int quiet = Message.NLM_F_REQUEST | Message.NLM_F_CREATE;
        assertThat(send(batch().add(0, quiet).add(3, quiet, name(3, "c")))).isEmpty();
        assertThat(ask(4, name(1, "one"), name(3, "c"))).containsExactly("a03", "1: 0");
        assertThat(send(batch().add(3, quiet | EXCL, name(3, "c")))).containsExactly("1: 17");
    }

    @Test
    void aTableThatASocketOwnsGoesWithIt() {
        done(batch().table(OWNER));
        assertThat(ask(1, name(1, "one"))).containsExactly("1: 2");
        int owner = kernel.openNetlink(namespace, NETLINK_NETFILTER);
        int other = kernel.openNetlink(namespace, NETLINK_NETFILTER);
        UnaryOperator<byte[]> theirs = request -> kernel.exchange(owner, request);
        assertThat(answers(theirs.apply(batch().table(OWNER).chain("c").toBytes())))
                .containsExactly("1: 0", "2: 0");
        assertThat(ask(1, name(1, "one"))).containsExactly("a00", "1: 0");
        assertThat(answers(kernel.exchange(other, batch().chain("d").toBytes())))
                .containsExactly("1: 1");
        assertThat(answers(kernel.exchange(other, batch().add(2, ASKED).toBytes())))
                .containsExactly("1: 1");
        assertThat(send(batch().add(2, ASKED))).containsExactly("1: 1");
        assertThat(answers(theirs.apply(batch().chain("d").toBytes()))).containsExactly("1: 0");
        assertThat(answers(theirs.apply(NftBatch.ask(4, ACK, INET, name(1, "one"), name(3, "d")))))
                .containsExactly("a03", "1: 0");
        int before = generation();
        kernel.close(other);
        assertThat(ask(1, name(1, "one"))).containsExactly("a00", "1: 0");
        kernel.close(owner);
        assertThat(ask(1, name(1, "one"))).containsExactly("1: 2");
        assertThat(generation()).isEqualTo(before);
        assertThatThrownBy(() -> theirs.apply(batch().chain("d").toBytes())).isInstanceOf(KernelException.class);
    }
}
