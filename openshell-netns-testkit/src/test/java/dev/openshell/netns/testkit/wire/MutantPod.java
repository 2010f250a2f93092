package dev.openshell.netns.testkit.wire;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.ProviderOf;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.testkit.packet.Header;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A pod on the real kernel with one sandbox, whose other rules let everything through. Its links lead outside:
 * {@code eth0} (198.51.100.253/30 and 2001:db8:ff::1/64, with the default routes), {@code uplink0}, on which the host
 * forwards anyway, and {@code osh-} (10.43.1.1/30), which is named as the link of another sandbox.
 *
 * <p>Nothing is waited for: see {@link Frames}.
 */
final class MutantPod implements AutoCloseable {
    /** Where a packet begins. */
    enum From {
        /** Inside, from a raw socket. */
        INSIDE,
        /** Inside, from a packet socket, past the rules there. */
        PAST_INSIDE,
        /** On the link, from a packet socket on the host, past the rules there. */
        PAST_HOST,
        /** On the host, from a raw socket. */
        HOST,
        /** Outside, into {@code eth0}. */
        ETH0,
        /** Outside, into {@code uplink0}. */
        UPLINK0
    }

    /** Where packets are seen: at the ends of the links, and behind the INPUT rules. */
    enum Where {
        INSIDE,
        INSIDE_LOCAL,
        HOST_END,
        HOST_LOCAL,
        ETH0,
        UPLINK0,
        OTHER_SANDBOX
    }

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<String> LINKS = List.of("eth0", "uplink0", "osh-");
    private static final List<Where> FAR = List.of(Where.ETH0, Where.UPLINK0, Where.OTHER_SANDBOX);
    private static final int ETH0 = 11;
    private static final List<String> OFF = List.of(
            "net/ipv4/conf/all/rp_filter",
            "net/ipv4/conf/default/rp_filter",
            "net/ipv4/conf/all/send_redirects",
            "net/ipv4/conf/default/send_redirects",
            "net/ipv6/conf/default/accept_dad",
            "net/ipv6/conf/default/accept_ra");

    private final JnaKernel kernel = new JnaKernel();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final Outside outside;
    private final Map<Integer, Where> far;
    private final int pod;
    private final int inside;
    private final VethPair veth;
    private final Point atHost;
    private final Point atSandbox;
    private int id;

    /** What sees and sends in one namespace, and the sandbox's link there. */
    private record Point(PacketSocket wire, RawSenders senders, RouterLog log, int link, byte[] mac) {}

