package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
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

    /** A new namespace of which much is asked at once: its descriptor, and what is kept at hand for that. */
    record NewNamespace(int descriptor, Stay stay) {}

    /** Does what {@link #createNamespace} and {@link #stay} do, in one. */
    default NewNamespace newNamespace() {
        int descriptor = createNamespace();
        return new NewNamespace(descriptor, stay(descriptor));
    }

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

    /**
     * Returns the descriptor of a new netlink socket of {@code protocol}, such as NETLINK_NETFILTER, that lives in
     * {@code namespace}. What the kernel ties to a socket, such as a table with NFT_TABLE_F_OWNER, goes when it is closed
     * or this process dies.
     */
    int openNetlink(int namespace, int protocol);

    /**
     * Sends {@code request}, one or more messages with sequence numbers, in one datagram on a descriptor of
     * {@link #openNetlink}, and returns all answers to it. Refusals are in the answers; a batch that asks for no
     * acknowledgement and is done has none.
     */
    byte[] exchange(int socket, byte[] request);

    /** Returns the value of {@code /proc/sys/KEY} as seen in {@code namespace}, empty where there is no such key. */
    Optional<String> readSysctl(int namespace, String key);

    /** Writes {@code /proc/sys/KEY} as seen in {@code namespace}. */
    void writeSysctl(int namespace, String key, String value);

    /** Writes several, in order. Where one fails those before it are written. */
    default void writeSysctls(int namespace, Map<String, String> values) {
        values.forEach((key, value) -> writeSysctl(namespace, key, value));
    }

    /** Returns the variant of iptables to use in {@code namespace}: {@code wanted}, or for AUTO the one found out. */
    IptablesVariant iptables(int namespace, IptablesVariant wanted, Deadline deadline);

    /** Loads iptables-restore input, each table at once or not at all; with {@code keep} as under {@code --noflush}. */
    void restore(int namespace, Family family, IptablesVariant variant, String text, boolean keep, Deadline deadline);

    /**
     * Does the same with the texts of several families, side by side where that can be. Where one fails the others may
     * have been loaded or not.
     */
    default void restore(
            int namespace, Map<Family, String> texts, IptablesVariant variant, boolean keep, Deadline deadline) {
        texts.forEach((family, text) -> restore(namespace, family, variant, text, keep, deadline));
    }

    /** Returns what iptables-save prints. */
    String save(int namespace, Family family, IptablesVariant variant, Deadline deadline);

    /** Returns the same of each of {@code families}, read side by side where that can be. */
    default Map<Family, String> save(int namespace, List<Family> families, IptablesVariant variant, Deadline deadline) {
        Map<Family, String> saved = new EnumMap<>(Family.class);
        families.forEach(family -> saved.put(family, save(namespace, family, variant, deadline)));
        return saved;
    }

    /** Returns the same with each rule's counters in front of it: {@code [PACKETS:BYTES] -A …}. */
    String saveCounted(int namespace, Family family, IptablesVariant variant, Deadline deadline);

    /**
     * Returns the number of the generation of the rules of {@code namespace}: whoever changes them makes the next one, by
     * each {@link #restore} by one. Empty where the kernel does not tell.
     */
    default OptionalLong generation(int namespace) {
        return OptionalLong.empty();
    }

    /** Returns a watch on the rules of {@code namespace}, whoever changes them. */
    RuleWatch watch(int namespace, IptablesVariant variant);

    /** Tells that rules have changed. Used by one thread at a time. */
    interface RuleWatch extends AutoCloseable {
        /**
         * Waits until the rules may have changed since the last time, at most for {@code limit}, and returns whether
         * they may have. Where the kernel does not tell it is always so, once the limit is over.
         */
        boolean await(Duration limit);

        /** Ends the present wait, or the next one, of whatever thread. */
        void wake();

        @Override
        void close();
    }

    /**
     * Says that much is asked of {@code namespace} in a row: what answers is kept at hand, a thread inside and sockets,
     * until it is closed. Those hold the namespace.
     */
    default Stay stay(int namespace) {
        return () -> {};
    }

    /** Says the same, for longer: only netlink sockets are kept. */
    default Stay keepSockets(int namespace) {
        return () -> {};
    }

    /** Something that is kept until it is closed. */
    interface Stay extends AutoCloseable {
        @Override
        void close();
    }

    /** Returns a lock on {@code namespace} against every other holder of such a lock, in any process. */
    Lock lock(int namespace, Deadline deadline);

    /** A lock that is held until it is closed, or its holder dies. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Makes {@code namespace} reachable at {@code path}, a file that must not exist yet. {@code note} is in the file
     * before that is on it, so that at no moment there is one of which it is not known whose it is.
     */
    void publish(int namespace, Path path, String note);

    /** Undoes {@link #publish}, or what was done of it. */
    void unpublish(Path path);

    /** Returns what there is under {@code /run/netns}. */
    List<Published> published();

    /**
     * A file under {@code /run/netns}.
     *
     * @param inode that of the namespace which is reachable there, 0 where there is none
     * @param note where there is none, what is in the file
     */
    record Published(Path path, long inode, String note) {}

    /** Returns this process, as the owner of what it makes. */
    Owner owner();

    /** Returns whether {@code owner} is gone for certain. */
    boolean isDead(Owner owner);

    /** Returns where the namespace of {@code inode} can be opened, empty where no process is seen in there. */
    Optional<Path> member(long inode);

    /** Returns whether a process is at the other end of the interface {@code index} of {@code namespace}. */
    boolean isInhabited(int namespace, int index);

    /** Returns whether the other end of the interface {@code index} of {@code namespace} is in {@code other}. */
    boolean isPeer(int namespace, int index, int other);

    /** Returns the variants of iptables that there may be rules of in {@code namespace}. */
    List<IptablesVariant> variants(int namespace);

    /** Returns the tables that iptables-legacy has in {@code namespace}, none where they can't be seen. */
    default Set<String> legacyTables(int namespace) {
        return Set.of();
    }

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

    /**
     * Ties the processes in a sandbox to this one: when this one is no more, however it ended, they are killed. {@code
     * mac} is the address of the host end of the sandbox's link, by which they are known.
     */
    void tie(String mac);

    /** Undoes {@link #tie}. */
    void untie(String mac);

    /** Ends all processes in {@code namespace} and their descendants: SIGTERM, after {@code grace} SIGKILL. */
    void endProcesses(int namespace, Duration grace);

    /** Returns whether Landlock is there. */
    Landlock landlock();
}
