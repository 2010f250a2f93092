package dev.openshell.netns.linux.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.base.Owner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkTest {
    private static final Owner OWNER = new Owner("0f9c", "1.2", 4711, 5);

    @Test
    void isReadAsItIsWritten() {
        Mark mark = new Mark(OWNER, 4026532001L, false);
        assertThat(mark).hasToString("openshell-netns 0f9c 1.2 4711 5 net:4026532001");
        assertThat(Mark.parse(mark.toString())).contains(mark);
        Mark detached = new Mark(OWNER, 4026532001L, true);
        assertThat(detached).hasToString("openshell-netns 0f9c 1.2 4711 5 net:4026532001 detached");
        assertThat(Mark.parse(detached.toString())).contains(detached);
    }

    /** An interface's alias has at most 255 bytes. */
    @Test
    void theLongestFitsAnAlias() {
        Owner owner = new Owner("f".repeat(36), "9".repeat(20) + "." + "9".repeat(20), 9_999_999_999L, Long.MAX_VALUE);
        assertThat(new Mark(owner, 999_999_999_999_999_999L, true).toString()).hasSizeLessThan(255);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "openshell-netns ",
                "openshell-netns 0f9c 1.2 4711 5",
                "openshell-netns 0f9c 1.2 4711 5 net:",
                "openshell-netns 0f9c 1.2 4711 5 net:1 attached",
                "openshell-netns 0f9c 1.2 4711 net:1",
                "somebody's 0f9c 1.2 4711 5 net:1"
            })
    void whatIsNoneIsNone(String text) {
        assertThat(Mark.parse(text)).isEmpty();
    }
}
