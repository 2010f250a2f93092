package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Numbers.Range;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code owner}, {@code comment}, and {@code physdev} of a packet that crosses no bridge. */
final class SocketMatches {
    private static final List<String> PHYSDEV =
            List.of("--physdev-is-in", "--physdev-in", "--physdev-is-out", "--physdev-out", "--physdev-is-bridged");
    private static final int LONGEST_INTERFACE = 15;
    private static final int LONGEST_COMMENT = 255;

    private SocketMatches() {}

    static List<Module<Match>> modules() {
        return List.of(
                Module.of(
                        "owner",
                        SocketMatches::owner,
                        "!--uid-owner 1",
                        "!--gid-owner 1",
                        "!--socket-exists",
                        "--suppl-groups"),
                Module.of("comment", SocketMatches::comment, "--comment 1"),
                Module.of(
                        "physdev",
                        SocketMatches::physdev,
                        "!--physdev-in 1",
                        "!--physdev-out 1",
                        "!--physdev-is-in",
                        "!--physdev-is-out",
                        "!--physdev-is-bridged"));
    }

    private record Owner(
            @Nullable Range user,
            boolean notUser,
            @Nullable Range group,
            boolean notGroup,
            boolean socket,
            boolean notSocket)
            implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            if (skb.user.isEmpty()) {
                return (user == null || notUser) && (group == null || notGroup) && (!socket || notSocket);
            }
            return (user == null || is(user, skb.user) != notUser)
                    && (group == null || is(group, skb.group) != notGroup)
                    && !(socket && notSocket);
        }

        private static boolean is(Range range, OptionalInt id) {
            return range.contains(id.orElse(0));
        }

        @Override
        public String text() {
            Words words = new Words().add("-m").add("owner");
            if (socket) {
                words.option(notSocket, "--socket-exists");
            }
            if (user != null) {
                words.option(notUser, "--uid-owner", user.text('-'));
            }
            if (group != null) {
                words.option(notGroup, "--gid-owner", group.text('-'));
            }
            return words.toString();
        }

        @Override
        public Set<Hook> hooks() {
            return EnumSet.of(Hook.OUTPUT, Hook.POSTROUTING);
        }
    }

    private static Match owner(Given given) {
        if (given.isEmpty()) {
            throw given.needs("at least one option");
        }
        if (given.has("--suppl-groups")) {
            throw RuleProblem.unknown("--suppl-groups", "option of owner");
        }
        return new Owner(
                ids(given, "--uid-owner"),
                given.negated("--uid-owner"),
                ids(given, "--gid-owner"),
                given.negated("--gid-owner"),
                given.has("--socket-exists"),
                given.negated("--socket-exists"));
    }

    private static @Nullable Range ids(Given given, String option) {
        if (!given.has(option)) {
            return null;
        }
        String word = given.word(option).orElseThrow();
        if (word.equals("root")) {
            return new Range(0, 0);
        }
        if (word.matches("(?i)[a-z_][a-z0-9_.-]*")) {
            throw RuleProblem.unknown(word, "user or group by name");
        }
        String[] ends = word.split("-", 2);
        long low = Numbers.upTo(ends[0], 0xffff_fffeL, "id");
        long high = ends.length == 1 ? low : Numbers.upTo(ends[1], 0xffff_fffeL, "id");
        if (low > high) {
            throw RuleProblem.refused(word, "range is backwards");
        }
        return new Range(low, high);
    }

    private record Comment(String comment) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            return true;
        }

        @Override
        public String text() {
            return new Words()
                    .add("-m")
                    .add("comment")
                    .quoted("--comment", comment)
                    .toString();
        }
    }

    private static Match comment(Given given) {
        String comment = given.word("--comment").orElseThrow(() -> given.needs("--comment"));
        // What is longer is cut without a word.
        return new Comment(comment.substring(0, Math.min(LONGEST_COMMENT, comment.length())));
    }

    private record Physdev(String words, boolean allNegated, boolean out) implements Match {
        /** As xt_physdev: without a bridge an option holds only when it is negated. */
        @Override
        public boolean matches(Skb skb, View view) {
            return allNegated;
        }

        @Override
        public String text() {
            return words;
        }

        @Override
        public boolean checksHooksItself() {
            return true;
        }

        /** What leaves a bridge is not known yet when the host's own packets pass. */
        @Override
        public Set<Hook> hooks() {
            return out ? EnumSet.complementOf(EnumSet.of(Hook.OUTPUT)) : EnumSet.allOf(Hook.class);
        }
    }

    private static Match physdev(Given given) {
        if (given.isEmpty()) {
            throw given.needs("at least one option");
        }
        Words words = new Words().add("-m").add("physdev");
        boolean allNegated = true;
        for (String option : PHYSDEV) {
            if (given.has(option)) {
                allNegated &= given.negated(option);
                List<String> values = given.find(option).orElseThrow().words();
                if (values.contains("")) {
                    throw RuleProblem.unknown(option, "an empty name");
                }
                if (values.stream().anyMatch(name -> name.length() > LONGEST_INTERFACE)) {
                    throw RuleProblem.refused(option, "interface name must be of 1 to 15 characters");
                }
                words.option(given.negated(option), option, values.toArray());
            }
        }
        boolean bridged = given.has("--physdev-is-bridged") && !given.negated("--physdev-is-bridged");
        boolean out = given.has("--physdev-out") || given.has("--physdev-is-out");
        return new Physdev(words.toString(), allNegated, out && !bridged);
    }
}
