package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** Processes as owners of what they made, and as members of network namespaces. */
public final class Owners {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private static final String NO_VIEW = "0.0";
    private static final int ENOUGH_LOOKS = 50;

    private Owners() {}

    /** Returns this process, as those see it that share its /proc. */
    public static Owner self() {
        return Self.OWNER;
    }

    /** Read once: none of it changes. */
    private static final class Self {
        static final Owner OWNER = read();

        private static Owner read() {
            try {
                // As a number of /proc, which may be another than the process's own.
                int pid = Integer.parseInt(
                        Files.readSymbolicLink(Path.of("/proc/self")).toString());
                long started = ProcTable.entry(pid).orElseThrow().started();
                String boot = Files.readString(BOOT_ID).strip();
                // A /proc of other process ids than the process's own says nothing to others, nor they to it.
                boolean own = pid == ProcessHandle.current().pid();
                String view = own ? namespace("pid") + "." + namespace("time") : NO_VIEW;
                return new Owner(boot, view, pid, started);
            } catch (IOException e) {
                throw new NetnsException(
                        "read",
                        "/proc",
                        0,
                        e.toString(),
                        "mount the whole /proc: what is made has to name its owner",
                        e);
            }
        }

        /** A kernel without that kind of namespace has one for all. */
        private static long namespace(String type) {
            return ProcTable.namespace("self", type).orElse(0);
        }
    }

    /** Returns whether {@code owner} is gone for certain. Of one that can't be seen from here it is not known. */
    public static boolean isDead(Owner owner) {
        Owner self = self();
        // What is marked does not outlive the machine: another boot id is that of a container that has one of its own.
        boolean seen = owner.boot().equals(self.boot())
                && owner.view().equals(self.view())
                && !owner.view().equals(NO_VIEW)
                && owner.pid() <= Integer.MAX_VALUE;
        if (!seen) {
            return false;
        }
        Optional<ProcTable.Entry> now = entry((int) owner.pid());
        return now.isPresent()
                ? now.get().started() != owner.started() || now.get().zombie()
                : !exists((int) owner.pid());
    }

    /** A /proc that is mounted with hidepid shows other users' processes to nobody without CAP_SYS_PTRACE. */
    private static Optional<ProcTable.Entry> entry(int pid) {
        try {
            return ProcTable.entry(pid);
        } catch (NetnsException hidden) {
            return Optional.empty();
        }
    }

    private static boolean exists(int pid) {
        try {
            // 0 and less would mean groups of processes (kill(2)).
            return pid > 0 && Libc.kill(pid, 0) == 0;
        } catch (LastErrorException e) {
            return e.getErrorCode() != Errno.ESRCH;
        }
    }

    /**
     * Returns where the network namespace of {@code inode} can be opened: at a process in it, or one of its threads.
     * Empty where no process is seen in there.
     */
    public static Optional<Path> member(long inode) {
        for (int pid : ProcTable.others()) {
            for (String task : tasks(pid)) {
                if (namespace(task).equals(OptionalLong.of(inode))) {
                    return Optional.of(Path.of("/proc", task, "ns/net"));
                }
            }
        }
        return Optional.empty();
    }

    /** The threads too where the first one has ended. */
    private static List<String> tasks(int pid) {
        List<String> tasks = new ArrayList<>(List.of(Integer.toString(pid)));
        if (namespace(Integer.toString(pid)).isEmpty()) {
            threads(pid).forEach(thread -> tasks.add(pid + "/task/" + thread));
        }
        return tasks;
    }

    private static List<Integer> threads(int pid) {
        try {
            return ProcTable.threads(pid);
        } catch (NetnsException hidden) {
            return List.of();
        }
    }

    /** Of a process that this one may not look into, nothing is known. */
    private static OptionalLong namespace(String task) {
        try {
            return ProcTable.namespace(task, "net");
        } catch (NetnsException e) {
            return OptionalLong.empty();
        }
    }

    /**
     * Returns whether {@code asked} holds for the numbers of all processes, and of the threads of those whose first one
     * has ended. That it does not hold is certain only where nobody was born meanwhile, so it is asked again.
     */
    public static boolean anyTask(Predicate<List<Integer>> asked) {
        for (int looks = 1; ; looks++) {
            long births = ProcTable.births();
            List<Integer> tasks = new ArrayList<>();
            for (int pid : ProcTable.others()) {
                tasks.add(pid);
                if (namespace(Integer.toString(pid)).isEmpty()) {
                    tasks.addAll(threads(pid));
                }
            }
            if (asked.test(tasks)) {
                return true;
            }
            if (ProcTable.births() == births || looks == ENOUGH_LOOKS) {
                return false;
            }
        }
    }
}
