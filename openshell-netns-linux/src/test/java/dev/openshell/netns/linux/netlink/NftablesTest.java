package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.linux.netlink.Nftables.BaseChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class NftablesTest {
    private static final byte INET = 1;
    private static final byte IP = 2;
    private static final int DROP = 0;
    private static final int ACCEPT = 1;
    private static final int JUMP = -3;

    private static byte[] message(int type, byte family, Consumer<Attributes> attributes) {
        Attributes payload = new Attributes().raw(family, (byte) 0, (byte) 0, (byte) 0);
        attributes.accept(payload);
        return new Request().add("", "", type, 0, payload).toBytes();
    }

    private static byte[] big(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    private static byte[] table(byte family, String name, int flags) {
        return message(Nftables.NFT_MSG_NEWTABLE, family, table -> table.string(1, name)
                .bytes(2, big(flags)));
    }

    private static byte[] base(byte family, String table, String name, int hook, int policy) {
        return message(Nftables.NFT_MSG_NEWCHAIN, family, chain -> chain.string(1, table)
                .string(3, name)
                .nested(4, place -> place.bytes(1, big(hook)).bytes(2, big(-150)))
                .bytes(5, big(policy)));
    }

    @SafeVarargs
    private static byte[] rule(byte family, String table, String chain, Consumer<Attributes>... expressions) {
        return message(Nftables.NFT_MSG_NEWRULE, family, rule -> rule.string(1, table)
                .string(2, chain)
                .nested(4, list -> {
                    for (Consumer<Attributes> expression : expressions) {
                        list.nested(1, expression);
                    }
                }));
    }

    private static Consumer<Attributes> verdict(int code, String chain) {
        return expression -> expression.string(1, "immediate").nested(2, data -> data.bytes(1, big(0))
                .nested(
                        2,
                        value -> value.nested(2, verdict -> {
                            verdict.bytes(1, big(code));
                            if (!chain.isEmpty()) {
                                verdict.string(2, chain);
                            }
                        })));
    }

    private static final Consumer<Attributes> COUNTER = expression -> expression.string(1, "counter");

    private static BaseChain chain(boolean policyDrop, boolean drops, boolean maps) {
        return new BaseChain("inet", "other", "in", 1, -150, policyDrop, drops, maps);
    }

    private static List<BaseChain> read(byte[]... messages) {
        return Nftables.baseChains(List.of(messages));
    }

    @Test
    void aPolicy() {
        assertThat(read(base(INET, "other", "in", 1, ACCEPT))).containsExactly(chain(false, false, false));
        assertThat(read(base(INET, "other", "in", 1, DROP))).containsExactly(chain(true, false, false));
    }

    @Test
    void aVerdictBehindOtherExpressions() {
        byte[] base = base(INET, "other", "in", 1, ACCEPT);
        assertThat(read(base, rule(INET, "other", "in", COUNTER, verdict(ACCEPT, ""))))
                .containsExactly(chain(false, false, false));
        assertThat(read(base, rule(INET, "other", "in", verdict(DROP, ""), COUNTER)))
                .containsExactly(chain(false, true, false));
        assertThat(read(base, rule(INET, "other", "in", expression -> expression.string(1, "reject"))))
                .containsExactly(chain(false, true, false));
    }

    @Test
    void targetsOfIptables() {
        for (String target : List.of("REJECT", "LOG")) {
            byte[] rule = rule(INET, "other", "in", expression -> expression
                    .string(1, "target")
                    .nested(2, data -> data.string(1, target)));
            assertThat(read(base(INET, "other", "in", 1, ACCEPT), rule))
                    .containsExactly(chain(false, target.equals("REJECT"), false));
        }
    }

    @Test
    void whatIsJumpedToCountsAndWhatIsNotDoesNot() {
        byte[] base = base(INET, "other", "in", 1, ACCEPT);
        byte[] drop = rule(INET, "other", "last", verdict(DROP, ""));
        byte[] circle = rule(INET, "other", "middle", verdict(JUMP, "last"), verdict(JUMP, "middle"));
        assertThat(read(base, circle, drop)).containsExactly(chain(false, false, false));
        assertThat(read(base, circle, drop, rule(INET, "other", "in", verdict(JUMP, "middle"))))
                .containsExactly(chain(false, true, false));
        // Chains of other tables and families only have the same name.
        byte[] elsewhere = rule(IP, "other", "in", verdict(DROP, ""));
        assertThat(read(base, elsewhere, rule(INET, "another", "in", verdict(DROP, ""))))
                .containsExactly(chain(false, false, false));
    }

    @Test
    void aVerdictMapIsNoLookUpOfAnAddress() {
        for (int register : List.of(0, 1)) {
            byte[] rule = rule(INET, "other", "in", expression -> expression
                    .string(1, "lookup")
                    .nested(2, data -> data.string(1, "__map0").bytes(3, big(register))));
            assertThat(read(base(INET, "other", "in", 1, ACCEPT), rule))
                    .containsExactly(chain(false, false, register == 0));
        }
    }

    @Test
    void dormantTablesAreLeftOut() {
        byte[] base = base(INET, "other", "in", 1, DROP);
        assertThat(read(table(INET, "other", 1), base)).isEmpty();
        assertThat(read(table(INET, "other", 0), base)).hasSize(1);
        assertThat(read(table(IP, "other", 1), base)).hasSize(1);
    }

    @Test
    void aChainWithoutAHookIsNone() {
        assertThat(read(message(Nftables.NFT_MSG_NEWCHAIN, INET, chain -> chain.string(1, "other")
                        .string(3, "in"))))
                .isEmpty();
    }

    @Test
    void whateverIsCutOffOrChangedIsRefusedOrRead() {
        byte[] whole = rule(INET, "other", "in", COUNTER, verdict(JUMP, "last"));
        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            if (length >= Request.HEADER) {
                ByteBuffer.wrap(cut).order(ByteOrder.nativeOrder()).putInt(0, length);
                assertReadOrRefused(cut);
            }
        }
        for (int at = 0; at < whole.length; at++) {
            for (int value : List.of(0, 1, 0x7f, 0xff)) {
                byte[] changed = whole.clone();
                changed[at] = (byte) value;
                assertReadOrRefused(changed);
            }
        }
        byte[] longer = whole.clone();
        ByteBuffer.wrap(longer).order(ByteOrder.nativeOrder()).putInt(0, whole.length + 1);
        assertThatThrownBy(() -> read(longer)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertReadOrRefused(byte[] bytes) {
        try {
            assertThat(read(bytes)).isEmpty();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("netlink");
        }
    }
}
