package dev.openshell.netns.linux.netlink;

import dev.openshell.netns.Cidr;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** What the kernel answered to a {@link Request}. */
public final class Answers {
    static final int NLMSG_ERROR = 2;
    static final int NLMSG_DONE = 3;
    private static final int NLM_F_DUMP_INTR = 0x10;
    private static final int NLM_F_CAPPED = 0x100;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;
    private static final int RTN_LOCAL = 2;

    /** An interface; {@code alias} is what was written on it, empty where nothing was. */
    public record Link(String name, int index, boolean up, String alias) {}

    /** A message that failed: what it was, what it was about, errno, and the kernel's own text if it gave one. */
    public record Failure(String name, String object, int errno, Optional<String> text) {}

    private record Message(int type, int flags, int sequence, ByteBuffer payload) {}

    private final List<Message> messages = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    private boolean dumpInterrupted;
    /** The sequence numbers of the requests that have their last answer. */
    private final BitSet finished = new BitSet();

    private Answers() {}

    /**
     * Returns the answers in {@code bytes}, which may be several datagrams one behind the other.
     *
     * @throws IllegalArgumentException when a message is cut off or claims an impossible length, or one that was sent
     *     has no last answer
     */
    public static Answers parse(Request request, byte[] bytes) {
        Answers answers = read(request, bytes);
        answers.require(request, request.messages().size());
        return answers;
    }

    /**
     * Returns the answers to a batch of nf_tables whose last change asks for an acknowledgement.
     *
     * @throws IllegalArgumentException as with {@link #parse}
     */
    public static Answers parseBatch(Request request, byte[] bytes) {
        Answers answers = read(request, bytes);
        int last = request.messages().size() - 1;
        if (answers.failures.isEmpty() && !answers.finished.get(last)) {
            throw new IllegalArgumentException("no answer to a batch of " + (last - 1) + " netlink messages");
        }
        return answers;
    }

    private void require(Request request, int answered) {
        if (finished.cardinality() < answered) {
            throw new IllegalArgumentException(
                    finished.cardinality() + " of " + request.messages().size() + " netlink messages were answered");
        }
    }

    private static Answers read(Request request, byte[] bytes) {
        Answers answers = new Answers();
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        while (in.remaining() >= Request.HEADER) {
            int length = in.getInt(in.position());
            if (length < Request.HEADER || length > in.remaining()) {
                throw new IllegalArgumentException(
                        "netlink message of " + length + " bytes, " + in.remaining() + " left");
            }
            ByteBuffer message = slice(in, 0, length);
            answers.add(request, message);
            in.position(in.position() + Math.min(in.remaining(), align(length)));
        }
        if (in.hasRemaining()) {
            throw new IllegalArgumentException(in.remaining() + " stray bytes after the last netlink message");
        }
        return answers;
    }

    private void add(Request request, ByteBuffer bytes) {
        int type = bytes.getShort(4) & 0xffff;
        int flags = bytes.getShort(6) & 0xffff;
        int sequence = bytes.getInt(8);
        ByteBuffer payload = slice(bytes, Request.HEADER, bytes.limit() - Request.HEADER);
        dumpInterrupted |= (flags & NLM_F_DUMP_INTR) != 0;
        if (sequence < 1 || sequence > request.messages().size()) {
            throw new IllegalArgumentException("netlink answer to sequence " + sequence + ", which was never sent");
        }
        if (type == NLMSG_ERROR || type == NLMSG_DONE) {
            if (payload.remaining() < 4 && type == NLMSG_ERROR) {
                throw new IllegalArgumentException("netlink acknowledgement of " + bytes.limit() + " bytes");
            }
            finished.set(sequence);
            int errno = payload.remaining() >= 4 ? -payload.getInt(0) : 0;
            if (errno != 0) {
                Request.Message failed = request.messages().get(sequence - 1);
                failures.add(new Failure(failed.name(), failed.object(), errno, text(flags, payload)));
            }
            return;
        }
        messages.add(new Message(type, flags, sequence, payload));
    }

    private static Optional<String> text(int flags, ByteBuffer error) {
        if ((flags & NLM_F_ACK_TLVS) == 0 || error.remaining() < 4 + Request.HEADER) {
            return Optional.empty();
        }
        int echoed = (flags & NLM_F_CAPPED) != 0 ? Request.HEADER : error.getInt(4);
        if (echoed < Request.HEADER || echoed > error.remaining() - 4) {
            throw new IllegalArgumentException("netlink error about a message of " + echoed + " bytes");
        }
        byte[] text = AttributeMap.read(error, 4 + align(echoed)).get(NLMSGERR_ATTR_MSG);
        return Optional.ofNullable(text).map(Answers::string);
    }

    /** Returns whether a dump was taken while things changed (NLM_F_DUMP_INTR): it has to be asked for again. */
    public boolean inconsistent() {
        return dumpInterrupted;
    }

    /** Returns the requests that failed, in order. */
    public List<Failure> failures() {
        return List.copyOf(failures);
    }

