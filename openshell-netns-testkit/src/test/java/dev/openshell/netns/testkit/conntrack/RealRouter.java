package dev.openshell.netns.testkit.conntrack;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import dev.openshell.netns.Family;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.testkit.conntrack.RawPackets.Captured;
import dev.openshell.netns.testkit.packet.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A router that is Linux: a namespace between two links whose other ends are packet sockets. Its rules write what
 * connection tracking makes of a packet into the packet's TOS.
 */
final class RealRouter implements AutoCloseable {
    static final int INVALID = 0x04;
    static final int ESTABLISHED = 0x08;
    static final int RELATED = 0x0c;
    static final int NEW = 0x10;
    static final int UNTRACKED = 0x14;
    static final int REPLY = 0x20;
    static final int ASSURED = 0x40;
    static final int SEEN_REPLY = 0x80;

    private static final int PACKET = 17;
    private static final int RAW_CLOEXEC = 3 | 0x80000;
    private static final int ALL_PROTOCOLS = Short.toUnsignedInt(Short.reverseBytes((short) 3));
    private static final int DONT_WAIT = 0x40;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int EAGAIN = 11;
    private static final int ETHERNET = 14;

    static {
        Native.register(RealRouter.class, "c");
    }

    private final String router = "fkb" + ProcessHandle.current().pid() + "r";
    private final String hosts = "fkb" + ProcessHandle.current().pid() + "h";
    private final int[] sockets = {-1, -1};

    static native int socket(int domain, int type, int protocol) throws LastErrorException;

    static native int bind(int fd, byte[] address, int length) throws LastErrorException;

    static native int setsockopt(int fd, int level, int name, byte[] value, int length) throws LastErrorException;

    static native NativeLong send(int fd, byte[] buffer, NativeLong length, int flags) throws LastErrorException;

    static native NativeLong recv(int fd, byte[] buffer, NativeLong length, int flags) throws LastErrorException;

    static native int close(int fd) throws LastErrorException;

