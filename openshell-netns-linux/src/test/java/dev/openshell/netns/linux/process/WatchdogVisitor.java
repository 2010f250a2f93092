package dev.openshell.netns.linux.process;

import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.concurrent.locks.LockSupport;

/** A JVM that has a thread of its own in a namespace again and again, as one that sweeps has. Argument: the namespace. */
final class WatchdogVisitor {
    private static final long STAY = 300_000;

    private WatchdogVisitor() {}

    public static void main(String[] words) throws Exception {
        int namespace = Libc.open(words[0], Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        System.out.println("ready");
        while (System.in.available() == 0) {
            NamespaceThread.call(namespace, () -> {
                LockSupport.parkNanos(STAY);
                return true;
            });
        }
        System.out.println("alive");
    }
}
