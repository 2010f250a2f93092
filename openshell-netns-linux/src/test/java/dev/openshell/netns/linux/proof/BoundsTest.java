package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever rules there are: the proof ends, soon and without the JVM, and what it can't say it says it can't. */
@Timeout(60)
class BoundsTest {
    private static final String LISTED = "tcp:203.0.113.10:443";
    private static final String ACCEPT = " -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT\n";

    /** There are 2^30 ways through these. */
    @Test
    @Timeout(10)
    void chainsThatJumpTwiceToTheNext() {
        Asked chains = Asked.output(chain(30, 2) + "-A C30" + ACCEPT);
        assertThat(chains.verify(LISTED)).isEqualTo("equal");
        assertThat(chains.verify()).isEqualTo(LISTED + " admitted by -A C30" + ACCEPT.stripTrailing());
        assertThat(chains.explain(LISTED)).isEqualTo("allowed by -A C30" + ACCEPT.stripTrailing());
        assertThat(chains.explain("tcp:203.0.113.10:80")).isEqualTo("denied by :OUTPUT DROP");
        assertThat(Asked.output(chain(30, 2)).verify()).isEqualTo("equal");
    }

    /** Each way into a chain is looked at apart only while they are few. */
    @Test
    @Timeout(10)
    void chainsThatAreEnteredInAHundredWays() {
        StringBuilder lines = new StringBuilder(":OUTPUT DROP [0:0]\n:ONE - [0:0]\n:TWO - [0:0]\n");
        for (int i = 0; i < 100; i++) {
            lines.append("-A OUTPUT -d 203.0.113." + i + "/32 -j ONE\n");
            lines.append("-A ONE -p tcp -m tcp --dport " + (400 + i) + " -j TWO\n");
        }
        Asked chains = Asked.output(lines + "-A TWO" + ACCEPT);
        assertThat(chains.verify(LISTED)).isEqualTo("equal");
    }

