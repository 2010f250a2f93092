package dev.openshell.netns.linux.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On threads with a network namespace of their own, and mounts of their own that are shared with others. */
@Tag("real-kernel")
@Tag("kernel-only")
class SysctlFileIT {
    private static final String KEY = "net/ipv4/ip_forward";
    private static final int MS_SHARED = 1 << 20;
    private static final int ENOENT = 2;
    private static final int EINVAL = 22;
    private static final int EROFS = 30;

    private List<String> mounts;

    @BeforeEach
    void look() throws IOException {
        mounts = mounts("self");
    }

    @AfterEach
    void theProcessSeesNoMountOfTheirs() throws IOException {
        assertThat(mounts("self")).isEqualTo(mounts);
    }

    /** Returns the mounts at and below /proc: elsewhere others' come and go meanwhile. */
    private static List<String> mounts(String task) throws IOException {
        return Files.readAllLines(Path.of("/proc", task, "mountinfo")).stream()
                .filter(line -> line.split(" ")[4].startsWith("/proc"))
                .toList();
    }

    private static <T> T apart(Callable<T> body) throws Exception {
        return NamespaceThread.call(-1, () -> {
            Libc.unshare(Libc.CLONE_NEWNET | Libc.CLONE_NEWNS);
            mount("none", "/", Libc.MS_REC | Libc.MS_SLAVE);
            mount("none", "/", Libc.MS_REC | MS_SHARED);
            return body.call();
        });
    }

    private static void mount(String source, String target, int flags) {
        Libc.mount(source, target, null, new NativeLong(flags), null);
    }

    private static void makeReadOnly(String path) {
        mount(path, path, Libc.MS_BIND);
        mount("none", path, Libc.MS_REMOUNT | Libc.MS_BIND | Libc.MS_RDONLY);
    }

    private static int errnoOfOpeningToWrite() {
        try {
            Libc.close(Libc.open("/proc/sys/" + KEY, Libc.O_WRONLY | Libc.O_CLOEXEC, 0));
            return 0;
        } catch (LastErrorException e) {
            return e.getErrorCode();
        }
    }

    private static Path mountNamespace() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/mnt"));
    }

    @Test
    void readsAndWritesTheNamespaceOfTheThread() throws Exception {
        apart(() -> {
            assertThat(SysctlFile.read(KEY)).hasValue("0");
            SysctlFile.write(KEY, "1");
            assertThat(SysctlFile.read(KEY)).hasValue("1");
            return true;
        });
        apart(() -> assertThat(SysctlFile.read(KEY)).hasValue("0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/proc", "/proc/sys", "/proc/sys/net", "/proc/sys/" + KEY})
    void writesWhatIsMountedReadOnlyAndLeavesItSoForAllOthers(String mount) throws Exception {
        apart(() -> {
            makeReadOnly(mount);
            assertThat(errnoOfOpeningToWrite()).isEqualTo(EROFS);
            Path before = mountNamespace();
            List<String> seen = mounts("thread-self");
            SysctlFile.write(KEY, "1");
            assertThat(SysctlFile.read(KEY)).hasValue("1");
            assertThat(errnoOfOpeningToWrite()).isEqualTo(EROFS);
            assertThat(mountNamespace()).isEqualTo(before);
            assertThat(mounts("thread-self")).isEqualTo(seen);
            return true;
        });
    }

    @Test
    void saysThatAFilesystemIsReadOnlyAsAWhole() throws Exception {
        KernelException failure = apart(() -> {
            Libc.mount("proc", "/proc", "proc", new NativeLong(Libc.MS_RDONLY), null);
            return catchThrowableOfType(KernelException.class, () -> SysctlFile.write(KEY, "1"));
        });
        assertThat(failure.errno()).isEqualTo(EROFS);
        assertThat(failure)
                .hasMessage("EROFS /proc/sys/" + KEY
                        + " is read-only here, and its filesystem is mounted read-only as a whole");
        assertThat(failure.remedy()).contains("systempaths=unconfined");
    }

    @Test
    void tellsAMissingKeyFromAMissingProc() throws Exception {
        apart(() -> {
            assertThat(SysctlFile.read("net/ipv4/no_such_key")).isEmpty();
            Libc.mount("tmpfs", "/proc/sys", "tmpfs", new NativeLong(0), null);
            assertThatThrownBy(() -> SysctlFile.read("net/ipv4/no_such_key"))
                    .isInstanceOfSatisfying(
                            KernelException.class, e -> assertThat(e.errno()).isEqualTo(ENOENT))
                    .hasMessage("ENOENT /proc/sys/net/ipv4");
            return true;
        });
    }

    @Test
    void otherRefusalsAreTheKernels() throws Exception {
        apart(() -> {
            assertThat(catchThrowableOfType(
                                    LastErrorException.class, () -> SysctlFile.write("net/ipv4/no_such_key", "1"))
                            .getErrorCode())
                    .isEqualTo(ENOENT);
            makeReadOnly("/proc/sys");
            assertThat(catchThrowableOfType(LastErrorException.class, () -> SysctlFile.write(KEY, "word"))
                            .getErrorCode())
                    .isEqualTo(EINVAL);
            return true;
        });
    }
}
