package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Preflight.Check;
import dev.openshell.netns.Preflight.Status;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.linux.LinuxProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The backend nftables beside the rules of others, and beside the other backend. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class NftablesIT {
    private static final Setting NFT = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.NFT, Backend.NFTABLES);
    private static final List<String> BOTH = List.of("iptables-nft", "ip6tables-nft");

    private static final List<String> TRAPPED = Stream.of("", "-nft", "-legacy")
            .flatMap(variant -> Stream.of("iptables", "ip6tables")
                    .flatMap(tool -> Stream.of(tool + variant, tool + variant + "-save", tool + variant + "-restore")))
            .toList();

    /** What a host with Docker, or a firewall of iptables', does: its policy drops, and its last rule. */
    private static void closeForward(PodWorld world) {
        for (String tool : BOTH) {
            world.mustInPod(tool, "-w", "-P", "FORWARD", "DROP");
            world.mustInPod(tool, "-w", "-A", "FORWARD", "-j", "DROP");
        }
    }

    /** The same of what goes to the host and comes from it, but for what it does itself. */
    private static void closeOwn(PodWorld world) {
        for (String tool : BOTH) {
            world.mustInPod((tool + " -w -A INPUT ! -i eth+ -j DROP").split(" "));
            world.mustInPod((tool + " -w -A OUTPUT ! -o eth+ -j DROP").split(" "));
        }
    }

    private static List<String> passage(PodWorld world) {
        List<String> rules = new ArrayList<>();
        BOTH.forEach(tool -> world.mustInPod(tool, "-S")
                .lines()
                .filter(line -> line.contains("osh-"))
                .map(line -> tool + " " + line)
                .forEach(rules::add));
        return rules;
    }

    private static NetnsSandbox.Builder open(PodWorld world) {
        return NFT.mainCase(world).directTcp(PodWorld.LISTED6);
    }

    private static void reaches(PodWorld world, NetnsSandbox sandbox) {
        List<String> allowed = new ArrayList<>(Setting.allowed());
        allowed.add("tcp " + PodWorld.LISTED6 + " 443");
        Probes inside = Setting.probes(world, sandbox);
        assertThat(inside.reached(Probes.PATIENCE, allowed)).hasSameSizeAs(allowed);
    }

    @Test
    void aFilterThatDropsLetsThroughWhatIsAllowedAndNothingElse() {
        try (PodWorld world = NFT.open()) {
            closeForward(world);
            closeOwn(world);
            PodState before = world.snapshot();
            try (NetnsSandbox first = open(world).apply()) {
                try (NetnsSandbox sandbox = open(world).apply();
                        Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
                    assertThat(passage(world)).hasSize(8);
                    reaches(world, sandbox);
                    assertThat(Setting.probes(world, sandbox)
                                    .one("tcp " + Setting.host(sandbox) + " " + PodWorld.PROXY_PORT)
                                    .ok())
                            .isTrue();
                    world.capture().take();
                    List<String> refused = NFT.refused(sandbox);
                    refused.removeAll(List.of("tcp " + PodWorld.LISTED6 + " 443", "frame eth0"));
                    Shell.must(Setting.nsenter(sandbox.namespace().path(), "nft", "flush", "ruleset"));
                    assertThat(Setting.privileged(world, sandbox.namespace().path())
                                    .all(Probes.PATIENCE, refused)
                                    .values())
                            .filteredOn(
                                    outcome -> outcome.ok() && !outcome.detail().equals("sent"))
                            .isEmpty();
                    assertThat(world.capture().take()).isEmpty();
                }
                assertThat(passage(world)).hasSize(8);
                reaches(world, first);
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    /** Without the library's own accepts in their tables the same is dropped: the test before this one shows something. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-F FORWARD",
                "-I FORWARD 1 -j DROP",
                "-D FORWARD -i osh-+ -j ACCEPT",
                "-D FORWARD -o osh-+ -j ACCEPT"
            })
    void whoPutsRulesBeforeTheAcceptsOrTakesThemAwayIsFollowed(String change) throws InterruptedException {
        try (PodWorld world = NFT.open()) {
            closeForward(world);
            PodState before = world.snapshot();
            String[] command = ("iptables-nft -w " + change).split(" ");
            try (NetnsSandbox sandbox = Unwatched.apply(open(world).policy())) {
                world.mustInPod(command);
                assertThat(Setting.probes(world, sandbox)
                                .one("tcp 203.0.113.10 443")
                                .ok())
                        .isFalse();
                assertThatThrownBy(sandbox::verifyLoaded).hasMessageContaining("rules of others come first");
            }
            world.mustInPod("iptables-nft", "-w", "-F", "FORWARD");
            world.mustInPod("iptables-nft", "-w", "-A", "FORWARD", "-j", "DROP");
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            try (NetnsSandbox sandbox = open(world).apply()) {
                sandbox.listen(new SandboxListener() {
                    @Override
                    public void drifted(NetnsSandbox drifted, String what) {
                        heard.add(what);
                    }
                });
                world.mustInPod(command);
                assertThat(heard.poll(5, TimeUnit.SECONDS)).contains("not first");
                reaches(world, sandbox);
                assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
                assertThat(passage(world)).hasSize(4);
            }
            assertThat(passage(world)).isEmpty();
            world.mustInPod("iptables-nft", "-w", "-F", "FORWARD");
            world.mustInPod("iptables-nft", "-w", "-A", "FORWARD", "-j", "DROP");
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    /** A table that somebody makes while a sandbox is there. */
    @Test
    void aFilterThatComesLaterIsPassedToo() throws InterruptedException {
        try (PodWorld world = NFT.open()) {
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            try (NetnsSandbox sandbox = open(world).apply()) {
                sandbox.listen(new SandboxListener() {
                    @Override
                    public void drifted(NetnsSandbox drifted, String what) {
                        heard.add(what);
                    }
                });
                closeForward(world);
                assertThat(heard.poll(5, TimeUnit.SECONDS)).isNotNull();
                while (passage(world).size() < 4) {
                    assertThat(heard.poll(5, TimeUnit.SECONDS)).isNotNull();
                }
                reaches(world, sandbox);
            }
            assertThat(passage(world)).isEmpty();
        }
    }

    @Test
    void aFilterOfIptablesLegacyIsNamedBeforeAnythingIsTouched() {
        try (PodWorld world = NFT.open()) {
            world.mustInPod("iptables-legacy", "-w", "-P", "FORWARD", "DROP");
            PodState before = world.snapshot();
            assertThatThrownBy(() -> NFT.apply(world))
                    .isInstanceOfSatisfying(
                            NetnsException.class, e -> assertThat(e.remedy()).contains("backend(Backend.IPTABLES)"))
                    .hasMessageContaining("table filter of iptables-legacy");
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
            Setting legacy = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.LEGACY);
            try (NetnsSandbox sandbox = legacy.apply(world)) {
                assertThat(Setting.probes(world, sandbox)
                                .one("tcp 203.0.113.10 443")
                                .ok())
                        .isTrue();
            }
        }
    }

    @Test
    void aTableOfItsOwnThatIsDormantIsNoTable() {
        try (PodWorld world = NFT.open();
                NetnsSandbox live = Unwatched.apply(NFT.mainCase(world).policy())) {
            for (String table : List.of("ip openshell-filter", "ip openshell-raw", "ip6 openshell-filter")) {
                world.mustInPod("nft", "add table " + table + " { flags dormant; }");
                for (Runnable attempt : List.<Runnable>of(() -> NFT.apply(world), live::verifyLoaded)) {
                    assertThatThrownBy(attempt::run)
                            .as(table)
                            .isInstanceOf(NetnsException.class)
                            .hasMessageContaining("dormant");
                }
                world.mustInPod("nft", "add table " + table);
                assertThatCode(live::verifyLoaded).as(table).doesNotThrowAnyException();
            }
        }
    }

    /** Each one's deny would cut off the other's sandboxes. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void besideLiveSandboxesOfTheOtherBackendThereIsNone(Setting iptables) {
        boolean legacy = iptables.iptables() == IptablesVariant.LEGACY;
        try (PodWorld world = iptables.open()) {
            PodState before = world.snapshot();
            try (NetnsSandbox live = NFT.apply(world)) {
                assertThatThrownBy(() -> iptables.apply(world))
                        .isInstanceOf(NetnsException.class)
                        .hasMessageContaining("live sandboxes of the backend nftables");
                assertThatCode(live::verifyLoaded).doesNotThrowAnyException();
            }
            try (NetnsSandbox live = iptables.apply(world)) {
                assertThatThrownBy(() -> NFT.apply(world))
                        .isInstanceOf(NetnsException.class)
                        .hasMessageContaining(
                                legacy ? "table filter of iptables-legacy" : "live sandboxes of the backend iptables");
                assertThatCode(live::verifyLoaded).doesNotThrowAnyException();
            }
            if (!legacy) {
                NFT.apply(world).close();
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    /** What a dead owner left of either is taken away by the next sandbox, of either. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatTheOtherBackendLeftIsSwept(boolean nftDies) throws Exception {
        Setting iptables = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.NFT);
        Setting dies = nftDies ? NFT : iptables;
        Setting lives = nftDies ? iptables : NFT;
        try (PodWorld world = dies.open();
                KillGround ground = new KillGround(dies, world);
                KillGround next = new KillGround(lives, world)) {
            PodState before = world.snapshot();
            for (String way : List.of("apply", "sweep")) {
                KillGround.Owner owner = KillGround.ready(ground.owner());
                owner.say("hold");
                while (!ground.isAllowing()) {
                    Thread.sleep(20);
                }
                owner.kill(false);
                KillGround.Owner other = KillGround.ready(next.owner());
                assertThat(other.ask(way)).matches("applied|swept .*rules osh-.*");
                assertThat(ground.left().rules()).as(way).isZero();
                assertThat(world.settled(before).lines()).as(way).containsExactlyElementsOf(before.lines());
            }
        }
    }

    @Test
    void aDiffFindsALiveSandboxOfIt() {
        try (PodWorld world = NFT.open();
                NetnsSandbox sandbox = NFT.apply(world)) {
            var same = NFT.mainCase(world).backend(Backend.IPTABLES).policy();
            assertThat(new LinuxProvider()
                            .diff(sandbox.veth().hostInterface(), same)
                            .isEmpty())
                    .isTrue();
            var more = NFT.mainCase(world).directTcp(PodWorld.UNLISTED).policy();
            assertThat(new LinuxProvider()
                            .diff(sandbox.veth().hostInterface(), more)
                            .toString())
                    .contains(PodWorld.UNLISTED);
        }
    }

    /** Programs of iptables and nft that would tell of being run, before the real ones, and those behind a mount. */
    @Test
    void noProgramIsRunAndNoneHasToBeThere() throws Exception {
        Path traps = Files.createTempDirectory("osh-traps-");
        Path told = traps.resolve("told");
        try (PodWorld world = NFT.open()) {
            for (String program : TRAPPED) {
                Path trap = Files.writeString(
                        traps.resolve(program), "#!/bin/sh\necho $0 \"$@\" >> " + told + "\nexit 1\n");
                Files.setPosixFilePermissions(trap, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            assertThat(run(world, traps.toString(), Backend.IPTABLES).output()).contains("iptables");
            assertThat(told).isNotEmptyFile();
            Files.delete(told);
            for (String path : List.of(traps.toString(), "/nonexistent")) {
                assertThat(run(world, path, Backend.NFTABLES)).isEqualTo(new Shell.Result(0, "inside\n"));
                assertThat(told).doesNotExist();
            }
            assertThat(world.mustInPod("nft", "list", "tables")).doesNotContain("openshell");
        } finally {
            Shell.must("rm", "-r", traps.toString());
        }
    }

    /** Runs a command in a sandbox with the command line, where /usr/sbin is empty. */
    private static Shell.Result run(PodWorld world, String path, Backend backend) {
        String hidden = "mount -t tmpfs tmpfs /usr/sbin; [ -L /sbin ] || mount -t tmpfs tmpfs /sbin; PATH=" + path
                + "; exec \"$0\" \"$@\"";
        return Shell.run(Setting.nsenter(
                world.podPath(),
                "unshare",
                "--mount",
                "sh",
                "-ec",
                hidden,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.openshell.netns.linux.cli.Main",
                "run",
                "--backend",
                backend.name().toLowerCase(Locale.ROOT),
                "--direct-tcp",
                "203.0.113.10",
                "--",
                "/bin/echo",
                "inside"));
    }

    @Test
    void doctorNeedsNoProgram() {
        try (PodWorld world = NFT.open()) {
            var checks = NFT.mainCase(world).preflight().checks();
            assertThat(checks)
                    .extracting(Check::name)
                    .contains("nftables", "nftables.sets", "nftables.legacy", "match.conntrack", "target.masquerade");
            assertThat(checks).extracting(Check::name).noneMatch(name -> name.startsWith("iptables"));
            assertThat(checks)
                    .filteredOn(check -> check.status() == Status.FAILURE)
                    .isEmpty();
        }
    }
}
