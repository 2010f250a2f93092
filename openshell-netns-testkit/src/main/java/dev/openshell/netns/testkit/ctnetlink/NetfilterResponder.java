package dev.openshell.netns.testkit.ctnetlink;

import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Answer;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.nftables.Nftables;
import java.time.InstantSource;
import java.util.List;

/**
 * Answers nfnetlink requests as Linux does on a socket with NETLINK_EXT_ACK (net/netfilter/nfnetlink.c,
 * nf_conntrack_netlink.c). It knows the dump of all flows, or of one family's; what else Linux would honour is an
 * {@link UnsupportedOperationException}.
 */
public final class NetfilterResponder {
    static final int NFGENMSG = 4;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    private static final int NLMSG_MIN_TYPE = 16;
    private static final int NFNL_MSG_BATCH_BEGIN = 16;
    private static final int NFNL_SUBSYS_CTNETLINK = 1;
    private static final int NFNL_SUBSYS_COUNT = 13;
    private static final int IPCTNL_MSG_CT_NEW = 0;
    private static final int IPCTNL_MSG_CT_GET = 1;
    private static final int IPCTNL_MSG_MAX = 8;
    private static final int NLM_F_DUMP_FILTERED = 0x20;

    private NetfilterResponder() {}

    /** Returns what Linux answers to the datagram {@code request} in the namespace of {@code conntrack}. */
    public static byte[] answer(Conntrack conntrack, byte[] request) {
        return answer(conntrack, new Nftables(InstantSource.system()), 0, request);
    }

    /** The same where there is nf_tables as well, for the socket of that number. */
    public static byte[] answer(Conntrack conntrack, Nftables nftables, long socket, byte[] request) {
        Answer answer = new Answer();
        List<Message> messages = Message.split(request);
        if (Nftables.isBatch(messages)) {
            nftables.batch(answer, messages, socket);
        } else {
            messages.forEach(message -> answer(conntrack, nftables, answer, message));
        }
        return answer.toBytes();
    }

    private static void answer(Conntrack conntrack, Nftables nftables, Answer answer, Message message) {
        boolean dumped = false;
        try {
            if (message.type() == NFNL_MSG_BATCH_BEGIN) {
                throw new UnsupportedOperationException("a batch of nfnetlink messages");
            }
            boolean heard = message.flag(Message.NLM_F_REQUEST) && message.type() >= NLMSG_MIN_TYPE;
            if (heard && message.payload().length >= NFGENMSG) {
                dumped = message.type() >>> 8 == Nftables.SUBSYSTEM
                        ? nftables.answer(answer, message)
                        : perform(conntrack, answer, message);
            }
        } catch (NetException e) {
            answer.refuse(message, e);
            return;
        }
        if (message.flag(Message.NLM_F_ACK) && !dumped) {
            answer.acknowledge(message);
        }
    }

    /** Does what the message asks for and returns whether it was a dump, which has an end of its own. */
    private static boolean perform(Conntrack conntrack, Answer answer, Message message) {
        int subsystem = message.type() >>> 8;
        int type = message.type() & 0xff;
        if (subsystem == 0
                || subsystem >= NFNL_SUBSYS_COUNT
                || subsystem == NFNL_SUBSYS_CTNETLINK && type >= IPCTNL_MSG_MAX) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (subsystem != NFNL_SUBSYS_CTNETLINK || type != IPCTNL_MSG_CT_GET) {
            throw new UnsupportedOperationException("nfnetlink subsystem " + subsystem + ", message type " + type);
        }
        if (message.attributes(NFGENMSG).length > 0) {
            throw new UnsupportedOperationException("attributes of IPCTNL_MSG_CT_GET");
        }
        if (!message.flag(Message.NLM_F_DUMP)) {
            // One flow alone is asked for by a tuple.
            throw new NetException(NetException.EINVAL, "");
        }
        int family = message.family();
        List<byte[]> flows = conntrack.flows().stream()
                .filter(ct -> family == 0 || family == FlowMessage.family(ct))
                .map(FlowMessage::of)
                .toList();
        int flags = family == 0 ? 0 : NLM_F_DUMP_FILTERED;
        answer.dump(message, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, flags, flows, null);
        return true;
    }
}
