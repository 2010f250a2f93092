package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Who is at the other end of a link, by the number that the calling thread's namespace has for the namespace there
 * (rtnetlink(7); IFLA_LINK_NETNSID, RTM_GETNSID, net_namespace.h). What is written on a link may be forged; this is not,
 * and it is told of processes that may not be looked into.
 */
final class PeerNamespace {
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_GETLINK = 18;
    private static final int RTM_NEWNSID = 88;
    private static final int RTM_GETNSID = 90;
    private static final int NLM_F_REQUEST_ACK = 5;
    private static final int HEADER = 16;
    private static final int IFINFOMSG = 16;
    private static final int RTGENMSG = 4;
    private static final int ATTRIBUTE = 8;
    private static final int IFLA_LINK_NETNSID = 37;
    private static final int NETNSA_NSID = 1;
    private static final int NETNSA_PID = 2;
    private static final int NETNSA_FD = 3;
    /** Messages in one datagram. */
    private static final int BATCH = 256;

    private PeerNamespace() {}

    /** Returns whether it is the namespace of descriptor {@code namespace}. */
    static boolean is(int index, int namespace) {
        return isAny(index, NETNSA_FD, List.of(namespace));
    }

    /** Returns whether one of {@code tasks} is there. */
    static boolean hasAny(int index, List<Integer> tasks) {
        return isAny(index, NETNSA_PID, tasks);
    }

    private static boolean isAny(int index, int by, List<Integer> candidates) {
        ByteBuffer link = ByteBuffer.allocate(HEADER + IFINFOMSG).order(ByteOrder.nativeOrder());
        header(link, RTM_GETLINK, IFINFOMSG, 1).position(HEADER);
        link.putInt(HEADER + 4, index);
        List<Integer> peer = numbers(link, RTM_NEWLINK, IFINFOMSG, IFLA_LINK_NETNSID);
        for (int from = 0; !peer.isEmpty() && from < candidates.size(); from += BATCH) {
            List<Integer> some = candidates.subList(from, Math.min(candidates.size(), from + BATCH));
            if (numbers(questions(by, some), RTM_NEWNSID, RTGENMSG, NETNSA_NSID).contains(peer.get(0))) {
                return true;
            }
        }
        return false;
    }

    private static ByteBuffer questions(int by, List<Integer> candidates) {
        int size = HEADER + RTGENMSG + ATTRIBUTE;
        ByteBuffer questions = ByteBuffer.allocate(size * candidates.size()).order(ByteOrder.nativeOrder());
        for (int i = 0; i < candidates.size(); i++) {
            header(questions, RTM_GETNSID, RTGENMSG + ATTRIBUTE, i + 1);
            questions.position(questions.position() + HEADER + RTGENMSG);
            questions.putShort((short) ATTRIBUTE).putShort((short) by).putInt(candidates.get(i));
        }
        return questions;
    }

    /** Writes a header at the buffer's position, and leaves that where it is. */
    private static ByteBuffer header(ByteBuffer out, int type, int payload, int sequence) {
        int at = out.position();
        out.putInt(at, HEADER + payload).putShort(at + 4, (short) type).putShort(at + 6, (short) NLM_F_REQUEST_ACK);
        return out.putInt(at + 8, sequence);
    }

    /** Returns the numbers of at least 0 in attribute {@code wanted} of the answers of {@code type}. */
    private static List<Integer> numbers(ByteBuffer request, int type, int fixed, int wanted) {
        List<Integer> numbers = new ArrayList<>();
        ByteBuffer answers = ByteBuffer.wrap(NetlinkSocket.exchange(Libc.NETLINK_ROUTE, request.array()))
                .order(ByteOrder.nativeOrder());
        for (int at = 0; at + HEADER <= answers.limit(); ) {
            int end = Math.min(at + answers.getInt(at), answers.limit());
            if ((answers.getShort(at + 4) & 0xffff) == type) {
                for (int field = at + HEADER + fixed; field + ATTRIBUTE <= end; ) {
                    if ((answers.getShort(field + 2) & 0x3fff) == wanted && answers.getInt(field + 4) >= 0) {
                        numbers.add(answers.getInt(field + 4));
                    }
                    field += Math.max(4, (answers.getShort(field) & 0xffff) + 3 & ~3);
                }
            }
            at += Math.max(HEADER, answers.getInt(at) + 3 & ~3);
        }
        return numbers;
    }
}