    /** Makes it, with two links: hosts 10.200.1.0/24 and 2001:db8:1::/64 on the left, .2. and :2: on the right. */
    RealRouter(List<String> rules4, List<String> rules6) throws Exception {
        boolean done = false;
        try {
            shell("ip netns add " + router);
            shell("ip netns add " + hosts);
            inside("sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0");
            for (int side = 0; side < 2; side++) {
                link(side);
            }
            inside("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
                    + " net.netfilter.nf_conntrack_tcp_be_liberal=1 net.ipv4.conf.all.rp_filter=0"
                    + " net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0");
            restore("iptables-restore", rules4);
            restore("ip6tables-restore", rules6);
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private void link(int side) throws Exception {
        String net4 = "10.200." + (side + 1);
        String net6 = "2001:db8:" + (side + 1) + "::";
        String in = "ip -n " + router + " ";
        shell("ip link add r" + side + " netns " + router + " address 02:00:00:00:00:0" + side
                + " type veth peer name h" + side + " netns " + hosts + " address 02:00:00:00:00:1" + side);
        shell("ip netns exec " + hosts + " sysctl -qw net.ipv6.conf.h" + side + ".disable_ipv6=1");
        shell("ip -n " + hosts + " link set h" + side + " arp off up");
        shell(in + "addr add " + net4 + ".1/24 dev r" + side);
        shell(in + "addr add " + net6 + "1/64 dev r" + side + " nodad");
        shell(in + "link set r" + side + " up");
        for (int host = 2; host <= 5; host++) {
            shell(in + "neigh add " + net4 + "." + host + " lladdr 02:00:00:00:00:1" + side + " dev r" + side);
            shell(in + "neigh add " + net6 + host + " lladdr 02:00:00:00:00:1" + side + " dev r" + side);
        }
        JnaKernel kernel = new JnaKernel();
        int namespace = kernel.openNamespace(Optional.of(Path.of("/run/netns", hosts)));
        int index = Integer.parseInt(
                shell("ip -n " + hosts + " -o link show h" + side).split(":")[0].strip());
        int socket = kernel.call(namespace, () -> socket(PACKET, RAW_CLOEXEC, ALL_PROTOCOLS));
        kernel.close(namespace);
        sockets[side] = socket;
        byte[] size = ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(1 << 26)
                .array();
        setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
        byte[] address = ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putShort((short) PACKET)
                .putShort((short) ALL_PROTOCOLS)
                .putInt(index)
                .array();
        bind(socket, address, address.length);
    }

    private void restore(String tool, List<String> rules) throws Exception {
        List<String> lines = new ArrayList<>(List.of("*mangle", "-A POSTROUTING -j TOS --set-tos 0"));
        lines.add(mark("--ctstate INVALID", INVALID));
        lines.add(mark("--ctstate ESTABLISHED", ESTABLISHED));
        lines.add(mark("--ctstate RELATED", RELATED));
        lines.add(mark("--ctstate NEW", NEW));
        lines.add(mark("--ctstate UNTRACKED", UNTRACKED));
        lines.add(mark("--ctdir REPLY", REPLY));
        lines.add(mark("--ctstatus ASSURED", ASSURED));
        lines.add(mark("--ctstatus SEEN_REPLY", SEEN_REPLY));
        lines.add("COMMIT");
        lines.addAll(rules);
        Process process = new ProcessBuilder("ip", "netns", "exec", router, tool)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().write((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        finish(process, tool);
    }

    private static String mark(String match, int bits) {
        return "-A POSTROUTING -m conntrack " + match + " -j TOS --or-tos " + bits;
    }

    /** Forgets all flows. */
    void flush() throws Exception {
        inside("conntrack -F");
        while (receive(0, 1) != null || receive(1, 1) != null) {
            // What an earlier test left.
        }
    }

    /** Returns {@code command}'s output, run in the router's namespace. */
    String inside(String command) throws Exception {
        return shell("ip netns exec " + router + " " + command);
    }

    /** Sends a packet from one side: 0 is the left, 1 the right. */
    void send(int side, Header header, int number) {
        send(side, header.family(), RawPackets.encode(header, number));
    }

    /** Sends the bytes of a packet. */
    void send(int side, Family family, byte[] packet) {
        ByteBuffer frame = ByteBuffer.allocate(ETHERNET + packet.length);
        frame.put(new byte[] {2, 0, 0, 0, 0, (byte) side, 2, 0, 0, 0, 0, (byte) (0x10 + side)});
        frame.putShort((short) (family == Family.IPV4 ? 0x0800 : 0x86dd)).put(packet);
        send(sockets[side], frame.array(), new NativeLong(frame.capacity()), 0);
    }

    /** Returns the next packet that the router sent to one side, null where none comes within the time. */
    @Nullable
    Captured receive(int side, long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        byte[] buffer = new byte[2048];
        while (true) {
            try {
                int length = recv(sockets[side], buffer, new NativeLong(buffer.length), DONT_WAIT)
                        .intValue();
                boolean fromRouter = buffer[11] == side;
                int type = (buffer[12] & 0xff) << 8 | buffer[13] & 0xff;
                byte[] frame = Arrays.copyOf(buffer, length);
                if (fromRouter && (type == 0x0800 || type == 0x86dd) && !isNeighbourDiscovery(frame, type)) {
                    return RawPackets.decode(frame, ETHERNET);
                }
            } catch (LastErrorException e) {
                if (e.getErrorCode() != EAGAIN) {
                    throw e;
                }
                if (System.nanoTime() > end) {
                    return null;
                }
                Thread.sleep(0, 50_000);
            }
        }
    }

    /** The router's own, from its link-local addresses. */
    private static boolean isNeighbourDiscovery(byte[] frame, int type) {
        return type == 0x86dd && (frame[ETHERNET + 8] & 0xff) != 0x20;
    }

    private static String shell(String command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
        return finish(process, command);
    }

    private static String finish(Process process, String command) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + output);
        }
        return output;
    }

    @Override
    public void close() throws IOException {
        for (int socket : sockets) {
            if (socket >= 0) {
                close(socket);
            }
        }
        for (String name : List.of(router, hosts)) {
            new ProcessBuilder("ip", "netns", "del", name)
                    .redirectErrorStream(true)
                    .start()
                    .onExit()
                    .join();
        }
    }
}
