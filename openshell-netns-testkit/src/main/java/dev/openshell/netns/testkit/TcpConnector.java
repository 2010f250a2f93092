package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes TCP connections: the handshake, and who takes them. */
final class TcpConnector {
    private static final Logger LOG = System.getLogger(TcpConnector.class.getName());

    private TcpConnector() {}

    /** Returns this end of a new connection from {@code source}, or fails with what Linux says; empty for silence. */
    static Optional<TcpEnd> connect(Userland userland, Netns netns, Ip source, int sourcePort, Ip to, int port)
            throws IOException {
        Header syn = Header.ports(source, sourcePort, to, port, Header.TCP, Header.SYN);
        Place here = Place.inside(netns);
        Wire.Fate fate = userland.wire.send(here, syn);
        if (fate.error().isPresent()) {
            throw fate.error().get().exception();
        }
        if (fate.at().isEmpty()) {
            return Optional.empty();
        }
        Place there = fate.at().get();
        Header arrived = fate.header();
        Optional<Consumer<TcpEnd>> taker = taker(userland, there, arrived);
        int answer = taker.isPresent() ? Header.SYN | Header.ACK : Header.RST | Header.ACK;
        if (!answered(userland.wire.send(there, Wire.back(arrived, answer)), here, syn)) {
            return Optional.empty();
        }
        if (taker.isEmpty()) {
            throw SocketError.ECONNREFUSED.exception();
        }
        userland.wire.send(here, syn.withTcpFlags(Header.ACK));
        TcpEnd[] ends = TcpEnd.pair(userland, here, syn, there, arrived);
        taker.get().accept(ends[1]);
        return Optional.of(ends[0]);
    }

    private static boolean answered(Wire.Fate fate, Place here, Header syn) {
        Header answer = fate.header();
        return fate.arrived(here)
                && answer.source().equals(syn.destination())
                && answer.sourcePort() == syn.destinationPort()
                && answer.destination().equals(syn.source())
                && answer.destinationPort() == syn.sourcePort();
    }

    private static Optional<Consumer<TcpEnd>> taker(Userland userland, Place there, Header arrived) {
        if (!there.outside()) {
            for (SocketTable.Open socket :
                    userland.sockets.at(there.netns(), Header.TCP, arrived.destination(), arrived.destinationPort())) {
                if (socket instanceof FakeTcp listener && listener.listening()) {
                    return Optional.of(listener::connected);
                }
            }
        }
        return there.outside() || there.netns() == userland.machine.host()
                ? userland.services
                        .tcp(arrived.destination(), arrived.destinationPort())
                        .map(service -> end -> serve(userland, service, end))
                : Optional.empty();
    }

    private static void serve(Userland userland, Services.Tcp service, TcpEnd end) {
        String name = "fake-service-" + end.ip() + "-" + end.port();
        Thread thread = new Thread(
                userland.threads,
                () -> {
                    try (Socket connection = FakeSocket.connected(FakeTcp.of(userland, end))) {
                        served(service, end, connection);
                    } catch (IOException e) {
                        LOG.log(Level.DEBUG, "connection of a service", e);
                    }
                },
                name,
                0,
                false);
        thread.setDaemon(true);
        thread.start();
    }

    private static void served(Services.Tcp service, TcpEnd end, Socket connection) {
        try {
            service.serve(connection);
        } catch (Exception e) {
            LOG.log(Level.DEBUG, () -> "service at " + end.ip() + " port " + end.port(), e);
            end.abort();
        }
    }
}
