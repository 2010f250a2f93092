package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.plan.Mutant;
import dev.openshell.netns.linux.plan.SamePackets;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The proof's counterexamples are packets: sent on the real kernel against the mutant's rules, each gets through where
 * the proof says that it is admitted, and does not against the sound ones; the other way round where it is refused.
 */
@Tag("real-kernel")
@Tag("kernel-only")
class MutantPacketsIT {
    private static final SandboxPolicy POLICY = NetnsSandbox.builder()
            .proxy(3128)
            .allowDns("10.43.0.10")
            .directTcp("203.0.113.10")
            .directTcp("203.0.113.20", 5432)
            .directTcp("[2001:db8:77::6a20]", 5432)
            .policy();

    private static final SandboxPolicy WITHOUT_IPV6 =
            NetnsSandbox.builder().proxy(3128).directTcp("203.0.113.10").policy();

    /** Any that no counterexample has. */
    private static final int LISTED_PORT = 50_000;

    private static final Ip LISTED = Ip.parse("203.0.113.10");
    private static final Ip LISTED6 = Ip.parse("2001:db8:77::6a20");
    private static final String NOT_MASQUERADED = "host: not masqueraded";

    /** Found by the proof, but not to be told by whether a packet gets through here. */
    private static final List<String> NOT_SENT = List.of(
            // Refused either way: only how the sender hears of it differs.
            "inside: what is refused is dropped in silence",
            "inside: only tcp is refused at once",
            // Gets through either way: another test looks at its source.
            NOT_MASQUERADED,
            // The proof names the word and no packet.
            "host: a limit of what is within",
            "host: a limit that accepts",
            // Of kernels before Linux 6.17 alone.
            "IPv6 forwarding without a guard",
            // Gets through while the sandbox is being made, when nothing is inside yet.
            "inner rules after the link is up",
            "deny after the link is up",
            "permission before the inner rules");

    /** Where counterexamples may lead; nothing else is ever sent. */
    private static final List<Cidr> OURS = List.of(
            Cidr.parse("10.200.0.0/16"),
            Cidr.parse("10.43.0.0/16"),
            Cidr.parse("198.51.100.0/24"),
            Cidr.parse("203.0.113.0/24"),
            Cidr.parse("2001:db8::/32"));

    private static final long PATIENCE_NANOS = 3_000_000_000L;
    private static final Outside OUTSIDE = Outside.open();

    @AfterAll
    static void close() {
        OUTSIDE.close();
    }

    static List<Mutant> mutants() {
        return Mutant.ALL.stream()
                .filter(mutant -> !SamePackets.REASONS.containsKey(mutant.toString()))
                .filter(mutant -> !NOT_SENT.contains(mutant.toString()))
                .toList();
    }

