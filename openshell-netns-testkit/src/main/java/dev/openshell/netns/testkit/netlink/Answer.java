package dev.openshell.netns.testkit.netlink;

import dev.openshell.netns.testkit.net.NetException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what goes back: data, acknowledgements and dumps, in the order in which Linux would send them. */
public final class Answer {
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_CAPPED = 0x100;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;
    /** The number that the kernel gives a socket which asks for none. */
    private static final int PORT = 4242;

    private final ByteArrayOutputStream now = new ByteArrayOutputStream();
    private final ByteArrayOutputStream later = new ByteArrayOutputStream();

    /** Tells that {@code request} was done. */
    public void acknowledge(Message request) {
        Bytes payload = new Bytes().u32(0).raw(request.header());
        int flags = NLM_F_CAPPED | text(request.extack().text, payload);
        put(now, NLMSG_ERROR, flags, request.sequence(), payload.toBytes());
    }

    /** Tells that {@code request} was refused. */
    public void refuse(Message request, NetException why) {
        Bytes payload = new Bytes().u32(-why.errno()).raw(request.header());
        payload.raw(request.payload()).padded();
        String text = why.getMessage().isEmpty() ? request.extack().text : why.getMessage();
        put(now, NLMSG_ERROR, text(text, payload), request.sequence(), payload.toBytes());
    }

    private static int text(String why, Bytes into) {
        if (why.isEmpty()) {
            return 0;
        }
        byte[] text = why.getBytes(StandardCharsets.UTF_8);
        into.attribute(NLMSGERR_ATTR_MSG, Arrays.copyOf(text, text.length + 1));
        return NLM_F_ACK_TLVS;
    }

    /** Answers {@code request} with one message. */
    public void data(Message request, int type, byte[] payload) {
        put(now, type, 0, request.sequence(), payload);
    }

    /** Begins a dump; EBUSY while another one is not read to its end. */
    public void dump(Message request, int type, List<byte[]> payloads, @Nullable NetException failure) {
        dump(request, type, 0, payloads, failure);
    }

    /** The same with {@code flags} beside NLM_F_MULTI in each message of it. */
    public void dump(Message request, int type, int flags, List<byte[]> payloads, @Nullable NetException failure) {
        if (later.size() > 0) {
            throw new NetException(NetException.EBUSY, "");
        }
        for (byte[] payload : payloads) {
            put(now, type, Message.NLM_F_MULTI | flags, request.sequence(), payload);
        }
        Bytes done = new Bytes().u32(failure == null ? 0 : -failure.errno());
        int last = Message.NLM_F_MULTI | (failure == null ? 0 : text(failure.getMessage(), done));
        // An empty or failed dump ends in the datagram that began it, others when that has been read.
        put(payloads.isEmpty() ? now : later, NLMSG_DONE, last, request.sequence(), done.toBytes());
    }

    /** Returns the datagrams, one behind the other. */
    public byte[] toBytes() {
        now.writeBytes(later.toByteArray());
        later.reset();
        return now.toByteArray();
    }

    private static void put(ByteArrayOutputStream out, int type, int flags, int sequence, byte[] payload) {
        out.writeBytes(new Bytes()
                .u32(Message.HEADER + payload.length)
                .u16(type)
                .u16(flags)
                .u32(sequence)
                .u32(PORT)
                .raw(payload)
                .padded()
                .toBytes());
    }
}
