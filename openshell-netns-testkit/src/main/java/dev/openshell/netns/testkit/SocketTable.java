package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Ip;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The open sockets of a machine and the ports that they have. All methods are called under the machine's monitor. */
final class SocketTable {
    private static final int FIRST_EPHEMERAL = 32768;
    private static final int LAST_EPHEMERAL = 60999;

    /** A socket, closed as its process's death closes it. */
    interface Open {
        void shut();
    }

    /**
     * An address and a port that a socket has.
     *
     * @param ip null for all addresses of both families
     */
    record Port(Netns netns, int protocol, @Nullable Ip ip, int number, Open socket) {
        private boolean meets(Netns otherNetns, int otherProtocol, @Nullable Ip otherIp, int otherNumber) {
            return netns == otherNetns
                    && protocol == otherProtocol
                    && number == otherNumber
                    && (ip == null || otherIp == null || ip.equals(otherIp));
        }
    }

    private record Holder(Netns netns, Object owner) {}

    private final FakeMachine machine;
    private final List<Port> ports = new ArrayList<>();
    private final Map<Open, Holder> open = new LinkedHashMap<>();
    private int lastEphemeral = FIRST_EPHEMERAL - 1;

    SocketTable(FakeMachine machine) {
        this.machine = machine;
    }

    /** Takes up a socket of {@code owner}, which holds its namespace from now on. */
    void add(Open socket, Netns netns, Object owner) {
        machine.hold(netns);
        open.put(socket, new Holder(netns, owner));
    }

    /** Forgets a socket with its ports, and does nothing when it is forgotten already. */
    void remove(Open socket) {
        Holder holder = open.remove(socket);
        if (holder != null) {
            ports.removeIf(port -> port.socket() == socket);
            machine.release(holder.netns());
        }
    }

    /** Closes all that {@code owner} has. */
    void closeAll(Object owner) {
        List<Open> own = new ArrayList<>();
        open.forEach((socket, holder) -> {
            if (holder.owner() == owner) {
                own.add(socket);
            }
        });
        own.forEach(Open::shut);
    }

    /** Returns how many sockets are in {@code netns}. */
    int open(Netns netns) {
        return (int)
                open.values().stream().filter(holder -> holder.netns() == netns).count();
    }

    /** Gives {@code socket} a port, any that is free for 0. */
    Port bind(Open socket, Netns netns, int protocol, @Nullable Ip ip, int number) throws SocketException {
        if (ip != null && !netns.isLocal(ip)) {
            throw SocketError.EADDRNOTAVAIL.exception();
        }
        Port port = new Port(netns, protocol, ip, number == 0 ? free(netns, protocol, ip) : number, socket);
        if (taken(netns, protocol, ip, port.number())) {
            throw SocketError.EADDRINUSE.exception();
        }
        ports.add(port);
        return port;
    }

    private boolean taken(Netns netns, int protocol, @Nullable Ip ip, int number) {
        return ports.stream().anyMatch(port -> port.meets(netns, protocol, ip, number));
    }

    private int free(Netns netns, int protocol, @Nullable Ip ip) throws SocketException {
        for (int tried = FIRST_EPHEMERAL; tried <= LAST_EPHEMERAL; tried++) {
            lastEphemeral = lastEphemeral == LAST_EPHEMERAL ? FIRST_EPHEMERAL : lastEphemeral + 1;
            if (!taken(netns, protocol, ip, lastEphemeral)) {
                return lastEphemeral;
            }
        }
        throw SocketError.EADDRNOTAVAIL.exception();
    }

    /** Returns the sockets that get what comes for this address and port, those of one address first. */
    List<Open> at(Netns netns, int protocol, Ip ip, int number) {
        List<Open> found = new ArrayList<>();
        ports.stream()
                .filter(port -> port.meets(netns, protocol, ip, number))
                .forEach(port -> found.add(port.ip() == null ? found.size() : 0, port.socket()));
        return found;
    }

    /** Returns {@code address} as a socket is bound to it, null for the wildcard of either family. */
    static @Nullable Ip bindable(Ip address) {
        Ip any = Ip.parse(address.family() == Family.IPV4 ? "0.0.0.0" : "::");
        return Optional.of(address).filter(ip -> !ip.equals(any)).orElse(null);
    }
}
