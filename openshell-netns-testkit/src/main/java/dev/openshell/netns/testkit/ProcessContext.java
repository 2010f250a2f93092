package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the body of a process sees. */
final class ProcessContext implements ProgramContext {
    private static final int ECHO_REQUEST = 8;
    private static final int ECHO_REQUEST6 = 128;

    private final Userland userland;
    private final FakeProcess process;
    private final PrintStream stdout;
    private final PrintStream stderr;

    ProcessContext(Userland userland, FakeProcess process, PrintStream stdout, PrintStream stderr) {
        this.userland = userland;
        this.process = process;
        this.stdout = stdout;
        this.stderr = stderr;
    }

    @Override
    public List<String> command() {
        return process.image().command();
    }

    @Override
    public Map<String, String> environment() {
        return process.image().environment();
    }

    @Override
    public Path directory() {
        return process.image().directory();
    }

    @Override
    public String resolvConf() {
        return process.image().resolvConf();
    }

    @Override
    public InputStream stdin() {
        return process.in();
    }

    @Override
    public PrintStream stdout() {
        return stdout;
    }

    @Override
    public PrintStream stderr() {
        return stderr;
    }

    @Override
    public Trace send(Packet packet) throws SocketException {
        synchronized (userland.machine) {
            process.requireAlive();
            Header header = packet.header();
            if (!process.netns().isLocal(header.source()) || !ordinary(header) || packet.mark() != 0) {
                throw new SocketException("Operation not permitted: " + packet
                        + " takes a raw socket or a mark, which a process inside may not have");
            }
            Skb skb = new Skb(header);
            skb.user = packet.meta().user;
            skb.group = packet.meta().group;
            return Trace.of(userland.machine.send(process.netns(), skb));
        }
    }

    /** Whether a socket that is not raw ever sends such a packet. */
    private static boolean ordinary(Header header) {
        if (header.protocol() == Header.TCP) {
            boolean syn = header.tcpFlags() == Header.SYN;
            boolean later = (header.tcpFlags() & (Header.ACK | Header.RST)) != 0;
            return syn || later && (header.tcpFlags() & (Header.SYN | Header.FIN)) != (Header.SYN | Header.FIN);
        }
        return header.protocol() == Header.UDP
                || header.isIcmp() && (header.icmpType() == ECHO_REQUEST || header.icmpType() == ECHO_REQUEST6);
    }

    @Override
    public Socket socket() throws IOException {
        return FakeSockets.open(userland, process.netns(), process, SocketType.SOCKET);
    }

    @Override
    public DatagramSocket datagramSocket() throws IOException {
        return FakeSockets.open(userland, process.netns(), process, SocketType.DATAGRAM_SOCKET);
    }
}
