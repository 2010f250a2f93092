package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Numbers.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code tcp}, {@code udp}, {@code udplite}, {@code sctp}, {@code dccp} and {@code multiport}. */
final class PortMatches {
    private static final int MOST_PORTS = 15;
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");
    private static final Map<String, Integer> PROTOCOLS = Map.of(
            "tcp", Header.TCP, "udp", Header.UDP, "udplite", Header.UDPLITE, "sctp", Header.SCTP, "dccp", Header.DCCP);

    private PortMatches() {}

    static List<Module<Match>> modules() {
        String[] ports = {"--sport 1", "--dport 1", "--source-port=--sport", "--destination-port=--dport"};
        List<Module<Match>> modules = new ArrayList<>();
        for (String name : List.of("udp", "udplite", "sctp", "dccp")) {
            modules.add(Module.of(name, given -> ports(name, given, ""), ports));
        }
        modules.add(Module.of(
                "tcp",
                PortMatches::tcp,
                "--sport 1",
                "--dport 1",
                "--source-port=--sport",
                "--destination-port=--dport",
                "--tcp-flags 2",
                "--syn"));
        modules.add(Module.of(
                "multiport",
                PortMatches::multiport,
                "--sports 1",
                "--dports 1",
                "--ports 1",
                "--source-ports=--sports",
                "--destination-ports=--dports"));
        return modules;
    }

    private record Ports(String name, int protocol, Range source, boolean notSource, Range destination, boolean notDestination, String more)
            implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            return skb.header.protocol() == protocol
                    && source.contains(skb.header.sourcePort()) != notSource
                    && destination.contains(skb.header.destinationPort()) != notDestination;
        }

        @Override
        public String text() {
            Words words = new Words().add("-m").add(name);
            for (boolean from : List.of(true, false)) {
                Range range = from ? source : destination;
                boolean not = from ? notSource : notDestination;
                if (not || range.low() != 0 || range.high() != 65535) {
                    words.option(not, from ? "--sport" : "--dport", range.text(':'));
                }
            }
            return words.add(more).toString();
        }
    }

    private static Ports ports(String name, Given given, String more) {
        int protocol = PROTOCOLS.get(name);
        if (!given.selector().is(protocol)) {
            throw RuleProblem.refused("-m " + name, "needs -p " + name);
        }
        Range any = new Range(0, 65535);
        return new Ports(
                name,
                protocol,
                given.word("--sport").map(Numbers::ports).orElse(any),
                given.negated("--sport"),
                given.word("--dport").map(Numbers::ports).orElse(any),
                given.negated("--dport"),
                more);
    }

    private static Match tcp(Given given) {
        if (given.has("--syn") && given.has("--tcp-flags")) {
            throw RuleProblem.refused("--syn", "excludes --tcp-flags");
        }
        String option = given.has("--syn") ? "--syn" : "--tcp-flags";
        if (!given.has(option)) {
            return ports("tcp", given, "");
        }
        boolean not = given.negated(option);
        int mask = Header.FIN | Header.SYN | Header.RST | Header.ACK;
        int wanted = Header.SYN;
        if (option.equals("--tcp-flags")) {
            List<String> words = given.find(option).orElseThrow().words();
            mask = flags(words.get(0));
            wanted = flags(words.get(1));
        }
        String text = new Words().option(not, "--tcp-flags", names(mask), names(wanted)).toString();
        Ports ports = ports("tcp", given, text);
        int finalMask = mask;
        int finalWanted = wanted;
        return new Match() {
            @Override
            public boolean matches(Skb skb, View view) {
                return ports.matches(skb, view) && ((skb.header.tcpFlags() & finalMask) == finalWanted) != not;
            }

            @Override
            public String text() {
                return ports.text();
            }
        };
    }

    private static int flags(String list) {
        int flags = 0;
        for (String name : list.split(",", -1)) {
            int bit = FLAGS.indexOf(name.toUpperCase(java.util.Locale.ROOT));
            if (bit >= 0) {
                flags |= 1 << bit;
            } else if (name.equalsIgnoreCase("ALL")) {
                flags |= (1 << FLAGS.size()) - 1;
            } else if (!name.equalsIgnoreCase("NONE")) {
                throw RuleProblem.refused(name, "unknown TCP flag");
            }
        }
        return flags;
    }

    private static String names(int flags) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < FLAGS.size(); bit++) {
            if ((flags >> bit & 1) != 0) {
                names.add(FLAGS.get(bit));
            }
        }
        return names.isEmpty() ? "NONE" : String.join(",", names);
    }

    private record Multiport(String option, boolean not, List<Range> ranges) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            int source = skb.header.sourcePort();
            int destination = skb.header.destinationPort();
            boolean hit = switch (option) {
                case "--sports" -> any(source);
                case "--dports" -> any(destination);
                default -> any(source) || any(destination);
            };
            return hit != not;
        }

        private boolean any(int port) {
            return ranges.stream().anyMatch(range -> range.contains(port));
        }

        @Override
        public String text() {
            List<String> texts = ranges.stream().map(range -> range.text(':')).toList();
            return new Words().add("-m").add("multiport").option(not, option, String.join(",", texts)).toString();
        }
    }

    private static Match multiport(Given given) {
        Selector selector = given.selector();
        if (selector.notProtocol() || !Header.hasPorts(selector.protocol())) {
            throw RuleProblem.refused("-m multiport", "needs -p tcp, udp, udplite, sctp or dccp");
        }
        String option = given.exactlyOne();
        List<Range> ranges = new ArrayList<>();
        int slots = 0;
        for (String part : given.word(option).orElseThrow().split(",", -1)) {
            int colon = part.indexOf(':');
            Range range = colon < 0
                    ? new Range(Numbers.port(part), Numbers.port(part))
                    : new Range(Numbers.port(part.substring(0, colon)), Numbers.port(part.substring(colon + 1)));
            if (colon >= 0 && range.low() >= range.high()) {
                throw RuleProblem.refused(part, "invalid port range");
            }
            slots += colon < 0 ? 1 : 2;
            ranges.add(range);
        }
        if (slots > MOST_PORTS) {
            throw RuleProblem.refused(option, "too many ports, at most " + MOST_PORTS);
        }
        return new Multiport(option, given.negated(option), List.copyOf(ranges));
    }

}
