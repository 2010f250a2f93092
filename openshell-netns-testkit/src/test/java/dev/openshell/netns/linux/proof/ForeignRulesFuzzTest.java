package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link ForeignRules}, whose text comes from anywhere: what the documentation names is thrown and nothing else, and
 * the proof, the explanation and the list of what is admitted say the same.
 */
public final class ForeignRulesFuzzTest {
    private static final int PORT = 443;
    private static final Map<Family, InetAddress> LISTED = Map.of(
            Family.IPV4, InetAddresses.forString("203.0.113.10"),
            Family.IPV6, InetAddresses.forString("2001:db8::10"));
    private static final VethPair VETH = VethPair.builder()
            .hostInterface("osh-plan")
            .network(Cidr.parse("10.200.0.0/30"))
            .network6(Cidr.parse("fd00:6f73:6800::/126"))
            .build();

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(ForeignRulesFuzzTest.class, ForeignRulesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        for (Family family : Family.values()) {
            for (String chain : List.of("FORWARD", "OUTPUT", "A")) {
                ask(family, text, chain);
            }
        }
    }

    private static void ask(Family family, String text, String chain) {
        ForeignRules rules;
        try {
            rules = ForeignRules.parse(family, text, chain);
        } catch (VerificationException e) {
            assertThat(e.unknown()).isPresent();
            return;
        } catch (IllegalArgumentException e) {
            if (e.getClass() != IllegalArgumentException.class) {
                throw e;
            }
            return;
        }
        List<String> admits = rules.admits(20);
        assertThat(admits.size()).isLessThanOrEqualTo(20);
        boolean listed =
                rules.explain(6, LISTED.get(family), OptionalInt.of(PORT)).allowed();
        assertThat(listed && admits.isEmpty()).isFalse();
        try {
            rules.verify(policy(LISTED.get(family)));
        } catch (VerificationException e) {
            assertThat(e.counterexample()).isPresent();
            return;
        }
        assertThat(admits).hasSize(1);
        assertThat(listed).isTrue();
    }

    private static RuleSet policy(InetAddress address) {
        return RuleSet.of(VETH, List.of(Rule.of(Rule.Kind.DIRECT, Protocol.TCP, address, PORT, "listed")));
    }
}