    @Test
    void thereAreEnough() {
        assertThat(mutants()).hasSizeGreaterThanOrEqualTo(35);
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void theCounterexampleIsTrueOfTheRealKernel(Mutant mutant) throws Exception {
        List<Counterexample> found = new ArrayList<>();
        Mutant proving = proving(mutant, found);
        SandboxPolicy policy = POLICY;
        MutantPod pod = new MutantPod(OUTSIDE, policy, proving);
        if (!proving.changed()) {
            pod.close();
            policy = WITHOUT_IPV6;
            pod = new MutantPod(OUTSIDE, policy, proving);
        }
        Counterexample example;
        try (MutantPod weak = pod) {
            assertThat(found).hasSize(1);
            example = found.get(0);
            CounterexamplePacket packet = reaching(CounterexamplePacket.of(example), policy);
            assertThat(passes(weak, packet, example.admitted()))
                    .as("%s, against the mutant's rules", example)
                    .isEqualTo(example.admitted());
        }
        found.clear();
        try (MutantPod sound = new MutantPod(OUTSIDE, policy, proving(Mutant.none(e -> {}), found))) {
            assertThat(found).isEmpty();
            listedFlowsPass(sound);
            Counterexample there = moved(example, pod.veth(), sound.veth());
            CounterexamplePacket packet = reaching(CounterexamplePacket.of(there), policy);
            assertThat(passes(sound, packet, !example.admitted()))
                    .as("%s, against the sound rules", there)
                    .isEqualTo(!example.admitted());
        }
    }

    private static Mutant proving(Mutant mutant, List<Counterexample> found) {
        return mutant.proving(e -> found.add(e.counterexample().orElseThrow(() -> e)));
    }

    /**
     * What gets past the raw table comes to FORWARD next, where nothing but what is listed gets on: so the packet with
     * that destination is sent, of which the proof says the same. Without any rules there, it is sent as it is.
     */
    private static CounterexamplePacket reaching(CounterexamplePacket packet, SandboxPolicy policy) {
        boolean raw = packet.hook().equals("raw PREROUTING") && packet.header().family() == Family.IPV4;
        return raw && policy.equals(POLICY) ? packet.to(LISTED, 443) : packet;
    }

    /** Returns the same on another link. */
    private static Counterexample moved(Counterexample example, VethPair from, VethPair to) {
        String packet = example.packet().replace(from.hostInterface(), to.hostInterface());
        for (Family family : Family.values()) {
            if (from.network(family).isPresent()) {
                for (int host : new int[] {1, 2}) {
                    String address = InetAddresses.toAddrString(
                            from.network(family).get().at(host));
                    String other =
                            InetAddresses.toAddrString(to.network(family).get().at(host));
                    packet = packet.replaceAll("(?<![\\w.:])" + address + "(?![\\w.])", other);
                }
            }
        }
        return new Counterexample(
                example.flow(),
                example.admitted(),
                example.place(),
                packet,
                example.rule(),
                example.expected(),
                example.found());
    }

    private static void listedFlowsPass(MutantPod pod) throws Exception {
        for (Ip destination : List.of(LISTED, LISTED6)) {
            int port = destination.equals(LISTED) ? 443 : 5432;
            if (pod.veth().network(destination.family()).isPresent()) {
                Ip own = Ip.of(pod.veth().sandboxAddress(destination.family()).orElseThrow());
                Header syn = Header.ports(own, LISTED_PORT, destination, port, Header.TCP, Header.SYN);
                String link = pod.veth().hostInterface();
                assertThat(passes(
                                pod,
                                new CounterexamplePacket("host ip filter FORWARD", syn, "NEW", link, "eth0"),
                                true))
                        .as("listed, past the rules inside: %s", syn)
                        .isTrue();
                assertThat(passes(
                                pod,
                                new CounterexamplePacket("sandbox ip filter OUTPUT", syn, "NEW", "", "eth0"),
                                true))
                        .as("listed, out of the sandbox: %s", syn)
                        .isTrue();
            }
        }
    }

    /**
     * Returns whether a packet gets past its hook. The kernel may tell IPv6 of a new link's carrier up to a second late:
     * one that is {@code wanted} to get past is tried again.
     */
    private static boolean passes(MutantPod pod, CounterexamplePacket packet, boolean wanted) throws Exception {
        assertThat(OURS)
                .anyMatch(cidr -> cidr.contains(packet.header().destination().toInetAddress()));
        MutantAttempt attempt = new MutantAttempt(pod, packet);
        boolean passes = attempt.passes();
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (wanted && !passes && packet.header().family() == Family.IPV6 && System.nanoTime() < end) {
            Thread.sleep(20);
            passes = attempt.passes();
        }
        return passes;
    }

    @Test
    void withoutMasqueradingTheSourceIsTheSandboxes() throws Exception {
        Mutant mutant = Mutant.ALL.stream()
                .filter(each -> each.toString().equals(NOT_MASQUERADED))
                .findFirst()
                .orElseThrow();
        List<Counterexample> found = new ArrayList<>();
        for (Mutant planner : List.of(proving(mutant, found), proving(Mutant.none(e -> {}), new ArrayList<>()))) {
            try (MutantPod pod = new MutantPod(OUTSIDE, POLICY, planner)) {
                Ip own = Ip.of(pod.veth().sandboxAddress(Family.IPV4).orElseThrow());
                Header syn = CounterexamplePacket.of(found.get(0)).header();
                syn = syn.withEnds(own, syn.sourcePort(), syn.destination(), syn.destinationPort());
                Map<MutantPod.Where, Header> seen = pod.send(MutantPod.From.PAST_INSIDE, syn);
                Ip source = planner.toString().equals(NOT_MASQUERADED) ? own : Ip.parse("198.51.100.253");
                assertThat(seen)
                        .containsEntry(
                                MutantPod.Where.ETH0,
                                syn.withEnds(source, syn.sourcePort(), syn.destination(), syn.destinationPort()));
            }
        }
    }
}