    /** A chain is read for the packets of its first jump, and once more for those of the next. */
    @ParameterizedTest
    @ValueSource(strings = {"-j TWO", "-j \"TWO\"", "--jump TWO"})
    void aChainThatIsEnteredTwiceIsReadTwice(String jump) {
        Asked chains = Asked.output(
                """
                :OUTPUT DROP [0:0]
                :ONE - [0:0]
                :TWO - [0:0]
                :THREE - [0:0]
                -A OUTPUT -p udp -j ONE
                -A OUTPUT -p tcp -j ONE
                -A ONE %s
                -A TWO -p tcp -j THREE
                -A THREE -j ACCEPT
                """
                        .formatted(jump));
        assertThat(chains.verify()).isEqualTo("tcp:198.51.100.0:1 admitted by -A THREE -j ACCEPT");
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 10_000})
    void jumpsThatAreTooDeepAreUnknown(int depth) {
        assertThat(Asked.output(chain(depth, 1)).verify()).startsWith("unknown C");
    }

    /** Each matches half of what there is: of 400 the meaning can be told. */
    @Test
    void rulesThatOverlap() {
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder(":OUTPUT DROP [0:0]\n");
        for (int i = 0; i < 400; i++) {
            lines.append("-A OUTPUT")
                    .append(addresses(random, "--src-range "))
                    .append(addresses(random, "--dst-range "))
                    .append(" -p tcp -m tcp --sport ")
                    .append(ports(random))
                    .append(" --dport ")
                    .append(ports(random))
                    .append(random.nextBoolean() ? " -j ACCEPT\n" : " -j DROP\n");
        }
        assertThat(Asked.output(lines.toString()).verify()).matches("tcp:.* admitted by .*");
    }

    /** Of 2000 it can't, which is said before the heap is full. */
    @Test
    void rulesThatExplode() {
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder(":OUTPUT DROP [0:0]\n");
        for (int i = 0; i < 2000; i++) {
            lines.append("-A OUTPUT")
                    .append(addresses(random, "--src-range "))
                    .append(addresses(random, "--dst-range "))
                    .append(" -p tcp -m multiport --sports ")
                    .append(ports(random) + "," + ports(random))
                    .append(" -m multiport --dports ")
                    .append(ports(random) + "," + ports(random))
                    .append(random.nextBoolean() ? " -j ACCEPT\n" : " -j DROP\n");
        }
        assertThat(Asked.output(lines.toString()).verify()).isEqualTo("unknown regions");
    }

    private static String addresses(Random random, String option) {
        long from = random.nextLong(1L << 31);
        return " -m iprange " + option + dotted(from) + "-" + dotted(from + (1L << 31) - 1);
    }

    private static String dotted(long address) {
        return InetAddresses.toAddrString(InetAddresses.fromInteger((int) address));
    }

    private static String ports(Random random) {
        int from = random.nextInt(1 << 15);
        return from + ":" + (from + (1 << 15) - 1);
    }

    /** iptables-save can't show every target. */
    @ParameterizedTest
    @CsvSource({"-A OUTPUT, OUTPUT", "-A OUTPUT -p udp, udp", "-A OUTPUT -d 203.0.113.10/32, 203.0.113.10/32"})
    void aRuleWithoutATargetIsUnknown(String rule, String token) {
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n" + rule + "\n").verify()).isEqualTo("unknown " + token);
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -j DROP\n" + rule + "\n")
                        .verify())
                .isEqualTo("equal");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ACCEPT", "DROP", "RETURN", "REJECT", "LOG", "NFLOG", "MASQUERADE"})
    void aChainThatIsCalledLikeATargetIsUnknown(String name) {
        String chain = ":OUTPUT DROP [0:0]\n:" + name + " - [0:0]\n";
        assertThat(Asked.output(chain + "-A OUTPUT -j " + name + "\n").verify()).isEqualTo("unknown " + name);
        assertThat(Asked.output(chain).verify()).isEqualTo("equal");
    }

    /** No interface can be called so, but a rule can name it: for this sandbox's link that is another one. */
    @ParameterizedTest
    @ValueSource(strings = {"/", "e/", "+/", "osh-/", "osh-s0/", "osh-s0/+"})
    void aNameWithASlashIsANameLikeAnother(String name) {
        assertThat(behind("-A FORWARD -i " + name + " -j ACCEPT")).isEqualTo("admitted");
        assertThat(behind("-A INPUT -s 9.9.9.9/32 -i " + name + " -j DROP")).isEqualTo("equal");
        assertThat(behind("-A FORWARD -i osh-s0+ -j ACCEPT")).isEqualTo("admitted");
    }

    /** iptables-save prints it as it is, and it would swallow what stands behind it. */
    @Test
    void aNameWithAQuoteIsUnknown() {
        String rest = "-A OUTPUT -j ACCEPT\n";
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -o e\" -j DROP\n" + rest)
                        .verify())
                .startsWith("unknown ");
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT ! -i f\" -o e\" -j DROP\n" + rest)
                        .verify())
                .startsWith("unknown ");
        assertThat(behind("-A INPUT -i e\" -j DROP\n-A FORWARD -j ACCEPT\n-A FORWARD -i e\" -j DROP"))
                .isEqualTo("unknown \"e -j DROP");
    }

    /** Returns what is said of a sandbox whose host has a rule before this project's own. */
    private static String behind(String rule) {
        String jumps = HostRules.of("").standing(true).replaceAll("-I (INPUT|FORWARD) 1", "-A $1");
        Rulesets loaded = new Rulesets();
        loaded.host(Family.IPV4, "*filter\n" + rule + "\nCOMMIT\n");
        loaded.host(Family.IPV4, jumps);
        RuleSet own = sandbox(0);
        load(own, loaded);
        try {
            Proof.of(own, loaded);
            return "equal";
        } catch (VerificationException e) {
            return e.unknown()
                    .map(token -> "unknown " + token)
                    .orElseGet(() -> e.counterexample().orElseThrow().admitted() ? "admitted" : "refused");
        }
    }

    private static void load(RuleSet own, Rulesets loaded) {
        IptablesCompiler compiler = new IptablesCompiler();
        loaded.sandbox(Family.IPV4, compiler.sandbox(own, Family.IPV4));
        loaded.host(Family.IPV4, compiler.host(own, Family.IPV4));
    }

    /** What other sandboxes have is not read, for no packet of this one gets there. */
    @Test
    @Timeout(10)
    void fiveHundredOtherSandboxes() {
        IptablesCompiler compiler = new IptablesCompiler();
        Rulesets loaded = new Rulesets();
        loaded.host(Family.IPV4, HostRules.of("").standing(true));
        for (int i = 1; i <= 500; i++) {
            loaded.host(Family.IPV4, compiler.host(sandbox(i), Family.IPV4));
            loaded.host(Family.IPV4, quota(sandbox(i)));
        }
        RuleSet own = sandbox(0);
        load(own, loaded);
        assertThat(Proof.of(own, loaded).regions()).isPositive();
        loaded.host(Family.IPV4, quota(own));
        assertThatThrownBy(() -> Proof.of(own, loaded))
                .isInstanceOfSatisfying(VerificationException.class, e -> assertThat(e.unknown())
                        .contains("quota"));
    }

    private static String quota(RuleSet rules) {
        return "*filter\n-I " + rules.veth().hostInterface() + "-from 1 -m quota --quota 5 -j ACCEPT\nCOMMIT\n";
    }

    private static RuleSet sandbox(int number) {
        VethPair veth = VethPair.builder()
                .hostInterface("osh-s" + number)
                .network(Cidr.parse("10.200." + number / 64 + "." + number % 64 * 4 + "/30"))
                .build();
        List<Rule> rules = new ArrayList<>();
        rules.add(Rule.of(Rule.Kind.PROXY, Protocol.TCP, veth.hostAddress(), 3128, "proxy(3128)"));
        for (int i = 0; i < 10; i++) {
            rules.add(Rule.of(
                    Rule.Kind.DIRECT,
                    Protocol.TCP,
                    InetAddresses.forString("203.0.113." + (number + i) % 256),
                    443,
                    "directTcp"));
        }
        return RuleSet.of(veth, rules);
    }

    private static String chain(int chains, int jumps) {
        StringBuilder lines = new StringBuilder(":OUTPUT DROP [0:0]\n");
        for (int i = 0; i <= chains; i++) {
            lines.append(":C").append(i).append(" - [0:0]\n");
        }
        lines.append("-A OUTPUT -j C0\n");
        for (int i = 0; i < chains; i++) {
            lines.append(("-A C" + i + " -j C" + (i + 1) + "\n").repeat(jumps));
        }
        return lines.toString();
    }
}
