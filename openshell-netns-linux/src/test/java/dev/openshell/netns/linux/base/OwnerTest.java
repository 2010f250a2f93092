package dev.openshell.netns.linux.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnerTest {
    private static final Owner OWNER =
            new Owner("0f9c1e6a-5a53-4d39-8d4f-7a3c3b1f2e10", "4026531836.4026531834", 4711, 123_456);

    @Test
    void isReadAsItIsWritten() {
        assertThat(OWNER).hasToString("0f9c1e6a-5a53-4d39-8d4f-7a3c3b1f2e10 4026531836.4026531834 4711 123456");
        assertThat(Owner.parse(OWNER.toString())).contains(OWNER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0f9c",
                "0f9c 1.2 4711",
                "0f9c 1.2 4711 5 6",
                "0f9c 1.2 -1 5",
                "0f9c 1 4711 5",
                "0f9c 1.2 99999999999 5",
                "0f9c 1.2 4711 9999999999999999999",
                "0F9C 1.2 4711 5\n"
            })
    void whatIsNoneIsNone(String text) {
        assertThat(Owner.parse(text)).isEmpty();
    }
}
