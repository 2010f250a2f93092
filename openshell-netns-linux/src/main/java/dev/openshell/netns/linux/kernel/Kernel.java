package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * The only seam to the operating system, at the lowest useful level: what passes it are the bytes and the text that
 * Linux gets. Namespaces are descriptors, numbers that the kernel gives out, since netlink messages carry them. Every
 * method may be called from any thread and leaves none in a namespace. What Linux refuses is a {@link KernelException}.
 */
public interface Kernel {
    /**
     * Checks that this is Linux and that CAP_NET_ADMIN and CAP_SYS_ADMIN are there.
     *
     * @throws KernelException naming what is missing
     */
    void preflight();

    /** Returns a new descriptor of the network namespace at {@code path}, or of the calling thread's for none. */
    int openNamespace(Optional<Path> path);

    /** Returns the descriptor of a new network namespace (unshare(2) CLONE_NEWNET), which holds it. */
    int createNamespace();

    /** Returns the namespace's inode number. */
    long inode(int namespace);

    /** Closes a descriptor that this kernel gave out. */
    void close(int descriptor);

    /**
     * Sends {@code request}, one or more rtnetlink messages with sequence numbers, in one datagram to the rtnetlink of
     * {@code namespace}, and returns all answers, one behind the other. Refusals are in the answers.
     */
    byte[] netlink(int namespace, byte[] request);

    /** Does the same with nfnetlink messages (NETLINK_NETFILTER), such as those that ask for tracked flows. */
    byte[] netfilter(int namespace, byte[] request);

    /** Returns the value of {@code /proc/sys/KEY} as seen in {@code namespace}, empty where there is no such key. */
    Optional<String> readSysctl(int namespace, String key);

    /** Writes {@code /proc/sys/KEY} as seen in {@code namespace}. */
    void writeSysctl(int namespace, String key, String value);

    /** Returns the variant of iptables to use in {@code namespace}: {@code wanted}, or for AUTO the one found out. */
    IptablesVariant iptables(int namespace, IptablesVariant wanted, Deadline deadline);

    /** Loads iptables-restore input, each table at once or not at all; with {@code keep} as under {@code --noflush}. */
    void restore(int namespace, Family family, IptablesVariant variant, String text, boolean keep, Deadline deadline);

    /** Returns what iptables-save prints. */
    String save(int namespace, Family family, IptablesVariant variant, Deadline deadline);

    /** Returns a lock on {@code namespace} against every other holder of such a lock, in any process. */
    Lock lock(int namespace, Deadline deadline);

    /** A lock that is held until it is closed, or its holder dies. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /** Makes {@code namespace} reachable at {@code path}, a file that must not exist yet. */
    void publish(int namespace, Path path);

    /** Undoes {@link #publish}. */
    void unpublish(Path path);

    /** Returns what {@code body} returns, run on a thread in {@code namespace} that ends afterwards. */
    <T> T call(int namespace, Callable<T> body) throws Exception;

    /** Returns a new socket of {@code type} that lives in {@code namespace}. */
    <T> T openSocket(int namespace, SocketType<T> type) throws Exception;

    /**
     * Checks that no thread of this JVM is left in the namespace of {@code inode}.
     *
     * @throws IllegalStateException when there is one
     */
    void requireNoThreadInside(long inode);

    /** Starts a confined process in {@code namespace} that sees {@code resolvConf} as its resolv.conf. */
    Process start(int namespace, String resolvConf, ProcessBuilder command) throws IOException;

    /** Ends all processes in {@code namespace} and their descendants: SIGTERM, after {@code grace} SIGKILL. */
    void endProcesses(int namespace, Duration grace);

    /** Returns whether Landlock is there. */
    Landlock landlock();
}
