package dev.openshell.netns.linux.process;

import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A JVM that owns sandboxes and is killed: it does what it reads, a line each, and answers each with a line. */
final class WatchdogOwner {
    private final Map<String, ProcessStarter> starters = new HashMap<>();
    private final Watchdog watchdog;

    private WatchdogOwner(String... shell) {
        watchdog = shell.length == 0 ? Watchdog.ofJvm() : new Watchdog(shell);
    }

    public static void main(String[] shell) throws Exception {
        WatchdogOwner owner = new WatchdogOwner(shell);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(owner.answer(line.split(" ", 3)).replace('\n', ' '));
        }
    }

    private String answer(String... words) {
        try {
            switch (words[0]) {
                case "tie" -> watchdog.tie(words[1]);
                case "tie-inside" -> {
                    int fd = open(words[1]);
                    NamespaceThread.call(fd, () -> {
                        watchdog.tie(words[2]);
                        return 0;
                    });
                    Libc.close(fd);
                }
                case "untie" -> watchdog.untie(words[1]);
                case "start" -> {
                    return Long.toString(starter(words[1])
                            .start(silent(words[2].replace('\u0001', '\n')))
                            .pid());
                }
                case "outside" -> {
                    return Long.toString(silent("exec sleep 1000").start().pid());
                }
                case "descriptors" -> {
                    return Integer.toString(TestNamespace.descriptors().size());
                }
                case "many" -> {
                    for (int i = 0; i < Integer.parseInt(words[1]); i++) {
                        String mac = String.format("02:00:00:00:%02x:%02x", i / 256 % 256, i % 256);
                        watchdog.tie(mac);
                        if (words[2].equals("untie")) {
                            watchdog.untie(mac);
                        }
                    }
                }
                default -> throw new IllegalArgumentException(words[0]);
            }
            return "watchdog " + watchdog.pid();
        } catch (Exception e) {
            return e.toString();
        }
    }

    private ProcessStarter starter(String namespace) {
        return starters.computeIfAbsent(
                namespace, name -> new ProcessStarter(open(name), TestNamespace.NO_LANDLOCK, Optional.empty()));
    }

    private static int open(String namespace) {
        return Libc.open("/run/netns/" + namespace, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
    }

    private static ProcessBuilder silent(String script) {
        return new ProcessBuilder("/bin/sh", "-c", script)
                .redirectInput(Redirect.from(new File("/dev/null")))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD);
    }
}
