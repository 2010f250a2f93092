package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.netlink.Answer;
import dev.openshell.netns.testkit.netlink.Message;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Answers rtnetlink requests as Linux does on a socket with NETLINK_EXT_ACK and NETLINK_GET_STRICT_CHK. What Linux
 * would honour and this does not know is an {@link UnsupportedOperationException}.
 */
public final class RtnetlinkResponder {
    static final int RTM_NEWLINK = 16;
    static final int RTM_DELLINK = 17;
    static final int RTM_GETLINK = 18;
    static final int RTM_SETLINK = 19;
    static final int RTM_NEWADDR = 20;
    static final int RTM_DELADDR = 21;
    static final int RTM_GETADDR = 22;
    static final int RTM_NEWROUTE = 24;
    static final int RTM_DELROUTE = 25;
    static final int RTM_GETROUTE = 26;
    static final int RTM_NEWNEIGH = 28;
    static final int RTM_DELNEIGH = 29;
    static final int RTM_GETNEIGH = 30;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    private static final int FIRST_TYPE = 16;
    /** Beyond the last type of any kernel so far. */
    private static final int LAST_TYPE = 127;

    private static final int KIND_DELETE = 1;
    private static final int KIND_GET = 2;
    /** Families that may have handlers of their own: bridge, MPLS, CAN, Phonet, MCTP, the two multicast routers. */
    private static final Set<Integer> OTHER_FAMILIES = Set.of(7, 28, 29, 35, 45, 128, 129);

    private RtnetlinkResponder() {}

    /** Returns what Linux answers to the datagram {@code request} in {@code namespace}, datagrams behind each other. */
    public static byte[] answer(
            Machine machine, Netns namespace, IntFunction<Optional<Netns>> descriptors, byte[] request) {
        Answer answer = new Answer();
        Context context = new Context(machine, namespace, descriptors, answer);
        Message.split(request).forEach(message -> answer(context, message));
        return answer.toBytes();
    }

    private static void answer(Context context, Message message) {
        boolean dumped = false;
        try {
            if (message.flag(Message.NLM_F_REQUEST) && message.type() >= FIRST_TYPE) {
                dumped = perform(context, message);
            }
        } catch (NetException e) {
            context.answer().refuse(message, e);
            return;
        }
        if (message.flag(Message.NLM_F_ACK) && !dumped) {
            context.answer().acknowledge(message);
        }
    }

    /** Does what the message asks for and returns whether it was a dump, which has an end of its own. */
    private static boolean perform(Context context, Message message) {
        if (message.type() > LAST_TYPE) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        if (message.payload().length == 0) {
            return false;
        }
        int family = message.family();
        if (OTHER_FAMILIES.contains(family)) {
            throw new UnsupportedOperationException("rtnetlink family " + family);
        }
        int kind = message.type() & 3;
        if (kind == KIND_GET && message.flag(Message.NLM_F_DUMP)) {
            Dumps.dump(context, message);
            return true;
        }
        if (kind != KIND_GET && message.flag(Message.NLM_F_ECHO)) {
            throw new UnsupportedOperationException("NLM_F_ECHO");
        }
        boolean internet = family == AF_INET || family == AF_INET6;
        int type = message.type();
        if (!internet && (type >= RTM_NEWADDR && type <= RTM_GETADDR || type >= RTM_NEWROUTE && type <= RTM_GETROUTE)) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        if (kind == KIND_DELETE && message.flag(Message.NLM_F_BULK) && type <= RTM_DELNEIGH) {
            throw new NetException(NetException.EOPNOTSUPP, "Bulk delete is not supported");
        }
        switch (type) {
            case RTM_NEWLINK -> new NewLink(context, message).perform();
            case RTM_DELLINK -> LinkRequests.delete(context, message);
            case RTM_GETLINK -> LinkRequests.get(context, message);
            case RTM_NEWADDR -> AddressRequests.add(context, message);
            case RTM_DELADDR -> AddressRequests.delete(context, message);
            case RTM_NEWROUTE -> RouteRequests.add(context, message);
            case RTM_DELROUTE -> RouteRequests.delete(context, message);
            case RTM_GETROUTE -> RouteRequests.get(context, message);
            case RTM_NEWNEIGH -> NeighbourRequests.add(context, message);
            case RTM_DELNEIGH -> NeighbourRequests.delete(context, message);
            default -> throw new UnsupportedOperationException("rtnetlink message type " + type);
        }
        return false;
    }
}
