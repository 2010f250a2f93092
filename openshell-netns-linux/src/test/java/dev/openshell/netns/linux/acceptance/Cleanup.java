package dev.openshell.netns.linux.acceptance;

import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Undoes what was done, last first, once: when it is closed, or else when the JVM ends. */
final class Cleanup implements AutoCloseable {
    private final Deque<AutoCloseable> undo = new ArrayDeque<>();
    private final Thread hook = new Thread(this::removeAll, "cleanup");

    Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Has {@code action} done at the end, before all that was handed over earlier. */
    synchronized void later(AutoCloseable action) {
        undo.push(action);
    }

    /** Returns {@code made}, to be closed at the end. */
    <T extends AutoCloseable> T keep(T made) {
        later(made);
        return made;
    }

    /** Has {@code directory}, which holds no other directory, deleted at the end. */
    void deleteLater(Path directory) {
        later(() -> {
            if (Files.exists(directory)) {
                try (var entries = Files.newDirectoryStream(directory)) {
                    for (Path entry : entries) {
                        Files.delete(entry);
                    }
                }
                Files.delete(directory);
            }
        });
    }

    /** Has {@code directory} deleted at the end if nothing of anybody's is left in it. */
    void deleteIfEmptyLater(Path directory) {
        later(() -> {
            try {
                Files.deleteIfExists(directory);
            } catch (DirectoryNotEmptyException e) {
                return;
            }
        });
    }

    private synchronized void removeAll() {
        RuntimeException failure = new IllegalStateException("not all could be removed");
        while (!undo.isEmpty()) {
            try {
                undo.pop().close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }

    @Override
    public void close() {
        try {
            removeAll();
        } finally {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }
}
