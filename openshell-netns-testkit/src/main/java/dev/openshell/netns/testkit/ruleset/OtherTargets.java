package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code LOG}, {@code NFLOG}, {@code NOTRACK} and {@code CT}. */
final class OtherTargets {
    private static final List<String> LEVELS =
            List.of("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug");
    private static final List<String> LOG_FLAGS =
            List.of("--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid", "--log-macdecode");
    private static final int LONGEST_LOG_PREFIX = 29;
    private static final int LONGEST_NFLOG_PREFIX = 63;
    private static final int LONGEST_NFT_PREFIX = 127;

    private OtherTargets() {}

    static List<Module<Target>> modules() {
        List<String> log = new ArrayList<>(List.of("--log-prefix 1", "--log-level 1"));
        log.addAll(LOG_FLAGS);
        return List.of(
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
                Module.of(
                        "CT",
                        OtherTargets::ct,
                        "--notrack",
                        "--helper 1",
                        "--timeout 1",
                        "--ctevents 1",
                        "--expevents 1",
                        "--zone 1",
                        "--zone-orig 1",
                        "--zone-reply 1"));
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
        prefix(given, words, "--log-prefix", LONGEST_LOG_PREFIX);
        given.word("--log-level").ifPresent(word -> {
            int known = LEVELS.indexOf(word.equals("panic") ? "emerg" : word);
            int level = known >= 0 ? known : (int) Numbers.upTo(word, 7, "log level");
            if (level != LEVELS.indexOf("warning")) {
                words.option(false, "--log-level", level);
            }
        });
        LOG_FLAGS.stream().filter(given::has).forEach(words::add);
        return new Record(words.toString());
    }

    /** What is longer is cut without a word. */
    private static void prefix(Given given, Words words, String option, int longest) {
        given.word(option).ifPresent(prefix -> {
            if (prefix.contains("\n") || prefix.isEmpty()) {
                throw RuleProblem.refused(option, "a prefix has at least one character, all on one line");
            }
            words.quoted(option, prefix.substring(0, Math.min(longest, prefix.length())));
        });
    }

    private static Target nflog(Given given) {
        if (given.has("--nflog-range") && given.has("--nflog-size")) {
            throw RuleProblem.refused("--nflog-size", "excludes --nflog-range");
        }
        Words words = new Words().add("-j NFLOG");
        prefix(given, words, "--nflog-prefix", given.nft() ? LONGEST_NFT_PREFIX : LONGEST_NFLOG_PREFIX);
        number(given, words, "--nflog-group", 65535, 0);
        Words range = given.nft() ? new Words() : words;
        number(given, range, "--nflog-range", 0xffff_ffffL, 0);
        number(given, words, "--nflog-size", 0xffff_ffffL, -1);
        number(given, words, "--nflog-threshold", 65535, 0);
        return new Record(words.toString());
    }

    private static void number(Given given, Words words, String option, long highest, long unsaid) {
        given.word(option).ifPresent(word -> {
            long value = Numbers.upTo(word, highest, option.substring(2));
            if (value != unsaid) {
                words.option(false, option, value);
            }
        });
    }

    private record Untrack(String text) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            if (skb.ct == null && !skb.answersUntracked) {
                skb.untracked = true;
                skb.state = CtState.UNTRACKED;
            }
            return Outcome.CONTINUE;
        }

        @Override
        public Set<TableKind> tables() {
            return EnumSet.of(TableKind.RAW);
        }
    }

    private static Target ct(Given given) {
        if (!given.has("--notrack") || given.exactlyOne().isEmpty()) {
            throw RuleProblem.unknown("CT", "CT without --notrack");
        }
        return new Untrack("-j CT --notrack");
    }
}
