package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.io.IOException;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;

/** One end of a TCP connection. What it sends counts only if the segment gets through. */
final class TcpEnd {
    private final Userland userland;
    private final Place place;
    private final Ip ip;
    private final int port;
    private final Ip peerIp;
    private final int peerPort;
    private final Pipe received = new Pipe();

    /** Guarded by the machine's monitor, as is what follows. */
    private @Nullable TcpEnd peer;

    private @Nullable String failure;
    private boolean finished;
    private boolean closed;

    private TcpEnd(Userland userland, Place place, Ip ip, int port, Ip peerIp, int peerPort) {
        this.userland = userland;
        this.place = place;
        this.ip = ip;
        this.port = port;
        this.peerIp = peerIp;
        this.peerPort = peerPort;
    }

    /** Returns the ends of a connection: where {@code syn} was sent at {@code from}, and where it arrived. */
    static TcpEnd[] pair(Userland userland, Place from, Header syn, Place to, Header arrived) {
        TcpEnd client =
                new TcpEnd(userland, from, syn.source(), syn.sourcePort(), syn.destination(), syn.destinationPort());
        TcpEnd server = new TcpEnd(
                userland, to, arrived.destination(), arrived.destinationPort(), arrived.source(), arrived.sourcePort());
        client.peer = server;
        server.peer = client;
        return new TcpEnd[] {client, server};
    }

    Ip ip() {
        return ip;
    }

    int port() {
        return port;
    }

    Ip peerIp() {
        return peerIp;
    }

    int peerPort() {
        return peerPort;
    }

    Pipe received() {
        return received;
    }

    private TcpEnd peer() {
        if (peer == null) {
            throw new IllegalStateException("an end without a peer");
        }
        return peer;
    }

    private Wire.Fate send(int flags) {
        return userland.wire.send(place, Header.ports(ip, port, peerIp, peerPort, Header.TCP, flags));
    }

    private boolean reached(Wire.Fate fate) {
        Header header = fate.header();
        TcpEnd other = peer();
        return fate.arrived(other.place)
                && header.source().equals(other.peerIp)
                && header.sourcePort() == other.peerPort
                && header.destination().equals(other.ip)
                && header.destinationPort() == other.port;
    }

    void write(byte[] bytes, int offset, int length) throws SocketException {
        synchronized (userland.machine) {
            if (failure != null) {
                throw new SocketException(failure);
            }
            if (finished) {
                throw new SocketException("Broken pipe");
            }
            Wire.Fate fate = send(Header.PSH | Header.ACK);
            if (!reached(fate)) {
                fail(fate.reset() || fate.at().isPresent() ? "Connection reset" : "Connection timed out");
                throw new SocketException(failure);
            }
            TcpEnd other = peer();
            if (other.closed) {
                // The reset comes too late for this write.
                other.send(Header.RST);
                failure = "Broken pipe";
            } else {
                other.received.put(bytes, offset, length);
            }
        }
    }

    /** Ends the direction from here to the peer; the peer hears of it if the segment arrives. */
    void finish() {
        synchronized (userland.machine) {
            if (!finished && failure == null && reached(send(Header.FIN | Header.ACK))) {
                peer().received.end();
                peer().send(Header.ACK);
            }
            finished = true;
        }
    }

    /** Ends both directions. */
    void close() {
        synchronized (userland.machine) {
            finish();
            closed = true;
            received.stopReading(new SocketException("Socket closed"));
        }
    }

    /** Breaks the connection off with a reset. */
    void abort() {
        synchronized (userland.machine) {
            if (!closed && failure == null && reached(send(Header.RST | Header.ACK))) {
                peer().fail("Connection reset");
            }
            finished = true;
            closed = true;
            received.stopReading(new SocketException("Socket closed"));
        }
    }

    private void fail(String why) {
        failure = why;
        received.fail(new SocketException(why));
    }

    /** Throws when packets have no way from one end to the other any more, as when a sandbox was closed. */
    void stillThere() throws IOException {
        synchronized (userland.machine) {
            if (failure == null && !(leads() && peer().leads())) {
                fail("Connection timed out");
            }
            if (failure != null && !failure.equals("Broken pipe")) {
                throw new SocketException(failure);
            }
        }
    }

    private boolean leads() {
        return place.outside() ? userland.wire.exists(place.netns()) : userland.wire.leads(place.netns(), peerIp);
    }
}
