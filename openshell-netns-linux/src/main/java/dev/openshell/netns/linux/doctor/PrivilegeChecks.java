package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.process.CallProbe;
import dev.openshell.netns.linux.process.CallProbe.Attempt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What this process may do: capabilities, system calls, limits on namespaces. */
final class PrivilegeChecks {
    private static final int FEW = 16;
    private static final int ENOSPC = 28;

    private final Place place;
    private final ProcessStatus status;

    PrivilegeChecks(Place place, ProcessStatus status) {
        this.place = place;
        this.status = status;
    }

    void addTo(Checks checks) {
        checks.add("capabilities", this::needed);
        optional(
                checks,
                "setpcap",
                ProcessStatus.SETPCAP,
                "the bounding set of a started process stays as it is;"
                        + " it has no_new_privs and none of the capabilities all the same");
        optional(
                checks,
                "sys-ptrace",
                ProcessStatus.SYS_PTRACE,
                "close() may not find processes inside that are" + " another user's, or not dumpable");
        optional(checks, "kill", ProcessStatus.KILL, "close() can't end processes inside that are another user's");
        optional(checks, "net-raw", ProcessStatus.NET_RAW, "iptables-legacy can't be used");
        checks.add("seccomp", this::seccomp);
        calls(checks);
        checks.add("namespace-limits", this::limits);
    }

    private Finding needed() {
        if (status.capabilities().isEmpty()) {
            return Finding.failure("no CapEff in /proc/thread-self/status", "mount -t proc proc /proc");
        }
        List<String> missing = new ArrayList<>();
        if (!status.has(ProcessStatus.NET_ADMIN)) {
            missing.add("CAP_NET_ADMIN");
        }
        if (!status.has(ProcessStatus.SYS_ADMIN)) {
            missing.add("CAP_SYS_ADMIN");
        }
        String seen = "CapEff " + status.fields().get("CapEff");
        return missing.isEmpty()
                ? Finding.ok(seen + " has CAP_NET_ADMIN and CAP_SYS_ADMIN")
                : Finding.failure(
                        seen + " has no " + String.join(" and no ", missing),
                        "docker run --cap-add NET_ADMIN --cap-add SYS_ADMIN …  # or run as root: " + Place.RUN_AS_ROOT);
    }

    private void optional(Checks checks, String name, int capability, String lost) {
        String called = "CAP_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
        checks.add(
                "capability." + name,
                () -> status.has(capability)
                        ? Finding.ok(called + " is there")
                        : Finding.warning(
                                "no " + called + ": " + lost, "docker run --cap-add " + called.substring(4) + " …"));
    }

    private Finding seccomp() {
        String mode = status.fields().getOrDefault("Seccomp", "unknown");
        String filters = status.fields().getOrDefault("Seccomp_filters", "unknown");
        return switch (mode) {
            case "0" -> Finding.ok("mode 0: no filter");
            case "2" -> Finding.ok("mode 2: a filter (" + filters + " of them); the calls were tried, see syscall.*");
            default -> Finding.ok("mode " + mode);
        };
    }

    private void calls(Checks checks) {
        Map<String, Finding> findings = new LinkedHashMap<>();
        try {
            findings.putAll(findings(CallProbe.unprivileged()));
            if (place.privileged()) {
                findings.putAll(findings(CallProbe.privileged()));
            } else {
                for (String call : List.of("unshare", "setns", "mount")) {
                    findings.put(call, Finding.notChecked(Place.NEEDED, Place.RUN_AS_ROOT));
                }
            }
        } catch (Exception | LinkageError e) {
            findings.put("all", Finding.failure("the calls can't be tried: " + e, Place.RUN_AS_ROOT));
        }
        findings.forEach((call, finding) -> checks.add("syscall." + call, () -> finding));
    }

    /** Returns a finding a call, of all that was tried with it. */
    static Map<String, Finding> findings(List<Attempt> attempts) {
        Map<String, List<Attempt>> byCall = attempts.stream()
                .collect(Collectors.groupingBy(Attempt::call, LinkedHashMap::new, Collectors.toList()));
        Map<String, Finding> findings = new LinkedHashMap<>();
        byCall.forEach((call, tried) -> findings.put(call, finding(call, tried)));
        return findings;
    }

    private static Finding finding(String call, List<Attempt> tried) {
        String works = tried.stream().map(Attempt::object).collect(Collectors.joining(", "));
        return tried.stream()
                .filter(attempt -> attempt.errno() != 0)
                .findFirst()
                .map(refused -> Finding.failure(
                        call + " is refused: " + refused.object() + ": " + Errno.name(refused.errno()) + " "
                                + CallProbe.text(refused.errno()),
                        remedy(call, refused)))
                .orElseGet(() -> Finding.ok(call + " works: " + works));
    }

    private static String remedy(String call, Attempt refused) {
        if (refused.object().equals("/ as a slave") && refused.errno() == Errno.EINVAL) {
            return FileChecks.MAKE_ROOT_A_MOUNT;
        }
        if (refused.errno() == ENOSPC) {
            return "sysctl user.max_net_namespaces user.max_mnt_namespaces  # raise the one that is reached";
        }
        return "docker run --security-opt seccomp=PROFILE --security-opt apparmor=unconfined …  # PROFILE allows "
                + call;
    }

    private Finding limits() throws IOException {
        List<String> seen = new ArrayList<>();
        String scarce = "";
        boolean none = false;
        for (String kind : List.of("net", "mnt", "user")) {
            String key = "user.max_" + kind + "_namespaces";
            Optional<String> value = Place.read(Path.of("/proc/sys/user/max_" + kind + "_namespaces"));
            seen.add(key + "=" + value.orElse("(none)"));
            // No user namespace is ever made here.
            if (value.isPresent() && value.get().matches("\\d{1,9}") && !kind.equals("user")) {
                int limit = Integer.parseInt(value.get());
                none |= limit == 0;
                scarce = limit < FEW ? key : scarce;
            }
        }
        String evidence = String.join(", ", seen);
        if (scarce.isEmpty()) {
            return Finding.ok(evidence);
        }
        String remedy = "sysctl -w " + scarce + "=65536";
        return none ? Finding.failure(evidence, remedy) : Finding.warning(evidence, remedy);
    }
}
