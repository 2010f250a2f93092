package dev.openshell.netns.testkit.ruleset;

import java.nio.charset.StandardCharsets;

/** Text as the bytes that iptables reads, each a character of its own. */
final class Bytes {
    private Bytes() {}

    static String of(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    static String text(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
