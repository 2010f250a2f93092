package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {
    private static final InputStream NOTHING = InputStream.nullInputStream();

    @TempDir
    private Path directory;

    @Test
    void readsWhatItWrote() {
        String file = directory.resolve("rules").toString();
        TextFile.write("--svg", file, "*filter\nCOMMIT é\n");
        assertThat(TextFile.read("--rules", file, NOTHING)).isEqualTo("*filter\nCOMMIT é\n");
    }

    @Test
    void aHyphenIsStdin() {
        InputStream stdin = new ByteArrayInputStream("*filter\n".getBytes(StandardCharsets.UTF_8));
        assertThat(TextFile.read("--rules", "-", stdin)).isEqualTo("*filter\n");
    }

    @Test
    void whatHasNoEndIsRefused() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                return length;
            }
        };
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TextFile.read("--rules", "-", endless))
                .withMessage("--rules: '-' is larger than 64 MiB");
    }
}
