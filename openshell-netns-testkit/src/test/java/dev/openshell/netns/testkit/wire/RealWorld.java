package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.testkit.packet.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A router between two wires, in namespaces of its own, whose rules are to be tried: {@code west} (10.200.1.1/24,
 * 2001:db8:1::1/64) and {@code east} (203.0.113.1/24, 2001:db8:2::1/64, the default route by 203.0.113.254 and
 * 2001:db8:2::fe).
 *
 * <p>Packets go one at a time, and nothing is waited for: links hand packets on through one queue of the processor that
 * sends, so that marks, sent through the same queue until nothing can be left before them, tell when all has been seen
 * that one packet causes.
 */
final class RealWorld implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** A type for experiments (IEEE 802). */
    private static final int ETH_P_MARK = 0x88b5;
    /** More links than a packet, the answer to it, and the answer to that can cross. */
    private static final int CROSSINGS = 5;

    private static final int BEFORE_ALL = -1;
    private static final long MARK_NANOS = Duration.ofSeconds(5).toNanos();

    private final JnaKernel kernel = new JnaKernel();
    private final IptablesVariant variant;
    private final Outside outside;
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final byte[] mark = frame(ETH_P_MARK, new byte[46], Wires.WEST);
    private final int west;
    private final int east;
    private final int router;
    private final RouterLog log;
    private final RawSenders local;

    private RealWorld(Outside outside, IptablesVariant variant, boolean reversePathFilter) throws Exception {
        this.variant = variant;
        this.outside = outside;
        west = outside.newIndexes();
        east = west + 1;
        router = kernel.createNamespace();
        undo.push(() -> kernel.close(router));
        boolean done = false;
        try {
            Wires.connect(kernel, router, outside.namespace(), west, reversePathFilter);
            log = kernel.call(router, RouterLog::new);
            undo.push(log::close);
            local = new RawSenders(kernel, router);
            undo.push(local::close);
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    /** Returns a router without rules, and an outside of its own. */
    static RealWorld open(IptablesVariant variant, boolean reversePathFilter) {
        Outside outside = Outside.open();
        boolean done = false;
        try {
            RealWorld world = open(outside, variant, reversePathFilter);
            world.undo.addLast(outside::close);
            done = true;
            return world;
        } finally {
            if (!done) {
                outside.close();
            }
        }
    }

    /** Returns a router without rules; {@code outside} can be used again when it is closed. */
    static RealWorld open(Outside outside, IptablesVariant variant, boolean reversePathFilter) {
        try {
            return new RealWorld(outside, variant, reversePathFilter);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Loads rules as iptables-restore does without {@code --noflush}. */
    void load(Family family, String text) {
        kernel.restore(router, family, variant, text, false, Deadline.in(PATIENCE));
    }

    /** Returns what iptables-save prints. */
    String save(Family family) {
        return kernel.save(router, family, variant, Deadline.in(PATIENCE));
    }

    /** Returns the rules with the packets that each matched, {@code COUNT TABLE RULE}, sorted. */
    List<String> counted(Family family) {
        String tool = (family == Family.IPV4 ? "iptables-" : "ip6tables-")
                + (variant == IptablesVariant.LEGACY ? "legacy-save" : "nft-save");
        String net = "/proc/" + ProcessHandle.current().pid() + "/fd/" + router;
        try {
            Process process = new ProcessBuilder("nsenter", "--net=" + net, tool, "-c").start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(tool + " -c failed");
            }
            List<String> lines = new ArrayList<>();
            String table = "";
            for (String line : text.lines().toList()) {
                if (line.startsWith("*")) {
                    table = line.substring(1);
                } else if (line.startsWith("[")) {
                    lines.add(
                            line.substring(1, line.indexOf(':')) + " " + table + line.substring(line.indexOf(']') + 1));
                }
            }
            return lines.stream().sorted().toList();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the router's descriptor, for {@link JnaKernel}. */
    int router() {
        return router;
    }

    /** Sends the packets one after the other, and returns what became of each, in the same order. */
    List<Observation> send(List<Sending> sendings) {
        try {
            for (Sending sending : sendings) {
                if (sending.way() == Way.LOCAL) {
                    local.prepare(sending.header().family(), sending.user());
                }
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        List<Observation> observations = Pinned.call(() -> sendPrepared(sendings));
        int lost = outside.socket().lost();
        if (lost != 0) {
            throw new IllegalStateException(lost + " frames found no room in a buffer");
        }
        return observations;
    }

    private List<Observation> sendPrepared(List<Sending> sendings) {
        List<Observation> observations = new ArrayList<>();
        collect(BEFORE_ALL);
        for (int i = 0; i < sendings.size(); i++) {
            // Never 0, for which the kernel would choose one itself.
            int id = i % 0xffff + 1;
            emit(sendings.get(i), id);
            observations.add(new Observation(collect(id)));
        }
        return observations;
    }

    private void emit(Sending sending, int id) {
        byte[] packet = PacketWriter.write(sending.header(), id);
        int type = sending.header().family() == Family.IPV4 ? 0x0800 : 0x86dd;
        switch (sending.way()) {
            case WEST -> outside.socket().send(west, frame(type, packet, Wires.WEST));
            case EAST -> outside.socket().send(east, frame(type, packet, Wires.EAST));
            case LOCAL -> local.send(sending.header(), sending.user(), packet);
        }
    }

    /** Returns what was seen on the wires until everything that was on its way has got where it goes. */
    private List<PacketSocket.Frame> settle() {
        List<PacketSocket.Frame> frames = new ArrayList<>();
        for (int i = 0; i < CROSSINGS; i++) {
            outside.socket().send(Wires.LO, mark);
            long end = System.nanoTime() + MARK_NANOS;
            for (PacketSocket.Frame frame = null;
                    !isMark(frame);
                    frame = outside.socket().receive()) {
                if (frame != null) {
                    frames.add(frame);
                } else if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("a mark got lost");
                }
            }
        }
        return frames;
    }

    private static boolean isMark(PacketSocket.@Nullable Frame frame) {
        return frame != null && frame.index() == Wires.LO && frame.etherType() == ETH_P_MARK;
    }

    /** Returns what was seen of the packet with this id; of {@link #BEFORE_ALL} only noise may be. */
    private List<Sight> collect(int id) {
        List<Sight> sights = new ArrayList<>();
        for (PacketSocket.Frame frame : settle()) {
            // A router that is closed already may have said something.
            if (frame.index() == west || frame.index() == east) {
                add(frame.index() == west ? "west" : "east", frame.packet(), id, sights);
            }
        }
        log.drain((where, packet) -> add(where, packet, id, sights));
        return sights;
    }

    private static void add(String where, byte[] packet, int id, List<Sight> sights) {
        PacketReader.read(packet)
                .filter(read -> isOurs(read) || !isNoise(read.header()))
                .ifPresent(read -> sights.add(sight(where, read, id)));
    }

    private static Sight sight(String where, PacketReader.Read read, int id) {
        Header header = read.header();
        boolean ours = isOurs(read);
        if (id < 0 || ours && read.id() != id) {
            throw new IllegalStateException("seen " + where + " after packet " + id + ", but not of it: " + read);
        }
        if (ours) {
            return new Sight.Arrived(where, header);
        }
        boolean reset = header.protocol() == Header.TCP && (header.tcpFlags() & Header.RST) != 0;
        boolean quotes =
                read.quoted() != null && isOurs(read.quoted()) && read.quoted().id() == id;
        return reset || quotes ? new Sight.Refused(where, header) : new Sight.Aside(where, header);
    }

    private static boolean isOurs(PacketReader.Read read) {
        return read.hops() == PacketWriter.HOPS || read.hops() == PacketWriter.HOPS - 1;
    }

    /** What the router says of its own accord: group memberships, and redirects, which IPv6 has no switch for. */
    private static boolean isNoise(Header header) {
        boolean ipv4 = header.family() == Family.IPV4;
        boolean igmp = ipv4 && header.protocol() == 2 && header.destination().low() >>> 28 == 0xe;
        // MLD comes behind a hop-by-hop header, protocol 0.
        boolean mld = !ipv4 && header.protocol() == 0 && header.destination().high() >>> 56 == 0xff;
        boolean discovery = !ipv4 && header.isIcmp() && header.icmpType() >= 133 && header.icmpType() <= 137;
        return igmp || mld || discovery;
    }

    private static byte[] frame(int type, byte[] packet, int to) {
        byte[] source = Wires.mac(to + Wires.FAR);
        return ByteBuffer.allocate(PacketSocket.ETHERNET + packet.length)
                .put(Wires.mac(to))
                .put(source)
                .putShort((short) type)
                .put(packet)
                .array();
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}
