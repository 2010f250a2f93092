package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Numbers.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code udp}, {@code sctp}, {@code dccp} and {@code multiport}. */
final class PortMatches {
    private static final int MOST_PORTS = 15;
    private static final Map<String, Integer> PROTOCOLS =
            Map.of("tcp", Header.TCP, "udp", Header.UDP, "sctp", Header.SCTP, "dccp", Header.DCCP);

    private PortMatches() {}

    static List<Module<Match>> modules() {
        String[] ports = {"!--sport 1", "!--dport 1", "--source-port=--sport", "--destination-port=--dport"};
        List<Module<Match>> modules = new ArrayList<>();
        for (String name : List.of("udp", "sctp", "dccp")) {
            modules.add(Module.of(name, given -> ports(name, given, ""), ports));
        }
        modules.add(Module.of(
                "multiport",
                PortMatches::multiport,
                "!--sports 1",
                "!--dports 1",
                "!--ports 1",
                "--source-ports=--sports",
                "--destination-ports=--dports",
                "--sport=--sports",
                "--dport=--dports",
                "--port=--ports"));
        return modules;
    }

    /**
     * Ports of one protocol.
     *
     * @param more what else the match prints
     * @param translated whether nf_tables compares them itself
     */
    record Ports(String name, int protocol, Side source, Side destination, String more, boolean translated)
            implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            // Under nft "! -p tcp" goes with tcp ports: then it never matches.
            if (skb.header.protocol() != protocol) {
                return false;
            }
            boolean from = source.holds(skb.header.sourcePort());
            boolean to = destination.holds(skb.header.destinationPort());
            return togetherNot() ? from || to : from && to;
        }

        /** Two ports that are both excluded are one comparison to iptables-nft: it excludes the pair alone. */
        private boolean togetherNot() {
            return translated && source.not && destination.not && source.single() && destination.single();
        }

        @Override
        public String text() {
            Words words = new Words().add("-m").add(name);
            source.print(words, "--sport", translated);
            destination.print(words, "--dport", translated);
            String text = words.add(more).toString();
            return translated && (source.not || destination.not) && text.equals("-m " + name) ? "" : text;
        }

        @Override
        public boolean merges() {
            return name.equals("tcp") || name.equals("udp");
        }
    }

    /** The ports of one end. */
    record Side(Range range, boolean not, boolean printsAll) {
        boolean holds(int port) {
            return range.contains(port) != not;
        }

        boolean single() {
            return range.low() == range.high();
        }

        void print(Words words, String option, boolean translated) {
            if (translated && not && range.low() == 0 && range.high() > 0 && range.high() < 65535) {
                // nf_tables keeps "not up to n" as "above n".
                words.option(false, option, new Range(range.high() + 1, 65535).text(':'));
            } else if (printsAll || !range.equals(Numbers.PORTS)) {
                words.option(not, option, range.text(':'));
            }
        }
    }

    static Ports ports(String name, Given given, String more) {
        int protocol = PROTOCOLS.get(name);
        boolean translated = given.nft() && (name.equals("tcp") || name.equals("udp"));
        Selector selector = given.selector();
        if (selector.protocol() != protocol || (selector.notProtocol() && !translated)) {
            throw RuleProblem.refused("-m " + name, "needs -p " + name);
        }
        return new Ports(name, protocol, side(name, given, "--sport"), side(name, given, "--dport"), more, translated);
    }

    private static Side side(String name, Given given, String option) {
        boolean plain = name.equals("tcp") || name.equals("sctp");
        Range range = given.word(option)
                .map(word -> plain ? Numbers.ports(word) : Numbers.resolvedPorts(word))
                .orElse(Numbers.PORTS);
        return new Side(range, given.negated(option), !name.equals("udp") && !name.equals("tcp") && given.has(option));
    }

    private record Multiport(String option, boolean not, List<Range> ranges) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            int source = skb.header.sourcePort();
            int destination = skb.header.destinationPort();
            boolean hit =
                    switch (option) {
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
            return new Words()
                    .add("-m")
                    .add("multiport")
                    .option(not, option, String.join(",", texts))
                    .toString();
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
