package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** {@code REJECT}, {@code LOG}, {@code NFLOG}, {@code NOTRACK} and {@code CT}. */
final class OtherTargets {
    private static final Map<String, String> REJECT = new TreeMap<>(Map.ofEntries(
            Map.entry("icmp-net-unreachable", "icmp-net-unreachable"),
            Map.entry("net-unreach", "icmp-net-unreachable"),
            Map.entry("icmp-host-unreachable", "icmp-host-unreachable"),
            Map.entry("host-unreach", "icmp-host-unreachable"),
            Map.entry("icmp-proto-unreachable", "icmp-proto-unreachable"),
            Map.entry("proto-unreach", "icmp-proto-unreachable"),
            Map.entry("icmp-port-unreachable", "icmp-port-unreachable"),
            Map.entry("port-unreach", "icmp-port-unreachable"),
            Map.entry("icmp-net-prohibited", "icmp-net-prohibited"),
            Map.entry("net-prohib", "icmp-net-prohibited"),
            Map.entry("icmp-host-prohibited", "icmp-host-prohibited"),
            Map.entry("host-prohib", "icmp-host-prohibited"),
            Map.entry("icmp-admin-prohibited", "icmp-admin-prohibited"),
            Map.entry("admin-prohib", "icmp-admin-prohibited"),
            Map.entry("tcp-reset", "tcp-reset"),
            Map.entry("tcp-rst", "tcp-reset")));
    private static final Map<String, String> REJECT6 = new TreeMap<>(Map.ofEntries(
            Map.entry("icmp6-no-route", "icmp6-no-route"),
            Map.entry("no-route", "icmp6-no-route"),
            Map.entry("icmp6-adm-prohibited", "icmp6-adm-prohibited"),
            Map.entry("adm-prohibited", "icmp6-adm-prohibited"),
            Map.entry("icmp6-addr-unreachable", "icmp6-addr-unreachable"),
            Map.entry("addr-unreach", "icmp6-addr-unreachable"),
            Map.entry("icmp6-port-unreachable", "icmp6-port-unreachable"),
            Map.entry("port-unreach", "icmp6-port-unreachable"),
            Map.entry("icmp6-policy-fail", "icmp6-policy-fail"),
            Map.entry("policy-fail", "icmp6-policy-fail"),
            Map.entry("icmp6-reject-route", "icmp6-reject-route"),
            Map.entry("reject-route", "icmp6-reject-route"),
            Map.entry("tcp-reset", "tcp-reset")));
    private static final List<String> LEVELS =
            List.of("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug");
    private static final List<String> LOG_FLAGS =
            List.of("--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid", "--log-macdecode");
    private static final int LONGEST_LOG_PREFIX = 29;
    private static final int LONGEST_NFLOG_PREFIX = 63;

    private OtherTargets() {}

    static List<Module<Target>> modules() {
        List<String> log = new ArrayList<>(List.of("--log-prefix 1", "--log-level 1"));
        log.addAll(LOG_FLAGS);
        return List.of(
                Module.of("REJECT", OtherTargets::reject, "--reject-with 1"),
                Module.of("LOG", OtherTargets::log, log.toArray(String[]::new)),
                Module.of(
                        "NFLOG",
                        OtherTargets::nflog,
                        "--nflog-prefix 1",
                        "--nflog-group 1",
                        "--nflog-range 1",
                        "--nflog-size 1",
                        "--nflog-threshold 1"),
                Module.of("NOTRACK", given -> new Untrack("-j NOTRACK")),
                Module.of("CT", OtherTargets::ct, "--notrack"));
    }

    private record Reject(String with) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            return new Outcome.Reject(with);
        }

        @Override
        public String text() {
            return "-j REJECT --reject-with " + with;
        }

        @Override
        public Set<TableKind> tables() {
            return EnumSet.of(TableKind.FILTER);
        }
    }

    private static Target reject(Given given) {
        boolean four = given.family() == Family.IPV4;
        String with = given.plain("--reject-with")
                .map(word -> {
                    String known = (four ? REJECT : REJECT6).get(word);
                    if (known == null) {
                        throw RuleProblem.refused(word, "unknown reject type");
                    }
                    return known;
                })
                .orElse(four ? "icmp-port-unreachable" : "icmp6-port-unreachable");
        if (with.equals("tcp-reset") && !given.selector().is(Header.TCP)) {
            throw RuleProblem.refused(with, "needs -p tcp");
        }
        return new Reject(with);
    }

    /** Nothing that a packet could feel: a log record. */
    private record Record(String text) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            return Outcome.CONTINUE;
        }
    }

    private static Target log(Given given) {
        Words words = new Words().add("-j LOG");
        given.plain("--log-prefix").ifPresent(prefix -> {
            if (prefix.length() > LONGEST_LOG_PREFIX || prefix.contains("\n") || prefix.isEmpty()) {
                throw RuleProblem.refused("--log-prefix", "a prefix has 1 to 29 characters on one line");
            }
            words.quoted("--log-prefix", prefix);
        });
        given.plain("--log-level").ifPresent(word -> {
            int level = LEVELS.indexOf(word.equals("panic") ? "emerg" : word.equals("err") ? "error" : word.equals("warn") ? "warning" : word);
            level = level >= 0 ? level : (int) Numbers.upTo(word, 7, "log level");
            if (level != LEVELS.indexOf("warning")) {
                words.option(false, "--log-level", level);
            }
        });
        LOG_FLAGS.stream().filter(given::has).forEach(words::add);
        return new Record(words.toString());
    }

    private static Target nflog(Given given) {
        Words words = new Words().add("-j NFLOG");
        given.plain("--nflog-prefix").ifPresent(prefix -> {
            if (prefix.isEmpty() || prefix.length() > LONGEST_NFLOG_PREFIX || prefix.contains("\n")) {
                throw RuleProblem.refused("--nflog-prefix", "a prefix has 1 to 63 characters on one line");
            }
            words.quoted("--nflog-prefix", prefix);
        });
        number(given, words, "--nflog-group", 65535);
        number(given, words, "--nflog-range", 0xffff_ffffL);
        number(given, words, "--nflog-size", 0xffff_ffffL);
        number(given, words, "--nflog-threshold", 65535);
        return new Record(words.toString());
    }

    private static void number(Given given, Words words, String option, long highest) {
        given.plain(option).ifPresent(word -> {
            long value = Numbers.upTo(word, highest, option.substring(2));
            if (value != 0) {
                words.option(false, option, value);
            }
        });
    }

    private record Untrack(String text) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            skb.untracked |= skb.ct == null;
            return Outcome.CONTINUE;
        }

        @Override
        public Set<TableKind> tables() {
            return EnumSet.of(TableKind.RAW);
        }
    }

    private static Target ct(Given given) {
        if (!given.has("--notrack")) {
            throw RuleProblem.unknown("CT", "CT without --notrack");
        }
        return new Untrack("-j CT --notrack");
    }
}
