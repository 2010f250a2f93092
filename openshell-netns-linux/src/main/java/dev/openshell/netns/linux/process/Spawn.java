package dev.openshell.netns.linux.process;

import com.sun.jna.Memory;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.Libc;

/**
 * A call of posix_spawnp(3) with all of its memory, made and freed at home. The process has descriptors 0, 1 and 2 and
 * no other, an empty signal mask, and the rest from the thread which makes the call.
 */
final class Spawn implements AutoCloseable {
    /** More than a posix_spawn_file_actions_t and a posix_spawnattr_t have on any architecture. */
    private static final int OPAQUE = 1024;

    private static final int SIGSET = 128;

    private final byte[] program;
    private final Memory pid = new Memory(Integer.BYTES);
    private final Memory argv;
    private final Memory envp;
    private final Memory actions = new Memory(OPAQUE);
    private final Memory attributes = new Memory(OPAQUE);

    /** Prepares the call; {@code stdio} stays open until it is made. */
    Spawn(Command command, Stdio stdio) {
        this(command, stdio, 0);
    }

    /** Prepares a call with more of posix_spawnattr_setflags(3)'s {@code flags}. */
    Spawn(Command command, Stdio stdio, int flags) {
        program = NativeText.terminated(command.program());
        argv = NativeText.array(command.arguments());
        envp = NativeText.array(command.environment());
        check(Libc.posix_spawn_file_actions_init(actions));
        check(Libc.posix_spawnattr_init(attributes));
        try (Memory mask = new Memory(SIGSET)) {
            mask.clear();
            check(Libc.posix_spawnattr_setsigmask(attributes, mask));
            check(Libc.posix_spawnattr_setflags(attributes, (short) (Libc.POSIX_SPAWN_SETSIGMASK | flags)));
        }
        for (int target = 0; target <= 2; target++) {
            int source = stdio.childNumber(target);
            if (source != target) {
                check(Libc.posix_spawn_file_actions_adddup2(actions, source, target));
            }
        }
        addGlibcActions(command);
    }

    /** Returns 0, or an error number. Runs inside, and uses no memory but its own. */
    int call() {
        return Libc.posix_spawnp(pid, program, actions, attributes, argv, envp);
    }

    /** Returns the process that a successful call has started. */
    int pid() {
        return pid.getInt(0);
    }

    @Override
    public void close() {
        Libc.posix_spawn_file_actions_destroy(actions);
        Libc.posix_spawnattr_destroy(attributes);
        actions.close();
        attributes.close();
        argv.close();
        envp.close();
        pid.close();
    }

    /** The JVM's own sockets and files are not close-on-exec: a process that had them would be outside again. */
    private void addGlibcActions(Command command) {
        try {
            check(Libc.Spawn.posix_spawn_file_actions_addclosefrom_np(actions, 3));
            if (command.directory() != null) {
                check(Libc.Spawn.posix_spawn_file_actions_addchdir_np(
                        actions, NativeText.terminated(command.directory().getPath())));
            }
        } catch (LinkageError e) {
            throw new NetnsException(
                    "posix_spawn_file_actions_addclosefrom_np",
                    "C library",
                    0,
                    "function not found",
                    "needs glibc 2.34 or later: without it a process would inherit the JVM's descriptors",
                    e);
        }
    }

    private static void check(int error) {
        if (error != 0) {
            throw new NetnsException(
                    "posix_spawn", "file actions", error, Libc.strerror(error), "free memory and try again", null);
        }
    }
}
