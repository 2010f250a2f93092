package dev.openshell.netns.linux.kernel;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The tables of iptables-legacy, as the kernel lists them without making one. */
final class LegacyTables {
    private static final List<String> LISTS = List.of("ip_tables_names", "ip6_tables_names");

    private LegacyTables() {}

    /** Returns whether the kernel has such lists. */
    static boolean areKnown() {
        return LISTS.stream().map(list -> Path.of("/proc/self/net", list)).anyMatch(Files::exists);
    }

    /** Returns those of the calling thread's namespace; none where it may not read the lists. */
    static Set<String> here() throws IOException {
        Set<String> tables = new TreeSet<>();
        for (String list : LISTS) {
            Path names = Path.of("/proc/thread-self/net", list);
            try {
                if (Files.exists(names)) {
                    tables.addAll(Files.readAllLines(names));
                }
            } catch (AccessDeniedException e) {
                // Whatever rules there are accept, nf_tables still drops what it drops.
                return Set.of();
            }
        }
        return tables;
    }
}
