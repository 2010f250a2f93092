package dev.openshell.netns.testkit.ruleset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RulesetTextTest {
    private static Ruleset rules(Family family, String text) {
        Ruleset rules = new Ruleset(family, IptablesVariant.NFT);
        rules.restore(text, false);
        return rules;
    }

    private static String filter(String... lines) {
        return "*filter\n" + String.join("\n", lines) + "\nCOMMIT\n";
    }

    /** Returns what the only rule of a chain is printed as. */
    private static String printed(Family family, String table, String rule) {
        return rules(family, "*" + table + "\n" + rule + "\nCOMMIT\n")
                .save()
                .lines()
                .filter(line -> line.startsWith("-A"))
                .findFirst()
                .orElseThrow();
    }

    private static RuleProblem refused(IptablesVariant variant, String text) {
        Ruleset rules = new Ruleset(Family.IPV4, variant);
        return assertThatExceptionOfType(RuleProblem.class)
                .isThrownBy(() -> rules.restore(text, false))
                .actual();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-A INPUT -s 10.43.0.0/16 -d 10.200.0.1/32 -i eth+ -p tcp -m tcp --sport 1:5 --dport 80 -j ACCEPT",
                "-A OUTPUT ! -s 10.43.0.1/255.0.255.0 ! -o lo ! -p udp ! -f -j DROP",
                "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports 1,5:9",
                "-A INPUT -p sctp -m sctp --dport 0:65535",
                "-A INPUT -p icmp -m icmp --icmp-type 3/4 -j RETURN",
                "-A INPUT -p icmp -m icmp --icmp-type any",
                "-A INPUT -m conntrack ! --ctstate RELATED,ESTABLISHED --ctproto 6 --ctorigsrc 10.43.0.0/16",
                "-A INPUT -m conntrack --ctrepldst 10.43.0.1 --ctorigdstport 80:90 --ctstatus ASSURED --ctdir REPLY",
                "-A INPUT -m state --state NEW",
                "-A INPUT -m mark ! --mark 0x1/0xf -m connmark --mark 0x5",
                "-A INPUT -m iprange --src-range 10.43.0.1-10.43.0.9 ! --dst-range 10.43.1.1-10.43.1.1",
                "-A FORWARD -m addrtype --src-type UNICAST ! --dst-type LOCAL --limit-iface-in",
                "-A INPUT -m limit --limit 2/sec --limit-burst 9 -j LOG --log-prefix \"a b\" --log-level 7 --log-uid",
                "-A INPUT -m connlimit --connlimit-above 20 --connlimit-mask 32 --connlimit-daddr -j DROP",
                "-A INPUT -m connlimit --connlimit-upto 0 --connlimit-mask 0 --connlimit-saddr",
                "-A INPUT -m hashlimit --hashlimit-above 256/sec --hashlimit-burst 512 --hashlimit-mode dstip,dstport"
                        + " --hashlimit-name osh-abcdefgh-256 --hashlimit-htable-size 256 --hashlimit-htable-max 16384"
                        + " --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -j DROP",
                "-A INPUT -m hashlimit --hashlimit-upto 3/hour --hashlimit-burst 5 --hashlimit-name x"
                        + " --hashlimit-srcmask 24 --hashlimit-dstmask 8",
                "-A OUTPUT -m owner ! --socket-exists --uid-owner 5-9 ! --gid-owner 7",
                "-A INPUT -m comment --comment \"it\\'s \\\"so\\\" \\\\\" -m comment --comment plain",
                "-A FORWARD -m physdev --physdev-is-in --physdev-in eth0 ! --physdev-is-bridged",
                "-A INPUT -m set ! --match-set some src,dst",
                "-A INPUT -p tcp -j REJECT --reject-with tcp-reset",
                "-A INPUT -j NFLOG --nflog-prefix x --nflog-group 5 --nflog-size 80 --nflog-threshold 3",
                "-A OUTPUT -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xff",
            })
    void printsCanonicalRulesAsTheyAre(String rule) {
        String expected = rule.replace("10.43.0.1/255.0.255.0", "10.0.0.0/255.0.255.0");
        assertThat(printed(Family.IPV4, "filter", rule)).isEqualTo(expected);
        assertThat(printed(Family.IPV4, "filter", expected)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nat | -A PREROUTING -p tcp -j DNAT --to-destination [2001:db8::1-2001:db8::9]:80-90 --random",
                "nat | -A POSTROUTING -j SNAT --to-source 2001:db8::1 --persistent",
                "nat | -A POSTROUTING -p udp -j MASQUERADE --to-ports 1024-65535 --random-fully",
                "nat | -A OUTPUT -p tcp -j REDIRECT --to-ports 99",
                "raw | -A PREROUTING -j CT --notrack",
                "raw | -A PREROUTING -j NOTRACK",
                "mangle | -A PREROUTING -j MARK --set-xmark 0x1/0xff",
                "filter | -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
                "filter | -A INPUT -s 2001:db8::/32 -j REJECT --reject-with icmp6-adm-prohibited",
            })
    void printsCanonicalRulesOfOtherTablesAndIpv6(String table, String rule) {
        assertThat(printed(Family.IPV6, table, rule)).isEqualTo(rule);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "-A INPUT --src 10.1/16 --protocol TCP --destination-port :80 | -A INPUT -s 10.1.0.0/16 -p tcp -m tcp"
                        + " --dport 0:80",
                "-A INPUT -s 010.0x1.1.1/255.255.0.0 | -A INPUT -s 8.1.0.0/16",
                "-A INPUT -s any/0 -i + -p 0 | -A INPUT",
                "--app INPUT --jum ACCEPT | -A INPUT -j ACCEPT",
                "-A INPUT -p tcp --dport=80 --syn | -A INPUT -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN",
                "-A INPUT -p udp ! --dport 0:100 | -A INPUT -p udp -m udp --dport 101:65535",
                "-A INPUT -p udp --dport 65616 | -A INPUT -p udp -m udp --dport 80",
                "-A INPUT -m limit --limit 7777/m | -A INPUT -m limit --limit 129/sec",
                "-A INPUT -m mark --mark 017/0x0F | -A INPUT -m mark --mark 0xf/0xf",
                "-A INPUT -j REJECT --reject-with host-unr | -A INPUT -j REJECT --reject-with icmp-host-unreachable",
                "-A INPUT -m conntrack --ctstate new,est | -A INPUT -m conntrack --ctstate NEW,ESTABLISHED",
                "[1:2]-A INPUT -m comment --comment \"a\"-j DROP | -A INPUT -m comment --comment a -j DROP",
                "-A INPUT -m comment --comment a\"b c\" | -A INPUT -m comment --comment \"ab c\"",
                "-A INPUT -p icmp --icmp-type ping | -A INPUT -p icmp -m icmp --icmp-type 8",
            })
    void readsOtherSpellings(String given, String expected) {
        assertThat(printed(Family.IPV4, "filter", given)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-A NOTHING | NOTHING",
                "-A INPUT -j NOTHING | NOTHING",
                "-A INPUT -g ACCEPT | ACCEPT",
                "-A INPUT -j OUTPUT | OUTPUT",
                "-A INPUT --dport 80 | --dport",
                "-A INPUT -p tcp --dport 9:8 | 9:8",
                "-A INPUT -j REJECT --reject-with tcp-reset | tcp-reset",
                "-A INPUT -s 10.1.1.1/33 | 33",
                "-A INPUT -i abcdefghijklmnop | abcdefghijklmnop",
                "-A OUTPUT -i lo | -i",
                "-A INPUT ! -j ACCEPT | -j",
                "-A INPUT junk | junk",
                "-A INPUT -m nothing | nothing",
                "-A INPUT -p udplite --dport 1 | --dport",
                "-A INPUT -j MASQUERADE | MASQUERADE",
                "-N -x | -x",
                "-N LOG | LOG",
                ":X | X",
                ":INPUT REJECT | REJECT",
                ":ACCEPT - [0:0] | ACCEPT",
                "-D INPUT 1 | 1",
                "-P INPUT QUEUE | QUEUE",
                "-F INPUT -j ACCEPT | -j",
            })
    void namesTheLineAndTheWordThatItRefuses(String line, String token) {
        RuleProblem problem = refused(IptablesVariant.NFT, filter("#", line));
        assertThat(problem.token()).isEqualTo(token);
        assertThat(problem.refused()).isTrue();
        assertThat(problem.line()).isEqualTo(3);
    }

    @Test
    void saysWhatItDoesNotKnow() {
        assertThat(refused(IptablesVariant.NFT, filter("-A INPUT -m quota")).refused())
                .isFalse();
        assertThat(refused(IptablesVariant.NFT, filter("-A INPUT -j TPROXY")).refused())
                .isFalse();
        assertThat(refused(IptablesVariant.NFT, filter("-A INPUT -s some.host")).refused())
                .isFalse();
        assertThat(refused(IptablesVariant.NFT, filter("-F")).refused()).isFalse();
    }

    @Test
    void tablesAreAtomic() {
        Ruleset rules = rules(Family.IPV4, filter(":INPUT DROP [0:0]", "-A INPUT -j ACCEPT"));
        String before = rules.save();
        assertThatExceptionOfType(RuleProblem.class)
                .isThrownBy(() -> rules.restore(
                        "*raw\n-A OUTPUT -j ACCEPT\nCOMMIT\n" + filter("-A INPUT -j DROP", "-A INPUT -j NO"), false));
        assertThat(rules.save()).contains(before).contains("*raw\n").contains("-A OUTPUT -j ACCEPT");
        assertThatExceptionOfType(RuleProblem.class).isThrownBy(() -> rules.restore("*filter\n-A INPUT\n", false));
        assertThat(rules.save()).contains(before);
    }

    @Test
    void keepAddsAndWithoutItOnlyThePoliciesOfLegacyStay() {
        for (IptablesVariant variant : new IptablesVariant[] {IptablesVariant.NFT, IptablesVariant.LEGACY}) {
            Ruleset rules = new Ruleset(Family.IPV4, variant);
            rules.restore(filter(":INPUT DROP [0:0]", ":ONE - [0:0]", "-A ONE -j DROP", "-A INPUT -j ONE"), false);
            rules.restore(filter("-A INPUT -j ACCEPT"), true);
            assertThat(rules.save()).contains("-A INPUT -j ONE\n-A INPUT -j ACCEPT\n-A ONE -j DROP\n");
            rules.restore(filter(":ONE - [0:0]"), true);
            assertThat(rules.save()).contains("-A INPUT -j ONE\n").doesNotContain("-A ONE");
            rules.restore(filter("-A OUTPUT -j ACCEPT"), false);
            assertThat(rules.save())
                    .contains(variant == IptablesVariant.LEGACY ? ":INPUT DROP" : ":INPUT ACCEPT")
                    .doesNotContain("ONE");
        }
    }

    @Test
    void variantsDisagreeOnTheEdges() {
        assertThat(refused(IptablesVariant.LEGACY, "*filter\nCOMMIT").token()).isEqualTo("COMMIT");
        rules(Family.IPV4, "*filter\nCOMMIT");
        String twice = filter(":X - [0:0]", ":X - [0:0]");
        assertThat(refused(IptablesVariant.LEGACY, twice).token()).isEqualTo("X");
        assertThat(rules(Family.IPV4, twice).save()).contains(":X - [0:0]");
        assertThat(rules(Family.IPV4, filter()).save()).isEmpty();
    }

    @Test
    void commandsChangeChains() {
        Ruleset rules = rules(
                Family.IPV4,
                filter(
                        "-N X",
                        "-A X -j DROP",
                        "-A INPUT -j X",
                        "-I INPUT -j LOG",
                        "-I INPUT 2 -p udp",
                        "-D INPUT -j LOG",
                        "-P FORWARD DROP",
                        "-N Y",
                        "-X Y",
                        "-A OUTPUT",
                        "-D OUTPUT 1",
                        "-C INPUT -p udp"));
        assertThat(rules.save())
                .contains(":FORWARD DROP")
                .contains("-A INPUT -p udp\n-A INPUT -j X\n-A X -j DROP\nCOMMIT")
                .doesNotContain("Y");
        rules.restore(filter("-R INPUT 1 -p tcp", "-F X", "-D INPUT -j X", "-X X"), true);
        assertThat(rules.save()).contains("-A INPUT -p tcp\nCOMMIT").doesNotContain("X");
    }

    @Test
    void circlesAndMisplacedTargetsAreRefusedAtCommit() {
        assertThat(refused(
                                IptablesVariant.NFT,
                                filter(":X - [0:0]", ":Y - [0:0]", "-A X -j Y", "-A Y -j X", "-A INPUT -j X"))
                        .line())
                .isEqualTo(6);
        assertThat(refused(IptablesVariant.NFT, "*nat\n-A POSTROUTING -j DNAT --to-destination 10.43.0.1\nCOMMIT\n")
                        .line())
                .isEqualTo(2);
        assertThat(refused(IptablesVariant.NFT, "*nat\n-A POSTROUTING -j DROP\nCOMMIT\n")
                        .line())
                .isEqualTo(2);
    }

    @Test
    void textBeyondAsciiIsKept() {
        assertThat(printed(Family.IPV4, "filter", "-A INPUT -m comment --comment \u00e9\u20ac"))
                .isEqualTo("-A INPUT -m comment --comment \"\u00e9\u20ac\"");
    }

    @Test
    void longTextsAreRefusedQuickly() {
        assertThat(refused(IptablesVariant.NFT, filter("-A INPUT -m comment --comment " + "a".repeat(100_000)))
                        .line())
                .isEqualTo(2);
        assertThat(refused(IptablesVariant.NFT, filter("-A INPUT " + "-m comment ".repeat(200)))
                        .refused())
                .isTrue();
    }

    @Test
    void whatTheLegacyToolComparesOfALongCommentIsNotKnown() {
        String rules = "*filter\n-A INPUT -m comment --comment " + "x".repeat(255) + "\n-C INPUT -m comment --comment "
                + "x".repeat(254) + "\nCOMMIT\n";
        assertThat(refused(IptablesVariant.LEGACY, rules).refused()).isFalse();
        assertThat(refused(IptablesVariant.NFT, rules).refused()).isTrue();
    }
}
