package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code iprange} and {@code addrtype}. */
final class AddressMatches {
    private static final List<String> TYPES = List.of(
            "UNSPEC",
            "UNICAST",
            "LOCAL",
            "BROADCAST",
            "ANYCAST",
            "MULTICAST",
            "BLACKHOLE",
            "UNREACHABLE",
            "PROHIBIT",
            "THROW",
            "NAT",
            "XRESOLVE");

    private AddressMatches() {}

    static List<Module<Match>> modules() {
        return List.of(
                Module.of("iprange", AddressMatches::iprange, "!--src-range 1", "!--dst-range 1"),
                Module.of(
                        "addrtype",
                        AddressMatches::addrtype,
                        "!--src-type 1",
                        "!--dst-type 1",
                        "--limit-iface-in",
                        "--limit-iface-out"));
    }

    private record Span(Ip first, Ip last, boolean not) {
        boolean holds(Ip ip) {
            return (first.compareTo(ip) <= 0 && ip.compareTo(last) <= 0) != not;
        }

        @Override
        public String toString() {
            return first + "-" + last;
        }
    }

    private record Iprange(@Nullable Span source, @Nullable Span destination) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            return (source == null || source.holds(skb.header.source()))
                    && (destination == null || destination.holds(skb.header.destination()));
        }

        @Override
        public String text() {
            Words words = new Words().add("-m").add("iprange");
            if (source != null) {
                words.option(source.not, "--src-range", source);
            }
            if (destination != null) {
                words.option(destination.not, "--dst-range", destination);
            }
            return words.toString();
        }
    }

    private static Match iprange(Given given) {
        if (given.isEmpty()) {
            throw given.needs("--src-range or --dst-range");
        }
        return new Iprange(span(given, "--src-range"), span(given, "--dst-range"));
    }

    private static @Nullable Span span(Given given, String option) {
        if (!given.has(option)) {
            return null;
        }
        String word = given.word(option).orElseThrow();
        String[] ends = word.split("-", 2);
        Ip first = Addresses.numeric(ends[0], given.family())
                .orElseThrow(() -> RuleProblem.refused(word, "invalid range"));
        Ip last = ends.length == 1
                ? first
                : Addresses.numeric(ends[1], given.family())
                        .orElseThrow(() -> RuleProblem.refused(word, "invalid range"));
        return new Span(first, last, given.negated(option));
    }

    private record Addrtype(
            List<String> source, boolean notSource, List<String> destination, boolean notDestination, String limit)
            implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            String link = limit.isEmpty() ? "" : limit.equals("--limit-iface-in") ? skb.in : skb.out;
            return (source.isEmpty() || is(skb.header.source(), source, link, view) != notSource)
                    && (destination.isEmpty()
                            || is(skb.header.destination(), destination, link, view) != notDestination);
        }

        /** Under IPv6 the types that an address has by itself and those that the routes give it are asked apart. */
        private static boolean is(Ip ip, List<String> types, String link, View view) {
            String type = view.addressType(ip, link);
            if (ip.family() == Family.IPV4) {
                return types.contains(type);
            }
            boolean multicast = ip.high() >>> 56 == 0xff;
            boolean unspecified = ip.high() == 0 && ip.low() == 0;
            if ((types.contains("MULTICAST") && !multicast)
                    || (types.contains("UNICAST") && (multicast || unspecified))
                    || (types.contains("UNSPEC") && !unspecified)) {
                return false;
            }
            boolean routed = types.contains("ANYCAST") || types.contains("LOCAL") || types.contains("UNREACHABLE");
            return !routed || (!type.equals("UNICAST") && types.contains(type));
        }

        @Override
        public String text() {
            Words words = new Words().add("-m").add("addrtype");
            if (!source.isEmpty()) {
                words.option(notSource, "--src-type", String.join(",", source));
            }
            if (!destination.isEmpty()) {
                words.option(notDestination, "--dst-type", String.join(",", destination));
            }
            return words.add(limit).toString();
        }

        @Override
        public boolean checksHooksItself() {
            return true;
        }

        @Override
        public Set<Hook> hooks() {
            return switch (limit) {
                case "--limit-iface-in" -> EnumSet.of(Hook.PREROUTING, Hook.INPUT, Hook.FORWARD);
                case "--limit-iface-out" -> EnumSet.of(Hook.POSTROUTING, Hook.OUTPUT, Hook.FORWARD);
                default -> EnumSet.allOf(Hook.class);
            };
        }
    }

    private static Match addrtype(Given given) {
        boolean in = given.has("--limit-iface-in");
        boolean out = given.has("--limit-iface-out");
        if ((!given.has("--src-type") && !given.has("--dst-type")) || (in && out)) {
            throw RuleProblem.refused("addrtype", "needs --src-type or --dst-type, and one --limit-iface at most");
        }
        return new Addrtype(
                types(given, "--src-type"),
                given.negated("--src-type"),
                types(given, "--dst-type"),
                given.negated("--dst-type"),
                in ? "--limit-iface-in" : out ? "--limit-iface-out" : "");
    }

    private static List<String> types(Given given, String option) {
        List<String> words = new ArrayList<>();
        given.word(option).ifPresent(list -> {
            for (String word : list.split(",", -1)) {
                String type = Words.startedBy(word, TYPES, "unknown address type");
                boolean never = Set.of("BLACKHOLE", "PROHIBIT", "THROW", "NAT", "XRESOLVE")
                        .contains(type);
                if (never || (given.family() == Family.IPV6 && type.equals("BROADCAST"))) {
                    throw RuleProblem.unknown(word, "address type");
                }
                words.add(type);
            }
        });
        return TYPES.stream().filter(words::contains).toList();
    }
}
