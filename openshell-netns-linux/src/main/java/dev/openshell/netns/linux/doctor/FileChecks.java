package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.linux.doctor.Mounts.Mount;
import dev.openshell.netns.linux.resolve.ResolvConf;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Files and mounts: resolv.conf, {@code /run/netns}, {@code /proc}, the root directory. */
final class FileChecks {
    static final String MAKE_ROOT_A_MOUNT =
            "unshare --mount sh -c 'mount --rbind ROOT ROOT && exec chroot ROOT COMMAND'  # ROOT is the new root";

    private static final String NAMES = "/run/netns";
    private static final String PROC_SYS_NET = "/proc/sys/net";
    private static final Duration SETTLES = Duration.ofMillis(200);

    private final Place place;
    private final ProcessStatus status;

    FileChecks(Place place, ProcessStatus status) {
        this.place = place;
        this.status = status;
    }

    void addTo(Checks checks) {
        checks.add("resolv-conf", this::resolvConf);
        checks.add("run-netns", () -> names(Mounts.read(), Files.isDirectory(Path.of(NAMES))));
        checks.add("run-netns.stale", this::stale);
        checks.add("proc-sys", () -> procSys(Mounts.read()));
        checks.add("proc-hidepid", () -> hidepid(Mounts.read(), status));
        checks.add("root-mount", () -> root(Mounts.read()));
    }

    private Finding resolvConf() throws IOException {
        ResolvConf conf = ResolvConf.ofHost(place.policy().resolvConf());
        String file = place.policy().resolvConf().map(Path::toString).orElse("/etc/resolv.conf");
        String asked = file + " has "
                + conf.queriedNameservers().stream()
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(", "));
        Optional<InetAddress> usable = conf.usableNameserver();
        if (usable.isPresent()) {
            String address = usable.get().getHostAddress();
            return Finding.ok(
                    conf.queriedNameservers().contains(usable.get())
                            ? asked + "; a sandbox can reach " + address
                            : asked + ", a stub on loopback; /run/systemd/resolve/resolv.conf has " + address
                                    + ", which is taken instead");
        }
        String why = conf.whyNoneUsable() + ": no sandbox can reach that";
        String remedy = ".allowDns(\"ADDRESS\")  // that of the resolver behind the stub";
        return place.policy().dnsFromHost() ? Finding.failure(why, remedy) : Finding.warning(why, remedy);
    }

    static Finding names(Mounts mounts, boolean there) {
        Optional<Mount> mount = mounts.of(NAMES);
        String evidence = NAMES
                + (there ? " is there" : " is not there, and is made for the first name")
                + mount.map(found -> ", on the mount " + found.point()).orElse("");
        if (mount.isPresent() && mount.get().options().contains("ro")) {
            return Finding.warning(
                    evidence + ", read-only: a sandbox with named() can't be made",
                    "mount -t tmpfs tmpfs /run  # or leave out named()");
        }
        return mount.isPresent() && mount.get().shared()
                ? Finding.ok(evidence + ", which is shared: others see the names")
                : Finding.warning(
                        evidence + ", which is not shared: the name of a sandbox with named() is seen in this mount"
                                + " namespace alone",
                        "mkdir -p /run/netns && mount --bind /run/netns /run/netns && mount --make-shared /run/netns");
    }

    private Finding stale() throws Exception {
        List<String> files = files();
        TreeSet<String> stale = staleOf(files, Mounts.read());
        if (!stale.isEmpty()) {
            // A name that is just being made is a file for a moment before it is a mount.
            Thread.sleep(place.deadline().atMost(SETTLES).toMillis());
            stale.retainAll(staleOf(files(), Mounts.read()));
        }
        return stale.isEmpty()
                ? Finding.ok(files.size() + " names, each with a namespace")
                : Finding.warning(
                        "without a namespace: " + String.join(", ", stale),
                        stale.stream().map(FileChecks::quoted).collect(Collectors.joining(" ", "rm ", "")));
    }

    private static List<String> files() throws IOException {
        if (!Files.isDirectory(Path.of(NAMES))) {
            return List.of();
        }
        try (var entries = Files.list(Path.of(NAMES))) {
            return entries.map(Path::toString).toList();
        }
    }

    static TreeSet<String> staleOf(List<String> files, Mounts mounts) {
        return files.stream().filter(file -> mounts.at(file).isEmpty()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String quoted(String file) {
        return file.matches("[A-Za-z0-9_./-]+") ? file : "'" + file.replace("'", "'\\''") + "'";
    }

    static Finding procSys(Mounts mounts) {
        Optional<Mount> mount = mounts.of(PROC_SYS_NET);
        if (mount.isEmpty() || !mount.get().type().equals("proc")) {
            return Finding.failure(
                    PROC_SYS_NET + " is not of a proc filesystem"
                            + mount.map(other -> " but of " + other.type()).orElse(""),
                    "mount -t proc proc /proc");
        }
        String evidence = PROC_SYS_NET + " is on the mount " + mount.get().point();
        return mount.get().options().contains("ro")
                ? Finding.warning(
                        evidence + ", read-only: it is written through a mount that no other process sees, where that"
                                + " is allowed; the check 'sysctl' says if it is",
                        "mount -o remount,bind,rw " + mount.get().point()
                                + "  # or docker run --security-opt systempaths=unconfined …")
                : Finding.ok(evidence + ", writable");
    }

    static Finding hidepid(Mounts mounts, ProcessStatus status) {
        String option = mounts.at("/proc").stream()
                .flatMap(mount -> mount.options().stream())
                .filter(word -> word.startsWith("hidepid="))
                .findFirst()
                .orElse("hidepid=off");
        boolean hides = !option.matches("hidepid=(off|0)");
        if (!hides || status.has(ProcessStatus.SYS_PTRACE)) {
            return Finding.ok(option + (hides ? ", and CAP_SYS_PTRACE sees through it" : ""));
        }
        return Finding.warning(
                option + " without CAP_SYS_PTRACE: close() does not see processes inside that are another user's",
                "mount -o remount,hidepid=0 /proc  # or grant CAP_SYS_PTRACE");
    }

    static Finding root(Mounts mounts) {
        return mounts.at("/").isPresent()
                ? Finding.ok("the root directory is a mount point")
                : Finding.failure(
                        "the root directory is no mount point (a chroot): start(ProcessBuilder) fails",
                        MAKE_ROOT_A_MOUNT);
    }
}
