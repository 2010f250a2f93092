package dev.openshell.netns.linux.ruleset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.openshell.netns.Family;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is read is what the real tools take for it: each rule is loaded into a namespace of its own and saved again, and
 * the reader makes the same of both.
 */
@Tag("real-kernel")
@Tag("kernel-only")
class RuleReaderIT {
    /** Of both families. */
    private static final List<String> RULES = List.of(
            "",
            "-j ACCEPT",
            "-i eth0 ! -o lo -j DROP",
            "-i osh-+ -g elsewhere",
            "-p tcp -j REJECT --reject-with tcp-reset",
            "-j REJECT",
            "-p 6 --dport 443 -j elsewhere",
            "! -p tcp -j RETURN",
            "-p 253 -j DROP",
            "-p all -j DROP",
            "-p udp -m udp ! --sport 1:1023 --dport 1024: -j DROP",
            "-p tcp --destination-port :80 --source-port 5 -j DROP",
            "-p sctp -m sctp --dport 80 -j DROP",
            "-p dccp -m dccp --sport 80 -j DROP",
            "-p udplite -m multiport --dports 5 -j DROP",
            "-p tcp -m multiport --dports 22,443,80:90 -j ACCEPT",
            "-p tcp -m multiport ! --sports 22,443 -j ACCEPT",
            "-p udp -m multiport --ports 22,80:90 -j ACCEPT",
            "-p tcp --syn -j ACCEPT",
            "-p tcp ! --syn -j ACCEPT",
            "-p tcp -m tcp --tcp-flags ALL NONE -j DROP",
            "-p tcp -m tcp ! --tcp-flags SYN,PSH,URG PSH,URG -j DROP",
            "-m state --state RELATED,ESTABLISHED -j ACCEPT",
            "-m state ! --state NEW -j ACCEPT",
            "-m conntrack --ctstate NEW,UNTRACKED --ctdir ORIGINAL -j ACCEPT",
            "-m conntrack ! --ctstate INVALID -j ACCEPT",
            "-m conntrack --ctproto 17 --ctorigdstport 53 -j ACCEPT",
            "-m conntrack ! --ctproto tcp -j ACCEPT",
            "-m conntrack ! --ctorigdstport 80:90 -j ACCEPT",
            "-m conntrack --ctstate NEW -p tcp -m conntrack --ctdir ORIGINAL -j ACCEPT",
            "-m comment --comment one -j DROP",
            "-m comment --comment \"a \\\" -j ACCEPT\" -j DROP",
            "-m comment --comment \"a \\\\\" -j DROP",
            "-m comment --comment \"\" -j DROP",
            "-m comment --comment x\" -i eth1 -m comment --comment y\" -j DROP",
            "-m comment --comment \"x\"-j DROP",
            "  -p   tcp  -j   DROP ",
            "-j LOG --log-prefix \"a -j ACCEPT \" --log-level 7 --log-uid --log-tcp-options --log-ip-options",
            "-p tcp -j LOG --log-tcp-sequence --log-macdecode",
            "-j NFLOG --nflog-group 1 --nflog-prefix x --nflog-size 64 --nflog-threshold 5");

    private static final List<String> IPV4 = List.of(
            "-s 10.0.0.1 ! -d 10.0.0.9/30 -j DROP",
            "-s 0.0.0.0/0 -j DROP",
            "-d 10.1.2.3/255.255.0.0 -j DROP",
            "--source 10.0.0.0/8 --destination 10.0.0.1/32 --jump DROP",
            "-m iprange --src-range 10.0.0.1-10.0.1.5 ! --dst-range 10.0.0.7-10.0.0.7 -j DROP",
            "-m conntrack ! --ctorigsrc 10.0.0.0/8 --ctorigdst 10.0.0.1 -j DROP",
            "-p icmp -m icmp --icmp-type 8 -j ACCEPT",
            "-p icmp -m icmp ! --icmp-type 3/4 -j ACCEPT",
            "-p icmp --icmp-type echo-request -j ACCEPT",
            "-p icmp --icmp-type echo-reply -j ACCEPT",
            "-p icmp --icmp-type time-exceeded -j ACCEPT",
            "-p icmp --icmp-type destination-unreachable -j ACCEPT",
            "-p icmp --icmp-type any -j ACCEPT",
            "-p igmp -j DROP",
            "-j REJECT --reject-with icmp-admin-prohibited");

    private static final List<String> IPV6 = List.of(
            "-s 2001:db8::/32 ! -d 2001:db8::1/128 -j DROP",
            "-d 2001:db8::ff/ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0 -j DROP",
            "-d ::ffff:203.0.113.10/128 -j DROP",
            "-s ::/0 -j DROP",
            "-m iprange --dst-range 2001:db8::1-2001:db8:1::5 -j DROP",
            "-m conntrack --ctorigsrc 2001:db8::/64 ! --ctorigdst 2001:db8::1 -j DROP",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
            "-p icmpv6 --icmpv6-type echo-request -j ACCEPT",
            "-p icmpv6 --icmpv6-type echo-reply -j ACCEPT",
            "-p icmpv6 --icmpv6-type time-exceeded -j ACCEPT",
            "-p icmpv6 --icmpv6-type destination-unreachable -j ACCEPT",
            "-p icmpv6 ! --icmpv6-type 1/4 -j ACCEPT",
            "-j REJECT --reject-with icmp6-adm-prohibited");

    @ParameterizedTest
    @CsvSource({"IPV4, nft", "IPV4, legacy", "IPV6, nft", "IPV6, legacy"})
    void theToolsTakeWhatIsReadForTheSame(Family family, String variant) throws Exception {
        List<String> given = new java.util.ArrayList<>(RULES);
        given.addAll(family == Family.IPV4 ? IPV4 : IPV6);
        String text = given.stream()
                .map(rule -> "-A RULES " + rule)
                .collect(Collectors.joining("\n", "*filter\n:RULES - [0:0]\n:elsewhere - [0:0]\n", "\nCOMMIT\n"));
        Ruleset saved = new Ruleset(family);
        saved.load(save(text, (family == Family.IPV4 ? "iptables-" : "ip6tables-") + variant), false);
        Chain rules = saved.chain("filter", "RULES").orElseThrow();
        assertThat(rules.lines()).hasSameSizeAs(given);
        for (int i = 0; i < given.size(); i++) {
            Rule before = new RuleReader(family, "-A RULES " + given.get(i)).read();
            String line = rules.lines().get(i);
            assertThatCode(() -> new RuleReader(family, line).read()).doesNotThrowAnyException();
            Rule after = new RuleReader(family, line).read();
            assertThat(asked(after, family)).as(before.text() + "\n" + line).isEqualTo(asked(before, family));
            assertThat(after.target()).as(line).isEqualTo(before.target());
            assertThat(after.goesTo()).as(line).isEqualTo(before.goesTo());
        }
    }

    /** The order in which a rule asks makes no difference, and what holds for every address asks for nothing. */
    private static HashSet<Condition> asked(Rule rule, Family family) {
        HashSet<Condition> asked = new HashSet<>(rule.conditions());
        asked.removeIf(condition -> condition instanceof Condition.Between between
                && !between.not()
                && between.equals(new Condition.Between(
                        between.address(),
                        between.from().network(family, 0)[0],
                        between.from().network(family, 0)[1],
                        false)));
        return asked;
    }

    private static String save(String text, String tools) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        "unshare", "--net", "sh", "-c", tools + "-restore && exec " + tools + "-save")
                .start();
        process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String saved = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(errors).isZero();
        return saved;
    }
}
