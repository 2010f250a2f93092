package dev.openshell.netns.linux.process;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a {@link ProcessBuilder} says, checked as its own {@code start()} does and encoded for C. */
record Command(String program, @Nullable File directory, List<byte[]> arguments, List<byte[]> environment) {
    private static final String SHELL = "/bin/sh";

    /**
     * Returns the builder's command.
     *
     * @throws NullPointerException if an element is null
     * @throws IndexOutOfBoundsException if there is none
     * @throws IOException if an element holds a NUL
     */
    static Command of(ProcessBuilder builder) throws IOException {
        String[] elements = builder.command().toArray(String[]::new);
        List<byte[]> arguments = new ArrayList<>();
        for (String element : elements) {
            if (element == null) {
                throw new NullPointerException();
            }
        }
        String program = elements[0];
        for (String element : elements) {
            if (element.indexOf('\0') >= 0) {
                throw new IOException("invalid null character in command");
            }
            arguments.add(NativeText.terminated(element));
        }
        File directory = builder.directory();
        if (directory != null && directory.getPath().indexOf('\0') >= 0) {
            throw new IOException("invalid null character in directory");
        }
        return new Command(program, directory, List.copyOf(arguments), encode(builder.environment()));
    }

    /** Returns the same for the shell, which is how execvp(3) runs a file without a known format (ENOEXEC). */
    Command byShell() {
        List<byte[]> shell = new ArrayList<>();
        shell.add(NativeText.terminated(SHELL));
        shell.add(NativeText.terminated(program.indexOf('/') >= 0 ? program : found()));
        shell.addAll(arguments.subList(1, arguments.size()));
        return new Command(SHELL, directory, List.copyOf(shell), environment);
    }

    /** Returns {@code cause} as ProcessBuilder reports it. */
    IOException failure(Exception cause) {
        return new IOException(
                "Cannot run program \"" + program + "\""
                        + (directory == null ? "" : " (in directory \"" + directory + "\")")
                        + ": " + cause.getMessage(),
                cause);
    }

    private String found() {
        String path = System.getenv("PATH");
        for (String entry : (path == null ? "/bin:/usr/bin" : path).split(":", -1)) {
            Path file = Path.of(entry.isEmpty() ? "." : entry, program);
            if (Files.isRegularFile(file) && Files.isExecutable(file)) {
                return file.toString();
            }
        }
        return program;
    }

    /** A variable that the JVM was started with, and that nobody changed, keeps its bytes whatever the encoding. */
    private static List<byte[]> encode(Map<String, String> variables) throws IOException {
        Map<String, byte[]> inherited = inherited(NativeText.CHARSET);
        List<byte[]> entries = new ArrayList<>();
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            String entry = variable.getKey() + "=" + variable.getValue();
            byte[] bytes = inherited.get(entry);
            entries.add(bytes == null ? NativeText.terminated(entry) : bytes);
        }
        return List.copyOf(entries);
    }

    private static Map<String, byte[]> inherited(Charset charset) throws IOException {
        Map<String, byte[]> entries = new HashMap<>();
        byte[] all = Files.readAllBytes(Path.of("/proc/self/environ"));
        int start = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == 0) {
                byte[] entry = Arrays.copyOfRange(all, start, i);
                entries.putIfAbsent(new String(entry, charset), NativeText.terminated(entry));
                start = i + 1;
            }
        }
        return entries;
    }
}
