package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import dev.openshell.netns.linux.rules.RestoreText;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What is true of every text that the compiler writes. */
class TextProperties {
    private static final IptablesCompiler COMPILER = new IptablesCompiler();

    @Provide
    Arbitrary<RuleSet> ruleSets() {
        return PolicyArbitraries.ruleSets();
    }

    private static List<String> saved(Ruleset ruleset) {
        return ruleset.save().lines().filter(line -> !line.startsWith("#")).toList();
    }

    /** The order in which tables are printed is that in which they came to be. */
    private static Set<String> tables(Ruleset ruleset) {
        return Set.of(String.join("\n", saved(ruleset)).split("(?<=COMMIT)\n"));
    }

    private static String host(RuleSet rules, Family family) {
        String standing = HostRules.of("").standing(rules.veth().network(family).isPresent());
        return RestoreText.merge(standing, COMPILER.host(rules, family));
    }

    /** The compiler's text, read and printed again, is itself: nothing in it means anything but what it says. */
    @Property(tries = 300)
    void whatIsSavedIsWhatWasWritten(@ForAll("ruleSets") RuleSet rules) {
        for (Family family : Family.values()) {
            for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
                Ruleset inside = new Ruleset(family, variant);
                String text = COMPILER.sandbox(rules, family);
                inside.restore(text, false);
                assertThat(saved(inside)).isEqualTo(text.lines().toList());
                Ruleset host = new Ruleset(family, variant);
                host.restore(host(rules, family), true);
                Ruleset again = new Ruleset(family, variant);
                again.restore(host.save(), false);
                assertThat(tables(again)).isEqualTo(tables(host));
            }
        }
    }

    /** Whatever characters a caller's string has, it changes nothing but what stands in its comment's quotes. */
    @Property(tries = 300)
    void noStringOfACallersBecomesAToken(@ForAll("ruleSets") RuleSet rules) {
        List<Rule> plain = rules.rules().stream()
                .map(rule -> Rule.of(rule.kind(), rule.protocol(), rule.address(), rule.port(), "plain"))
                .toList();
        for (Family family : Family.values()) {
            assertThat(withoutComments(COMPILER.sandbox(rules, family)))
                    .isEqualTo(withoutComments(COMPILER.sandbox(RuleSet.of(rules.veth(), plain), family)));
            assertThat(withoutComments(COMPILER.host(rules, family)))
                    .isEqualTo(withoutComments(COMPILER.host(RuleSet.of(rules.veth(), plain), family)));
        }
    }

    private static String withoutComments(String text) {
        assertThat(text).matches("[\\n -~]*");
        return text.replaceAll(" -m comment --comment (\"[^\"\\n]*\"|[A-Za-z0-9_-]+)", "");
    }

    @Provide
    Arbitrary<Packet> packets() {
        return PolicyArbitraries.packets(Family.IPV4);
    }

    /** The ruleset of a namespace, asked alone about what it sends: only what a rule names gets out of its link. */
    @Property(tries = 300)
    void theSandboxsRulesAloneLetOutWhatIsListed(
            @ForAll("ruleSets") RuleSet rules, @ForAll("packets") Packet packet, @ForAll Random random) {
        RulesetTracer tracer = RulesetTracer.parse(Family.IPV4, COMPILER.sandbox(rules, Family.IPV4));
        List<Rule> listed = rules.rules(Family.IPV4);
        Packet sent = packet;
        if (!listed.isEmpty() && random.nextBoolean()) {
            Rule rule = listed.get(random.nextInt(listed.size()));
            sent = rule.protocol() == Protocol.TCP
                    ? Packet.tcp(packet.source(), 1, rule.address(), rule.port())
                    : Packet.udp(packet.source(), 1, rule.address(), rule.port());
        }
        Packet out = sent.withOutInterface("eth0");
        boolean allowed = listed.stream()
                .anyMatch(rule -> rule.protocol().number() == out.protocol()
                        && rule.address().equals(out.destination())
                        && rule.port() == out.destinationPort());
        assertThat(tracer.output(out).verdict()).isEqualTo(allowed ? Trace.Verdict.ACCEPT : Trace.Verdict.REJECT);
    }

    @Property(tries = 300)
    void theOrderOfRulesNeverMatters(@ForAll("ruleSets") RuleSet rules, @ForAll Random random) {
        List<Rule> shuffled = new ArrayList<>(rules.rules());
        Collections.shuffle(shuffled, random);
        RuleSet other = RuleSet.of(rules.veth(), shuffled);
        for (Family family : Family.values()) {
            assertThat(COMPILER.sandbox(other, family)).isEqualTo(COMPILER.sandbox(rules, family));
            assertThat(COMPILER.host(other, family)).isEqualTo(COMPILER.host(rules, family));
        }
    }
}
