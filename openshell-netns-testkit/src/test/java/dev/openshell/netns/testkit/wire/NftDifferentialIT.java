package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.nftables.NftCopy;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.path.Journey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same netlink messages to nf_tables of Linux and of the kernel in memory: what they make is the same when it is
 * read, and the same becomes of the same packets. The messages come from what nft(8) makes of a text.
 */
@Tag("real-kernel")
@Tag("differential")
class NftDifferentialIT {
    /** That of the harness, and those that iptables-nft makes, which have other families' names too. */
    private static final List<String> TABLES_ASIDE = List.of("harness", "filter", "nat", "mangle", "raw");

    private static final int TICKS_MILLIS = 9;
    private static final String NO_RULES = "*filter\nCOMMIT\n";

    private final JnaKernel kernel = new JnaKernel();

    /** Returns the messages that make what nft(8) makes of {@code text}. */
    private List<byte[]> messages(String text) throws Exception {
        int namespace = kernel.createNamespace();
        try {
            String net = "/proc/" + ProcessHandle.current().pid() + "/fd/" + namespace;
            Process nft = new ProcessBuilder("nsenter", "--net=" + net, "nft", "-f", "-")
                    .redirectErrorStream(true)
                    .start();
            nft.getOutputStream().write(lines(text).getBytes(StandardCharsets.UTF_8));
            nft.getOutputStream().close();
            String output = new String(nft.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(nft.waitFor()).as(output).isZero();
            return new NftCopy(request -> kernel.netfilter(namespace, request), List.of()).batches();
        } finally {
            kernel.close(namespace);
        }
    }

    /** nft(8) wants a new line behind each block. */
    private static String lines(String text) {
        return text.replaceAll("} (?=}|set |map |chain |table )|; (?=})", "$0\n") + "\n";
    }

    private static List<String> errors(byte[] answers) {
        List<String> errors = new ArrayList<>();
        ByteBuffer in = Bytes.read(answers);
        for (int at = 0; at < answers.length; at += Bytes.align(in.getInt(at))) {
            errors.add("error " + -in.getInt(at + 16));
        }
        return errors;
    }

    @ParameterizedTest
    @FieldSource("dev.openshell.netns.testkit.wire.NftTexts#ALL")
    void theSameBecomesOfTheSame(String text) throws Exception {
        compare(IptablesVariant.NFT, NO_RULES, text);
    }

    @ParameterizedTest
    @FieldSource("dev.openshell.netns.testkit.wire.NftTexts#AMONG_IPTABLES")
    void amongTablesOfIptablesNft(String text) throws Exception {
        compare(IptablesVariant.NFT, NftTexts.IPTABLES, text);
    }

    @ParameterizedTest
    @FieldSource("dev.openshell.netns.testkit.wire.NftTexts#AMONG_IPTABLES")
    void amongTablesOfIptablesLegacy(String text) throws Exception {
        compare(IptablesVariant.LEGACY, NftTexts.IPTABLES, text);
    }

    static List<OwnTexts> own() {
        return OwnTexts.all();
    }

    @ParameterizedTest
    @MethodSource("own")
    void ofWhatThisLibraryLoads(OwnTexts own) throws Exception {
        compare(IptablesVariant.NFT, NO_RULES, own.messages(), own.name(), own.counting());
    }

    @ParameterizedTest
    @MethodSource("own")
    void ofWhatThisLibraryLoadsAmongTablesOfIptables(OwnTexts own) throws Exception {
        compare(IptablesVariant.LEGACY, NftTexts.IPTABLES, own.messages(), own.name(), own.counting());
    }

    private void compare(IptablesVariant variant, String iptables, String text) throws Exception {
        compare(variant, iptables, messages(text), text, text.contains("ct count"));
    }

    private void compare(IptablesVariant variant, String iptables, List<byte[]> messages, String text, boolean paced)
            throws Exception {
        FakeWires fake = new FakeWires(variant, false, Family.IPV4, iptables);
        try (RealWorld real = RealWorld.open(variant, false)) {
            real.load(Family.IPV4, iptables);
            for (byte[] message : messages) {
                List<String> wanted = errors(kernel.netfilter(real.router(), message));
                assertThat(wanted).containsOnly("error 0");
                assertThat(errors(fake.netfilter(message))).isEqualTo(wanted);
            }
            assertThat(new NftCopy(fake::netfilter, TABLES_ASIDE).text())
                    .containsExactlyElementsOf(
                            new NftCopy(request -> kernel.netfilter(real.router(), request), TABLES_ASIDE).text());
            List<String> differences = new ArrayList<>();
            List<Observation> seen = compare(real, fake, packets(), paced, differences);
            compare(real, fake, answers(seen), paced, differences);
            assertThat(differences).as(text).isEmpty();
            long arrived =
                    seen.stream().filter(one -> one.arrived().isPresent()).count();
            assertThat(arrived).as("packets that get through").isBetween(1L, seen.size() - 1L);
        }
    }

    private static List<Observation> compare(
            RealWorld real, FakeWires fake, List<Sending> packets, boolean paced, List<String> differences)
            throws InterruptedException {
        List<Observation> seen = paced ? paced(real, packets) : real.send(packets);
        for (int i = 0; i < packets.size(); i++) {
            List<String> wanted = texts(seen.get(i).sights());
            Journey journey = fake.journey(packets.get(i));
            List<String> found = texts(FakeWires.sights(journey));
            if (!found.equals(wanted)) {
                Sending sent = packets.get(i);
                differences.add("\n" + i + " " + sent.way() + " " + Observation.text(sent.header()) + "\n  linux "
                        + wanted + "\n  fake " + found + " by " + journey.steps());
            }
        }
        return seen;
    }

    /** What counts flows looks only once in a tick of Linux's clock whether they are over. */
    private static List<Observation> paced(RealWorld real, List<Sending> packets) throws InterruptedException {
        List<Observation> seen = new ArrayList<>();
        for (Sending packet : packets) {
            Thread.sleep(TICKS_MILLIS);
            seen.addAll(real.send(List.of(packet)));
        }
        return seen;
    }

    /** TCP, UDP, ICMP and others, of both families, from all three sides; some of them twice. */
    private static List<Sending> packets() {
        List<Sending> all = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            for (int host = 2; host <= 4; host++) {
                for (int port : new int[] {22, 53, 443, 8080}) {
                    for (int protocol : new int[] {Header.TCP, Header.UDP}) {
                        both(all, Way.WEST, host, port, protocol, Header.SYN);
                        both(all, Way.EAST, host, port, protocol, Header.SYN);
                        both(all, Way.LOCAL, host, port, protocol, Header.SYN);
                    }
                }
                both(all, Way.WEST, host, 443, Header.TCP, Header.ACK);
                both(all, Way.WEST, host, 22, Header.TCP, Header.RST);
                pings(all, Way.WEST, host);
                pings(all, Way.LOCAL, host);
            }
        }
        return all;
    }

