package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The descriptors of one process, each of which holds its namespace. */
final class Descriptors {
    private static final int FIRST = 3;

    private final FakeMachine machine;
    private final Map<Integer, Netns> open = new HashMap<>();

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

    /** Returns what {@code descriptor} means; EBADF. */
    Netns netns(int descriptor) {
        return find(descriptor).orElseThrow(() -> new KernelException(NetException.EBADF, "descriptor " + descriptor));
    }

    Optional<Netns> find(int descriptor) {
        return Optional.ofNullable(open.get(descriptor));
    }

    void close(int descriptor) {
        machine.release(netns(descriptor));
        open.remove(descriptor);
    }

    void closeAll() {
        open.values().forEach(machine::release);
        open.clear();
    }
}
