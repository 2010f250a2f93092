package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.proof.ForeignRules;
import dev.openshell.netns.testkit.ConnState;
import dev.openshell.netns.testkit.Packet;
import dev.openshell.netns.testkit.RulesetTracer;
import dev.openshell.netns.testkit.TcpFlag;
import dev.openshell.netns.testkit.Trace;
import dev.openshell.netns.testkit.packet.Header;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What rules from elsewhere admit, against the tracer, which has nothing in common with the proof: a first
 * packet that the tracer lets through is of a flow that gets through, and the packet that is shown for what is admitted gets through.
 */
class ForeignRulesDifferentialTest {
    private static final int RULESETS = 150;
    private static final List<String> HOOKS = List.of("INPUT", "FORWARD", "OUTPUT");
    private static final Pattern UNKNOWN = Pattern.compile("(?s)'.*?' in '(.*)' can't be decided");
    private static final Pattern PACKET = Pattern.compile("(\\S+) (\\S+) > (\\S+?)(?: \\[([A-Z,]*)])?"
            + "(?: type (\\d+) code (\\d+))? ([A-Z]+),(?: in (\\S+))?(?: out (\\S+))?");
    private static final RuleSet NOTHING = RuleSet.of(
            VethPair.builder()
                    .hostInterface("osh-plan")
                    .network(Cidr.parse("10.200.0.0/30"))
                    .build(),
            List.of());

    private final Random random = new Random(20240917);

    @ParameterizedTest
    @EnumSource(Family.class)
    void theTracerAndTheProofAgree(Family family) {
        int passed = 0;
        int stopped = 0;
        int shown = 0;
        for (int i = 0; i < RULESETS; i++) {
            String hook = HOOKS.get(random.nextInt(HOOKS.size()));
            RandomRulesets.Generated generated = RandomRulesets.next(random, family);
            String text = known(family, filter(generated.rules()), hook);
            ForeignRules rules = ForeignRules.parse(family, text, hook);
            RulesetTracer tracer = RulesetTracer.parse(family, text);
            for (Sending sending : generated.packets()) {
                if (!asked(sending.header(), family)) {
                    continue;
                }
                Packet packet = packet(sending.header(), hook);
                if (!isFirst(packet)) {
                    continue;
                }
                boolean allowed = allowed(rules, packet);
                if (trace(tracer, hook, packet) == Trace.Verdict.ACCEPT) {
                    assertThat(allowed)
                            .as(packet + " " + packet.state() + " at " + hook + "\n" + text)
                            .isTrue();
                    passed++;
                } else {
                    stopped += allowed ? 0 : 1;
                }
            }
            try {
                rules.verify(NOTHING);
            } catch (VerificationException e) {
                Counterexample found = e.counterexample().orElseThrow();
                int protocol = found.flow().protocol();
                if (protocol != Header.UDPLITE && protocol != Header.DCCP) {
                    assertThat(trace(tracer, hook, read(found)))
                            .as(found.packet() + " at " + hook + "\n" + text)
                            .isEqualTo(Trace.Verdict.ACCEPT);
                    shown++;
                }
            }
        }
        assertThat(passed).isGreaterThan(RULESETS);
        assertThat(stopped).isGreaterThan(RULESETS);
        assertThat(shown).isBetween(RULESETS / 2, RULESETS - 1);
    }

    private static String filter(String rules) {
        int from = rules.indexOf("*filter\n");
        String table = from < 0 ? "*filter\nCOMMIT\n" : rules.substring(from, rules.indexOf("COMMIT\n", from) + 7);
        // A mask with holes is known to neither of the two, of which the tracer looks at all rules.
        return table.replaceAll("(?m)^.*/255\\.0\\.255.*\n", "");
    }

    /** Leaves out the rules that have a word which can't be decided. */
    private static String known(Family family, String text, String hook) {
        try {
            ForeignRules.parse(family, text, hook);
            return text;
        } catch (VerificationException e) {
            Matcher unknown = UNKNOWN.matcher(e.getMessage());
            assertThat(unknown.find()).as(e.getMessage()).isTrue();
            String less = text.replace(unknown.group(1) + "\n", "");
            assertThat(less).as(unknown.group(1)).isNotEqualTo(text);
            return known(family, less, hook);
        }
    }

