package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.linux.kernel.JnaKernel;
import org.jspecify.annotations.Nullable;

/**
 * The namespace that holds the far ends of routers' links, and the socket that sees and sends all frames there. Several
 * routers can use it, one after the other: closing such a socket waits 10 to 20 ms for an RCU grace period.
 */
final class Outside implements AutoCloseable {
    private static final int FIRST = 100;

    private final JnaKernel kernel = new JnaKernel();
    private final int namespace = kernel.createNamespace();
    private @Nullable PacketSocket socket;
    private int next = FIRST;

    /** Returns a new one. */
    static Outside open() {
        Outside outside = new Outside();
        boolean done = false;
        try {
            outside.build();
            done = true;
            return outside;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            if (!done) {
                outside.close();
            }
        }
    }

    private void build() throws Exception {
        socket = kernel.call(namespace, () -> {
            Wires.write("net/ipv6/conf/all/disable_ipv6", "1");
            Wires.write("net/ipv6/conf/default/disable_ipv6", "1");
            return new PacketSocket();
        });
        Wires.up(kernel, namespace, Wires.LO);
    }

    int namespace() {
        return namespace;
    }

    /** Returns the first of two interface indexes that no router here had yet. */
    int newIndexes() {
        next += 2;
        return next - 2;
    }

    PacketSocket socket() {
        if (socket == null) {
            throw new IllegalStateException("closed");
        }
        return socket;
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.close();
            socket = null;
        }
        kernel.close(namespace);
    }
}
