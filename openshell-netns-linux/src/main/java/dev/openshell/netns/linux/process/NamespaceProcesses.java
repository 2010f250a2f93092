package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.process.ProcTable.Entry;
import dev.openshell.netns.linux.sys.Libc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The processes that run in a network namespace, whoever started them, and their descendants; never the JVM itself. */
public final class NamespaceProcesses {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final int ENOUGH_LOOKS = 50;
    private static final long FIRST_PAUSE_NANOS = 500_000;
    private static final long LONGEST_PAUSE_NANOS = 20_000_000;
    private static final NativeLong NONE = new NativeLong(0);

    private final Membership membership;

    private NamespaceProcesses(Membership membership) {
        this.membership = membership;
    }

    /**
     * Returns those of the network namespace with this inode, the number in {@code /proc/PID/ns/net}. A JVM without
     * CAP_SYS_PTRACE overlooks other users' processes; {@link #ofDescriptor(int)} sees them.
     *
     * @throws IllegalArgumentException if it is the JVM's own
     */
    public static NamespaceProcesses of(long inode) {
        return new NamespaceProcesses(Membership.of(inode));
    }

    /**
     * Returns those of the network namespace which {@code namespace} is an open descriptor of; it is used during this
     * call only.
     *
     * @throws NetnsException if it is not open
     * @throws IllegalArgumentException if it is the JVM's own
     */
    public static NamespaceProcesses ofDescriptor(int namespace) {
        return new NamespaceProcesses(Membership.ofDescriptor(namespace));
    }

    /**
     * Ends them: SIGTERM to each, SIGKILL to what is left after {@code grace}, until none is left. A zombie counts as
     * gone. An interrupt does not cut it short, and is set again.
     *
     * @throws NetnsException naming a process that is there 10 s after its first SIGKILL
     */
    public void end(Duration grace) {
        Sweep sweep = new Sweep();
        boolean interrupted = false;
        try {
            long graceNanos = TimeUnit.NANOSECONDS.convert(grace);
            long start = System.nanoTime();
            List<Entry> left = sweep.left();
            while (!left.isEmpty() && System.nanoTime() - start < graceNanos) {
                sweep.terminate(left);
                interrupted |= sweep.pause();
                left = sweep.left();
            }
            start = System.nanoTime();
            while (!left.isEmpty()) {
                sweep.kill(left);
                if (System.nanoTime() - start > KILL_LIMIT.toNanos()) {
                    throw new NetnsException(
                            "kill",
                            "process " + left.get(0).pid(),
                            0,
                            "still there " + KILL_LIMIT.toSeconds() + " s after SIGKILL",
                            "it waits for the kernel, or the JVM lacks CAP_KILL: end it by hand",
                            null);
                }
                interrupted |= sweep.pause();
                left = sweep.left();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** One ending: remembers whom it has seen, since a descendant that left the namespace can lose its parent. */
    private final class Sweep {
        private final Map<Integer, Entry> known = new HashMap<>();
        private final Set<Entry> terminated = new HashSet<>();
        private boolean killing;
        private long pauseNanos = FIRST_PAUSE_NANOS;

        /** Returns if the thread was interrupted, and clears that: parking would return at once otherwise. */
        boolean pause() {
            LockSupport.parkNanos(pauseNanos);
            pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
            return Thread.interrupted();
        }

        /**
         * Returns who is left. Finding nobody proves it only where nobody was born meanwhile: processes that replace
         * themselves can all have done so behind a slow look. So the look is repeated, on a machine that never rests
         * often enough.
         */
        List<Entry> left() {
            for (int look = 1; ; look++) {
                long births = ProcTable.births();
                List<Entry> found = processes();
                if (!found.isEmpty() || ProcTable.births() == births || look == ENOUGH_LOOKS) {
                    return found;
                }
            }
        }

        private List<Entry> processes() {
            List<Integer> pids = ProcTable.others();
            known.values().removeIf(entry -> !isLive(entry));
            for (int pid : pids) {
                if (!known.containsKey(pid) && membership.has(pid)) {
                    // asked again, since only what was asked after the entry was read is about that process
                    ProcTable.entry(pid)
                            .filter(entry -> !entry.zombie() && membership.has(pid))
                            .ifPresent(this::found);
                }
            }
            if (!known.isEmpty()) {
                addDescendants(pids);
            }
            return new ArrayList<>(known.values());
        }

        void terminate(List<Entry> entries) {
            for (Entry entry : entries) {
                if (terminated.stream().noneMatch(entry::isSame)) {
                    terminated.add(entry);
                    signal(entry, Libc.SIGTERM);
                }
            }
        }

        void kill(List<Entry> entries) {
            killing = true;
            entries.forEach(entry -> signal(entry, Libc.SIGKILL));
        }

        /** Once killing, kills without waiting for the end of the list: a process may be busy making others. */
        private void found(Entry entry) {
            known.put(entry.pid(), entry);
            if (killing) {
                signal(entry, Libc.SIGKILL);
            }
        }

        private void addDescendants(List<Integer> pids) {
            List<Entry> others = new ArrayList<>();
            for (int pid : pids) {
                if (!known.containsKey(pid)) {
                    ProcTable.entry(pid).filter(entry -> !entry.zombie()).ifPresent(others::add);
                }
            }
            boolean more = true;
            while (more) {
                more = others.removeIf(entry -> {
                    boolean child = known.containsKey(entry.parent());
                    if (child) {
                        found(entry);
                    }
                    return child;
                });
            }
        }

        private boolean isLive(Entry entry) {
            return ProcTable.entry(entry.pid())
                    .filter(now -> now.isSame(entry) && !now.zombie())
                    .isPresent();
        }

        /** The descriptor can't come to mean another process, and what it means is looked at once it is there. */
        private void signal(Entry entry, int signal) {
            int pidfd = -1;
            try {
                pidfd = Libc.syscall(new NativeLong(Libc.SYS_PIDFD_OPEN), new NativeLong(entry.pid()), NONE, NONE, NONE)
                        .intValue();
                if (isLive(entry)) {
                    Libc.syscall(
                            new NativeLong(Libc.SYS_PIDFD_SEND_SIGNAL),
                            new NativeLong(pidfd),
                            new NativeLong(signal),
                            NONE,
                            NONE);
                }
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.ESRCH) {
                    throw new NetnsException(
                            "pidfd_send_signal",
                            "process " + entry.pid(),
                            e.getErrorCode(),
                            Libc.strerror(e.getErrorCode()),
                            "needs Linux 5.3 and, for another user's process, CAP_KILL",
                            e);
                }
            } finally {
                if (pidfd >= 0) {
                    Libc.close(pidfd);
                }
            }
        }
    }
}
