package dev.openshell.netns.linux.process;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Tells whether a process has a thread in a network namespace. */
final class Membership {
    private final long inode;
    private final OptionalLong device;

    private Membership(long inode, OptionalLong device) {
        if (ProcTable.namespace("self", "net").equals(OptionalLong.of(inode))) {
            throw new IllegalArgumentException("the JVM's own network namespace net:[" + inode + "]");
        }
        this.inode = inode;
        this.device = device;
    }

    /** Goes by the namespace's inode alone. */
    static Membership of(long inode) {
        return new Membership(inode, OptionalLong.empty());
    }

    /** Goes by the namespace's inode, and where that of a process may not be seen by {@link ProcTable#netDevice}. */
    static Membership ofDescriptor(int namespace) {
        try {
            long inode = ProcTable.inode(Files.readSymbolicLink(Path.of("/proc/self/fd/" + namespace)));
            return new Membership(inode, NamespaceThread.call(namespace, () -> ProcTable.netDevice("thread-self")));
        } catch (IOException e) {
            throw new NetnsException(
                    "readlink", "descriptor " + namespace, 0, e.getMessage(), "the namespace must be open", e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns if the process, or one of its threads, is in the namespace. */
    boolean has(int pid) {
        String process = Integer.toString(pid);
        if (isInside(process)) {
            return true;
        }
        // a thread can part from its process's leader in a user namespace of its own, or outlive it
        if (hasThreadsElsewhere(process)) {
            for (int thread : ProcTable.threads(pid)) {
                if (isInside(process + "/task/" + thread)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isInside(String task) {
        try {
            OptionalLong namespace = ProcTable.namespace(task, "net");
            return namespace.isPresent() && namespace.getAsLong() == inode;
        } catch (NetnsException e) {
            forbidden(e);
            return device.isPresent() && device.equals(ProcTable.netDevice(task));
        }
    }

    private static boolean hasThreadsElsewhere(String process) {
        try {
            return ProcTable.namespace(process, "net").isEmpty()
                    || !ProcTable.namespace(process, "user").equals(ProcTable.namespace("self", "user"));
        } catch (NetnsException e) {
            forbidden(e);
            return true;
        }
    }

    /** Throws {@code e} again unless it says that the JVM may not know, for lack of CAP_SYS_PTRACE. */
    private static void forbidden(NetnsException e) {
        if (!(e.getCause() instanceof AccessDeniedException)) {
            throw e;
        }
    }
}
