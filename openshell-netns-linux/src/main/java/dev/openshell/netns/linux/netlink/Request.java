package dev.openshell.netns.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Requests that go to the kernel in one datagram. The kernel works through them in order, answers each one under its
 * sequence number (1, 2, …), and goes on after one that failed: a failed batch is partly applied.
 */
public final class Request {
    static final int NLM_F_REQUEST = 1;
    public static final int NLM_F_ACK = 4;
    public static final int NLM_F_EXCL = 0x200;
    public static final int NLM_F_CREATE = 0x400;
    public static final int NLM_F_DUMP = 0x300;
    static final int HEADER = 16;

    /** One message: what it is for error texts ({@code RTM_NEWLINK osh-1a2b}), and its parts. */
    record Message(String name, String object, int type, int flags, byte[] payload) {}

    private final List<Message> messages = new ArrayList<>();

    /** Appends a message; {@code name} and {@code object} are for error texts. */
    public Request add(String name, String object, int type, int flags, Attributes payload) {
        messages.add(new Message(name, object, type, flags | NLM_F_REQUEST, payload.toBytes()));
        return this;
    }

    /** Appends all messages of {@code other} and returns this. */
    public Request and(Request other) {
        messages.addAll(other.messages);
        return this;
    }

    /** Has the last message acknowledged and returns this. */
    public Request acknowledged() {
        Message last = messages.remove(messages.size() - 1);
        messages.add(new Message(last.name, last.object, last.type, last.flags | NLM_F_ACK, last.payload));
        return this;
    }

    public boolean isEmpty() {
        return messages.isEmpty();
    }

    List<Message> messages() {
        return List.copyOf(messages);
    }

    /** Returns the datagram: each {@code struct nlmsghdr} (length, type, flags, sequence, port 0) with its payload. */
    public byte[] toBytes() {
        int length =
                messages.stream().mapToInt(each -> HEADER + each.payload.length).sum();
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            out.putInt(HEADER + message.payload.length)
                    .putShort((short) message.type)
                    .putShort((short) message.flags)
                    .putInt(i + 1)
                    .putInt(0)
                    .put(message.payload);
        }
        return out.array();
    }

    /** Returns the messages by name and object. */
    @Override
    public String toString() {
        return messages.stream()
                .map(message -> message.name + " " + message.object)
                .collect(Collectors.joining(", "));
    }
}
