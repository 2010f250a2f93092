package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The packaged command line in containers in the pod: what works there, and how it says what can't. */
@Tag("real-kernel")
@Tag("kernel-only")
@TestInstance(Lifecycle.PER_CLASS)
class ContainerIT {
    private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));
    private static final Path JAR = Path.of(System.getProperty("openshell.jar"));
    private static final String JAR_INSIDE = Container.SHARED + "openshell-netns.jar";
    private static final String JAVA_INSIDE = Container.SHARED + "java/bin/java";
    private static final String[] PROBE = {
        "bash",
        "-c",
        "for host in " + PodWorld.LISTED + " " + PodWorld.UNLISTED + "; do"
                + " (exec 3<>/dev/tcp/$host/443) 2> /dev/null && echo reached $host || echo refused $host; done"
    };
    private static final String ONLY_LISTED = "reached " + PodWorld.LISTED + "\nrefused " + PodWorld.UNLISTED + "\n";
    private static final String BOTH = "reached " + PodWorld.LISTED + "\nreached " + PodWorld.UNLISTED + "\n";

    @TempDir
    private static Path files;

    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);

    private PodState before;

    /** The containers in which everything works. */
    enum Works {
        PLAIN(container -> container),
        READ_ONLY_SYSCTLS(Container::readOnlySysctls),
        USER(Container::asUser),
        USER_WITH_READ_ONLY_SYSCTLS(container -> container.asUser().readOnlySysctls());

        final UnaryOperator<Container> setting;

        Works(UnaryOperator<Container> setting) {
            this.setting = setting;
        }
    }

    @BeforeAll
    void look() throws Exception {
        SeccompFilter.write(files.resolve("docker.bpf"));
        before = world.settled(world.snapshot());
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(world.settled(before)).isEqualTo(before);
    }

    @AfterAll
    void tearDown() {
        world.close();
    }

    private static Container container() {
        return new Container().bind(JAR, "openshell-netns.jar").bind(JAVA_HOME, "java");
    }

    private static String[] run(String... command) {
        return line(JAVA_INSIDE, JAR_INSIDE, command);
    }

    private static String[] line(String java, String jar, String... command) {
        List<String> all = new ArrayList<>(List.of(java, "-jar", jar, "run", "--direct-tcp", PodWorld.LISTED, "--"));
        all.addAll(Arrays.asList(command));
        return all.toArray(String[]::new);
    }

    private void assertOnlyListed(Shell.Result result) {
        assertThat(result).isEqualTo(new Shell.Result(0, ONLY_LISTED));
        assertThat(world.capture().takeFlows())
                .containsExactly("6 " + PodWorld.POD + " > " + PodWorld.LISTED + " 443 by uplink");
    }

    private static void assertRefused(Shell.Result result, String... said) {
        assertThat(result.status()).as(result.output()).isEqualTo(125);
        assertThat(result.output())
                .startsWith("openshell-netns: ")
                .contains(said)
                .doesNotContain("Exception", "\tat ");
    }

    @ParameterizedTest
    @EnumSource
    void aContainerIsWhatItIsSaidToBe(Works works) {
        Container container = works.setting.apply(container()).seccomp(files.resolve("docker.bpf"));
        assertThat(world.inPod(container.command(PROBE))).isEqualTo(new Shell.Result(0, BOTH));
        world.capture().take();
        String asked = "grep -E '^Cap(Eff|Bnd)|^Seccomp:' /proc/self/status; ls /run;"
                + " chroot / true 2> /dev/null || echo no chroot";
        assertThat(world.mustInPod(container.command("sh", "-c", asked)))
                .isEqualToIgnoringWhitespace("CapEff: 0000000000201000 CapBnd: 0000000000201000 Seccomp: 2 no chroot");
        boolean readOnly = works == Works.READ_ONLY_SYSCTLS || works == Works.USER_WITH_READ_ONLY_SYSCTLS;
        String key = "/proc/sys/net/ipv4/conf/eth0/arp_notify";
        assertThat(world.inPod(container.command("sh", "-c", "echo 0 > " + key)).status() != 0)
                .isEqualTo(readOnly);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsListedIsReachedAndNothingElse(Works works) {
        assertOnlyListed(world.inPod(works.setting.apply(container()).command(run(PROBE))));
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "USER_WITH_READ_ONLY_SYSCTLS"})
    void soUnderASeccompProfileLikeDockers(Works works) {
        Container container = works.setting.apply(container()).seccomp(files.resolve("docker.bpf"));
        assertOnlyListed(world.inPod(container.command(run(PROBE))));
    }

    @Test
    void twoCapabilitiesAreEnoughAlsoToEndWhatRunsInside() {
        String java = JAVA_HOME.resolve("bin/java").toString();
        String seconds = "299." + ProcessHandle.current().pid();
        String inside = "setsid sleep " + seconds + " > /dev/null & kill -0 $! || echo gone; " + PROBE[2];
        assertOnlyListed(world.inPod(Container.capabilitiesOnly(line(java, JAR.toString(), "bash", "-c", inside))));
        assertThat(Shell.run("pgrep", "-f", "sleep " + seconds).output()).isEmpty();
    }

    @Test
    void capabilitiesThatAreNotAmbientAreHandedOnToIptables() throws Exception {
        Path classes = Path.of(ContainerIT.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        String path = JAR_INSIDE + ":" + Container.SHARED + "classes";
        List<String> command = new ArrayList<>(List.of(run(PROBE)));
        command.set(1, "-cp");
        command.set(2, path);
        command.add(3, NotAmbient.class.getName());
        Container container = container().asUser().bind(classes, "classes");
        assertOnlyListed(world.inPod(container.command(command.toArray(String[]::new))));
    }

    @Test
    void theSeccompProfileIsNamedWhereItForbidsTheWayRoundReadOnlySysctls() throws Exception {
        Path filter = files.resolve("no-mount.bpf");
        SeccompFilter.write(filter, "mount");
        Container container = container().readOnlySysctls().seccomp(filter);
        assertRefused(
                world.inPod(container.command(run("true"))),
                "EROFS /proc/sys/net/ipv6/conf/all/disable_ipv6 is read-only here",
                "mount(MS_REMOUNT) to make it writable gave EPERM",
                "systempaths=unconfined",
                "procMount: Unmasked");
    }

    @Test
    void aProcIsAskedForWhereSysctlsCanNotBeSeen() {
        assertRefused(
                world.inPod(container().noSysctls().command(run("true"))),
                "ENOENT /proc/sys/net/ipv4 (mount the whole of /proc");
    }

    @Test
    void nativeCodeThatCanNotBeUnpackedIsNamed() {
        List<String> command = new ArrayList<>(List.of(run("true")));
        command.add(1, "-Djna.tmpdir=/proc/none");
        Shell.Result result = world.inPod(container().command(command.toArray(String[]::new)));
        assertThat(result.status()).isEqualTo(125);
        // JNA prints a warning of its own before.
        assertThat(result.lines().get(result.lines().size() - 1))
                .startsWith("openshell-netns: preflight this process: native code can't be loaded: ")
                .endsWith("-Djna.tmpdir=DIR)");
    }

    @Test
    void iptablesLegacyIsRefusedWithoutItsCapability() {
        List<String> command = new ArrayList<>(List.of(run("true")));
        command.addAll(4, List.of("--iptables", "legacy"));
        assertRefused(
                world.inPod(container().command(command.toArray(String[]::new))),
                "no CAP_NET_RAW, which iptables-legacy needs",
                "use iptables-nft");
    }

    @Test
    void legacyTablesThatCanNotBeReadAreNoObstacle() {
        world.mustInPod("iptables-legacy", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP");
        try {
            assertOnlyListed(world.inPod(container().command(run(PROBE))));
        } finally {
            world.mustInPod("iptables-legacy", "-w", "-F", "INPUT");
        }
    }

    @Test
    void aRootThatIsNoMountPointIsRefused() throws Exception {
        Path root = Files.createDirectory(files.resolve("root"));
        String prepare = "mount --make-rprivate / && cd " + root + " &&"
                + " for i in bin sbin lib lib64 usr etc opt root proc dev; do"
                + " if [ -d /$i ]; then mkdir $i && mount --rbind /$i $i; fi; done && mkdir tmp && cp " + JAR
                + " tmp/openshell-netns.jar && mkdir tmp/java && mount --bind " + JAVA_HOME + " tmp/java &&"
                + " chroot . \"$@\"";
        List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", prepare, "sh"));
        command.addAll(List.of(Container.capabilitiesOnly(run("true"))));
        assertRefused(
                world.inPod(command.toArray(String[]::new)),
                "mount / as a slave: Invalid argument",
                "root directory must be a mount point");
    }
}
