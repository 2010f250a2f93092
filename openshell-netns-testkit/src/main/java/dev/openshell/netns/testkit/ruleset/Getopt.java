package dev.openshell.netns.testkit.ruleset;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Reads words as getopt_long(3) does: long options may be cut short, short ones may stand together. */
final class Getopt {
    private static final String SHORT = "A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:R:S::W::46bfg:h::m:nvw::x";

    /** Whether an option takes a value. */
    enum Takes {
        NOTHING,
        VALUE,
        /** A value only where it stands in the same word. */
        ATTACHED
    }

    /** A long option, without its dashes, and what it stands for. */
    record Long(String name, String meaning, Takes takes) {}

    /** An option and its value, or with {@link #WORD} for an option a word that is none. */
    record Found(String option, Optional<String> value) {}

    /** The option of a word that is none. */
    static final String WORD = "";
    /** The option of one that is unknown, ambiguous or without its value. */
    static final String BAD = "?";

    private final List<String> words;
    private int at;
    private int inside;
    private int before;
    private int insideBefore;

    Getopt(List<String> words) {
        this.words = words;
    }

    /** Returns the next option; empty behind the last one, and behind a word {@code --}. */
    Optional<Found> next(Supplier<List<Long>> longs) {
        before = at;
        insideBefore = inside;
        if (inside > 0) {
            return Optional.of(cluster());
        }
        if (at >= words.size()) {
            return Optional.empty();
        }
        String word = words.get(at);
        if (word.length() < 2 || !word.startsWith("-")) {
            at++;
            return Optional.of(new Found(WORD, Optional.of(word)));
        }
        if (!word.startsWith("--")) {
            inside = 1;
            return Optional.of(cluster());
        }
        at++;
        return word.length() == 2 ? Optional.empty() : Optional.of(named(word, longs.get()));
    }

    /** Returns the word that was read last: that of an option whose value is attached to it. */
    String last() {
        return words.get(at - 1);
    }

    /** Reads the last option once more. */
    void again() {
        at = before;
        inside = insideBefore;
    }

    /** Returns whether words are left. */
    boolean left() {
        return at < words.size();
    }

    /** Returns the next word where it begins with neither {@code -} nor {@code !}. */
    Optional<String> argument() {
        boolean there = inside == 0
                && left()
                && !words.get(at).startsWith("-")
                && !words.get(at).startsWith("!");
        return there ? Optional.of(words.get(at++)) : Optional.empty();
    }

    /** Returns the next word, whatever it is. */
    Optional<String> word() {
        return left() ? Optional.of(words.get(at++)) : Optional.empty();
    }

    private Found cluster() {
        String word = words.get(at);
        char letter = word.charAt(inside++);
        String rest = word.substring(inside);
        int known = letter == ':' ? -1 : SHORT.indexOf(letter);
        boolean takes = known >= 0 && SHORT.startsWith(":", known + 1);
        if (!takes && !rest.isEmpty()) {
            return new Found(known < 0 ? BAD : "-" + letter, Optional.of(word));
        }
        inside = 0;
        at++;
        if (known < 0) {
            return new Found(BAD, Optional.of(word));
        }
        boolean optional = SHORT.startsWith("::", known + 1);
        Optional<String> value =
                !takes || (rest.isEmpty() && optional) ? Optional.empty() : rest.isEmpty() ? word() : Optional.of(rest);
        return takes && !optional && value.isEmpty()
                ? new Found(BAD, Optional.of(word))
                : new Found("-" + letter, value);
    }

    private Found named(String word, List<Long> longs) {
        int sign = word.indexOf('=');
        String name = word.substring(2, sign < 0 ? word.length() : sign);
        Long chosen = longs.stream()
                .filter(each -> each.name.equals(name))
                .findFirst()
                .orElse(null);
        if (chosen == null) {
            List<Long> started = new ArrayList<>();
            longs.stream().filter(each -> each.name.startsWith(name)).forEach(started::add);
            boolean one = started.stream().map(Long::meaning).distinct().count() == 1;
            chosen = one ? started.get(0) : null;
        }
        if (chosen == null || (chosen.takes == Takes.NOTHING && sign >= 0)) {
            return new Found(BAD, Optional.of(word));
        }
        Optional<String> value = sign >= 0
                ? Optional.of(word.substring(sign + 1))
                : chosen.takes == Takes.VALUE ? word() : Optional.empty();
        return chosen.takes == Takes.VALUE && value.isEmpty()
                ? new Found(BAD, Optional.of(word))
                : new Found(chosen.meaning, value);
    }
}
