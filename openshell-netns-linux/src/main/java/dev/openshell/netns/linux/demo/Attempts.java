package dev.openshell.netns.linux.demo;

import com.google.common.net.InetAddresses;
import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.demo.Probe.Attempt;
import dev.openshell.netns.linux.demo.Probe.Result;
import dev.openshell.netns.linux.sys.Libc;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** What can be tried, each bounded to about a second. */
final class Attempts {
    /** The text of an attempt that sends a packet and expects no answer. */
    static final String SENT = "sent";

    private static final int PATIENCE_MILLIS = 1000;
    private static final int SOCK_DGRAM = 2;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    /** Type 8, code 0, checksum, identifier 1, sequence 1 (RFC 792). */
    private static final byte[] ECHO_REQUEST = {8, 0, (byte) 0xf7, (byte) 0xfd, 0, 1, 0, 1};

    private Attempts() {}

    /** Something that answers with bytes. */
    private interface Exchange {
        byte[] run() throws Exception;
    }

    /** Connects, and reads the greeting of whoever is there. */
    static Attempt tcp(String address, int port) {
        byte[] expected = Services.greeting(address, port);
        return place -> timed(expected, () -> {
            try (SocketChannel channel = connect(place, address, port)) {
                return channel.socket().getInputStream().readNBytes(expected.length);
            }
        });
    }

    /** Sends a datagram, and reads the greeting of whoever is there. */
    static Attempt udp(String address, int port) {
        return place -> timed(Services.greeting(address, port), () -> datagram(place, address, port, new byte[] {'?'}));
    }

    /** Asks the nameserver at {@code server} for the address of {@code name}, which is {@code expected}. */
    static Attempt dnsOverUdp(String server, Name name, String expected) {
        return place -> timed(raw(expected), () -> address(datagram(place, server, Probes.DNS_PORT, query(name))));
    }

    /** The same over TCP (RFC 1035 section 4.2.2). */
    static Attempt dnsOverTcp(String server, Name name, String expected) {
        return place -> timed(raw(expected), () -> {
            try (SocketChannel channel = connect(place, server, Probes.DNS_PORT)) {
                byte[] query = query(name);
                ByteBuffer out = ByteBuffer.allocate(2 + query.length);
                channel.write(out.putShort((short) query.length).put(query).flip());
                DataInputStream in = new DataInputStream(channel.socket().getInputStream());
                return address(in.readNBytes(in.readUnsignedShort()));
            }
        });
    }

    /** Looks {@code name} up and connects to it, as a program does that knows of no proxy. */
    static Attempt byName(String server, Name name, String expected, int port) {
        Attempt lookup = dnsOverUdp(server, name, expected);
        Attempt connect = tcp(expected, port);
        return place -> {
            Result found = lookup.in(place);
            // What getaddrinfo(3) returns when no nameserver gave an answer.
            return found.answered() ? connect.in(place) : new Result(false, "EAI_AGAIN", found.millis());
        };
    }

    /** Sends an ICMP echo request from a raw socket (raw(7)); whether it got out is for others to see. */
    static Attempt ping(String address) {
        return packet(Libc.SOCK_RAW, Packet.ICMP, address, 0, ECHO_REQUEST);
    }

    /** Sends a packet of {@code protocol} from a raw socket. */
    static Attempt rawProtocol(int protocol, String address) {
        return packet(Libc.SOCK_RAW, protocol, address, 0, new byte[8]);
    }

    /** Sends a UDP datagram and waits for nothing, also where the JDK thinks that there is no IPv6. */
    static Attempt sendUdp(String address, int port) {
        return packet(SOCK_DGRAM, Packet.UDP, address, port, new byte[] {'?'});
    }

    private static Attempt packet(int type, int protocol, String address, int port, byte[] payload) {
        byte[] destination = raw(address);
        int domain = destination.length == 4 ? AF_INET : AF_INET6;
        return place -> timed(Optional.empty(), () -> {
            int socket = place.call(() -> Libc.socket(domain, type | Libc.SOCK_CLOEXEC, protocol));
            try {
                byte[] to = socketAddress(domain, destination, port);
                Libc.sendto(socket, payload, new NativeLong(payload.length), 0, to, to.length);
            } finally {
                Libc.close(socket);
            }
            return new byte[0];
        });
    }

    /** A struct sockaddr_in or sockaddr_in6. */
    private static byte[] socketAddress(int domain, byte[] address, int port) {
        ByteBuffer family =
                ByteBuffer.allocate(2).order(ByteOrder.nativeOrder()).putShort((short) domain);
        ByteBuffer out = ByteBuffer.allocate(domain == AF_INET ? 16 : 28)
                .put(family.flip())
                .putShort((short) port);
        if (domain == AF_INET6) {
            out.putInt(0);
        }
        return out.put(address).array();
    }

    private static SocketChannel connect(Place place, String address, int port) throws Exception {
        SocketChannel channel = place.call(() -> SocketChannel.open(StandardProtocolFamily.INET));
        try {
            Socket socket = channel.socket();
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(Services.socketAddress(address, port), PATIENCE_MILLIS);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static byte[] datagram(Place place, String address, int port, byte[] payload) throws Exception {
        try (DatagramChannel channel = place.call(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            channel.connect(Services.socketAddress(address, port));
            channel.write(ByteBuffer.wrap(payload));
            DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
            channel.socket().setSoTimeout(PATIENCE_MILLIS);
            channel.socket().receive(packet);
            return Arrays.copyOf(packet.getData(), packet.getLength());
        }
    }

    private static byte[] query(Name name) {
        return Message.newQuery(Record.newRecord(name, Type.A, DClass.IN)).toWire();
    }

    private static byte[] address(byte[] reply) throws IOException {
        for (Record record : new Message(reply).getSection(Section.ANSWER)) {
            if (record instanceof ARecord a) {
                return a.getAddress().getAddress();
            }
        }
        throw new IOException("no such name");
    }

    private static byte[] raw(String address) {
        return InetAddresses.forString(address).getAddress();
    }

    private static Result timed(byte[] expected, Exchange exchange) throws Exception {
        return timed(Optional.of(expected), exchange);
    }

    private static Result timed(Optional<byte[]> expected, Exchange exchange) throws Exception {
        long start = System.nanoTime();
        boolean answered = false;
        String text;
        try {
            byte[] answer = exchange.run();
            answered = expected.isPresent() && Arrays.equals(answer, expected.get());
            text = expected.isEmpty() ? SENT : answered ? "reached" : "wrong answer";
        } catch (LastErrorException e) {
            text = said(e.getErrorCode());
        } catch (SocketTimeoutException e) {
            text = "no answer";
        } catch (NoRouteToHostException e) {
            text = "unreachable";
        } catch (ConnectException | PortUnreachableException e) {
            text = "refused";
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            // UDP that a rule rejects where it is sent: send(2) fails with EPERM.
            text = "Operation not permitted".equals(e.getMessage()) ? "refused" : String.valueOf(e.getMessage());
        }
        return new Result(answered, text, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    private static String said(int errno) {
        return switch (errno) {
            case Errno.EPERM -> "refused";
            case Errno.ENETUNREACH, Errno.EHOSTUNREACH, Errno.EADDRNOTAVAIL -> "unreachable";
            default -> Errno.name(errno);
        };
    }
}
