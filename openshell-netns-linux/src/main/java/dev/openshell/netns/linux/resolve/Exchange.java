package dev.openshell.netns.linux.resolve;

import java.io.IOException;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.xbill.DNS.Message;

/**
 * Asks one nameserver: over UDP, all questions at once from a new socket, and over TCP where the answer was truncated.
 * The kernel picks the port (RFC 5452 section 9.2) and, since the socket is connected, lets in only what comes from the
 * server; what is not an answer to one of the questions is ignored, and waiting goes on.
 */
final class Exchange {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int MAX_MESSAGE = 65535;

    private final ChannelOpener opener;
    private final int port;
    private final Patience patience;

    Exchange(ChannelOpener opener, int port, Patience patience) {
        this.opener = opener;
        this.port = port;
        this.patience = patience;
    }

    /** Returns a reply, of whichever kind but TRUNCATED, to each of the questions. */
    Map<Question, Reply> ask(Nameserver server, List<Question> questions, boolean edns) {
        Map<Question, Reply> replies = overUdp(server, questions, edns);
        if (edns) {
            List<Question> plain = of(Reply.Kind.FORMAT_ERROR, replies);
            if (!plain.isEmpty()) {
                replies.putAll(ask(server, plain, false));
            }
        }
        for (Question question : of(Reply.Kind.TRUNCATED, replies)) {
            replies.put(question, overTcp(server, question, edns));
        }
        return replies;
    }

    private static List<Question> of(Reply.Kind kind, Map<Question, Reply> replies) {
        return replies.entrySet().stream()
                .filter(reply -> reply.getValue().kind() == kind)
                .map(Map.Entry::getKey)
                .toList();
    }

    private Map<Question, Reply> overUdp(Nameserver server, List<Question> questions, boolean edns) {
        Map<Question, Integer> waiting = new LinkedHashMap<>();
        for (Question question : questions) {
            waiting.put(question, freshId(waiting));
        }
        Map<Question, Reply> replies = new LinkedHashMap<>();
        Reply otherwise;
        try (Selector selector = Selector.open();
                DatagramChannel channel = opener.openDatagram(server.family())) {
            channel.configureBlocking(false);
            channel.connect(server.at(port));
            channel.register(selector, SelectionKey.OP_READ);
            for (Map.Entry<Question, Integer> one : waiting.entrySet()) {
                channel.write(ByteBuffer.wrap(Codec.query(one.getValue(), one.getKey(), edns)));
            }
            ByteBuffer buffer = ByteBuffer.allocate(MAX_MESSAGE);
            long end = patience.end();
            while (!waiting.isEmpty() && patience.await(selector, end)) {
                buffer.clear();
                if (channel.read(buffer) > 0) {
                    match(bytes(buffer), waiting, replies);
                }
            }
            otherwise = silence();
        } catch (IOException | UnsupportedOperationException e) {
            otherwise = unreachable(e);
        }
        for (Question question : waiting.keySet()) {
            replies.put(question, otherwise);
        }
        return replies;
    }

    private static void match(byte[] bytes, Map<Question, Integer> waiting, Map<Question, Reply> replies) {
        Optional<Message> message = Codec.decode(bytes);
        if (message.isPresent()) {
            for (Map.Entry<Question, Integer> one : List.copyOf(waiting.entrySet())) {
                if (Codec.answers(message.get(), one.getValue(), one.getKey())) {
                    replies.put(one.getKey(), Codec.reply(message.get()));
                    waiting.remove(one.getKey());
                }
            }
        }
    }

    private Reply overTcp(Nameserver server, Question question, boolean edns) {
        int id = freshId(Map.of());
        try (Selector selector = Selector.open();
                SocketChannel channel = opener.openStream(server.family())) {
            channel.configureBlocking(false);
            long end = patience.end();
            boolean connected = channel.connect(server.at(port));
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            while (!connected) {
                if (!patience.await(selector, end)) {
                    return silence();
                }
                connected = channel.finishConnect();
            }
            byte[] query = Codec.query(id, question, edns);
            ByteBuffer out = ByteBuffer.allocate(2 + query.length).putShort((short) query.length);
            out.put(query).flip();
            key.interestOps(SelectionKey.OP_WRITE);
            while (out.hasRemaining()) {
                if (!patience.await(selector, end)) {
                    return silence();
                }
                channel.write(out);
            }
            key.interestOps(SelectionKey.OP_READ);
            return read(channel, selector, end, id, question);
        } catch (IOException | UnsupportedOperationException e) {
            return unreachable(e);
        }
    }

    /** Reads messages with two bytes of length before each (RFC 1035 section 4.2.2) until one is the answer. */
    private Reply read(SocketChannel channel, Selector selector, long end, int id, Question question)
            throws IOException {
        ByteBuffer in = ByteBuffer.allocate(2 + MAX_MESSAGE);
        while (true) {
            in.clear().limit(2);
            int length = -1;
            while (in.hasRemaining()) {
                if (!patience.await(selector, end)) {
                    return silence();
                }
                if (channel.read(in) < 0) {
                    return Reply.of(Reply.Kind.REFUSAL, "closed the TCP connection without an answer");
                }
                if (!in.hasRemaining() && length < 0) {
                    length = in.getShort(0) & 0xffff;
                    in.clear().limit(length);
                }
            }
            Optional<Message> message = Codec.decode(bytes(in));
            if (message.isPresent() && Codec.answers(message.get(), id, question)) {
                Reply reply = Codec.reply(message.get());
                return reply.kind() == Reply.Kind.TRUNCATED
                        ? Reply.of(Reply.Kind.REFUSAL, "truncated its answer over TCP as well")
                        : reply;
            }
        }
    }

    private static int freshId(Map<Question, Integer> taken) {
        int id = RANDOM.nextInt(1 << 16);
        return taken.containsValue(id) ? freshId(taken) : id;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private Reply silence() {
        return Reply.of(Reply.Kind.SILENCE, "said nothing within " + patience.seconds() + " s");
    }

    private Reply unreachable(Exception e) {
        // An interrupted thread's channel is closed under it; that is no fault of the server's.
        patience.check();
        String why = e instanceof PortUnreachableException ? "port " + port + " unreachable" : e.getMessage();
        return Reply.of(Reply.Kind.UNREACHABLE, "can't be reached: " + (why == null ? e.toString() : why));
    }
}
