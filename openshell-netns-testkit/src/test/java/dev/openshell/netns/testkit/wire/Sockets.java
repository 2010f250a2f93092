package dev.openshell.netns.testkit.wire;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;

/** The C library's functions that the harness calls, with C's results: -1 with {@link Native#getLastError}. */
final class Sockets {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int AF_PACKET = 17;
    static final int NETLINK_XFRM = 6;
    static final int NETLINK_NETFILTER = 12;
    static final int SOL_PACKET = 263;
    static final int PACKET_STATISTICS = 6;
    static final int PACKET_QDISC_BYPASS = 20;
    static final int PACKET_IGNORE_OUTGOING = 23;
    static final int SO_RCVBUFFORCE = 33;
    static final int IPPROTO_RAW = 255;
    static final int MSG_DONTWAIT = 0x40;

    static {
        Native.register(Sockets.class, "c");
    }

    private Sockets() {}

    static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags);

    static native NativeLong send(int fd, byte[] buffer, NativeLong length, int flags);

    static native NativeLong recvfrom(
            int fd, byte[] buffer, NativeLong length, int flags, byte[] address, int[] addressLength);

    static native NativeLong sendto(
            int fd, byte[] buffer, NativeLong length, int flags, byte[] address, int addressLength);

    static native int getsockopt(int fd, int level, int name, byte[] value, int[] length);

    static native int sched_getcpu();

    static native int sched_getaffinity(int pid, NativeLong size, byte[] mask);

    static native int sched_setaffinity(int pid, NativeLong size, byte[] mask);

    static native int setfsuid(int uid);

    static native int setfsgid(int gid);
}