    /** Makes a pod, and in it the sandbox of {@code policy} as {@code planner} plans it. */
    MutantPod(Outside outside, SandboxPolicy policy, Planner planner) throws Exception {
        this.outside = outside;
        int first = outside.newIndexes();
        far = Map.of(first, FAR.get(0), first + 1, FAR.get(1), outside.newIndexes(), FAR.get(2));
        pod = kernel.createNamespace();
        undo.push(() -> kernel.close(pod));
        boolean done = false;
        try {
            connect();
            for (Family family : Family.values()) {
                load(pod, family, "-A INPUT -j ACCEPT\n-A FORWARD -j ACCEPT\n-A OUTPUT -j ACCEPT\n");
            }
            SandboxPolicy here = policy.toBuilder()
                    .iptables(IptablesVariant.NFT)
                    .hostNamespace(Path.of("/proc/self/fd/" + pod))
                    .policy();
            NetnsSandbox sandbox =
                    ProviderOf.planner(kernel, MutantPod::resolve, planner).apply(here);
            undo.push(sandbox::close);
            veth = sandbox.veth();
            inside = sandbox.call(() -> Libc.open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC, 0));
            undo.push(() -> kernel.close(inside));
            atHost = point(pod, veth.hostInterface());
            atSandbox = point(inside, VethPair.SANDBOX_INTERFACE);
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private static List<InetAddress> resolve(String name) throws IOException {
        throw new IOException("no name is looked up here: " + name);
    }

    private void connect() throws Exception {
        kernel.call(pod, () -> {
            OFF.forEach(key -> Wires.write(key, "0"));
            return true;
        });
        Request request = new Request();
        far.forEach((index, where) -> {
            int near = ETH0 + FAR.indexOf(where);
            String name = LINKS.get(FAR.indexOf(where));
            request.and(Rtnetlink.newVeth(
                            new Rtnetlink.End(name, near, Wires.mac(near)),
                            new Rtnetlink.End("far" + index, index, Wires.mac(near + Wires.FAR)),
                            outside.namespace()))
                    .and(Rtnetlink.noLinkLocal(near, name));
        });
        ask(request.and(Rtnetlink.setUp(Wires.LO, "lo", true)));
        Wires.up(
                kernel,
                outside.namespace(),
                far.keySet().stream().mapToInt(index -> index).toArray());
        Wires.up(kernel, pod, ETH0, ETH0 + 1, ETH0 + 2);
        kernel.writeSysctl(pod, "net/ipv4/conf/uplink0/forwarding", "1");
        ask(Rtnetlink.newAddress(ETH0, InetAddresses.forString("198.51.100.253"), 30)
                .and(Rtnetlink.newAddress(ETH0 + 2, InetAddresses.forString("10.43.1.1"), 30))
                .and(Rtnetlink.newAddress(ETH0, InetAddresses.forString("2001:db8:ff::1"), 64))
                .and(Rtnetlink.newDefaultRoute(ETH0, InetAddresses.forString("198.51.100.254")))
                .and(Rtnetlink.newDefaultRoute(ETH0, InetAddresses.forString("2001:db8:ff::fe"))));
    }

    private void ask(Request request) {
        List<Answers.Failure> failures =
                Answers.parse(request, kernel.netlink(pod, request.toBytes())).failures();
        if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.toString());
        }
    }

    private Point point(int namespace, String link) throws Exception {
        PacketSocket wire = kernel.call(namespace, PacketSocket::new);
        undo.push(wire::close);
        RawSenders senders = new RawSenders(kernel, namespace);
        undo.push(senders::close);
        for (Family family : Family.values()) {
            senders.prepare(family, 0);
        }
        RouterLog log = kernel.call(namespace, RouterLog::new);
        undo.push(log::close);
        return kernel.call(namespace, () -> {
            NetworkInterface device = Objects.requireNonNull(NetworkInterface.getByName(link), link);
            return new Point(wire, senders, log, device.getIndex(), device.getHardwareAddress());
        });
    }

    private void load(int namespace, Family family, String rules) {
        String text = "*filter\n" + rules + "COMMIT\n";
        kernel.restore(namespace, family, IptablesVariant.NFT, text, true, Deadline.in(PATIENCE));
    }

    /** Returns the sandbox's link, also when it is closed. */
    VethPair veth() {
        return veth;
    }

    /** Lets everything through a chain, on the host or inside, while {@code body} runs. */
    void letting(boolean onHost, Family family, String chain, Runnable body) {
        int where = onHost ? pod : inside;
        load(where, family, "-I " + chain + " 1 -j ACCEPT\n");
        body.run();
        load(where, family, "-D " + chain + " -j ACCEPT\n");
    }

    /** Switches IPv6 forwarding on everywhere, as on a host that is a router. */
    void router() {
        kernel.writeSysctl(pod, "net/ipv6/conf/all/forwarding", "1");
    }

    /** Runs ip(8) on the host. */
    void ip(String... arguments) throws IOException, InterruptedException {
        String net = "/proc/" + ProcessHandle.current().pid() + "/fd/" + pod;
        List<String> command = new ArrayList<>(List.of("nsenter", "--net=" + net, "ip"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + ": " + said);
        }
    }

    /** Sends a packet, and returns where it was seen and as what until nothing was left of it. */
    Map<Where, Header> send(From from, Header header) {
        Map<Where, Header> seen = new EnumMap<>(Where.class);
        Pinned.call(() -> {
            Frames.settle(outside, frame -> {});
            drain(new EnumMap<>(Where.class));
            emit(from, header);
            Frames.settle(outside, frame -> {
                Where where = far.get(frame.index());
                if (where != null) {
                    add(where, frame.packet(), seen);
                }
            });
            drain(seen);
            return true;
        });
        return seen;
    }

    private void emit(From from, Header header) {
        id++;
        byte[] packet = PacketWriter.write(header, id);
        switch (from) {
            case INSIDE -> atSandbox.senders().send(header, 0, packet);
            case HOST -> atHost.senders().send(header, 0, packet);
            case PAST_INSIDE -> atSandbox.wire().send(atSandbox.link(), Frames.of(header, packet, atHost.mac()));
            case PAST_HOST -> atHost.wire().send(atHost.link(), Frames.of(header, packet, atSandbox.mac()));
            case ETH0, UPLINK0 -> {
                Where where = from == From.ETH0 ? Where.ETH0 : Where.UPLINK0;
                int index = far.entrySet().stream()
                        .filter(entry -> entry.getValue() == where)
                        .findFirst()
                        .orElseThrow()
                        .getKey();
                outside.socket().send(index, Frames.of(header, packet, Wires.mac(ETH0 + FAR.indexOf(where))));
            }
        }
    }

    private void drain(Map<Where, Header> seen) {
        drain(atHost, Where.HOST_END, Where.HOST_LOCAL, seen);
        drain(atSandbox, Where.INSIDE, Where.INSIDE_LOCAL, seen);
    }

    private void drain(Point point, Where end, Where local, Map<Where, Header> seen) {
        for (PacketSocket.Frame frame = point.wire().receive();
                frame != null;
                frame = point.wire().receive()) {
            if (frame.index() == point.link()) {
                add(end, frame.packet(), seen);
            }
        }
        point.log().drain((where, packet) -> {
            if (where.equals("local")) {
                add(local, packet, seen);
            }
        });
    }

    private void add(Where where, byte[] packet, Map<Where, Header> seen) {
        PacketReader.read(packet)
                .filter(read ->
                        read.id() == id && (read.hops() == PacketWriter.HOPS || read.hops() == PacketWriter.HOPS - 1))
                .ifPresent(read -> seen.put(where, read.header()));
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}
