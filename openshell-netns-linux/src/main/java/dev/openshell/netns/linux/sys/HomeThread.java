package dev.openshell.netns.linux.sys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes threads that last: each goes to the process's own network namespace first, since whoever starts it may be in
 * another one, which it would hold.
 */
public final class HomeThread {
    private static final Path HERE = Path.of("/proc/thread-self/ns/net");
    private static final Path HOME = Path.of("/proc/self/ns/net");

    private HomeThread() {}

    /** Returns a daemon thread, not yet started, that runs {@code body} at home. */
    public static Thread of(String name, Runnable body) {
        Thread thread = new Thread(
                null,
                () -> {
                    goHome();
                    body.run();
                },
                name,
                0,
                false);
        thread.setDaemon(true);
        return thread;
    }

    private static void goHome() {
        if (isHome()) {
            return;
        }
        int home = Libc.open(HOME.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        try {
            Libc.setns(home, Libc.CLONE_NEWNET);
        } finally {
            Libc.close(home);
        }
    }

    /** A system without such files has no namespaces. */
    private static boolean isHome() {
        try {
            return Files.readSymbolicLink(HERE).equals(Files.readSymbolicLink(HOME));
        } catch (IOException e) {
            return true;
        }
    }
}
