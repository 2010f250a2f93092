package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.testkit.Deaths.Next;
import dev.openshell.netns.testkit.Deaths.Phase;
import dev.openshell.netns.testkit.Deaths.Shape;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Death at any moment, for each shape of a sandbox. */
class DeathTest {
    private static final String FOUR = "203.0.113.10";
    private static final String SIX = "2001:db8:2::10";

    static List<Shape> shapes() {
        return List.of(
                shape("proxy", builder().proxy(3128)),
                shape("resolver", builder().allowDns("10.43.0.10")),
                shape("IPv4", builder().directTcp(FOUR)),
                shape("IPv6", builder().directTcp(SIX)),
                shape(
                        "both, by name",
                        builder().proxy(3128).allowDns("10.43.0.10").directTcp("db.example", 5432)),
                shape("named", builder().directTcp(FOUR).name("box").named()),
                shape("detached", builder().directTcp(FOUR).detached()),
                shape(
                        "detached and named",
                        builder().directTcp(SIX).name("box").named().detached()),
                shape("router", Opened::router, builder().directTcp(FOUR).directTcp(SIX), false),
                shape("older kernel", Opened::older, builder().directTcp(FOUR).directTcp(SIX), false),
                shape(
                        "beside",
                        Opened::host,
                        builder().directTcp(FOUR).name("box").named(),
                        true),
                shape(
                        "beside, detached",
                        Opened::older,
                        builder().directTcp(SIX).detached(),
                        true),
                shape(
                        "in process",
                        builder()
                                .backend(Backend.NFTABLES)
                                .proxy(3128)
                                .allowDns("10.43.0.10")
                                .directTcp("db.example", 5432)),
                shape(
                        "in process, detached and named",
                        builder()
                                .backend(Backend.NFTABLES)
                                .directTcp(SIX)
                                .name("box")
                                .named()
                                .detached()),
                shape(
                        "in process, beside",
                        Opened::older,
                        builder().backend(Backend.NFTABLES).directTcp(FOUR).directTcp(SIX),
                        true),
                shape(
                        "legacy",
                        FakeKernel::create,
                        builder().iptables(IptablesVariant.LEGACY).directTcp(FOUR),
                        false));
    }

    private static NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder();
    }

    private static Shape shape(String name, NetnsSandbox.Builder builder) {
        return shape(name, Opened::host, builder, false);
    }

    private static Shape shape(String name, Supplier<FakeKernel> world, NetnsSandbox.Builder builder, boolean beside) {
        return new Shape(name, world, builder.policy(), beside);
    }

    static Stream<Arguments> deaths() {
        return shapes().stream().flatMap(shape -> Stream.of(Phase.values())
                .flatMap(phase -> Stream.of(Next.values()).map(next -> Arguments.of(shape, phase, next))));
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void noMoreThanAllowedAndAllTakenAway(Shape shape, Phase phase, Next next) {
        assertThat(Deaths.check(shape, phase, next)).isEmpty();
    }
}