    /** An explanation is about the first packet of a flow. */
    private static boolean isFirst(Packet packet) {
        Set<TcpFlag> handshake = EnumSet.of(TcpFlag.FIN, TcpFlag.SYN, TcpFlag.RST, TcpFlag.ACK);
        handshake.retainAll(packet.flags());
        return packet.state() == ConnState.NEW
                && (packet.protocol() != Header.TCP || handshake.equals(EnumSet.of(TcpFlag.SYN)));
    }

    /** Of ICMP an explanation is about echo requests. */
    private static boolean asked(Header header, Family family) {
        return switch (header.protocol()) {
            case Header.UDPLITE, Header.DCCP -> false;
            case 1, 58 -> header.quoted() == null && header.icmpType() == (family == Family.IPV4 ? 8 : 128);
            default -> true;
        };
    }

    private static Packet packet(Header header) {
        String source = InetAddresses.toAddrString(header.source().toInetAddress());
        String destination = InetAddresses.toAddrString(header.destination().toInetAddress());
        return switch (header.protocol()) {
            case Header.TCP ->
                Packet.tcp(source, header.sourcePort(), destination, header.destinationPort())
                        .withFlags(Arrays.stream(TcpFlag.values())
                                .filter(flag -> (header.tcpFlags() >> flag.ordinal() & 1) != 0)
                                .toArray(TcpFlag[]::new));
            case Header.UDP -> Packet.udp(source, header.sourcePort(), destination, header.destinationPort());
            case Header.SCTP -> Packet.sctp(source, header.sourcePort(), destination, header.destinationPort());
            case 1, 58 -> Packet.icmp(source, destination, header.icmpType(), 0);
            default -> Packet.of(header.protocol(), source, destination);
        };
    }

    private Packet packet(Header header, String hook) {
        ConnState[] states = {ConnState.NEW, ConnState.NEW, ConnState.INVALID, ConnState.UNTRACKED};
        return packet(header)
                .withState(states[random.nextInt(states.length)])
                .withInInterface(hook.equals("OUTPUT") ? "" : link())
                .withOutInterface(hook.equals("INPUT") ? "" : link());
    }

    private String link() {
        return List.of("west", "east", "other0").get(random.nextInt(3));
    }

    private static boolean allowed(ForeignRules rules, Packet packet) {
        Explanation.Way way =
                rules.explain(packet.protocol(), packet.destination(), OptionalInt.of(packet.destinationPort()));
        return way.allowed();
    }

    private static Trace.Verdict trace(RulesetTracer tracer, String hook, Packet packet) {
        return (hook.equals("INPUT")
                        ? tracer.input(packet)
                        : hook.equals("FORWARD") ? tracer.forward(packet) : tracer.output(packet))
                .verdict();
    }

    /** Reads a packet as a counterexample shows it. */
    private static Packet read(Counterexample found) {
        Matcher packet = PACKET.matcher(found.packet());
        assertThat(packet.matches()).as(found.packet()).isTrue();
        String source = packet.group(2);
        String destination = packet.group(3);
        Packet read =
                switch (packet.group(1)) {
                    case "tcp" ->
                        Packet.tcp(host(source), port(source), host(destination), port(destination))
                                .withFlags(flags(packet.group(4)));
                    case "udp" -> Packet.udp(host(source), port(source), host(destination), port(destination));
                    case "sctp" -> Packet.sctp(host(source), port(source), host(destination), port(destination));
                    case "icmp", "ipv6-icmp" ->
                        Packet.icmp(
                                source,
                                destination,
                                Integer.parseInt(packet.group(5)),
                                Integer.parseInt(packet.group(6)));
                    default -> Packet.of(found.flow().protocol(), source, destination);
                };
        return read.withState(ConnState.valueOf(packet.group(7)))
                .withInInterface(named(packet.group(8)))
                .withOutInterface(named(packet.group(9)));
    }

    /** A name with a slash or a plus at its end stands for all that begin so. */
    private static String named(@Nullable String link) {
        return link == null ? "" : link.replaceFirst("[/+]$", "q9");
    }

    private static String host(String end) {
        String host = end.substring(0, end.lastIndexOf(':'));
        return InetAddresses.toAddrString(InetAddresses.forUriString(host));
    }

    private static int port(String end) {
        return Integer.parseInt(end.substring(end.lastIndexOf(':') + 1));
    }

    private static TcpFlag[] flags(String names) {
        return Arrays.stream(names.split(","))
                .filter(name -> !name.isEmpty())
                .map(TcpFlag::valueOf)
                .toArray(TcpFlag[]::new);
    }
}