    /**
     * Returns the interfaces among the answers.
     *
     * @throws IllegalArgumentException when an attribute is cut off or misshapen, here and with the others below
     */
    public List<Link> links() {
        List<Link> links = new ArrayList<>();
        for (Message message : messages) {
            if (message.type == Rtnetlink.RTM_NEWLINK && message.payload.remaining() >= 16) {
                Map<Integer, byte[]> attributes = AttributeMap.read(message.payload, 16);
                byte[] name = attributes.get(Rtnetlink.IFLA_IFNAME);
                if (name != null) {
                    String alias = string(attributes.getOrDefault(Rtnetlink.IFLA_IFALIAS, new byte[0]));
                    boolean up = (message.payload.getInt(8) & Rtnetlink.IFF_UP) != 0;
                    links.add(new Link(string(name), message.payload.getInt(4), up, alias));
                }
            }
        }
        return links;
    }

    /** Returns the addresses among the answers, each with its prefix length: {@code IFA_LOCAL} before the peer's. */
    public List<InterfaceAddress> addresses() {
        List<InterfaceAddress> addresses = new ArrayList<>();
        for (Message message : messages) {
            if (message.type == Rtnetlink.RTM_NEWADDR && message.payload.remaining() >= 8) {
                Map<Integer, byte[]> attributes = AttributeMap.read(message.payload, 8);
                byte[] raw = attributes.getOrDefault(Rtnetlink.IFA_LOCAL, attributes.get(Rtnetlink.IFA_ADDRESS));
                if (raw != null) {
                    addresses.add(new InterfaceAddress(
                            message.payload.getInt(4), address(raw), message.payload.get(1) & 0xff));
                }
            }
        }
        return addresses;
    }

    /** An address of an interface. */
    public record InterfaceAddress(int index, InetAddress address, int prefix) {}

    /** Returns the destinations of the routes among the answers, but for default routes. */
    public List<Cidr> routes() {
        List<Cidr> routes = new ArrayList<>();
        for (Message message : messages) {
            if (message.type == Rtnetlink.RTM_NEWROUTE && message.payload.remaining() >= 12) {
                byte[] destination = AttributeMap.read(message.payload, 12).get(Rtnetlink.RTA_DST);
                if (destination != null) {
                    routes.add(Cidr.of(address(destination), message.payload.get(1) & 0xff));
                }
            }
        }
        return routes;
    }

    /** Returns whether each answer to {@link Rtnetlink#getRoute} is about an address of the host's own (RTN_LOCAL). */
    public List<Boolean> local() {
        return messages.stream()
                .filter(message -> message.type == Rtnetlink.RTM_NEWROUTE && message.payload.remaining() >= 12)
                .map(message -> message.payload.get(7) == RTN_LOCAL)
                .toList();
    }

    /** Returns the outgoing interface of each answer to {@link Rtnetlink#getRoute}, empty for one that has none. */
    public List<OptionalInt> outgoing() {
        List<OptionalInt> interfaces = new ArrayList<>();
        for (Message message : messages) {
            if (message.type == Rtnetlink.RTM_NEWROUTE && message.payload.remaining() >= 12) {
                byte[] oif = AttributeMap.read(message.payload, 12).get(Rtnetlink.RTA_OIF);
                interfaces.add(
                        oif == null || oif.length != 4
                                ? OptionalInt.empty()
                                : OptionalInt.of(ByteBuffer.wrap(oif)
                                        .order(ByteOrder.nativeOrder())
                                        .getInt()));
            }
        }
        return interfaces;
    }

    /** An answer of one of netfilter's subsystems: its attributes are behind a {@code struct nfgenmsg}. */
    public record Netfilter(int type, int family, Map<Integer, byte[]> attributes) {}

    /** Returns the answers of netfilter's subsystems. */
    public List<Netfilter> netfilter() {
        return messages.stream()
                .filter(message -> message.payload.remaining() >= Ctnetlink.NFGENMSG)
                .map(message -> new Netfilter(
                        message.type, message.payload.get(0), AttributeMap.read(message.payload, Ctnetlink.NFGENMSG)))
                .toList();
    }

    /** Returns the flows among the answers to {@link Ctnetlink#dumpFlows}. */
    public List<TrackedFlow> flows() {
        return messages.stream()
                .filter(message -> message.type == Ctnetlink.IPCTNL_MSG_CT_NEW)
                .map(message -> TrackedFlow.parse(message.payload))
                .toList();
    }

    private static ByteBuffer slice(ByteBuffer in, int offset, int length) {
        return in.slice(in.position() + offset, length).order(ByteOrder.nativeOrder());
    }

    /** An IPv4-mapped IPv6 address stays one, where {@link InetAddress#getByAddress} makes an IPv4 address of it. */
    private static InetAddress address(byte[] raw) {
        try {
            return raw.length == 4 ? InetAddress.getByAddress(raw) : Inet6Address.getByAddress(null, raw, -1);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("netlink address of " + raw.length + " bytes", e);
        }
    }

    private static String string(byte[] raw) {
        int length = 0;
        while (length < raw.length && raw[length] != 0) {
            length++;
        }
        return new String(raw, 0, length, StandardCharsets.UTF_8);
    }

    static int align(int length) {
        return length + 3 & ~3;
    }
}
