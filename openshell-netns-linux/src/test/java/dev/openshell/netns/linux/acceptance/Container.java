package dev.openshell.netns.linux.acceptance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a container runs a program in a pod, by bubblewrap: with the machine's files read-only, {@code /proc},
 * {@code /dev}, {@code /run} and {@code /tmp} of its own, and of the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN alone.
 */
final class Container {
    /** Where {@link #bind} puts things: a place that every user can reach. */
    static final String SHARED = "/tmp/";

    private static final String TWO = "-all,+net_admin,+sys_admin";
    private static final String USER = "12345";
    private static final List<String> EMPTIED =
            List.of("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/interrupts");
    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private final List<String> bwrap = new ArrayList<>(
            List.of("bwrap --die-with-parent --unshare-pid --unshare-ipc --unshare-uts --cap-add ALL".split(" ")));
    private final List<String> setpriv = new ArrayList<>(List.of("setpriv", "--bounding-set", TWO));
    private String filter = "/dev/null";

    Container() {
        add("--ro-bind", "/", "/");
        add("--dev", "/dev");
        add("--proc", "/proc");
        add("--tmpfs", "/run");
        add("--perms", "1777", "--tmpfs", SHARED);
    }

    /** With the paths of {@code /proc} read-only and empty that Docker and Kubernetes have so. */
    Container readOnlySysctls() {
        EMPTIED.stream().filter(Container::exists).forEach(path -> add("--ro-bind", "/dev/null", path));
        READ_ONLY.stream().filter(Container::exists).forEach(path -> add("--ro-bind", path, path));
        return this;
    }

    /** With nothing to be seen in {@code /proc/sys}. */
    Container noSysctls() {
        return add("--tmpfs", "/proc/sys");
    }

    /** Not as root, but with both capabilities. */
    Container asUser() {
        setpriv.addAll(List.of("--reuid", USER, "--regid", USER, "--clear-groups"));
        setpriv.addAll(List.of("--inh-caps", TWO, "--ambient-caps", TWO));
        return this;
    }

    /** Under the filter that {@link SeccompFilter} has written to {@code file}. */
    Container seccomp(Path file) {
        filter = file.toString();
        return add("--seccomp", "9");
    }

    /** With {@code source} as {@link #SHARED} and {@code name}. */
    Container bind(Path source, String name) {
        return add("--ro-bind", source.toString(), SHARED + name);
    }

    private Container add(String... options) {
        bwrap.addAll(Arrays.asList(options));
        return this;
    }

    private static boolean exists(String path) {
        return Files.exists(Path.of(path));
    }

    /** Returns the command that runs {@code command} inside. */
    String[] command(String... command) {
        List<String> all = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 9< " + filter, "sh"));
        all.addAll(bwrap);
        all.add("--");
        all.addAll(setpriv);
        all.addAll(Arrays.asList(command));
        return all.toArray(String[]::new);
    }

    /** Returns the command that runs {@code command} with both capabilities alone, and else as on the machine. */
    static String[] capabilitiesOnly(String... command) {
        List<String> all = new ArrayList<>(List.of("setpriv", "--bounding-set", TWO, "--inh-caps", "-all"));
        all.addAll(Arrays.asList(command));
        return all.toArray(String[]::new);
    }
}
