package dev.openshell.netns.testkit.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.conntrack.RawPackets.Captured;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same packets through Linux and through {@link Conntrack}: what comes out must be the same. */
@Tag("real-kernel")
@Tag("differential")
class ConntrackDifferentialIT {
    private static final int SYN_ACK = Header.SYN | Header.ACK;
    private static final int FIN_ACK = Header.FIN | Header.ACK;
    private static final int[] SEGMENTS = {
        Header.SYN,
        SYN_ACK,
        Header.ACK,
        FIN_ACK,
        Header.RST,
        Header.RST | Header.ACK,
        Header.ACK | Header.PSH,
        0,
        Header.FIN
    };
    private static final int KINDS = SEGMENTS.length * 2;
    private static final int BATCH = 500;
    private static final long WAIT_MILLIS = 3000;
    private static final long DROP_MILLIS = 3;
    private static final int ROUNDS = 60;
    private static final int ROUND_LENGTH = 60;
    /** Linux took another free port at random. */
    private static final String BY_CHANCE = "chance";

    /** Segments by their place in {@link #SEGMENTS}, those of the right side {@code SEGMENTS.length} higher. */
    private static List<int[]> sequences() {
        List<int[]> all = new ArrayList<>();
        for (int a = 0; a < KINDS; a++) {
            for (int b = 0; b < KINDS; b++) {
                for (int c = 0; c < KINDS; c++) {
                    all.add(new int[] {a, b, c});
                }
            }
        }
        int answer = SEGMENTS.length;
        int[][] prefixes = {
            {0, answer + 1, 2},
            {0, answer + 1, 2, 3},
            {0, answer + 1, 2, 3, answer + 2},
            {0, answer + 1, 2, 3, answer + 3},
            {0, answer + 1, 2, 3, answer + 3, 2},
            {0, answer + 1, 2, answer + 4},
            {0, answer},
            {2, answer + 2}
        };
        for (int[] prefix : prefixes) {
            for (int a = 0; a < KINDS; a++) {
                for (int b = 0; b < KINDS; b++) {
                    all.add(concat(prefix, a, b));
                }
            }
        }
        Random random = new Random(7);
        for (int i = 0; i < 1500; i++) {
            all.add(concat(
                    new int[] {0, answer + 1, 2}, random.ints(9, 0, KINDS).toArray()));
            all.add(random.ints(12, 0, KINDS).toArray());
        }
        return all;
    }

