package dev.openshell.netns.linux.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition.Address;
import dev.openshell.netns.linux.ruleset.Condition.Among;
import dev.openshell.netns.linux.ruleset.Condition.Between;
import dev.openshell.netns.linux.ruleset.Condition.EitherPort;
import dev.openshell.netns.linux.ruleset.Condition.Flags;
import dev.openshell.netns.linux.ruleset.Condition.Interface;
import dev.openshell.netns.linux.ruleset.Condition.Number;
import dev.openshell.netns.linux.ruleset.Condition.State;
import dev.openshell.netns.linux.ruleset.Condition.Tracked;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RuleReaderTest {
    private static final int ALL_STATES = 31;
    private static final Condition TCP = new Among(Number.PROTOCOL, Ranges.of(6));
    private static final Condition UDP = new Among(Number.PROTOCOL, Ranges.of(17));

    private static Rule read(String options) {
        return new RuleReader(Family.IPV4, "-A C " + options).read();
    }

    private static List<Condition> conditions(String options) {
        return read(options).conditions();
    }

    private static List<Condition> conditions6(String options) {
        return new RuleReader(Family.IPV6, "-A C " + options).read().conditions();
    }

    private static Ip ip(String text) {
        return Ip.parse(text.indexOf(':') < 0 ? Family.IPV4 : Family.IPV6, text);
    }

    private static Condition between(Address address, String from, String to, boolean not) {
        return new Between(address, ip(from), ip(to), not);
    }

    private static Condition ports(Number number, Ranges values) {
        return new Among(number, values);
    }

    private static Condition tracked(int states, boolean original, boolean reply, Condition... flow) {
        return new Tracked(states, states != ALL_STATES, original, reply, List.of(flow));
    }

    @Test
    void aRuleAsksForNothingAndDoesNothing() {
        assertThat(new RuleReader(Family.IPV4, "-A C").read()).isEqualTo(new Rule("-A C", List.of(), "", false));
        assertThat(read("-j ACCEPT")).isEqualTo(new Rule("-A C -j ACCEPT", List.of(), "ACCEPT", false));
    }

    @Test
    void addresses() {
        assertThat(conditions("-s 10.0.0.1")).containsExactly(between(Address.SOURCE, "10.0.0.1", "10.0.0.1", false));
        assertThat(conditions("! -s 10.0.0.9/30"))
                .containsExactly(between(Address.SOURCE, "10.0.0.8", "10.0.0.11", true));
        assertThat(conditions("--source 0.0.0.0/0"))
                .containsExactly(between(Address.SOURCE, "0.0.0.0", "255.255.255.255", false));
        assertThat(conditions("-d 10.1.2.3/255.255.0.0"))
                .containsExactly(between(Address.DESTINATION, "10.1.0.0", "10.1.255.255", false));
        assertThat(conditions("! --destination 10.1.2.3/32"))
                .containsExactly(between(Address.DESTINATION, "10.1.2.3", "10.1.2.3", true));
        assertThat(conditions("-m iprange --src-range 10.0.0.1-10.0.1.5 ! --dst-range 10.0.0.7"))
                .containsExactly(
                        between(Address.SOURCE, "10.0.0.1", "10.0.1.5", false),
                        between(Address.DESTINATION, "10.0.0.7", "10.0.0.7", true));
    }

    @Test
    void addressesOfIpv6() {
        assertThat(conditions6("-s 2001:db8::/32 ! -d 2001:db8::1/128"))
                .containsExactly(
                        between(Address.SOURCE, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false),
                        between(Address.DESTINATION, "2001:db8::1", "2001:db8::1", true));
        assertThat(conditions6("-d 2001:db8::ff/ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0"))
                .containsExactly(between(Address.DESTINATION, "2001:db8::f0", "2001:db8::ff", false));
        assertThat(conditions6("-d ::/0")).hasSize(1);
        // On the wire a mapped address is one of IPv6.
        assertThat(conditions6("-d ::ffff:203.0.113.10/128"))
                .containsExactly(between(Address.DESTINATION, "::ffff:cb00:710a", "::ffff:cb00:710a", false));
        assertThat(conditions6("-m iprange --dst-range ::1-::ffff"))
                .containsExactly(between(Address.DESTINATION, "::1", "::ffff", false));
    }

    @Test
    void interfaces() {
        assertThat(conditions("-i eth0 ! -o lo"))
                .containsExactly(new Interface(true, "eth0", false, false), new Interface(false, "lo", false, true));
        assertThat(conditions("! --in-interface osh-+ --out-interface +"))
                .containsExactly(new Interface(true, "osh-", true, true), new Interface(false, "", true, false));
    }

    @Test
    void protocols() {
        assertThat(conditions("-p tcp")).containsExactly(TCP);
        assertThat(conditions("-p 6")).containsExactly(TCP);
        assertThat(conditions("--protocol 255")).containsExactly(new Among(Number.PROTOCOL, Ranges.of(255)));
        assertThat(conditions("! -p tcp"))
                .containsExactly(new Among(Number.PROTOCOL, Ranges.of(6).complement()));
        assertThat(conditions("-p all -j DROP")).isEmpty();
        assertThat(conditions("-p 0")).isEmpty();
        assertThat(conditions6("-p ipv6-icmp"))
                .isEqualTo(conditions6("-p icmpv6"))
                .isEqualTo(conditions6("-p 58"));
    }

    @Test
    void ports() {
        assertThat(conditions("-p tcp --dport 443"))
                .isEqualTo(conditions("-p tcp -m tcp --dport 443"))
                .containsExactly(TCP, ports(Number.DESTINATION_PORT, Ranges.of(443)));
        assertThat(conditions("-p udp -m udp ! --sport 1:1023 --destination-port 1024:"))
                .containsExactly(
                        UDP,
                        ports(Number.SOURCE_PORT, Ranges.of(1, 1023).complement()),
                        ports(Number.DESTINATION_PORT, Ranges.of(1024, 65535)));
        assertThat(conditions("-p sctp -m sctp --dport :80").get(1))
                .isEqualTo(ports(Number.DESTINATION_PORT, Ranges.of(0, 80)));
        assertThat(conditions("-p dccp -m dccp --sport 0").get(1)).isEqualTo(ports(Number.SOURCE_PORT, Ranges.of(0)));
    }

    @Test
    void manyPorts() {
        Ranges some = Ranges.of(22).or(Ranges.of(80, 90)).or(Ranges.of(443));
        assertThat(conditions("-p tcp -m multiport --dports 22,443,80:90"))
                .containsExactly(TCP, ports(Number.DESTINATION_PORT, some));
        assertThat(conditions("-p udp -m multiport ! --sports 22,80:90,443"))
                .containsExactly(UDP, ports(Number.SOURCE_PORT, some.complement()));
        assertThat(conditions("-p tcp -m multiport --ports 22,80:90,443"))
                .containsExactly(TCP, new EitherPort(some, false));
        assertThat(conditions("-p tcp -m multiport ! --ports 22")).contains(new EitherPort(Ranges.of(22), true));
    }

    @Test
    void flags() {
        assertThat(conditions("-p tcp --syn"))
                .isEqualTo(conditions("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"))
                .containsExactly(TCP, new Flags(23, 2, false));
        assertThat(conditions("-p tcp ! --syn")).contains(new Flags(23, 2, true));
        assertThat(conditions("-p tcp ! --tcp-flags ALL NONE")).contains(new Flags(63, 0, true));
        assertThat(conditions("-p tcp --tcp-flags SYN,PSH,URG PSH,URG")).contains(new Flags(42, 40, false));
    }

    @Test
    void icmp() {
        assertThat(conditions("-p icmp -m icmp --icmp-type 8").get(1))
                .isEqualTo(new Among(Number.ICMP, Ranges.of(8 << 8, 8 << 8 | 255)));
        assertThat(conditions("-p icmp -m icmp ! --icmp-type 3/4").get(1))
                .isEqualTo(new Among(Number.ICMP, Ranges.of(3 << 8 | 4).complement()));
        assertThat(conditions("-p icmp -m icmp --icmp-type echo-request"))
                .isEqualTo(conditions("-p icmp -m icmp --icmp-type 8"));
        assertThat(conditions("-p icmp -m icmp --icmp-type any").get(1))
                .isEqualTo(new Among(Number.ICMP, Ranges.of(0, 65535)));
        assertThat(conditions6("-p ipv6-icmp -m icmp6 --icmpv6-type 135").get(1))
                .isEqualTo(new Among(Number.ICMP, Ranges.of(135 << 8, 135 << 8 | 255)));
        assertThat(conditions6("-p ipv6-icmp -m icmp6 --icmpv6-type echo-request"))
                .isEqualTo(conditions6("-p ipv6-icmp -m icmp6 --icmpv6-type 128"));
    }

    @Test
    void states() {
        assertThat(conditions("-m state --state RELATED,ESTABLISHED"))
                .isEqualTo(conditions("-m conntrack --ctstate ESTABLISHED,RELATED"))
                .containsExactly(tracked(6, true, true));
        assertThat(State.NEW.bit() | State.INVALID.bit() | State.UNTRACKED.bit())
                .isEqualTo(ALL_STATES - 6);
        assertThat(conditions("-m conntrack ! --ctstate RELATED,ESTABLISHED"))
                .containsExactly(tracked(ALL_STATES - 6, true, true));
        assertThat(conditions("-m conntrack --ctstate NEW --ctdir ORIGINAL")).containsExactly(tracked(1, true, false));
        assertThat(conditions("-m conntrack ! --ctdir ORIGINAL")).containsExactly(tracked(ALL_STATES, false, true));
        assertThat(conditions("-m conntrack ! --ctdir REPLY")).containsExactly(tracked(ALL_STATES, true, false));
    }

    @Test
    void whatAFlowBeganAs() {
        assertThat(conditions("-m conntrack --ctproto 6 ! --ctorigsrc 10.0.0.0/8 --ctorigdst 10.0.0.1"
                        + " ! --ctorigdstport 80:90"))
                .containsExactly(tracked(
                        ALL_STATES,
                        true,
                        true,
                        new Among(Number.FLOW_PROTOCOL, Ranges.of(6)),
                        between(Address.FLOW_SOURCE, "10.0.0.0", "10.255.255.255", true),
                        between(Address.FLOW_DESTINATION, "10.0.0.1", "10.0.0.1", false),
                        new Among(
                                Number.FLOW_DESTINATION_PORT, Ranges.of(80, 90).complement())));
    }

    /** One that asks for a state, and another one for more: two questions, not one. */
    @Test
    void eachMatchOfOneModuleStandsAlone() {
        assertThat(conditions("-m conntrack --ctstate NEW -p tcp -m conntrack --ctdir ORIGINAL -m tcp --dport 1"))
                .containsExactly(
                        TCP,
                        tracked(1, true, true),
                        tracked(ALL_STATES, true, false),
                        ports(Number.DESTINATION_PORT, Ranges.of(1)))
                .isNotEqualTo(conditions("-m conntrack --ctstate NEW --ctdir ORIGINAL -p tcp -m tcp --dport 1"));
    }

    static List<List<String>> comments() {
        return List.of(
                List.of("-m comment --comment one -j DROP", "DROP"),
                List.of("-m comment --comment \"-d 10.0.0.1 -j ACCEPT\" -j DROP", "DROP"),
                List.of("-m comment --comment \"a \\\" -j ACCEPT\" -j DROP", "DROP"),
                List.of("-m comment --comment \"a \\\\\" -j DROP", "DROP"),
                List.of("-m comment --comment \"\" -j DROP", "DROP"),
                List.of("-m comment --comment \"! -p tcp\" -j DROP", "DROP"),
                // iptables-restore takes these, and iptables-save never writes them.
                List.of("-m comment --comment x\" -d 10.0.0.1 -m comment --comment y\" -j DROP", "DROP"),
                List.of("-m comment --comment \"x\"-j DROP", "DROP"),
                List.of("  -m  comment --comment   x  -j   DROP ", "DROP"));
    }

    @ParameterizedTest
    @MethodSource("comments")
    void aCommentSaysNothing(List<String> row) {
        Rule rule = read(row.get(0));
        assertThat(rule.conditions()).isEmpty();
        assertThat(rule.target()).isEqualTo(row.get(1));
        assertThat(rule.text()).isEqualTo("-A C " + row.get(0));
    }

    @ParameterizedTest
    @CsvSource({
        "-j ACCEPT, ACCEPT, false",
        "-j DROP, DROP, false",
        "--jump RETURN, RETURN, false",
        "-j MASQUERADE, MASQUERADE, false",
        "-j REJECT, REJECT icmp-port-unreachable, false",
        "-j REJECT --reject-with icmp-host-prohibited, REJECT icmp-host-prohibited, false",
        "-j DOCKER-USER, DOCKER-USER, false",
        "-g elsewhere, elsewhere, true",
        "--goto elsewhere, elsewhere, true",
        "-j LOG, LOG, false",
        "-j LOG --log-prefix \"a -j ACCEPT \" --log-level 7 --log-uid --log-tcp-options --log-ip-options, LOG, false",
        "-j LOG --log-tcp-sequence --log-macdecode, LOG, false",
        "-j NFLOG --nflog-group 1 --nflog-prefix x --nflog-size 64 --nflog-threshold 5, NFLOG, false",
    })
    void targets(String options, String target, boolean goesTo) {
        Rule rule = read(options);
        assertThat(rule.target()).isEqualTo(target);
        assertThat(rule.goesTo()).isEqualTo(goesTo);
        assertThat(rule.conditions()).isEmpty();
    }

    @Test
    void aRefusalOfIpv6() {
        assertThat(new RuleReader(Family.IPV6, "-A C -j REJECT").read().target())
                .isEqualTo("REJECT icmp6-port-unreachable");
    }
}
