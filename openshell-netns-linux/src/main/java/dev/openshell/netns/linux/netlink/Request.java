package dev.openshell.netns.linux.netlink;

import java.io.ByteArrayOutputStream;
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
    static final int NLM_F_ACK = 4;
    static final int NLM_F_EXCL = 0x200;
    static final int NLM_F_CREATE = 0x400;
    static final int NLM_F_DUMP = 0x300;
    static final int HEADER = 16;

    /** One message: what it is for error texts ({@code RTM_NEWLINK osh-1a2b}), and its parts. */
    record Message(String name, String object, int type, int flags, byte[] payload) {}

    private final List<Message> messages = new ArrayList<>();

    Request add(String name, String object, int type, int flags, Attributes payload) {
        messages.add(new Message(name, object, type, flags | NLM_F_REQUEST, payload.toBytes()));
        return this;
    }

    /** Appends all messages of {@code other} and returns this. */
    public Request and(Request other) {
        messages.addAll(other.messages);
        return this;
    }

    List<Message> messages() {
        return List.copyOf(messages);
    }

    /** Returns the datagram: each {@code struct nlmsghdr} (length, type, flags, sequence, port 0) with its payload. */
    public byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.nativeOrder());
            header.putInt(HEADER + message.payload.length)
                    .putShort((short) message.type)
                    .putShort((short) message.flags)
                    .putInt(i + 1)
                    .putInt(0);
            out.writeBytes(header.array());
            out.writeBytes(message.payload);
        }
        return out.toByteArray();
    }

    /** Returns the messages by name and object. */
    @Override
    public String toString() {
        return messages.stream()
                .map(message -> message.name + " " + message.object)
                .collect(Collectors.joining(", "));
    }
}
