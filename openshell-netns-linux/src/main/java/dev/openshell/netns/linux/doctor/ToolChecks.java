package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.RestoreLines;
import dev.openshell.netns.linux.kernel.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The iptables programs, and which of their two variants is used. */
final class ToolChecks {
    private static final Pattern VERSION = Pattern.compile("v(\\d+)\\.(\\d+)");
    private static final List<IptablesVariant> BOTH = List.of(IptablesVariant.NFT, IptablesVariant.LEGACY);
    private static final String INSTALL = "apt-get install iptables  # and: export PATH=\"$PATH:/usr/sbin:/sbin\"";

    private final Place place;
    private Optional<IptablesVariant> variant = Optional.empty();

    ToolChecks(Place place) {
        this.place = place;
    }

    void addTo(Checks checks) {
        checks.add("iptables", this::installed);
        checks.add("iptables.variant", this::choose);
        checks.add("iptables.mixed", this::mixed);
    }

    /** Returns the variant that a sandbox's rules would be loaded with, empty where that was not found out. */
    Optional<IptablesVariant> variant() {
        return variant;
    }

    private Finding installed() throws IOException {
        List<String> seen = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        boolean complete = false;
        boolean old = false;
        for (IptablesVariant each : BOTH) {
            List<String> lacking = lacking(each);
            if (lacking.isEmpty()) {
                Path restore =
                        Programs.find(program(each, Family.IPV4, "restore")).orElseThrow();
                String version = Programs.version(restore, place.deadline());
                seen.add(restore + " " + version.replaceFirst("^\\S+ ", ""));
                old |= isOld(version);
            } else {
                missing.addAll(lacking);
            }
            IptablesVariant wanted = place.policy().iptables();
            complete |= lacking.isEmpty() && (wanted == IptablesVariant.AUTO || wanted == each);
        }
        String plain = Programs.find("iptables-restore").map(Path::toString).orElse("");
        missing.addAll(plain.isEmpty() ? List.of("iptables-restore") : List.of());
        String found = seen.isEmpty() ? "" : String.join("; ", seen);
        if (!complete || plain.isEmpty() && place.policy().iptables() == IptablesVariant.AUTO) {
            return Finding.failure(
                    (found.isEmpty() ? "" : found + "; ") + "not on PATH (" + path() + "): "
                            + String.join(", ", missing),
                    INSTALL);
        }
        String evidence = found + (missing.isEmpty() ? "" : "; not on PATH: " + String.join(", ", missing));
        return old ? Finding.failure(evidence + ": older than 1.8", INSTALL) : Finding.ok(evidence);
    }

    private static String path() {
        String path = System.getenv("PATH");
        return path == null ? "unset, so the system's directories" : path;
    }

    static boolean isOld(String version) {
        Matcher found = VERSION.matcher(version);
        return found.find()
                && (Integer.parseInt(found.group(1)) < 1
                        || Integer.parseInt(found.group(1)) == 1 && Integer.parseInt(found.group(2)) < 8);
    }

    private static List<String> lacking(IptablesVariant variant) {
        List<String> lacking = new ArrayList<>();
        for (Family family : Family.values()) {
            for (String verb : List.of("restore", "save")) {
                String program = program(variant, family, verb);
                if (Programs.find(program).isEmpty()) {
                    lacking.add(program);
                }
            }
        }
        return lacking;
    }

    private static String program(IptablesVariant variant, Family family, String verb) {
        return (family == Family.IPV4 ? "iptables-" : "ip6tables-") + word(variant) + "-" + verb;
    }

    static String word(IptablesVariant variant) {
        return variant.name().toLowerCase(Locale.ROOT);
    }

    private Finding choose() {
        if (!place.entered()) {
            return place.notEntered();
        }
        IptablesVariant wanted = place.policy().iptables();
        IptablesVariant chosen = place.kernel().iptables(place.namespace(), wanted, place.deadline());
        variant = Optional.of(chosen);
        return Finding.ok(word(chosen)
                + (wanted == IptablesVariant.AUTO
                        ? ": the one with rules in the host namespace, or else behind iptables-restore"
                        : ": the policy says so"));
    }

    private Finding mixed() throws Exception {
        if (!place.entered()) {
            return place.notEntered();
        }
        List<String> seen = new ArrayList<>();
        int with = 0;
        for (IptablesVariant each : BOTH) {
            long rules = rules(each);
            with += rules > 0 ? 1 : 0;
            seen.add(word(each) + " has " + (rules == 0 ? "no" : Long.toString(rules)) + " rules");
        }
        String evidence = String.join(", ", seen);
        if (with < 2) {
            return Finding.ok(evidence);
        }
        String remedy = "iptables-legacy-save > /root/iptables-legacy && iptables-legacy -F && ip6tables-legacy -F"
                + "  # or pin a variant: iptables(IptablesVariant.NFT)";
        return place.policy().iptables() == IptablesVariant.AUTO
                ? Finding.failure(evidence + ": AUTO refuses to choose", remedy)
                : Finding.warning(evidence + ": the kernel goes by both, and what either drops is dropped", remedy);
    }

    private long rules(IptablesVariant each) throws Exception {
        // Asking iptables-legacy can load its modules and make tables, so the kernel's list of them is asked first.
        boolean asked = each == IptablesVariant.LEGACY ? place.call(ToolChecks::legacyTables) : true;
        if (!asked || !lacking(each).isEmpty()) {
            return 0;
        }
        long rules = 0;
        for (Family family : Family.values()) {
            String saved = place.kernel().save(place.namespace(), family, each, place.deadline());
            rules += RestoreLines.of(saved).stream()
                    .filter(line -> line.startsWith("-A "))
                    .count();
        }
        return rules;
    }

    private static boolean legacyTables() throws IOException {
        for (String list : List.of("ip_tables_names", "ip6_tables_names")) {
            Path names = Path.of("/proc/thread-self/net", list);
            if (Files.exists(names) && !Files.readString(names).isBlank()) {
                return true;
            }
        }
        return false;
    }
}
