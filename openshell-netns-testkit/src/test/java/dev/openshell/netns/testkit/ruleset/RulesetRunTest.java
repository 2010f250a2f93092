package dev.openshell.netns.testkit.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RulesetRunTest {
    private static final Ip SOURCE = Ip.parse("10.43.0.1");
    private static final Ip DESTINATION = Ip.parse("198.51.100.7");

    /** A view whose clock a test moves by hand. */
    private static final class Hand implements View {
        private Instant now = Instant.EPOCH;
        private SetContents sets = SetContents.none();
        private String type = "UNICAST";
        private String asked = "";

        @Override
        public String addressType(Ip address, String link) {
            asked = link;
            return type;
        }

        @Override
        public SetContents sets() {
            return sets;
        }

        @Override
        public Instant now() {
            return now;
        }
    }

    private final Hand view = new Hand();
    private final List<String> matched = new ArrayList<>();

    private static Skb tcp(int port) {
        return new Skb(Header.ports(SOURCE, 1000, DESTINATION, port, Header.TCP, Header.SYN));
    }

    private static Ruleset rules(String table, String... lines) {
        Family family = String.join(" ", lines).contains("2001:") ? Family.IPV6 : Family.IPV4;
        Ruleset rules = new Ruleset(family, IptablesVariant.NFT);
        rules.restore("*" + table + "\n" + String.join("\n", lines) + "\nCOMMIT\n", false);
        return rules;
    }

    private Outcome filter(Skb skb, String... lines) {
        matched.clear();
        return rules("filter", lines).run(TableKind.FILTER, Hook.OUTPUT, skb, view, matched);
    }

    /** Returns whether the match holds for the packet. */
    private boolean holds(Skb skb, String match) {
        return filter(skb, "-A OUTPUT " + match + " -j DROP").equals(Outcome.DROP);
    }

    private static Skb with(Consumer<Skb> change) {
        Skb skb = tcp(80);
        change.accept(skb);
        return skb;
    }

    @Test
    void withoutATableOrAChainPacketsPass() {
        Ruleset rules = rules("raw", ":OUTPUT DROP");
        assertThat(rules.run(TableKind.FILTER, Hook.OUTPUT, tcp(80), view, matched))
                .isEqualTo(Outcome.ACCEPT);
        assertThat(rules.run(TableKind.RAW, Hook.INPUT, tcp(80), view, matched)).isEqualTo(Outcome.ACCEPT);
        assertThat(rules.run(TableKind.RAW, Hook.OUTPUT, tcp(80), view, matched))
                .isEqualTo(Outcome.DROP);
    }

    @Test
    void jumpsComeBackAndGotosDoNot() {
        String[] chains = {":OUTPUT DROP", ":A - [0:0]", ":B - [0:0]"};
        assertThat(filter(
                        tcp(80),
                        chains[0],
                        chains[1],
                        chains[2],
                        "-A OUTPUT -j A",
                        "-A OUTPUT -j ACCEPT",
                        "-A A -j B",
                        "-A A -j RETURN",
                        "-A A -j DROP",
                        "-A B"))
                .isEqualTo(Outcome.ACCEPT);
        assertThat(matched)
                .containsExactly("-A OUTPUT -j A", "-A A -j B", "-A B", "-A A -j RETURN", "-A OUTPUT -j ACCEPT");
        assertThat(filter(
                        tcp(80),
                        chains[0],
                        chains[1],
                        chains[2],
                        "-A OUTPUT -g A",
                        "-A OUTPUT -j ACCEPT",
                        "-A A -p tcp"))
                .isEqualTo(Outcome.DROP);
        assertThat(filter(
                        tcp(80),
                        chains[0],
                        chains[1],
                        chains[2],
                        "-A OUTPUT -j A",
                        "-A OUTPUT -j ACCEPT",
                        "-A A -g B",
                        "-A A -j DROP",
                        "-A B"))
                .isEqualTo(Outcome.ACCEPT);
        assertThat(matched).containsExactly("-A OUTPUT -j A", "-A A -g B", "-A B", "-A OUTPUT -j ACCEPT");
        assertThat(filter(tcp(80), chains[0], "-A OUTPUT -j RETURN", "-A OUTPUT -j ACCEPT"))
                .isEqualTo(Outcome.DROP);
    }

    @Test
    void countersCountWhatMatched() {
        Ruleset rules = rules("filter", ":OUTPUT DROP", "-A OUTPUT -p udp -j ACCEPT");
        rules.run(TableKind.FILTER, Hook.OUTPUT, tcp(80), view, matched);
        assertThat(rules.save()).contains(":OUTPUT DROP [1:0]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-s 10.43.0.0/16 | true",
                "! -s 10.43.0.0/16 | false",
                "-s 10.0.0.1/255.0.0.255 | true",
                "-d 198.51.100.7 | true",
                "-d 198.51.100.8/31 | false",
                "-o eth0 | true",
                "-o eth+ | true",
                "-o eth | false",
                "! -o + | false",
                "-p tcp | true",
                "! -p tcp | false",
                "-f | false",
                "! -f | true",
                "-p tcp --dport 80 | true",
                "-p tcp --dport 81: | false",
                "-p tcp ! --sport 0:100 | true",
                "-p tcp --syn | true",
                "-p tcp ! --syn | false",
                "-p tcp --tcp-flags ALL NONE | false",
                "-p tcp -m multiport --ports 1,80 | true",
                "-p tcp -m multiport ! --sports 900:1100 | false",
                "-p udp --dport 80 | false",
                "-m iprange --src-range 10.43.0.0-10.43.0.1 | true",
                "-m iprange ! --dst-range 198.51.100.7 | false",
                "-m mark --mark 0x5/0xf | true",
                "-m mark ! --mark 0x25 | false",
                "-m comment --comment x | true",
                "-m physdev --physdev-in eth0 | false",
                "-m physdev ! --physdev-is-in | true",
            })
    void plainMatches(String match, boolean holds) {
        assertThat(holds(
                        with(skb -> {
                            skb.out = "eth0";
                            skb.mark = 0x25;
                        }),
                        match))
                .isEqualTo(holds);
    }

    @Test
    void icmpTypes() {
        Skb ping = new Skb(Header.icmp(SOURCE, DESTINATION, 8, 0, 7, null));
        assertThat(holds(ping, "-p icmp --icmp-type 8")).isTrue();
        assertThat(holds(ping, "-p icmp --icmp-type 8/1")).isFalse();
        assertThat(holds(ping, "-p icmp --icmp-type any")).isTrue();
        assertThat(holds(ping, "-p icmp ! --icmp-type 0")).isTrue();
        assertThat(holds(tcp(80), "-p icmp --icmp-type any")).isFalse();
    }

    @Test
    void aPacketWithoutFlowIsJudgedByItsStateAlone() {
        assertThat(holds(tcp(80), "-m conntrack --ctstate INVALID")).isTrue();
        assertThat(holds(tcp(80), "-m conntrack --ctstate NEW")).isFalse();
        assertThat(holds(tcp(80), "-m conntrack ! --ctstate NEW --ctproto udp")).isTrue();
        assertThat(holds(tcp(80), "-m conntrack --ctproto tcp")).isFalse();
        assertThat(holds(tcp(80), "-m conntrack ! --ctproto udp")).isFalse();
        assertThat(holds(with(skb -> skb.state = CtState.UNTRACKED), "-m state --state UNTRACKED"))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--ctstate ESTABLISHED,RELATED | true",
                "! --ctstate ESTABLISHED | false",
                "--ctstate DNAT | true",
                "--ctstate SNAT | false",
                "--ctproto tcp | true",
                "--ctorigsrc 10.43.0.0/24 | true",
                "--ctreplsrc 10.43.0.9 | true",
                "! --ctrepldst 10.43.0.1 | false",
                "--ctorigdstport 80 | true",
                "--ctreplsrcport 80 | false",
                "--ctreplsrcport 8000:8080 | true",
                "--ctorigdst 198.51.100.7 --ctorigsrcport 1 | false",
                "--ctstatus CONFIRMED | true",
                "--ctstatus ASSURED | false",
                "! --ctstatus ASSURED,SEEN_REPLY | false",
                "--ctdir ORIGINAL | true",
                "--ctdir REPLY | false",
            })
    void flows(String match, boolean holds) {
        Skb skb = tcp(80);
        skb.state = CtState.ESTABLISHED;
        skb.ct = new Ct(
                new Tuple(SOURCE, DESTINATION, Header.TCP, 1000, 80),
                new Tuple(Ip.parse("10.43.0.9"), SOURCE, Header.TCP, 8080, 1000));
        skb.ct.destinationNat = true;
        skb.ct.confirmed = true;
        skb.ct.seenReply = true;
        assertThat(holds(skb, "-m conntrack " + match)).isEqualTo(holds);
    }

    @Test
    void limitsFillUpWithTime() {
        Ruleset rules = rules("filter", "-A OUTPUT -m limit --limit 2/sec --limit-burst 3 -j DROP");
        String taken = "";
        for (int millis : new int[] {0, 0, 0, 0, 400, 500, 600, 1100, 9000, 9000, 9000, 9000}) {
            view.now = Instant.EPOCH.plusMillis(millis);
            taken += rules.run(TableKind.FILTER, Hook.OUTPUT, tcp(80), view, matched)
                            .equals(Outcome.DROP)
                    ? "x"
                    : "-";
        }
        assertThat(taken).isEqualTo("xxx--x-xxxx-");
    }

    private String dropped(Ruleset rules, Skb... packets) {
        StringBuilder dropped = new StringBuilder();
        for (Skb skb : packets) {
            Outcome outcome = rules.run(TableKind.FILTER, Hook.OUTPUT, skb, view, matched);
            dropped.append(outcome.equals(Outcome.DROP) ? 'x' : '-');
        }
        return dropped.toString();
    }

    private static final String RATE = "--hashlimit-burst 2 --hashlimit-mode dstip,dstport --hashlimit-name a";

    @Test
    void aRateIsThatOfEachKey() {
        Ruleset rules = rules("filter", "-A OUTPUT -m hashlimit --hashlimit-above 1/sec " + RATE + " -j DROP");
        assertThat(dropped(rules, tcp(80), tcp(80), tcp(80), tcp(443), tcp(80), tcp(443), tcp(443)))
                .isEqualTo("--x-x-x");
        view.now = Instant.EPOCH.plusMillis(1500);
        assertThat(dropped(rules, tcp(80), tcp(80), tcp(443))).isEqualTo("-x-");
        Ruleset below = rules("filter", "-A OUTPUT -m hashlimit --hashlimit-upto 1/sec " + RATE + " -j DROP");
        assertThat(dropped(below, tcp(80), tcp(80), tcp(80))).isEqualTo("xx-");
    }

    /** What was made first stays, with the rate that it was made by, until no rule names it. */
    @Test
    void whatARateCountedGoesWithItsName() {
        String rule = "-A OUTPUT -m hashlimit --hashlimit-above %s/sec " + RATE + " -j DROP";
        for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
            Ruleset rules = new Ruleset(Family.IPV4, variant);
            rules.restore("*filter\n" + rule.formatted(1) + "\nCOMMIT\n", false);
            assertThat(dropped(rules, tcp(80), tcp(80), tcp(80))).isEqualTo("--x");
            rules.restore("*filter\n" + rule.formatted(100) + "\nCOMMIT\n", false);
            assertThat(dropped(rules, tcp(80))).isEqualTo("x");
            rules.restore("*filter\n-F OUTPUT\nCOMMIT\n", true);
            rules.restore("*filter\n" + rule.formatted(100) + "\nCOMMIT\n", true);
            assertThat(dropped(rules, tcp(80), tcp(80), tcp(80))).isEqualTo("--x");
        }
    }

    @Test
    void aRateIsForgottenAfterAWhile() {
        Ruleset rules = rules(
                "filter",
                "-A OUTPUT -m hashlimit --hashlimit-above 1/hour " + RATE
                        + " --hashlimit-htable-expire 3000 --hashlimit-htable-gcinterval 2000 -j DROP");
        assertThat(dropped(rules, tcp(80), tcp(80), tcp(80))).isEqualTo("--x");
        view.now = Instant.EPOCH.plusMillis(2900);
        assertThat(dropped(rules, tcp(80))).isEqualTo("x");
        view.now = Instant.EPOCH.plusMillis(7900);
        assertThat(dropped(rules, tcp(80), tcp(80), tcp(80))).isEqualTo("--x");
    }

    private static Skb flow(int sourcePort, int state) {
        Skb skb = new Skb(Header.ports(SOURCE, sourcePort, DESTINATION, 80, Header.TCP, Header.SYN));
        Tuple tuple = new Tuple(SOURCE, DESTINATION, Header.TCP, sourcePort, 80);
        skb.ct = new Ct(tuple, tuple);
        skb.ct.confirmed = true;
        skb.ct.tcpState = state;
        skb.state = CtState.NEW;
        return skb;
    }

    @Test
    void flowsCountUntilTheyAreClosedOrGone() {
        Ruleset rules = rules(
                "filter", "-A OUTPUT -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-daddr -j DROP");
        Skb first = flow(1, 3);
        Skb second = flow(2, 3);
        Skb third = flow(3, 0);
        third.ct.confirmed = false;
        assertThat(dropped(rules, first, first, second, second, third)).isEqualTo("----x");
        second.ct.tcpState = 7;
        Skb fourth = flow(4, 1);
        assertThat(dropped(rules, fourth, flow(5, 1))).isEqualTo("-x");
        first.ct.dying = true;
        fourth.ct.dying = true;
        assertThat(dropped(rules, flow(6, 1))).isEqualTo("-");
        assertThat(dropped(
                        rules("filter", "-A OUTPUT -m connlimit --connlimit-upto 1 -j DROP"), flow(1, 1), flow(2, 1)))
                .isEqualTo("x-");
    }

    /** The legacy tool loads the whole table anew, and the kernel counts anew. */
    @Test
    void anotherCommitMakesTheLegacyVariantForgetFlows() {
        for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
            Ruleset rules = new Ruleset(Family.IPV4, variant);
            rules.restore("*filter\n-A OUTPUT -m connlimit --connlimit-above 1 -j DROP\nCOMMIT\n", false);
            assertThat(dropped(rules, flow(1, 3), flow(2, 3))).isEqualTo("-x");
            rules.restore("*filter\n:OTHER - [0:0]\nCOMMIT\n", true);
            assertThat(dropped(rules, flow(3, 3))).isEqualTo(variant == IptablesVariant.NFT ? "x" : "-");
        }
    }

    @Test
    void owners() {
        Skb own = with(skb -> {
            skb.user = OptionalInt.of(7);
            skb.group = OptionalInt.of(8);
        });
        assertThat(holds(own, "-m owner --uid-owner 5-7")).isTrue();
        assertThat(holds(own, "-m owner ! --uid-owner 7")).isFalse();
        assertThat(holds(own, "-m owner --uid-owner 7 --gid-owner 9")).isFalse();
        assertThat(holds(own, "-m owner --socket-exists")).isTrue();
        assertThat(holds(tcp(80), "-m owner --uid-owner 0")).isFalse();
        assertThat(holds(tcp(80), "-m owner ! --uid-owner 0")).isTrue();
        assertThat(holds(tcp(80), "-m owner ! --socket-exists")).isTrue();
    }

    @Test
    void addressTypes() {
        assertThat(holds(tcp(80), "-m addrtype --dst-type UNICAST,LOCAL")).isTrue();
        assertThat(view.asked).isEmpty();
        assertThat(holds(tcp(80), "-m addrtype ! --dst-type UNICAST")).isFalse();
        assertThat(holds(with(skb -> skb.out = "eth0"), "-m addrtype --src-type LOCAL --limit-iface-out"))
                .isFalse();
        assertThat(view.asked).isEqualTo("eth0");
        Skb six = new Skb(Header.other(Ip.parse("2001:db8::1"), Ip.parse("ff02::1"), 50));
        assertThat(holds(six, "-s 2001:db8::/32 -m addrtype --dst-type MULTICAST"))
                .isTrue();
        assertThat(holds(six, "-s 2001:db8::/32 -m addrtype --dst-type UNICAST"))
                .isFalse();
        assertThat(holds(six, "-s 2001:db8::/32 -m addrtype --src-type UNICAST"))
                .isTrue();
        assertThat(holds(six, "-s 2001:db8::/32 -m addrtype --src-type LOCAL")).isFalse();
    }

    @Test
    void sets() {
        view.sets = SetContents.parse("create nets hash:net family inet\nadd nets 198.51.100.0/24\n"
                + "add nets 198.51.100.8/29 nomatch\ncreate both hash:ip,port\nadd both 198.51.100.7,tcp:80-90\n");
        assertThat(holds(tcp(80), "-m set --match-set nets dst")).isTrue();
        assertThat(holds(tcp(80), "-m set --match-set nets src")).isFalse();
        assertThat(holds(tcp(80), "-m set ! --match-set nets src")).isTrue();
        assertThat(holds(tcp(85), "-m set --match-set both dst,dst")).isTrue();
        assertThat(holds(tcp(95), "-m set --match-set both dst,dst")).isFalse();
    }

    @Test
    void rejectsSayHow() {
        assertThat(filter(tcp(80), "-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset"))
                .isEqualTo(new Outcome.Reject("tcp-reset"));
        assertThat(filter(tcp(80), "-A OUTPUT -j LOG", "-A OUTPUT -j NFLOG", "-A OUTPUT -j REJECT"))
                .isEqualTo(new Outcome.Reject("icmp-port-unreachable"));
        assertThat(matched).hasSize(3);
    }

    @Test
    void marks() {
        Skb skb = with(packet -> packet.ct = new Ct(
                new Tuple(SOURCE, DESTINATION, Header.TCP, 1000, 80),
                new Tuple(DESTINATION, SOURCE, Header.TCP, 80, 1000)));
        rules(
                        "mangle",
                        "-A OUTPUT -j MARK --set-mark 0x12/0xff",
                        "-A OUTPUT -j MARK --or-mark 0x100",
                        "-A OUTPUT -j CONNMARK --save-mark --mask 0xf0",
                        "-A OUTPUT -j MARK --xor-mark 0x2",
                        "-A OUTPUT -m connmark --mark 0x10 -j RETURN",
                        "-A OUTPUT -j MARK --set-mark 0")
                .run(TableKind.MANGLE, Hook.OUTPUT, skb, view, matched);
        assertThat(skb.mark).isEqualTo(0x110);
        assertThat(skb.ct.mark).isEqualTo(0x10);
    }

    @Test
    void notrackMarksPacketsWithoutFlow() {
        Skb skb = tcp(80);
        assertThat(rules("raw", "-A OUTPUT -j NOTRACK").run(TableKind.RAW, Hook.OUTPUT, skb, view, matched))
                .isEqualTo(Outcome.ACCEPT);
        assertThat(skb.untracked).isTrue();
    }

    @Test
    void translations() {
        Ip first = Ip.parse("10.43.0.1");
        Ruleset rules = rules(
                "nat",
                "-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.43.0.1-10.43.0.9:80-90",
                "-A OUTPUT -p tcp -j REDIRECT --to-ports 99",
                "-A POSTROUTING -o eth0 -j SNAT --to-source 10.43.0.1",
                "-A POSTROUTING -j MASQUERADE");
        assertThat(rules.run(TableKind.NAT, Hook.OUTPUT, tcp(80), view, matched))
                .isEqualTo(new Outcome.Nat(new NatRange(first, Ip.parse("10.43.0.9"), 80, 90, false, false), false));
        assertThat(rules.run(TableKind.NAT, Hook.OUTPUT, tcp(81), view, matched))
                .isEqualTo(new Outcome.Redirect(99, 99));
        assertThat(rules.run(TableKind.NAT, Hook.POSTROUTING, with(skb -> skb.out = "eth0"), view, matched))
                .isEqualTo(new Outcome.Nat(new NatRange(first, first, 0, 0, false, false), true));
        assertThat(rules.run(TableKind.NAT, Hook.POSTROUTING, tcp(80), view, matched))
                .isEqualTo(new Outcome.Masquerade(0, 0));
    }
}
