package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code SNAT}, {@code DNAT}, {@code MASQUERADE} and {@code REDIRECT}. */
final class NatTargets {
    private static final Set<Integer> PORTS =
            Set.of(Header.ICMP, Header.TCP, Header.UDP, Header.SCTP, Header.DCCP, Header.ICMPV6);

    private NatTargets() {}

    static List<Module<Target>> modules() {
        return List.of(
                Module.of(
                        "SNAT",
                        given -> translate(given, "SNAT", "--to-source"),
                        "--to-source 1",
                        "--random",
                        "--random-fully",
                        "--persistent"),
                Module.of(
                        "DNAT",
                        given -> translate(given, "DNAT", "--to-destination"),
                        "--to-destination 1",
                        "--random",
                        "--persistent"),
                Module.of(
                        "MASQUERADE",
                        given -> toPorts(given, "MASQUERADE"),
                        "--to-ports 1",
                        "--random",
                        "--random-fully"),
                Module.of("REDIRECT", given -> toPorts(given, "REDIRECT"), "--to-ports 1", "--random"));
    }

    private record Translation(String text, Outcome outcome, Set<Hook> hooks) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            return outcome;
        }

        @Override
        public Set<TableKind> tables() {
            return EnumSet.of(TableKind.NAT);
        }
    }

    private record Ports(int low, int high) {
        static Ports parse(String word, char sign) {
            int at = word.indexOf(sign);
            int low = number(at < 0 ? word : word.substring(0, at));
            int high = at < 0 ? low : number(word.substring(at + 1));
            if (low > high) {
                throw RuleProblem.refused(word, "port range is backwards");
            }
            return new Ports(low, high);
        }

        private static int number(String word) {
            return Numbers.port(word);
        }

        String text() {
            return low == high ? Integer.toString(low) : low + "-" + high;
        }
    }

    private static void needPorts(Given given, String target) {
        // That "!" may stand before -p is iptables' own mistake.
        if (!PORTS.contains(given.selector().protocol())) {
            throw RuleProblem.refused(target, "needs -p tcp, udp, sctp or dccp with a port");
        }
    }

    private static Target translate(Given given, String name, String option) {
        String word = given.word(option).orElseThrow(() -> given.needs(option));
        boolean source = name.equals("SNAT");
        String addresses = word;
        @Nullable Ports ports = null;
        int colon = given.family() == Family.IPV4
                ? word.indexOf(':')
                : word.startsWith("[")
                        ? word.indexOf("]:") + 1
                        : word.startsWith(":") && !word.startsWith("::") ? 0 : -1;
        boolean bracket = given.family() == Family.IPV6 && word.startsWith("[");
        if (bracket && (word.indexOf(']') < 1 || word.equals("[]"))) {
            throw RuleProblem.refused(word, "invalid address");
        }
        if (bracket && colon <= 0) {
            // What follows the bracket is not read unless it is a colon.
            addresses = word.substring(0, word.indexOf(']') + 1);
        } else if (colon >= 0) {
            addresses = word.substring(0, colon);
            if (word.indexOf('/', colon) >= 0) {
                throw RuleProblem.unknown(word, "shifted port range");
            }
            needPorts(given, name);
            ports = Ports.parse(word.substring(colon + 1), '-');
        }
        if (word.isEmpty()) {
            throw RuleProblem.refused(option, "bad IP address");
        }
        String bare = bracket ? addresses.substring(1, addresses.length() - 1) : addresses;
        Ip first = null;
        Ip last = null;
        if (!bare.isEmpty()) {
            String[] ends = bare.split("-", 2);
            first = address(ends[0], given.family());
            last = ends.length == 1 ? first : address(ends[1], given.family());
        }
        if (first != null && first.compareTo(last) > 0) {
            throw RuleProblem.unknown(word, "a range that ends before it begins");
        }
        NatRange range = new NatRange(
                first,
                last,
                ports == null ? 0 : ports.low,
                ports == null ? 0 : ports.high,
                given.has("--persistent"),
                false);
        String shown = first == null ? "" : first.equals(last) ? first.toString() : first + "-" + last;
        if (given.family() == Family.IPV6 && ports != null && first != null) {
            shown = "[" + shown + "]";
        }
        String text = "-j " + name + " " + option + " " + shown + (ports == null ? "" : ":" + ports.text());
        Set<Hook> hooks = source ? EnumSet.of(Hook.POSTROUTING, Hook.INPUT) : EnumSet.of(Hook.PREROUTING, Hook.OUTPUT);
        return new Translation(text + flags(given), new Outcome.Nat(range, source), hooks);
    }

    private static Ip address(String word, Family family) {
        return Ip.parse(family, word).orElseThrow(() -> RuleProblem.refused(word, "bad IP address"));
    }

    private static Target toPorts(Given given, String name) {
        Ports ports = null;
        if (given.has("--to-ports")) {
            needPorts(given, name);
            ports = Ports.parse(given.word("--to-ports").orElseThrow(), '-');
        }
        int low = ports == null ? 0 : ports.low;
        int high = ports == null ? 0 : ports.high;
        boolean masquerade = name.equals("MASQUERADE");
        String text = "-j " + name + (ports == null ? "" : " --to-ports " + ports.text()) + flags(given);
        return new Translation(
                text,
                masquerade ? new Outcome.Masquerade(low, high) : new Outcome.Redirect(low, high),
                masquerade ? EnumSet.of(Hook.POSTROUTING) : EnumSet.of(Hook.PREROUTING, Hook.OUTPUT));
    }

    private static String flags(Given given) {
        StringBuilder flags = new StringBuilder();
        for (String flag : List.of("--random", "--random-fully", "--persistent")) {
            if (given.has(flag)) {
                flags.append(' ').append(flag);
            }
        }
        return flags.toString();
    }
}
