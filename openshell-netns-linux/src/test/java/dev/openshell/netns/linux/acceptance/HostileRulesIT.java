package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VerificationException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules of a host that iptables-save does not tell as they are, or that take the place of this project's own. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HostileRulesIT {
    private static final Setting NFT = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.NFT);
    private static final String MAP = " ip daddr vmap { 203.0.113.0/24 : accept }";
    private static final Pattern HANDLE = Pattern.compile("(?:vmap|add @dyn).* # handle (\\d+)");
    private static final String JUMP = "-A FORWARD -j OPENSHELL-FORWARD";

    /** iptables-nft-save shows a rule without anything. */
    @Test
    void aVerdictMapIsNoRuleWithoutATarget() {
        try (PodWorld world = NFT.open();
                NetnsSandbox live = Unwatched.apply(NFT.mainCase(world).policy())) {
            nft(world, "add rule ip filter OPENSHELL-FROM" + MAP);
            assertThat(world.mustInPod("iptables-nft", "-S", "OPENSHELL-FROM").lines())
                    .contains("-A OPENSHELL-FROM");
            assertThat(unknown(live::verifyLoaded)).isNotEmpty();
            String before = state(world);
            assertThat(unknown(() -> NFT.apply(world))).isNotEmpty();
            assertThat(state(world)).isEqualTo(before);
            delete(world, "OPENSHELL-FROM");
            works(NFT, world, live);
        }
    }

    @Test
    void aVerdictMapBeforeTheJumpIsPutBehindIt() {
        try (PodWorld world = NFT.open();
                NetnsSandbox live = Unwatched.apply(NFT.mainCase(world).policy())) {
            nft(world, "insert rule ip filter FORWARD" + MAP);
            assertThat(unknown(live::verifyLoaded)).isNotEmpty();
            works(NFT, world, live);
            assertThat(world.mustInPod("iptables-nft", "-S", "FORWARD").lines())
                    .containsExactly("-P FORWARD ACCEPT", JUMP, "-A FORWARD");
        }
    }

    /** iptables-save prints a comment's line breaks as they are: what stands behind them is no rule. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void aCommentThatForgesTheJump(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox live = Unwatched.apply(setting.mainCase(world).policy())) {
            iptables(setting, world, "-D FORWARD -j OPENSHELL-FORWARD");
            iptables(setting, world, "-A FORWARD -j ACCEPT");
            comment(setting, world, "x\n" + JUMP + "\n#");
            assertThat(world.mustInPod(setting.tool(), "-S").lines()).contains(JUMP);
            assertThatThrownBy(live::verifyLoaded).isInstanceOf(VerificationException.class);
            works(setting, world, live);
            assertThat(world.mustInPod(setting.tool(), "-S", "FORWARD").lines())
                    .containsExactly("-P FORWARD ACCEPT", JUMP, "-A FORWARD -j ACCEPT");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aCommentOfTwoLinesDoesNoHarm(Setting setting) {
        try (PodWorld world = setting.open()) {
            comment(setting, world, "one line\nand another \"quoted\" \\ one");
            PodState before = world.snapshot();
            try (NetnsSandbox live = Unwatched.apply(setting.mainCase(world).policy())) {
                works(setting, world, live);
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    /** A quote in an interface's name begins no text that goes on: what stands behind it are rules. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void aQuoteThatHidesRules(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox live = Unwatched.apply(setting.mainCase(world).policy())) {
            iptables(setting, world, "-A INPUT -i e\" -j DROP");
            assertThatCode(live::verifyLoaded).doesNotThrowAnyException();
            iptables(setting, world, "-I FORWARD 1 -i e\" -j DROP");
            iptables(setting, world, "-I FORWARD 1 -j ACCEPT");
            assertThatThrownBy(live::verifyLoaded).isInstanceOf(VerificationException.class);
            works(setting, world, live);
            assertThat(world.mustInPod(setting.tool(), "-S", "FORWARD").lines())
                    .startsWith("-P FORWARD ACCEPT", JUMP, "-A FORWARD -j ACCEPT");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void whatIsNotMasqueradedIsRefused(Setting setting) {
        try (PodWorld world = setting.open()) {
            iptables(setting, world, "-t nat -N OPENSHELL-POSTROUTING");
            iptables(setting, world, "-t nat -A OPENSHELL-POSTROUTING -i osh-+ -j ACCEPT");
            String before = state(world);
            VerificationException refused =
                    catchThrowableOfType(VerificationException.class, () -> setting.apply(world));
            Counterexample found = refused.counterexample().orElseThrow();
            assertThat(found.place()).isEqualTo("host ipv4 nat POSTROUTING");
            assertThat(found.admitted()).isFalse();
            assertThat(found.found()).isEqualTo("ACCEPT");
            assertThat(found.rule()).isEqualTo("-A OPENSHELL-POSTROUTING -i osh-+ -j ACCEPT");
            assertThat(state(world)).isEqualTo(before);
            iptables(setting, world, "-t nat -F OPENSHELL-POSTROUTING");
            works(setting, world);
        }
    }

    /** iptables-legacy jumps to a chain that is called like a target, iptables-nft does not. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void aChainThatIsCalledLikeATarget(Setting setting) {
        try (PodWorld world = setting.open()) {
            String chain = "*nat\n:MASQUERADE - [0:0]\n-A MASQUERADE -j ACCEPT\nCOMMIT\n";
            world.feedInPod(chain, setting.tool() + "-restore", "--noflush");
            assertThat(world.mustInPod(setting.tool() + "-save", "-t", "nat")).contains(":MASQUERADE -");
            String before = state(world);
            assertThat(unknown(() -> setting.apply(world))).isEqualTo("MASQUERADE");
            assertThat(state(world)).isEqualTo(before);
            world.feedInPod("*nat\n-F MASQUERADE\n-X MASQUERADE\nCOMMIT\n", setting.tool() + "-restore", "--noflush");
            works(setting, world);
        }
    }

    /** The rules are there and are printed, and the kernel does not look at them. */
    @Test
    void aTableThatIsDormant() {
        try (PodWorld world = NFT.open()) {
            nft(world, "add table ip filter { flags dormant; }");
            assertDormant("filter", () -> NFT.apply(world));
            nft(world, "delete table ip filter");
            // Another family's table of that name is none of iptables'.
            nft(world, "add table inet filter { flags dormant; }");
            try (NetnsSandbox live = Unwatched.apply(NFT.mainCase(world).policy())) {
                for (String table : List.of("ip filter", "ip raw", "ip nat", "ip6 filter")) {
                    nft(world, "add table " + table + " { flags dormant; }");
                    assertDormant(table.split(" ")[1], live::verifyLoaded);
                    assertDormant(table.split(" ")[1], () -> NFT.apply(world));
                    nft(world, "add table " + table);
                    assertThatCode(live::verifyLoaded).as(table).doesNotThrowAnyException();
                }
                works(NFT, world, live);
            }
        }
    }

    private static void assertDormant(String table, Runnable attempt) {
        assertThatThrownBy(attempt::run)
                .isInstanceOf(NetnsException.class)
                .hasMessageContaining("table " + table + " of this namespace is dormant");
    }

    /** iptables-nft-save leaves such a table out, and what is loaded takes it for empty. */
    @Test
    void aTableThatIptablesCantShow() {
        try (PodWorld world = NFT.open();
                NetnsSandbox live = Unwatched.apply(NFT.mainCase(world).policy())) {
            nft(world, "add set ip filter dyn { type ipv4_addr; flags dynamic; }");
            nft(world, "add rule ip filter FORWARD add @dyn { ip saddr } accept");
            assertThat(world.mustInPod("iptables-nft-save")).contains("# Table `filter' is incompatible");
            String before = state(world);
            for (Runnable attempt : List.<Runnable>of(() -> NFT.apply(world), live::verifyLoaded)) {
                assertThatThrownBy(attempt::run)
                        .isInstanceOf(NetnsException.class)
                        .hasMessageContaining("table filter of this namespace has rules that iptables can't show");
            }
            assertThat(state(world)).isEqualTo(before);
            assertThat(Setting.probes(world, live).one("tcp 203.0.113.10 443").ok())
                    .isTrue();
            delete(world, "FORWARD");
            nft(world, "delete set ip filter dyn");
            works(NFT, world, live);
        }
    }

    /** The same host without what is hostile. */
    private static void works(Setting setting, PodWorld world, NetnsSandbox... live) {
        try (NetnsSandbox sandbox = setting.apply(world)) {
            assertThat(Setting.probes(world, sandbox)
                            .one("tcp 203.0.113.10 443")
                            .ok())
                    .isTrue();
            assertThat(sandbox.verifyLoaded().regions()).isPositive();
            for (NetnsSandbox each : live) {
                assertThat(each.verifyLoaded().regions()).isPositive();
            }
        }
    }

    private static String unknown(Runnable attempt) {
        VerificationException refused = catchThrowableOfType(VerificationException.class, attempt::run);
        assertThat(refused).isNotNull();
        return refused.unknown().orElseThrow();
    }

    /** Returns the pod's state, with rules as nft shows them, which iptables-save does not. */
    private static String state(PodWorld world) {
        return world.snapshot() + world.mustInPod("nft", "--stateless", "list", "ruleset");
    }

    private static void nft(PodWorld world, String command) {
        world.mustInPod("nft", command);
    }

    /** Takes out the rule of a chain that iptables does not know. */
    private static void delete(PodWorld world, String chain) {
        Matcher handle = HANDLE.matcher(world.mustInPod("nft", "--handle", "list", "chain", "ip", "filter", chain));
        assertThat(handle.find()).isTrue();
        nft(world, "delete rule ip filter " + chain + " handle " + handle.group(1));
    }

    private static void iptables(Setting setting, PodWorld world, String arguments) {
        world.mustInPod((setting.tool() + " -w " + arguments).split(" "));
    }

    private static void comment(Setting setting, PodWorld world, String comment) {
        List<String> command = new ArrayList<>(List.of(setting.tool(), "-w", "-A", "INPUT", "-s", "9.9.9.9"));
        command.addAll(List.of("-m", "comment", "--comment", comment, "-j", "DROP"));
        world.mustInPod(command.toArray(String[]::new));
    }
}