    private static void both(List<Sending> all, Way way, int host, int port, int protocol, int flags) {
        for (boolean four : new boolean[] {true, false}) {
            Ip from = source(way, host, four);
            Ip to = way == Way.EAST ? source(Way.WEST, host, four) : source(Way.EAST, host, four);
            int tcp = protocol == Header.TCP ? flags : 0;
            all.add(new Sending(way, Header.ports(from, port(way, host), to, port, protocol, tcp)));
            if (way == Way.WEST && port == 53) {
                Ip own = Ip.parse(four ? "10.200.1.1" : "2001:db8:1::1");
                all.add(new Sending(way, Header.ports(from, port(way, host), own, port, protocol, tcp)));
            }
        }
    }

    /** Of no two hosts the same, so that masquerading need not choose another at random. */
    private static int port(Way way, int host) {
        return 40000 + way.ordinal() * 10 + host;
    }

    private static void pings(List<Sending> all, Way way, int host) {
        for (boolean four : new boolean[] {true, false}) {
            Ip to = source(Way.EAST, host, four);
            all.add(new Sending(way, Header.icmp(source(way, host, four), to, four ? 8 : 128, 0, host, null)));
        }
    }

    private static Ip source(Way way, int host, boolean four) {
        return switch (way) {
            case WEST -> Ip.parse(four ? "10.200.1." + host : "2001:db8:1::" + host);
            case EAST -> Ip.parse(four ? "203.0.113." + host : "2001:db8:2::" + host);
            case LOCAL -> Ip.parse(four ? "203.0.113.1" : "2001:db8:2::1");
        };
    }

    private static List<Sending> answers(List<Observation> seen) {
        List<Sending> answers = new ArrayList<>();
        for (Observation one : seen) {
            one.arrived().filter(sight -> !sight.where().equals("local")).ifPresent(sight -> {
                Header out = sight.header();
                Way back = sight.where().equals("west") ? Way.WEST : Way.EAST;
                boolean four = out.family() == Family.IPV4;
                if (!out.isIcmp()) {
                    Header swapped =
                            out.withEnds(out.destination(), out.destinationPort(), out.source(), out.sourcePort());
                    boolean tcp = out.protocol() == Header.TCP;
                    answers.add(new Sending(back, tcp ? swapped.withTcpFlags(Header.SYN | Header.ACK) : swapped));
                } else {
                    answers.add(new Sending(
                            back, Header.icmp(out.destination(), out.source(), four ? 0 : 129, 0, out.icmpId(), null)));
                }
                answers.add(new Sending(
                        back, Header.icmp(out.destination(), out.source(), four ? 3 : 1, four ? 1 : 3, 0, out)));
            });
        }
        return answers;
    }

    private static List<String> texts(List<Sight> sights) {
        return sights.stream()
                .map(sight ->
                        sight.getClass().getSimpleName() + " " + sight.where() + " " + Observation.text(sight.header()))
                .sorted()
                .toList();
    }
}
