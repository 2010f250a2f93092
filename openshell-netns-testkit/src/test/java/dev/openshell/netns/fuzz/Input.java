package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** A fuzzer's input as what a parser takes, and what a parser's refusal must be. */
public final class Input {
    /** Errors are read by people. */
    private static final int LONGEST_MESSAGE = 3000;

    private Input() {}

    /** Returns the input as text; what is no UTF-8 becomes replacement characters. */
    public static String text(byte[] input) {
        return new String(input, StandardCharsets.UTF_8);
    }

    /** Returns the two texts before and behind the first line that is {@code ---}; the second is empty without one. */
    public static List<String> two(byte[] input) {
        String[] parts = text(input).split("(?m)^---\n", 2);
        return List.of(parts[0], parts.length < 2 ? "" : parts[1]);
    }

    /**
     * Checks a refusal that callers get to see: of the class that is documented, not of one below it that is thrown by
     * accident, such as NumberFormatException; with a message of one printable line.
     */
    public static void refusal(RuntimeException refusal, Class<? extends RuntimeException> documented) {
        if (refusal.getClass() != documented) {
            throw refusal;
        }
        String message = refusal.getMessage();
        assertThat(message).isNotBlank().hasSizeLessThan(LONGEST_MESSAGE);
        assertThat(message.codePoints().anyMatch(Character::isISOControl))
                .as("'%s' has a control character", message)
                .isFalse();
    }
}