    private static int[] concat(int[] head, int... tail) {
        int[] all = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, all, head.length, tail.length);
        return all;
    }

    @Test
    void tcp() throws Exception {
        compareTcp(true);
    }

    @Test
    void tcpThatIsNotPickedUp() throws Exception {
        compareTcp(false);
    }

    private static void compareTcp(boolean loose) throws Exception {
        List<int[]> sequences = sequences();
        FakeRouter fake = new FakeRouter(List.of(), loose, false);
        List<String> differences = new ArrayList<>();
        try (RealRouter real = new RealRouter(List.of(), List.of())) {
            real.inside("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=" + (loose ? 1 : 0));
            for (int start = 0; start < sequences.size(); start += BATCH) {
                List<int[]> batch = sequences.subList(start, Math.min(start + BATCH, sequences.size()));
                int longest = batch.stream()
                        .mapToInt(sequence -> sequence.length)
                        .max()
                        .orElse(0);
                for (int step = 0; step < longest; step++) {
                    round(real, fake, batch, start, step, differences);
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    private static void round(
            RealRouter real, FakeRouter fake, List<int[]> batch, int start, int step, List<String> differences)
            throws InterruptedException {
        Map<Integer, Skb> expected = new HashMap<>();
        int[] awaited = new int[2];
        for (int i = 0; i < batch.size(); i++) {
            if (step < batch.get(i).length) {
                int kind = batch.get(i)[step];
                int side = kind / SEGMENTS.length;
                Header header = segment(start + i, side, SEGMENTS[kind % SEGMENTS.length]);
                expected.put(i, fake.forward(header));
                real.send(side, header, i);
                awaited[1 - side]++;
            }
        }
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < awaited[side]; i++) {
                Captured captured = real.receive(side, WAIT_MILLIS);
                assertThat(captured).as("an answer at step " + step).isNotNull();
                int bits = FakeRouter.bits(expected.get(captured.number()));
                if (captured.tos() != bits) {
                    differences.add(describe(batch.get(captured.number()), step) + ": Linux "
                            + Integer.toHexString(captured.tos()) + ", here " + Integer.toHexString(bits));
                }
            }
        }
    }

    @Test
    void anyTrafficOverIpv4() throws Exception {
        compare(Family.IPV4, false, false, 11);
    }

    @Test
    void anyTrafficOverIpv6() throws Exception {
        compare(Family.IPV6, false, false, 12);
    }

    @Test
    void natOverIpv4() throws Exception {
        compare(Family.IPV4, true, false, 13);
    }

    @Test
    void natOverIpv6() throws Exception {
        compare(Family.IPV6, true, false, 14);
    }

    @Test
    void rejectOverIpv4() throws Exception {
        compare(Family.IPV4, true, true, 15);
    }

    @Test
    void rejectOverIpv6() throws Exception {
        compare(Family.IPV6, true, true, 16);
    }

    private static void compare(Family family, boolean nat, boolean reject, int seed) throws Exception {
        NatRules rules = new NatRules(family, nat);
        List<String> lines = new ArrayList<>(rules.lines());
        lines.addAll(reject ? NatRules.rejects() : List.of());
        List<String> lines4 = family == Family.IPV4 ? lines : List.of();
        List<String> lines6 = family == Family.IPV6 ? lines : List.of();
        List<String> differences = new ArrayList<>();
        try (RealRouter real = new RealRouter(lines4, lines6)) {
            Random random = new Random(seed);
            for (int round = 0; round < ROUNDS; round++) {
                real.flush();
                FakeRouter fake = new FakeRouter(rules.rules(), true, reject);
                Traffic traffic = new Traffic(random, family);
                StringBuilder story = new StringBuilder();
                for (int i = 1; i <= ROUND_LENGTH; i++) {
                    String difference = step(real, fake, traffic, i, story);
                    if (!difference.isEmpty()) {
                        if (!difference.equals(BY_CHANCE)) {
                            differences.add(difference + " after" + story);
                        }
                        break;
                    }
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    /** Sends one packet; returns how Linux and the fake differ about it. */
    private static String step(RealRouter real, FakeRouter fake, Traffic traffic, int number, StringBuilder story)
            throws InterruptedException {
        Traffic.Sent sent = traffic.next();
        Skb expected = fake.forward(sent.header());
        int to = expected == null ? 1 - sent.side() : Traffic.side(expected.header.destination());
        real.send(sent.side(), sent.header(), number);
        Captured captured = real.receive(to, expected == null ? DROP_MILLIS : WAIT_MILLIS);
        story.append("\n  ").append(sent).append("\n    -> ").append(captured);
        if (expected == null || captured == null) {
            String here = expected == null ? "dropped" : RawPackets.brief(expected.header);
            return expected == null && captured == null
                    ? ""
                    : "\nat " + sent + ": here " + here + ", Linux " + captured;
        }
        String bits = Integer.toHexString(FakeRouter.bits(expected));
        if (!bits.equals(Integer.toHexString(captured.tos()))) {
            return "\nat " + sent + ": here " + bits + ", Linux " + Integer.toHexString(captured.tos());
        }
        if (!expected.header.equals(captured.header())) {
            String here = RawPackets.brief(expected.header);
            return !sameKeys(sent.header(), expected.header) && !sameKeys(sent.header(), captured.header())
                    ? BY_CHANCE
                    : "\nat " + sent + ": here " + here + ", Linux " + captured;
        }
        traffic.arrived(to, captured.header());
        return "";
    }

    private static boolean sameKeys(Header a, Header b) {
        return a.sourcePort() == b.sourcePort()
                && a.destinationPort() == b.destinationPort()
                && a.icmpId() == b.icmpId();
    }

    /** Of two ports one is given to the next flow once its own is closed, where the sequence numbers went on. */
    @Test
    void portsOfClosingFlows() throws Exception {
        NatRules rules = new NatRules(Family.IPV4, true);
        FakeRouter fake = new FakeRouter(rules.rules());
        Ip[] left = {Ip.parse("10.200.1.3"), Ip.parse("10.200.1.4")};
        Ip right = Ip.parse("10.200.2.2");
        Ip translated = Ip.parse("10.200.2.5");
        Header third = Header.ports(left[1], 2001, right, 80, Header.TCP, Header.SYN);
        List<Traffic.Sent> all = List.of(
                new Traffic.Sent(0, Header.ports(left[0], 2001, right, 80, Header.TCP, Header.SYN)),
                new Traffic.Sent(0, Header.ports(left[0], 2002, right, 80, Header.TCP, Header.SYN)),
                new Traffic.Sent(0, third),
                new Traffic.Sent(1, Header.ports(right, 80, translated, 2002, Header.TCP, SYN_ACK)),
                new Traffic.Sent(1, Header.ports(right, 80, translated, 2002, Header.TCP, Header.RST)),
                new Traffic.Sent(0, third));
        try (RealRouter real = new RealRouter(rules.lines(), List.of())) {
            for (int i = 0; i < all.size(); i++) {
                Header header = all.get(i).header();
                int side = all.get(i).side();
                int sequence = i == all.size() - 1 ? 500_000 : 1000;
                Skb expected = fake.forward(header);
                real.send(side, Family.IPV4, RawPackets.encode(header, i, sequence));
                Captured captured = real.receive(1 - side, expected == null ? DROP_MILLIS : WAIT_MILLIS);
                assertThat(captured == null ? null : captured.header())
                        .as("packet " + i)
                        .isEqualTo(expected == null ? null : expected.header);
                assertThat(expected == null).as("dropped " + i).isEqualTo(i == 2);
            }
        }
    }

    private static Header segment(int flow, int side, int flags) {
        Ip left = Ip.parse("10.200.1.2");
        Ip right = Ip.parse("10.200.2.2");
        int port = 1024 + flow;
        return side == 0
                ? Header.ports(left, port, right, 80, Header.TCP, flags)
                : Header.ports(right, 80, left, port, Header.TCP, flags);
    }

    private static String describe(int[] sequence, int step) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i <= step; i++) {
            int flags = SEGMENTS[sequence[i] % SEGMENTS.length];
            text.append(sequence[i] < SEGMENTS.length ? " >" : " <");
            text.append((flags & Header.SYN) != 0 ? "S" : "");
            text.append((flags & Header.FIN) != 0 ? "F" : "");
            text.append((flags & Header.RST) != 0 ? "R" : "");
            text.append((flags & Header.PSH) != 0 ? "P" : "");
            text.append((flags & Header.ACK) != 0 ? "A" : "");
        }
        return text.toString();
    }
}
