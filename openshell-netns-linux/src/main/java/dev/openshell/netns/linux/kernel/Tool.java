package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Runs a program of the system's to its end in the calling thread's namespace, by posix_spawn(3): {@link
 * ProcessBuilder} would leave a reaper thread in there. Input and output are in memory, so that nothing can block.
 */
final class Tool {
    private static final List<String> SYSTEM_DIRECTORIES =
            List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");
    private static final int ACTIONS_SIZE = 256;
    private static final int ATTRIBUTES_SIZE = 512;
    private static final int SIGINFO_SIZE = 128;
    private static final int SIGNAL_SET_SIZE = 128;
    private static final int POLL_MILLIS = 50;
    private static final int CLD_EXITED = 1;
    /** The number that an inherited descriptor has in the program. */
    private static final int KEPT = 3;

    /** What a run left: exit status (128 + signal for a killed one) and both outputs. */
    record Result(int status, String output, String errors) {}

    private Tool() {}

    /** Returns the program called {@code name} on the JVM's PATH, or in the system's directories where it has none. */
    static Optional<Path> find(String name) {
        String path = System.getenv("PATH");
        List<String> directories = path == null ? SYSTEM_DIRECTORIES : List.of(path.split(":"));
        return directories.stream()
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Runs {@code command} with {@code input} as its standard input; ends it where the deadline runs out. */
    static Result run(List<String> command, String input, Deadline deadline) throws IOException {
        return run(command, input, OptionalInt.empty(), deadline);
    }

    /** Does the same, and has the program inherit the descriptor {@code kept}. */
    static Result run(List<String> command, String input, OptionalInt kept, Deadline deadline) throws IOException {
        int in = Libc.memfd_create("in", Libc.MFD_CLOEXEC);
        int out = -1;
        int err = -1;
        try {
            out = Libc.memfd_create("out", Libc.MFD_CLOEXEC);
            err = Libc.memfd_create("err", Libc.MFD_CLOEXEC);
            // Bytes, not letters: others' comments may be in any encoding.
            Files.writeString(descriptor(in), input, StandardCharsets.ISO_8859_1);
            int status = await(spawn(command, in, out, err, kept), command.get(0), deadline);
            return new Result(
                    status,
                    Files.readString(descriptor(out), StandardCharsets.ISO_8859_1),
                    Files.readString(descriptor(err), StandardCharsets.ISO_8859_1));
        } finally {
            for (int fd : new int[] {in, out, err}) {
                if (fd >= 0) {
                    Libc.close(fd);
                }
            }
        }
    }

    private static Path descriptor(int fd) {
        return Path.of("/proc/self/fd", Integer.toString(fd));
    }

    private static int spawn(List<String> command, int in, int out, int err, OptionalInt kept) {
        IntByReference pid = new IntByReference();
        StringArray arguments = new StringArray(command.toArray(String[]::new), StandardCharsets.UTF_8.name());
        StringArray environment =
                new StringArray(new String[] {"PATH=" + String.join(":", SYSTEM_DIRECTORIES), "LC_ALL=C"});
        try (Memory actions = new Memory(ACTIONS_SIZE);
                Memory attributes = new Memory(ATTRIBUTES_SIZE);
                Memory noSignals = new Memory(SIGNAL_SET_SIZE)) {
            noSignals.clear();
            check(Libc.posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
            check(Libc.posix_spawnattr_init(attributes), "posix_spawnattr_init");
            try {
                check(Libc.posix_spawn_file_actions_adddup2(actions, in, 0), "adddup2");
                check(Libc.posix_spawn_file_actions_adddup2(actions, out, 1), "adddup2");
                check(Libc.posix_spawn_file_actions_adddup2(actions, err, 2), "adddup2");
                if (kept.isPresent()) {
                    check(Libc.posix_spawn_file_actions_adddup2(actions, kept.getAsInt(), KEPT), "adddup2");
                }
                check(Libc.posix_spawnattr_setflags(attributes, (short) Libc.POSIX_SPAWN_SETSIGMASK), "setflags");
                check(Libc.posix_spawnattr_setsigmask(attributes, noSignals), "setsigmask");
                check(
                        Libc.posix_spawnp(pid, command.get(0), actions, attributes, arguments, environment),
                        "posix_spawn " + command.get(0));
            } finally {
                Libc.posix_spawn_file_actions_destroy(actions);
                Libc.posix_spawnattr_destroy(attributes);
            }
        }
        return pid.getValue();
    }

    private static void check(int errno, String what) {
        if (errno != 0) {
            throw new KernelException(errno, what);
        }
    }

    private static int await(int pid, String program, Deadline deadline) {
        boolean reaped = false;
        try (Memory info = new Memory(SIGINFO_SIZE)) {
            int pidfd = pidfd(pid);
            try {
                while (!readable(pidfd)) {
                    deadline.check("run", program);
                }
            } finally {
                Libc.close(pidfd);
            }
            reap(pid, info);
            reaped = true;
            // siginfo_t: si_code at 8, si_status at 24 (include/uapi/asm-generic/siginfo.h, 64 bit).
            int status = info.getInt(24);
            return info.getInt(8) == CLD_EXITED ? status : 128 + status;
        } finally {
            if (!reaped) {
                Libc.kill(pid, Libc.SIGKILL);
                try (Memory info = new Memory(SIGINFO_SIZE)) {
                    reap(pid, info);
                }
            }
        }
    }

    private static int pidfd(int pid) {
        try {
            return Libc.syscall(new NativeLong(Libc.SYS_PIDFD_OPEN), new NativeLong(pid), zero(), zero(), zero())
                    .intValue();
        } catch (LastErrorException e) {
            throw new KernelException(e.getErrorCode(), "pidfd_open");
        }
    }

    private static boolean readable(int fd) {
        try (Memory pollfd = new Memory(8)) {
            pollfd.setInt(0, fd);
            pollfd.setShort(4, Libc.POLLIN);
            pollfd.setShort(6, (short) 0);
            return Libc.poll(pollfd, new NativeLong(1), POLL_MILLIS) > 0;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EINTR) {
                return false;
            }
            throw e;
        }
    }

    private static void reap(int pid, Pointer info) {
        while (true) {
            try {
                info.clear(SIGINFO_SIZE);
                Libc.waitid(Libc.P_PID, pid, info, Libc.WEXITED);
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.EINTR) {
                    throw e;
                }
            }
        }
    }

    private static NativeLong zero() {
        return new NativeLong(0);
    }
}
