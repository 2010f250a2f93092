package dev.openshell.netns.linux.resolve;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Nameservers on 127.0.0.1, 127.0.0.2, … with one port, over UDP and TCP, that say what a test makes them say. */
final class ScriptedDns implements AutoCloseable {
    /** Returns the messages to send back, none for silence; null closes a TCP connection. */
    @FunctionalInterface
    interface Script {
        List<byte[]> answer(Query query) throws Exception;
    }

    /** A query as it came in, and where from. */
    record Query(Message message, boolean tcp, InetSocketAddress from, ScriptedDns dns) {
        Name name() {
            return message.getQuestion().getName();
        }

        int type() {
            return message.getQuestion().getType();
        }

        boolean edns() {
            return message.getOPT() != null;
        }

        /** Returns an answer with the given records. */
        Message noError(Record... records) {
            return reply(Rcode.NOERROR, records);
        }

        Message reply(int rcode, Record... records) {
            Message reply = new Message(message.getHeader().getID());
            reply.getHeader().setFlag(Flags.QR);
            reply.getHeader().setFlag(Flags.RD);
            reply.getHeader().setFlag(Flags.RA);
            reply.getHeader().setRcode(rcode);
            reply.addRecord(message.getQuestion(), Section.QUESTION);
            for (Record record : records) {
                reply.addRecord(record, record.getType() == Type.SOA ? Section.AUTHORITY : Section.ANSWER);
            }
            return reply;
        }

        /** Returns 198.51.100.LAST for A and 2001:db8::LAST for AAAA, of the question's name. */
        List<byte[]> address(int last) {
            return List.of(noError(type() == Type.A ? a(name(), last) : aaaa(name(), last))
                    .toWire());
        }

        List<byte[]> error(int rcode) {
            return List.of(reply(rcode).toWire());
        }

        @Override
        public String toString() {
            return (tcp ? "tcp " : "udp ") + Type.string(type()) + " " + name();
        }
    }

    private final List<DatagramSocket> udp = new ArrayList<>();
    private final List<ServerSocket> tcp = new ArrayList<>();
    private final List<BlockingQueue<Query>> seen = new ArrayList<>();
    private final BlockingQueue<Exception> failures = new LinkedBlockingQueue<>();

    private ScriptedDns() {}

    static ScriptedDns start(Script... scripts) throws IOException {
        for (int tries = 0; ; tries++) {
            ScriptedDns dns = new ScriptedDns();
            try {
                dns.bind(scripts);
                return dns;
            } catch (BindException e) {
                dns.close();
                if (tries == 20) {
                    throw e;
                }
            }
        }
    }

    private void bind(Script... scripts) throws IOException {
        for (int i = 0; i < scripts.length; i++) {
            InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) (i + 1)});
            udp.add(new DatagramSocket(i == 0 ? 0 : port(), address));
            tcp.add(new ServerSocket(port(), 10, address));
            seen.add(new LinkedBlockingQueue<>());
        }
        for (int i = 0; i < scripts.length; i++) {
            int server = i;
            thread(() -> serveUdp(server, scripts[server]));
            thread(() -> serveTcp(server, scripts[server]));
        }
    }

    int port() {
        return udp.get(0).getLocalPort();
    }

    /** Returns the queries that server {@code index} has had so far. */
    List<String> seen(int index) {
        return seen.get(index).stream().map(Query::toString).toList();
    }

    BlockingQueue<Query> queries(int index) {
        return seen.get(index);
    }

    /** Sends {@code message} to {@code to} from a port that is not the server's. */
    static void sendFromElsewhere(byte[] message, InetSocketAddress to) throws IOException {
        try (DatagramSocket other = new DatagramSocket(0, to.getAddress())) {
            other.send(new DatagramPacket(message, message.length, to));
        }
    }

    private void serveUdp(int server, Script script) throws Exception {
        byte[] buffer = new byte[65535];
        while (true) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            udp.get(server).receive(packet);
            Message message = new Message(ByteBuffer.wrap(buffer, 0, packet.getLength()));
            Query query = new Query(message, false, (InetSocketAddress) packet.getSocketAddress(), this);
            seen.get(server).add(query);
            for (byte[] reply : script.answer(query)) {
                udp.get(server).send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
            }
        }
    }

    private void serveTcp(int server, Script script) throws Exception {
        while (true) {
            try (Socket socket = tcp.get(server).accept()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                byte[] bytes = in.readNBytes(in.readUnsignedShort());
                Query query =
                        new Query(new Message(bytes), true, (InetSocketAddress) socket.getRemoteSocketAddress(), this);
                seen.get(server).add(query);
                OutputStream out = socket.getOutputStream();
                for (byte[] reply : script.answer(query)) {
                    // In pieces: a reader must not take a read for a message.
                    out.write(reply.length >>> 8);
                    out.flush();
                    out.write(reply.length);
                    out.write(reply, 0, reply.length / 2);
                    out.flush();
                    out.write(reply, reply.length / 2, reply.length - reply.length / 2);
                }
            }
        }
    }

    private interface Loop {
        void run() throws Exception;
    }

    private void thread(Loop loop) {
        Thread thread = new Thread(() -> {
            try {
                loop.run();
            } catch (Exception e) {
                if (!udp.get(0).isClosed()) {
                    failures.add(e);
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        udp.forEach(DatagramSocket::close);
        for (ServerSocket socket : tcp) {
            socket.close();
        }
        Exception failure = failures.poll();
        if (failure != null) {
            throw new AssertionError("a nameserver's script failed", failure);
        }
    }

    static Name name(String text) {
        return Name.fromConstantString(text);
    }

    static Record a(Name name, int last) {
        return new ARecord(name, DClass.IN, 60, new byte[] {(byte) 198, 51, 100, (byte) last});
    }

    static Record aaaa(Name name, int last) {
        byte[] address = new byte[16];
        address[0] = 0x20;
        address[1] = 0x01;
        address[2] = 0x0d;
        address[3] = (byte) 0xb8;
        address[15] = (byte) last;
        return new AAAARecord(name, DClass.IN, 60, address);
    }

    static Record cname(Name name, Name target) {
        return new CNAMERecord(name, DClass.IN, 60, target);
    }

    static Record soa(Name zone) {
        return new SOARecord(zone, DClass.IN, 60, zone, zone, 1, 2, 3, 4, 5);
    }
}
