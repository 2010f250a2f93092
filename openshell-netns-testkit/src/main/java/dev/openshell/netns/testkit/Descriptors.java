package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The descriptors of one process, each of which holds its namespace. */
final class Descriptors {
    private static final int FIRST = 3;

    private final FakeMachine machine;
    private final Map<Integer, Netns> open = new HashMap<>();
    private final Map<Integer, NetlinkEnd> sockets = new HashMap<>();

    /** A netlink socket: its protocol, and the number that the kernel knows it by. */
    record NetlinkEnd(int protocol, long port) {}

    Descriptors(FakeMachine machine) {
        this.machine = machine;
    }

    /** Returns a new descriptor of {@code netns}: the lowest that is free. */
    int open(Netns netns) {
        int descriptor = FIRST;
        while (open.containsKey(descriptor)) {
            descriptor++;
        }
        open.put(descriptor, netns);
        machine.hold(netns);
        return descriptor;
    }

    /** Returns the descriptor of a new netlink socket that lives in {@code netns}. */
    int openNetlink(Netns netns, int protocol) {
        int descriptor = open(netns);
        sockets.put(descriptor, new NetlinkEnd(protocol, machine.newPort()));
        return descriptor;
    }

    /** Returns the netlink socket that {@code descriptor} is; EBADF. */
    NetlinkEnd socket(int descriptor) {
        NetlinkEnd end = sockets.get(descriptor);
        if (end == null) {
            throw new KernelException(NetException.EBADF, "descriptor " + descriptor);
        }
        return end;
    }

    private void ended(int descriptor) {
        NetlinkEnd end = sockets.remove(descriptor);
        if (end != null) {
            machine.stack(netns(descriptor)).nftables().closed(end.port());
        }
    }

    /** Returns what {@code descriptor} means; EBADF. */
    Netns netns(int descriptor) {
        return find(descriptor).orElseThrow(() -> new KernelException(NetException.EBADF, "descriptor " + descriptor));
    }

    Optional<Netns> find(int descriptor) {
        return Optional.ofNullable(open.get(descriptor));
    }

    void close(int descriptor) {
        Netns netns = netns(descriptor);
        ended(descriptor);
        machine.release(netns);
        open.remove(descriptor);
    }

    void closeAll() {
        List.copyOf(sockets.keySet()).forEach(this::ended);
        open.values().forEach(machine::release);
        open.clear();
    }
}
