package dev.openshell.netns.linux.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that an option names. What is wrong with it is bad usage, and says so with the option and the file. */
final class TextFile {
    /** More than any machine's rules; what has no end, such as {@code /dev/zero}, is not read for ever. */
    private static final int LIMIT = 64 << 20;

    private TextFile() {}

    /** Returns what the file holds, or with {@code -} what {@code stdin} does. */
    static String read(String option, String file, InputStream stdin) {
        try (InputStream in = file.equals("-") ? stdin : Files.newInputStream(path(option, file))) {
            byte[] bytes = in.readNBytes(LIMIT + 1);
            if (bytes.length > LIMIT) {
                throw new IllegalArgumentException(option + ": '" + file + "' is larger than 64 MiB");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw failure(option, "can't read", file, e);
        }
    }

    /** Writes the file, over what it held. */
    static void write(String option, String file, String text) {
        try {
            Files.writeString(path(option, file), text);
        } catch (IOException e) {
            throw failure(option, "can't write", file, e);
        }
    }

    private static Path path(String option, String file) {
        if (file.isEmpty()) {
            throw new IllegalArgumentException(option + ": the file's name is empty");
        }
        return Path.of(file);
    }

    private static IllegalArgumentException failure(String option, String what, String file, IOException e) {
        String reason = String.valueOf(e.getMessage());
        if (e instanceof NoSuchFileException) {
            reason = "no such file or directory";
        } else if (e instanceof AccessDeniedException) {
            reason = "permission denied";
        } else if (reason.startsWith(file + ": ")) {
            reason = reason.substring(file.length() + 2);
        }
        return new IllegalArgumentException(option + ": " + what + " '" + file + "': " + reason, e);
    }
}
