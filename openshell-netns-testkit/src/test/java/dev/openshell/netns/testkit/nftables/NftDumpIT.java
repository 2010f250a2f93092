package dev.openshell.netns.testkit.nftables;

import static dev.openshell.netns.testkit.nftables.NftExpr.accept;
import static dev.openshell.netns.testkit.nftables.NftExpr.be32;
import static dev.openshell.netns.testkit.nftables.NftExpr.be64;
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

import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.testkit.FakeKernel;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages that are not written as Linux writes them: what Linux makes of them is what the kernel in memory does. */
@Tag("real-kernel")
@Tag("differential")
class NftDumpIT {
    private static final byte[] FOUR = {1, 2, 3, 4};

    private static NftBatch table() {
        return new NftBatch(NftBatch.INET, "t").table(0).base("f", "filter", 2, 0, false);
    }

    static List<NftBatch> batches() {
        byte[] counter = of("counter");
        byte[] bare = of("limit", be64(2, 60), be64(1, 7));
        return List.of(
                table().rule("f", payload(9, 1, 16, 4), payload(8, 1, 12, 4), payload(12, 2, 2, 2), accept())
                        .rule("f", meta(20, 3), of("cmp", value(3, FOUR), be32(2, 1), be32(1, 20)), drop())
                        .rule(
                                "f",
                                meta(9, 3),
                                of("bitwise", value(5, FOUR), value(4, FOUR), be32(3, 4), be32(2, 8), be32(1, 9)))
                        .rule(
                                "f",
                                payload(1, 2, 2, 2),
                                of("range", value(4, port(9)), value(3, port(1)), be32(2, 1), be32(1, 1))),
                table().rule("f", meta(8, 6), meta(1, 7), meta(2, 15), meta(3, 16), counter, verdict(-5, ""))
                        .rule("f", immediate(8, FOUR), of("meta", be32(3, 8), be32(2, 3)))
                        .rule("f", ct(1, 0, -1), ct(2, 1, -1), ct(3, 2, -1), ct(8, 3, -1))
                        .rule("f", ct(1, 19, 0), ct(8, 20, 1), ct(2, 11, 0), ct(3, 12, 1), ct(4, 21, 0)),
                table().rule("f", limit(3, 1, 0, true), bare, connlimit(4, true), connlimit(0, false))
                        .rule("f", of("reject", u8(2, 1), be32(1, 2)))
                        .rule("f", of("reject", be32(1, 1)))
                        .rule("f", of("reject", be32(1, 1), u8(2, 9)))
                        .base("n", "nat", 4, 100, true)
                        .rule("n", of("masq"))
                        .base("r", "filter", 0, -300, true)
                        .rule("r", of("notrack")),
                table().chain("c")
                        .set("m", 1, 8, 2, be32(6, 0xffffff00), be32(7, 0))
                        .elements("m", 1, element(port(1), -3, "c"), element(port(2), 0, ""), element(port(3), -5, ""))
                        .set("r", 2, 4, 2)
                        .elements("r", 2, element(port(20)), end(port(23)))
                        .set("__set%d", 3, 3, 4)
                        .elements("__set%d", 3, element(FOUR))
                        .set("d", 4, 0x20, 4)
                        .set("e", 5, 0x30, 4, be64(11, 5000), be32(12, 1000))
                        .rule("f", payload(1, 2, 2, 2), lookup("m", 1, 8, true))
                        .rule(
                                "f",
                                payload(8, 2, 2, 2),
                                of("lookup", be32(5, 1), be32(2, 8), NftExpr.text(1, "r")),
                                verdict(-4, "c"))
                        .rule("f", meta(1, 3), lookup("__set%d", 3, 1, false), drop())
                        .rule("f", meta(8, 3), dynset("d", 4, 8, limit(3, 60, 0, true)), drop())
                        .rule("f", meta(8, 3), dynset("e", 5, 8), dynset("d", 4, 1, connlimit(3, false))));
    }

    private static List<Integer> errors(byte[] answers) {
        return Message.split(answers).stream()
                .map(answer -> Bytes.read(answer.payload()).getInt())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("batches")
    void readsAsInLinux(NftBatch batch) {
        JnaKernel linux = new JnaKernel();
        FakeKernel fake = FakeKernel.create();
        int inMemory = fake.createNamespace();
        int real = linux.createNamespace();
        try {
            assertThat(errors(fake.netfilter(inMemory, batch.toBytes())))
                    .isEqualTo(errors(linux.netfilter(real, batch.toBytes())))
                    .containsOnly(0);
            List<String> wanted = new NftCopy(request -> linux.netfilter(real, request), List.of()).text();
            assertThat(wanted).hasSizeGreaterThan(2);
            assertThat(new NftCopy(request -> fake.netfilter(inMemory, request), List.of()).text())
                    .containsExactlyElementsOf(wanted);
        } finally {
            linux.close(real);
        }
    }

    static List<NftBatch> refused() {
        byte[] look = lookup("s", 1, 1, false);
        return List.of(
                table().rule("f", cmp(1, 0, FOUR)),
                table().rule("f", meta(24, 3)),
                table().rule("f", of("limit", be64(2, 1), be64(1, 0))),
                table().rule("f", of("reject", be32(1, 7))),
                table().rule("f", ct(1, 0, 0)),
                table().rule("f", ct(1, 8, -1)),
                table().rule("f", verdict(-3, "none")),
                table().rule("none", accept()),
                table().rule("f", meta(1, 3), lookup("none", 9, 1, false)),
                table().set("s", 1, 0, 4).rule("f", look),
                table().set("s", 1, 0, 4).elements("s", 1, element(port(1))),
                table().set("s", 1, 0, 4, be32(6, 0xffffff00), be32(7, 0)),
                table().base("n", "nat", 2, 100, true),
                table().base("n", "none", 2, 100, true),
                table().base("n", "filter", 9, 100, true));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void isRefusedAsInLinux(NftBatch batch) {
        JnaKernel linux = new JnaKernel();
        FakeKernel fake = FakeKernel.create();
        int real = linux.createNamespace();
        try {
            List<Integer> wanted = errors(linux.netfilter(real, batch.toBytes()));
            assertThat(wanted).anyMatch(error -> error != 0);
            assertThat(errors(fake.netfilter(fake.createNamespace(), batch.toBytes())))
                    .isEqualTo(wanted);
        } finally {
            linux.close(real);
        }
    }
}
