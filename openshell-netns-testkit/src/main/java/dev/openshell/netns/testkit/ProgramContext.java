package dev.openshell.netns.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a {@link FakeProgram} finds around it: its command line and streams, and the network of the sandbox.
 *
 * @since 0.1
 */
public interface ProgramContext {
    /** Returns the command, the program's name first. */
    List<String> command();

    /** Returns the environment. */
    Map<String, String> environment();

    /** Returns the working directory. */
    Path directory();

    /** Returns the text that it sees as {@code /etc/resolv.conf}. */
    String resolvConf();

    /** Returns standard input. */
    InputStream stdin();

    /** Returns standard output, UTF-8. */
    PrintStream stdout();

    /** Returns standard error, UTF-8. */
    PrintStream stderr();

    /**
     * Sends {@code packet} and returns what became of it. A process inside has no CAP_NET_RAW: its own address has to
     * be the source, and the packet a UDP datagram, a TCP segment that a stack sends, or an echo request (which on
     * Linux also takes {@code net.ipv4.ping_group_range}).
     *
     * @throws SocketException "Operation not permitted" for any other packet
     */
    Trace send(Packet packet) throws SocketException;

    /** Returns a TCP socket of this process, unconnected. */
    Socket socket() throws IOException;

    /** Returns a UDP socket of this process, unbound. */
    DatagramSocket datagramSocket() throws IOException;
}
