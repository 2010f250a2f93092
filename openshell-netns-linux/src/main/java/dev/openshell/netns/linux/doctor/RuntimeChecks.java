package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.process.CallProbe;
import dev.openshell.netns.linux.process.NativeAccess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel, the C library and the JVM are. */
final class RuntimeChecks {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final int SIGNALS_SINCE = 6;
    private static final int WARNS_SINCE = 24;
    private static final Path SHELL = Path.of("/bin/sh");

    private final Kernel kernel;

    RuntimeChecks(Kernel kernel) {
        this.kernel = kernel;
    }

    void addTo(Checks checks) {
        checks.add("linux", () -> linux(System.getProperty("os.name", ""), System.getProperty("os.version", "")));
        checks.add("native-access", RuntimeChecks::nativeAccess);
        checks.add("c-library", RuntimeChecks::cLibrary);
        checks.add("shell", RuntimeChecks::shell);
        checks.add("landlock", () -> landlock(kernel.landlock()));
    }

    static Finding linux(String system, String release) {
        Matcher version = RELEASE.matcher(release);
        String seen = system + " " + release;
        if (!system.equals("Linux") || !version.matches()) {
            return Finding.failure(seen, "docker run --privileged …  # run on Linux 5.3 or later");
        }
        int major = Integer.parseInt(version.group(1));
        int minor = Integer.parseInt(version.group(2));
        return major > 5 || major == 5 && minor >= 3
                ? Finding.ok(seen)
                : Finding.failure(
                        seen + ": pidfd_open needs Linux 5.3 or later", "uname -r  # install a kernel of 5.3 or later");
    }

    private static Finding nativeAccess() {
        // Asked before the first native call, which is let through with a warning.
        String missing = Runtime.version().feature() < WARNS_SINCE ? "" : NativeAccess.missing();
        try {
            CallProbe.text(0);
        } catch (LinkageError e) {
            return Finding.failure("JNA does not load: " + e, "java -Djna.tmpdir=DIR …  # a directory without noexec");
        }
        String seen = "JDK " + Runtime.version().feature() + ", JNA loads";
        return missing.isEmpty()
                ? Finding.ok(seen)
                : Finding.warning(seen + ", and the JDK prints a warning on stderr", "java " + missing + " …");
    }

    private static Finding cLibrary() {
        String name = "posix_spawn_file_actions_addclosefrom_np";
        try {
            CallProbe.requireCloseFrom();
            return Finding.ok("it has " + name + " (glibc 2.34 or later)");
        } catch (LinkageError e) {
            return Finding.failure(
                    "it has no " + name + ": start(ProcessBuilder) fails, which needs glibc 2.34 or later",
                    "ldd --version  # use an image or a system with glibc 2.34 or later");
        }
    }

    private static Finding shell() {
        return Files.isExecutable(SHELL)
                ? Finding.ok(SHELL + " is there")
                : Finding.warning(
                        "no " + SHELL + ": processes in a sandbox outlive a JVM that is killed, for nothing ends them",
                        "apt-get install dash");
    }

    static Finding landlock(Landlock landlock) {
        String without = ": processes of one user can trace and signal each other, also across sandboxes";
        return switch (landlock.state()) {
            case AVAILABLE ->
                landlock.abi() >= SIGNALS_SINCE
                        ? Finding.ok("ABI " + landlock.abi())
                        : Finding.warning(
                                "ABI " + landlock.abi() + ": processes of one user can signal each other, also across"
                                        + " sandboxes, before ABI " + SIGNALS_SINCE,
                                "uname -r  # install a kernel of 6.12 or later");
            case NOT_IMPLEMENTED ->
                Finding.warning(
                        "the kernel was built without it (ENOSYS)" + without,
                        "grep LANDLOCK /boot/config-$(uname -r)  # use a kernel with CONFIG_SECURITY_LANDLOCK");
            case NOT_ENABLED ->
                Finding.warning(
                        "it is not switched on (EOPNOTSUPP)" + without,
                        "cat /sys/kernel/security/lsm  # boot with lsm=landlock, in front of these");
            case BLOCKED ->
                Finding.warning(
                        "something such as a seccomp profile refuses landlock_create_ruleset" + without,
                        "docker run --security-opt seccomp=PROFILE …  # PROFILE allows the three landlock_* calls");
        };
    }
}
