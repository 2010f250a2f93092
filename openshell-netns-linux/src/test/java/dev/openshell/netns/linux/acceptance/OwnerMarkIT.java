package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose a link is says what is written on it: number and start of a process, and where the number means something. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(60)
class OwnerMarkIT {
    private static final String LINK = "osh-mark0001";

    private final Cleanup cleanup = new Cleanup();
    private final String id = String.format("%08x", new SecureRandom().nextInt());
    private final String pod = "osh-mrk-" + id;
    private final String inside = "osh-ins-" + id;
    private final Kernel kernel = new JnaKernel();
    private final Owner self = kernel.owner();
    private Process resident;
    private Process owner;

    @BeforeEach
    void make() throws IOException {
        WorldLinks.namespace(cleanup, pod);
        WorldLinks.namespace(cleanup, inside);
        Shell.must("ip", "-n", pod, "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", inside);
        resident = process("nsenter", "--net=/run/netns/" + inside, "sleep", "1000");
        owner = process("sleep", "1000");
    }

    private Process process(String... command) throws IOException {
        Process process = new ProcessBuilder(command).start();
        cleanup.later(() -> process.destroyForcibly().waitFor());
        return process;
    }

    @AfterEach
    void remove() {
        cleanup.close();
    }

    private static long started(Process process) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]);
    }

    private void mark(Owner written) throws IOException {
        long inode = (Long) Files.getAttribute(Path.of("/run/netns", inside), "unix:ino");
        Shell.must("ip", "-n", pod, "link", "set", LINK, "alias", "openshell-netns " + written + " net:" + inode);
    }

    private List<Leftover> sweep(boolean dryRun) throws Exception {
        int host = kernel.openNamespace(Optional.of(Path.of("/run/netns", pod)));
        try {
            return kernel.call(host, () -> new LinuxProvider().sweep(dryRun));
        } finally {
            kernel.close(host);
        }
    }

    private void assertLeftAlone() throws Exception {
        assertThat(sweep(true)).noneMatch(left -> left.name().equals(LINK));
        assertThat(sweep(false)).noneMatch(left -> left.name().equals(LINK));
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).contains(LINK);
        assertThat(resident.isAlive()).isTrue();
    }

    /** The namespace has a name here, which goes with it. */
    private void assertSwept() throws Exception {
        List<Leftover> listed = sweep(true);
        assertThat(listed)
                .anyMatch(
                        left -> left.kind() == Leftover.Kind.LINK && left.name().equals(LINK));
        assertThat(resident.isAlive()).isTrue();
        assertThat(sweep(false)).isEqualTo(listed);
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).doesNotContain(LINK);
        assertThat(resident.waitFor()).isEqualTo(137);
        assertThat(owner.isAlive()).isTrue();
        // For the end of the test.
        Shell.must("ip", "netns", "add", inside);
    }

    @Test
    void aLivingOwnersIsLeftAlone() throws Exception {
        mark(new Owner(self.boot(), self.view(), owner.pid(), started(owner)));
        assertLeftAlone();
    }

    @Test
    void aLaterProcessOfTheNumberIsNotTheOwner() throws Exception {
        mark(new Owner(self.boot(), self.view(), owner.pid(), started(owner) - 1));
        assertSwept();
    }

    @Test
    void aNumberThatIsFreeIsDead() throws Exception {
        Process dead = process("true");
        dead.waitFor();
        mark(new Owner(self.boot(), self.view(), dead.pid(), 1));
        assertSwept();
    }

    @Test
    void aNumberOfElsewhereSaysNothing() throws Exception {
        mark(new Owner(self.boot(), "1." + self.view().split("\\.")[1], owner.pid(), 1));
        assertLeftAlone();
    }

    @Test
    void anotherTimeNamespaceSaysNothing() throws Exception {
        mark(new Owner(self.boot(), self.view().split("\\.")[0] + ".1", owner.pid(), 1));
        assertLeftAlone();
    }

    /** A container may have a boot id of its own. */
    @Test
    void anotherBootIdSaysNothing() throws Exception {
        mark(new Owner("0" + self.boot().substring(1), self.view(), owner.pid(), 1));
        assertLeftAlone();
    }

    /** Whoever may write on a link in a namespace of their own must not choose who is killed. */
    @Test
    void theNamespaceOfAForgedMarkIsLeftAlone() throws Exception {
        String victim = "osh-vic-" + id;
        WorldLinks.namespace(cleanup, victim);
        Process innocent = process("nsenter", "--net=/run/netns/" + victim, "sleep", "1000");
        long inode = (Long) Files.getAttribute(Path.of("/run/netns", victim), "unix:ino");
        Owner dead = new Owner(self.boot(), self.view(), owner.pid(), 1);
        Shell.must("ip", "-n", pod, "link", "set", LINK, "alias", "openshell-netns " + dead + " net:" + inode);
        assertThat(sweep(false)).anyMatch(left -> left.name().equals(LINK));
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).doesNotContain(LINK);
        assertThat(innocent.isAlive()).isTrue();
        assertThat(resident.isAlive()).isTrue();
        assertThat(Path.of("/run/netns", victim)).exists();
    }

    @Test
    void aDetachedOnesGoesWithItsLastProcess() throws Exception {
        long inode = (Long) Files.getAttribute(Path.of("/run/netns", inside), "unix:ino");
        Owner dead = new Owner(self.boot(), self.view(), owner.pid(), 1);
        String mark = "openshell-netns " + dead + " net:" + inode + " detached";
        Shell.must("ip", "-n", pod, "link", "set", LINK, "alias", mark);
        assertLeftAlone();
        resident.destroyForcibly().waitFor();
        assertThat(sweep(false)).anyMatch(left -> left.name().equals(LINK));
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).doesNotContain(LINK);
        Shell.must("ip", "netns", "add", inside);
    }

    @Test
    void whatNobodyOfThisLibrarySetStays() throws Exception {
        String key = "net.ipv4.conf.lo.forwarding";
        String[] set = {"ip", "netns", "exec", pod, "sysctl", "-w", key + "=2"};
        Shell.must(set);
        assertThat(sweep(false)).isEmpty();
        assertThat(Shell.must("ip", "netns", "exec", pod, "sysctl", "-n", key)).isEqualTo("2\n");
    }

    /** Where /proc hides other users' processes, one that is not seen may be there. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aHiddenOwnersIsLeftAlone(int hidepid) throws Exception {
        Process others = process("setpriv", "--reuid=65534", "--clear-groups", "sleep", "1000");
        while (!Files.readString(Path.of("/proc/" + others.pid() + "/comm")).equals("sleep\n")) {
            Thread.sleep(5);
        }
        mark(new Owner(self.boot(), self.view(), others.pid(), started(others)));
        assertThat(sweepBehind(hidepid)).isEqualTo("swept []");
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).contains(LINK);
        others.destroyForcibly().waitFor();
        // The one inside is not seen either: it is cut off.
        assertThat(sweepBehind(hidepid)).contains(LINK);
        assertThat(Shell.must("ip", "-n", pod, "-o", "link")).doesNotContain(LINK);
        Shell.must("ip", "netns", "add", inside);
    }

    /** Returns what a JVM without CAP_SYS_PTRACE sweeps. */
    private String sweepBehind(int hidepid) throws Exception {
        Path phase = Files.createTempFile("osh-mark-", ".phase");
        cleanup.later(() -> Files.delete(phase));
        String hide = "mount -t proc -o hidepid=" + hidepid + " proc /proc; exec \"$0\" \"$@\"";
        Process sweeper = process(
                "nsenter",
                "--net=/run/netns/" + pod,
                "unshare",
                "--mount",
                "sh",
                "-ec",
                hide,
                // To members of group 0 nothing is hidden (proc(5)).
                "setpriv",
                "--regid=65534",
                "--clear-groups",
                "--bounding-set=-sys_ptrace",
                "--inh-caps=-all",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                KillOwner.class.getName(),
                "NFT",
                "/etc/resolv.conf",
                phase.toString(),
                "mark");
        sweeper.outputWriter().append("sweep\n").close();
        List<String> lines = sweeper.inputReader().lines().toList();
        assertThat(lines)
                .as(new String(sweeper.getErrorStream().readAllBytes()))
                .hasSize(2);
        return lines.get(1);
    }

    @Test
    void whatIsNoMarkSaysNothing() throws Exception {
        Shell.must("ip", "-n", pod, "link", "set", LINK, "alias", "openshell-netns of somebody");
        assertLeftAlone();
    }
}
