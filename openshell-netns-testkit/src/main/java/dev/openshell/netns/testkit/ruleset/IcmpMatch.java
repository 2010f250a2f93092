package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code icmp} and {@code icmp6}: a type, or a type with one of its codes. */
final class IcmpMatch implements Match {
    private static final int ANY = 255;
    private static final Map<String, String> NAMES =
            names("any 255 echo-reply 0 pong 0 destination-unreachable 3 network-unreachable 3/0 host-unreachable 3/1"
                    + " protocol-unreachable 3/2 port-unreachable 3/3 fragmentation-needed 3/4 source-route-failed 3/5"
                    + " network-unknown 3/6 host-unknown 3/7 network-prohibited 3/9 host-prohibited 3/10"
                    + " TOS-network-unreachable 3/11 TOS-host-unreachable 3/12 communication-prohibited 3/13"
                    + " host-precedence-violation 3/14 precedence-cutoff 3/15 source-quench 4 redirect 5"
                    + " network-redirect 5/0 host-redirect 5/1 TOS-network-redirect 5/2 TOS-host-redirect 5/3"
                    + " echo-request 8 ping 8 router-advertisement 9 router-solicitation 10 time-exceeded 11"
                    + " ttl-exceeded 11 ttl-zero-during-transit 11/0 ttl-zero-during-reassembly 11/1"
                    + " parameter-problem 12 ip-header-bad 12/0 required-option-missing 12/1 timestamp-request 13"
                    + " timestamp-reply 14 address-mask-request 17 address-mask-reply 18");
    private static final Map<String, String> NAMES6 =
            names("destination-unreachable 1 no-route 1/0 communication-prohibited 1/1 beyond-scope 1/2"
                    + " address-unreachable 1/3 port-unreachable 1/4 failed-policy 1/5 reject-route 1/6"
                    + " packet-too-big 2 time-exceeded 3 ttl-exceeded 3 ttl-zero-during-transit 3/0"
                    + " ttl-zero-during-reassembly 3/1 parameter-problem 4 bad-header 4/0 unknown-header-type 4/1"
                    + " unknown-option 4/2 echo-request 128 ping 128 echo-reply 129 pong 129 router-solicitation 133"
                    + " router-advertisement 134 neighbour-solicitation 135 neighbor-solicitation 135"
                    + " neighbour-advertisement 136 neighbor-advertisement 136 redirect 137");

    private final Family family;
    private final int type;
    private final int code;
    private final boolean not;

    private IcmpMatch(Family family, int type, int code, boolean not) {
        this.family = family;
        this.type = type;
        this.code = code;
        this.not = not;
    }

    static List<Module<Match>> modules() {
        return List.of(
                Module.of("icmp", IcmpMatch::of, "!--icmp-type 1"),
                Module.of("icmp6", IcmpMatch::of, "!--icmpv6-type 1"));
    }

    private static Map<String, String> names(String text) {
        Map<String, String> names = new HashMap<>();
        String[] words = text.split(" ");
        for (int i = 0; i < words.length; i += 2) {
            names.put(words[i].toLowerCase(Locale.ROOT), words[i + 1]);
        }
        return names;
    }

    private static Match of(Given given) {
        Family family = given.family();
        int protocol = family == Family.IPV4 ? Header.ICMP : Header.ICMPV6;
        String option = family == Family.IPV4 ? "--icmp-type" : "--icmpv6-type";
        if (!given.selector().is(protocol)) {
            throw RuleProblem.refused(option, "needs -p " + Protocols.name(protocol));
        }
        if (!given.has(option)) {
            throw given.needs(option);
        }
        String word = given.word(option).orElseThrow();
        Map<String, String> names = family == Family.IPV4 ? NAMES : NAMES6;
        String[] parts = named(word.toLowerCase(Locale.ROOT), names).split("/", -1);
        if (parts.length > 2 || Numbers.parse(parts[0]).isEmpty()) {
            throw RuleProblem.refused(word, "unknown ICMP type");
        }
        int type = (int) Numbers.upTo(parts[0], 255, "ICMP type");
        int code = parts.length == 1 ? -1 : (int) Numbers.upTo(parts[1], 255, "ICMP code");
        return new IcmpMatch(family, type, code, given.negated(option));
    }

    /** Returns type and code of a name, which may be cut short as long as no other begins so; a number as it is. */
    private static String named(String word, Map<String, String> names) {
        if (names.containsKey(word)) {
            return names.get(word);
        }
        List<String> begun = word.isEmpty()
                ? List.of()
                : names.keySet().stream().filter(name -> name.startsWith(word)).toList();
        return begun.size() == 1 ? names.get(begun.get(0)) : word;
    }

    @Override
    public boolean matches(Skb skb, View view) {
        Header header = skb.header;
        boolean any = family == Family.IPV4 && type == ANY;
        boolean hit = any || (header.icmpType() == type && (code < 0 || header.icmpCode() == code));
        return header.isIcmp() && hit != not;
    }

    @Override
    public String text() {
        String value = family == Family.IPV4 && type == ANY ? "any" : type + (code < 0 ? "" : "/" + code);
        Words words = new Words().add("-m").add(family == Family.IPV4 ? "icmp" : "icmp6");
        return words.option(not, family == Family.IPV4 ? "--icmp-type" : "--icmpv6-type", value)
                .toString();
    }
}
