package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Stack;
import dev.openshell.netns.testkit.path.Traveller;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What all processes on one machine share: namespaces with what holds each, the paths at which some are published, and
 * their locks. All methods are called under the machine's monitor.
 */
final class FakeMachine {
    private final Machine machine = new Machine();
    private final Map<Netns, Stack> stacks = new HashMap<>();
    private final Map<Netns, Integer> holders = new HashMap<>();
    private final Map<String, Netns> published = new TreeMap<>();
    /** The files on which namespaces are published, with what is in them. */
    private final Map<String, String> files = new TreeMap<>();

    private final Set<Netns> locked = new HashSet<>();
    private final Set<Long> alive = new HashSet<>();
    private final InstantSource clock;
    private final Netns host;
    private long nextProcess = 100;
    private long changes;
    private long lastPort = 5000;

    FakeMachine(InstantSource clock) {
        this.clock = clock;
        this.host = create();
        hold(host);
    }

    Machine machine() {
        return machine;
    }

    /** Returns the namespace that the machine began with. */
    Netns host() {
        return host;
    }

    Netns create() {
        Netns netns = machine.create();
        stacks.put(netns, new Stack(netns, clock));
        return netns;
    }

    Stack stack(Netns netns) {
        Stack stack = stacks.get(netns);
        if (stack == null) {
            throw new KernelException(Errno.ENOENT, "namespace net:[" + netns.inode() + "] is gone");
        }
        return stack;
    }

    List<Netns> namespaces() {
        return List.copyOf(machine.namespaces());
    }

    void hold(Netns netns) {
        holders.merge(netns, 1, Integer::sum);
    }

    /** Gives one hold up; with the last one the namespace goes, and its links with it. */
    void release(Netns netns) {
        if (holders.merge(netns, -1, Integer::sum) == 0) {
            holders.remove(netns);
            stacks.remove(netns);
            locked.remove(netns);
            machine.destroy(netns);
        }
    }

    void makeFile(String path, String note) {
        if (files.putIfAbsent(path, note) != null) {
            throw new KernelException(Errno.EEXIST, path);
        }
    }

    void deleteFile(String path) {
        files.remove(path);
    }

    /** Mounts {@code netns} on a file. */
    void publish(String path, Netns netns) {
        published.put(path, netns);
        hold(netns);
    }

    /** Undoes that, where there is something to undo. */
    void unpublish(String path) {
        Netns netns = published.remove(path);
        if (netns != null) {
            release(netns);
        }
    }

    Netns published(String path) {
        Netns netns = published.get(path);
        if (netns == null) {
            throw new KernelException(Errno.ENOENT, path);
        }
        return netns;
    }

    boolean isPublished(String path) {
        return published.containsKey(path);
    }

    Set<String> paths() {
        return Set.copyOf(files.keySet());
    }

    String note(String path) {
        return files.getOrDefault(path, "");
    }

    /** Returns the number of a new process. */
    long newProcess() {
        long pid = nextProcess++;
        alive.add(pid);
        return pid;
    }

    void ended(long process) {
        alive.remove(process);
    }

    boolean isAlive(long process) {
        return alive.contains(process);
    }

    /** Tells those who watch that rules have changed. */
    void changed() {
        changes++;
        notifyAll();
    }

    long changes() {
        return changes;
    }

    boolean tryLock(Netns netns) {
        return locked.add(netns);
    }

    void unlock(Netns netns) {
        locked.remove(netns);
    }

    Journey send(Netns from, Skb skb) {
        return new Traveller(this::stack).send(stack(from), skb);
    }

    Traveller traveller() {
        return new Traveller(this::stack);
    }

    /** Returns the number of a new netlink socket. */
    long newPort() {
        return ++lastPort;
    }
}
