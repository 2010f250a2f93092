package dev.openshell.netns.linux.process;

import dev.openshell.netns.Incubating;
import dev.openshell.netns.NetnsException;
import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Ends the processes of the sandboxes that are tied to this JVM when the JVM is gone, however it went: one small shell
 * process, started with the first tie, which waits at the end of a pipe. It knows a process of a sandbox by the
 * permanent neighbour in its network namespace, the host end of the link, and the descendants of such processes by
 * their parents. It is in a session of its own and ends with the JVM.
 *
 * <p>Its bounds: a process in a network namespace of its own, made inside, is found only while one of its ancestors
 * lives in the sandbox's; root inside sees the watchdog and can end it; and it gives up after a minute.
 *
 * @since 0.1
 */
@Incubating
public final class Watchdog {
    private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
    private static final Watchdog OF_JVM = new Watchdog("/bin/sh");

    private final String[] shell;
    private final Set<String> ties = new LinkedHashSet<>();
    private @Nullable WatchdogProcess process;

    Watchdog(String... shell) {
        this.shell = shell;
    }

    /** Returns this JVM's. */
    public static Watchdog ofJvm() {
        return OF_JVM;
    }

    /**
     * Ties the sandbox whose link has {@code mac} at its host end, and starts the process where there is none, or none
     * any more: then all that are tied are told to the new one. May be called again, before each process that is
     * started, to make sure of the watchdog.
     *
     * @param mac six pairs of lower case hexadecimal digits with colons between them
     * @throws IllegalArgumentException if it is not
     * @throws NetnsException if the watchdog can't be started or does not read; then the sandbox is not tied, unless it
     *     was before, and nothing may be started in it
     */
    public synchronized void tie(String mac) {
        if (!MAC.matcher(mac).matches()) {
            throw new IllegalArgumentException("not a MAC address in lower case with colons: " + mac);
        }
        boolean added = ties.add(mac);
        boolean done = false;
        try {
            if (process != null && !process.write(added ? "+" + mac : "")) {
                forget(process);
            }
            if (process == null) {
                process = start();
            }
            done = true;
        } finally {
            if (added && !done) {
                ties.remove(mac);
            }
        }
    }

    /**
     * Unties the sandbox again; nothing if it is not tied. A watchdog that is dead or does not read is left as it is:
     * no other sandbox ever has the address.
     */
    public synchronized void untie(String mac) {
        if (!ties.remove(mac) || process == null) {
            return;
        }
        try {
            if (!process.write("-" + mac)) {
                forget(process);
            }
        } catch (NetnsException e) {
            log().log(Level.DEBUG, "the watchdog does not know that {0} is untied: {1}", mac, e.getMessage());
        }
    }

    /** Returns the process's number; 0 if there is none. */
    synchronized int pid() {
        return process == null ? 0 : process.pid();
    }

    private WatchdogProcess start() {
        WatchdogProcess started = WatchdogProcess.start(shell);
        boolean done = false;
        try {
            for (String tie : ties) {
                started.tell("+" + tie);
            }
            started.awaitRead();
            done = true;
            return started;
        } finally {
            if (!done) {
                started.end();
            }
        }
    }

    private void forget(WatchdogProcess dead) {
        process = null;
        log().log(Level.DEBUG, "the watchdog, process {0}, has ended before its time", Integer.toString(dead.pid()));
        dead.close();
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger("dev.openshell.netns");
    }
}
