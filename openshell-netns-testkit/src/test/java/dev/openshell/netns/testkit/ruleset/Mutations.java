package dev.openshell.netns.testkit.ruleset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Spoils texts, by a seed. */
final class Mutations {
    private static final String ODD = "\0\t\r\n \"\\'!-:,/*#[]=+0123456789aZ\u00e9.";

    private final Random random;

    Mutations(Random random) {
        this.random = random;
    }

    /** Returns {@code text} with one to three changes. */
    String of(String text) {
        String spoilt = text;
        for (int i = random.nextInt(4) / 2; i >= 0; i--) {
            spoilt = random.nextBoolean() ? bytes(spoilt) : random.nextInt(3) == 0 ? lines(spoilt) : words(spoilt);
        }
        return spoilt;
    }

    private String bytes(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int at = random.nextInt(text.length());
        char odd = ODD.charAt(random.nextInt(ODD.length()));
        return switch (random.nextInt(4)) {
            case 0 -> text.substring(0, at) + text.substring(at + 1);
            case 1 -> text.substring(0, at) + odd + text.substring(at);
            case 2 -> text.substring(0, at) + odd + text.substring(at + 1);
            default -> text.substring(0, at) + text.charAt(at) + text.substring(at);
        };
    }

    private String lines(String text) {
        List<String> lines = new ArrayList<>(Arrays.asList(text.split("(?<=\n)")));
        int at = random.nextInt(lines.size());
        switch (random.nextInt(4)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(random.nextInt(lines.size()), lines.get(at));
            case 2 -> java.util.Collections.swap(lines, at, random.nextInt(lines.size()));
            default -> {
                return text.substring(0, random.nextInt(text.length() + 1));
            }
        }
        return String.join("", lines);
    }

    private String words(String text) {
        List<String> words = new ArrayList<>(Arrays.asList(text.split("(?<=[ \n])")));
        int at = random.nextInt(words.size());
        String other = words.get(random.nextInt(words.size()));
        switch (random.nextInt(4)) {
            case 0 -> words.remove(at);
            case 1 -> words.add(at, other);
            case 2 -> words.set(at, other);
            default -> words.add(at, words.get(at));
        }
        return String.join("", words);
    }
}
