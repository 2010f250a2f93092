package dev.openshell.netns.linux.ruleset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the reader of rules does not know, it names. */
class UnknownWordsTest {
    private static Rule read(String options) {
        return new RuleReader(Family.IPV4, "-A C " + options).read();
    }

    private static List<Condition> conditions6(String options) {
        return new RuleReader(Family.IPV6, "-A C " + options).read().conditions();
    }

    /** What stands in a rule, and the word that is named. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Matches and targets.
                "-m limit --limit 5/min -j ACCEPT            | limit",
                "-m owner --uid-owner 0 -j ACCEPT            | owner",
                "-m addrtype --dst-type LOCAL -j ACCEPT      | addrtype",
                "-m set --match-set s dst -j ACCEPT          | set",
                "-m mark --mark 0x4000/0x4000 -j RETURN      | mark",
                "-m recent --set -j ACCEPT                   | recent",
                "-m physdev --physdev-is-bridged -j ACCEPT   | physdev",
                "-j MARK --set-xmark 0x4000/0xffffffff       | MARK",
                "-j DNAT --to-destination 10.0.0.1           | DNAT",
                "-j TCPMSS --clamp-mss-to-pmtu               | TCPMSS",
                "-j CT --notrack                             | CT",
                "-j NFQUEUE --queue-num 1                    | NFQUEUE",
                "-j ACCEPT -m comment --comment x            | -m",
                "-j ACCEPT -s 10.0.0.1                       | -s",
                "-j MASQUERADE --to-ports 1024               | --to-ports",
                "-p tcp -j REJECT --reject-with tcp-reset x  | x",
                "-p udp -j REJECT --reject-with tcp-reset    | tcp-reset",
                "-j REJECT --with tcp-reset                  | --with",
                "-j LOG log                                  | log",
                "-j LOG --log-prefix                         | --log-prefix",
                "-g ACCEPT                                   | ACCEPT",
                "-g LOG                                      | LOG",
                "-g REJECT                                   | REJECT",
                "! -j ACCEPT                                 | -j",
                "! -g elsewhere                              | -g",
                "-j                                          | -j",
                // Options.
                "-f -j DROP                                  | -f",
                "-c 1 2 -j DROP                              | -c",
                "--sports 1 -j DROP                          | --sports",
                "-p tcp --tcp-option 5                       | --tcp-option",
                "-p tcp --ctstate NEW                        | --ctstate",
                "-m conntrack --ctstate NEW -m comment --ctdir REPLY | --ctdir",
                "-m conntrack --ctstatus ASSURED             | --ctstatus",
                "-m conntrack --ctreplsrc 10.0.0.1           | --ctreplsrc",
                "-m conntrack --ctorigsrcport 1              | --ctorigsrcport",
                "-m conntrack --ctstate DNAT                 | --ctstate",
                "-m conntrack --ctstate NEW,                 | --ctstate",
                "-m conntrack --ctdir BACK                   | BACK",
                "-m conntrack --ctproto nosuch               | --ctproto",
                "-m conntrack --ctorigdst 2001:db8::1        | --ctorigdst",
                "-m conntrack --ctorigdstport 1,2            | --ctorigdstport",
                "! -m tcp                                    | tcp",
                "! --comment x                               | --comment",
                "-m comment --comment                        | --comment",
                "stray -j DROP                               | stray",
                "! ! -p tcp                                  | !",
                "!                                           | !",
                // Protocols.
                "-p nosuch                                   | nosuch",
                "-p TCP                                      | TCP",
                "-p 256                                      | 256",
                "-p 6x                                       | 6x",
                "-p 0000006                                  | 0000006",
                "! -p all                                    | all",
                "! -p 0                                      | 0",
                // Modules and options for a protocol that is not asked for.
                "-m tcp --dport 1                            | tcp",
                "-p udp -m tcp --dport 1                     | tcp",
                "! -p tcp -m tcp --dport 1                   | tcp",
                "-p tcp -m udp --dport 1                     | udp",
                "-p tcp -m icmp --icmp-type 8                | icmp",
                "-p icmp -m icmp6 --icmpv6-type 8            | icmp6",
                "-m multiport --dports 1                     | multiport",
                "! -p tcp -m multiport --dports 1            | multiport",
                "--dport 1                                   | --dport",
                "-p icmp --dport 1                           | --dport",
                "-p gre -m multiport --ports 1               | --ports",
                "-p gre -m multiport --dports 1              | --dports",
                "! -p tcp --sport 1                          | --sport",
                "-p udp --syn                                | --syn",
                "-p udp --tcp-flags SYN SYN                  | --tcp-flags",
                "--icmp-type 8                               | --icmp-type",
                "-p tcp --icmp-type 8                        | --icmp-type",
                "-p ipv6-icmp --icmpv6-type 8                | --icmpv6-type",
                // Values.
                "-s 10.0.0.1,10.0.0.2                        | -s",
                "-d 10.0.0.1,10.0.0.2 -j ACCEPT              | -d",
                "-d db.internal                              | -d",
                "-d 2001:db8::1                              | -d",
                "-d 10.0.0.1/33                              | -d",
                "-d 10.0.0.1/-1                              | -d",
                "-d 10.0.0.1/                                | -d",
                "-d 10.0.0.1/255.0.255.0                     | -d",
                "-d 10.0.0.256                               | -d",
                "-d 10.0.0                                   | -d",
                "-d 10.0.0.01                                | -d",
                "-d 10.0.0.1.2                               | -d",
                "-d                                          | -d",
                "-m iprange --src-range 10.0.0.2-10.0.0.1    | --src-range",
                "-m iprange --dst-range 10.0.0.2-            | --dst-range",
                "-m iprange --dst-range 10.0.0.0/8           | --dst-range",
                "-p tcp --dport 65536                        | --dport",
                "-p tcp --dport https                        | --dport",
                "-p tcp --dport 2:1                          | --dport",
                "-p tcp --dport 1,2                          | --dport",
                "-p tcp -m multiport --dports 1,,2           | --dports",
                "-p tcp -m multiport --dports 1-2            | --dports",
                "-p tcp --tcp-flags SYN,ECE SYN              | --tcp-flags",
                "-p tcp --tcp-flags SYN                      | SYN",
                "-p icmp --icmp-type nosuch                  | --icmp-type",
                "-p icmp --icmp-type 256                     | --icmp-type",
                "-p icmp --icmp-type 3/256                   | --icmp-type",
            })
    void namesTheWordThatItDoesNotKnow(String options, String token) {
        String line = "-A C " + options;
        assertThatThrownBy(() -> new RuleReader(Family.IPV4, line).read())
                .isInstanceOfSatisfying(UnknownTokenException.class, e -> {
                    assertThat(e.token()).isEqualTo(token);
                    assertThat(e.line()).isEqualTo(line);
                })
                .hasMessageContainingAll(token, line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-d 203.0.113.10             | -d",
                "-d 2001:db8::/129           | -d",
                "-d 2001:db8::1%eth0         | -d",
                "-d 2001:db8:::1             | -d",
                "-d [2001:db8::1]            | -d",
                "-d 2001:db8::/ffff:0:ffff:: | -d",
                "-m iprange --dst-range 2001:db8::2-2001:db8::1 | --dst-range",
                "-m conntrack --ctorigsrc 10.0.0.1 | --ctorigsrc",
                "-p icmp --icmp-type 8       | --icmp-type",
                "-p ipv6-icmp --icmpv6-type any | --icmpv6-type",
                "-m frag --fragmore          | frag",
                "-m hl --hl-eq 255           | hl",
                "-m rt --rt-type 0           | rt",
            })
    void namesTheWordOfIpv6ThatItDoesNotKnow(String options, String token) {
        assertThatThrownBy(() -> conditions6(options))
                .isInstanceOfSatisfying(
                        UnknownTokenException.class, e -> assertThat(e.token()).isEqualTo(token));
    }

    @Test
    void aQuoteThatNeverEndsIsNamed() {
        assertThatThrownBy(() -> read("-m comment --comment \"a -j DROP"))
                .isInstanceOfSatisfying(
                        UnknownTokenException.class, e -> assertThat(e.token()).isEqualTo("\"a -j DROP"));
    }
}
