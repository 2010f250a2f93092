package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The rules of nf_tables in a namespace as they change: its netlink group (NFNLGRP_NFTABLES, nfnetlink.h). Made by a
 * thread inside, and of use from anywhere. Any message counts, also that some were lost (ENOBUFS).
 */
final class RuleChanges implements Kernel.RuleWatch {
    private static final int NFNLGRP_NFTABLES = 7;
    private static final int SOCKADDR_NL = 12;
    /** A struct pollfd, and where its revents are. */
    private static final int POLLFD = 8;

    private static final int ANSWER = 6;

    private final int socket;
    private final int[] wakeup = new int[2];
    private final byte[] buffer = new byte[1 << 16];

    private RuleChanges(int socket) {
        this.socket = socket;
        Libc.pipe2(wakeup, Libc.O_CLOEXEC);
    }

    static RuleChanges here() {
        int socket = Libc.socket(
                Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, Libc.NETLINK_NETFILTER);
        boolean done = false;
        try {
            byte[] address = ByteBuffer.allocate(SOCKADDR_NL)
                    .order(ByteOrder.nativeOrder())
                    .putShort((short) Libc.AF_NETLINK)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(1 << NFNLGRP_NFTABLES - 1)
                    .array();
            Libc.bind(socket, address, address.length);
            RuleChanges changes = new RuleChanges(socket);
            done = true;
            return changes;
        } finally {
            if (!done) {
                Libc.close(socket);
            }
        }
    }

    @Override
    public boolean await(Duration limit) {
        int millis = (int) Math.min(Integer.MAX_VALUE, TimeUnit.MILLISECONDS.convert(limit));
        try (Memory polls = new Memory(2 * POLLFD)) {
            ask(polls, 0, socket);
            ask(polls, POLLFD, wakeup[0]);
            Libc.poll(polls, new NativeLong(2), millis);
            boolean changed = polls.getShort(ANSWER) != 0;
            if (changed) {
                drain();
            }
            return changed;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EINTR) {
                return false;
            }
            throw e;
        }
    }

    private static void ask(Memory polls, int at, int descriptor) {
        polls.setInt(at, descriptor);
        polls.setShort(at + 4, Libc.POLLIN);
        polls.setShort(at + ANSWER, (short) 0);
    }

    @Override
    public void wake() {
        Libc.write(wakeup[1], new byte[1], new NativeLong(1));
    }

    private void drain() {
        byte[] sender = new byte[SOCKADDR_NL];
        boolean more = true;
        while (more) {
            try {
                Libc.recvfrom(
                        socket, buffer, new NativeLong(buffer.length), 0, sender, new IntByReference(sender.length));
            } catch (LastErrorException e) {
                more = e.getErrorCode() == Errno.ENOBUFS || e.getErrorCode() == Errno.EINTR;
            }
        }
    }

    @Override
    public void close() {
        Libc.close(socket);
        Libc.close(wakeup[0]);
        Libc.close(wakeup[1]);
    }
}
