package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {
    @Test
    void elementsAndVariablesEndWithNul() throws Exception {
        ProcessBuilder builder = new ProcessBuilder("a", "", "b c");
        builder.environment().clear();
        builder.environment().put("K", "v=w");
        Command command = Command.of(builder);
        assertThat(command.program()).isEqualTo("a");
        assertThat(command.arguments()).containsExactly(bytes("a\0"), bytes("\0"), bytes("b c\0"));
        assertThat(command.environment()).containsExactly(bytes("K=v=w\0"));
    }

    @Test
    void inheritedVariablesAreAllThere() throws Exception {
        assertThat(Command.of(new ProcessBuilder("a")).environment())
                .hasSameSizeAs(System.getenv().keySet());
    }

    @Test
    void refusesWhatProcessBuilderRefuses() {
        assertThatThrownBy(() -> Command.of(new ProcessBuilder())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Command.of(new ProcessBuilder("a", null))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Command.of(new ProcessBuilder("a", "b\0")))
                .isInstanceOf(IOException.class)
                .hasMessage("invalid null character in command");
        assertThatThrownBy(() -> Command.of(new ProcessBuilder("a").directory(new File("/x\0y"))))
                .isInstanceOf(IOException.class);
    }

    @Test
    void shellRunsTheFileThatWasMeant(@TempDir Path directory) throws Exception {
        Path script = Files.writeString(directory.resolve("script"), "exit 0\n");
        Command shell = Command.of(new ProcessBuilder(script.toString(), "x")).byShell();
        assertThat(shell.program()).isEqualTo("/bin/sh");
        assertThat(shell.arguments()).containsExactly(bytes("/bin/sh\0"), bytes(script + "\0"), bytes("x\0"));
        byte[] found =
                Command.of(new ProcessBuilder("sh")).byShell().arguments().get(1);
        assertThat(new String(found, NativeText.CHARSET)).startsWith("/").endsWith("/sh\0");
    }

    @Test
    void failuresReadAsProcessBuilders() throws Exception {
        IOException cause = new IOException("error=2, No such file or directory");
        assertThat(Command.of(new ProcessBuilder("x")).failure(cause))
                .hasMessage("Cannot run program \"x\": error=2, No such file or directory")
                .hasCause(cause);
        assertThat(Command.of(new ProcessBuilder("x").directory(new File("/d"))).failure(cause))
                .hasMessage("Cannot run program \"x\" (in directory \"/d\"): error=2, No such file or directory");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(NativeText.CHARSET);
    }
}
