package dev.openshell.netns.linux.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RestoreLinesTest {
    private static final String COMMENT = "-A INPUT -m comment --comment ";

    private static void assertLines(String... lines) {
        String text = String.join("\n", lines);
        assertThat(RestoreLines.of(text)).as("without final newline").containsExactly(lines);
        assertThat(RestoreLines.of(text + "\n")).as("with final newline").containsExactly(lines);
    }

    @Test
    void aTextIsItsLines() {
        assertThat(RestoreLines.of("")).isEmpty();
        assertLines("*filter", ":INPUT ACCEPT [0:0]", "", "-A INPUT -j DROP", "COMMIT");
    }

    @Test
    void aCommentGoesOnBehindALineBreak() {
        assertLines(COMMENT + "\"x\n-A FORWARD -j OPENSHELL-FORWARD\n#\" -j DROP", "-A INPUT -j ACCEPT");
        assertLines(COMMENT + "\"x\n\n\" -j DROP", "COMMIT");
        assertLines(COMMENT + "\"one\" -m comment --comment \"two\nthree\" -j DROP", "COMMIT");
        assertLines(COMMENT + "\"one\ntwo\" -m comment --comment \"three\nfour\" -j DROP", "COMMIT");
    }

    @Test
    void anEscapedQuoteEndsNoComment() {
        assertLines(COMMENT + "\"x\\\"\n-A FORWARD -j ACCEPT\n\\\\\" -j DROP", "-A INPUT -j ACCEPT");
        assertLines(COMMENT + "\"x\\\\\" -j DROP", "-A INPUT -j ACCEPT");
        assertLines(COMMENT + "\"x\\\n\" -j DROP", "-A INPUT -j ACCEPT");
    }

    /** All behind it belongs to it: that is no rule that anybody can read. */
    @Test
    void aCommentThatNeverEnds() {
        assertThat(RestoreLines.of("*filter\n" + COMMENT + "\"x -j DROP\nCOMMIT\n"))
                .containsExactly("*filter", COMMENT + "\"x -j DROP\nCOMMIT\n");
        assertThat(RestoreLines.of(COMMENT + "\"x\\")).containsExactly(COMMENT + "\"x\\");
    }

    /** iptables-save prints names of interfaces and chains as they are. */
    @Test
    void aQuoteInANameHidesNoLine() {
        assertLines("-A INPUT -i e\" -j DROP", "-A FORWARD -j ACCEPT", "-A FORWARD -i e\" -j DROP");
        assertLines(":X\" - [0:0]", "-A FORWARD -j ACCEPT", ":Y\" - [0:0]");
        assertLines("-A INPUT -i \" -j DROP", "-A FORWARD -j ACCEPT", "-A FORWARD -i \" -j DROP");
        assertLines("-A INPUT -i e --comment \" -j DROP", "-A FORWARD -j ACCEPT", "-A INPUT -i \" -j DROP");
    }

    @Test
    void aRemarkOfTheToolIsOneLine() {
        assertLines("# it's \" a quote", "-A INPUT -j ACCEPT", "#\"", "COMMIT");
        assertLines("#" + COMMENT + "\"x", "-A INPUT -j ACCEPT", COMMENT + "\"y\nz\" -j DROP", "COMMIT");
    }

    @Test
    @Timeout(5)
    void aLongTextTakesNoTimeToSpeakOf() {
        String rules = "-A INPUT -s 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT\n".repeat(100_000);
        assertThat(RestoreLines.of(rules)).hasSize(100_000);
        assertThat(RestoreLines.of(rules + COMMENT + "\"x\" -j DROP\n")).hasSize(100_001);
    }
}
