package dev.openshell.netns.linux.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** What {@code /proc/thread-self/status} says of the calling thread (proc_pid_status(5)). */
record ProcessStatus(Map<String, String> fields) {
    static final int KILL = 5;
    static final int SETPCAP = 8;
    static final int NET_ADMIN = 12;
    static final int NET_RAW = 13;
    static final int SYS_PTRACE = 19;
    static final int SYS_ADMIN = 21;

    /** Returns the status, without fields where it can't be read. */
    static ProcessStatus read() {
        try {
            return parse(Files.readString(Path.of("/proc/thread-self/status")));
        } catch (IOException e) {
            return new ProcessStatus(Map.of());
        }
    }

    static ProcessStatus parse(String text) {
        Map<String, String> fields = new HashMap<>();
        text.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        });
        return new ProcessStatus(Map.copyOf(fields));
    }

    /** Returns the effective capabilities, a bit each. */
    OptionalLong capabilities() {
        String hex = fields.getOrDefault("CapEff", "");
        return hex.matches("[0-9a-f]{1,16}") ? OptionalLong.of(Long.parseUnsignedLong(hex, 16)) : OptionalLong.empty();
    }

    /** Returns whether the capability of this number is effective. */
    boolean has(int capability) {
        return (capabilities().orElse(0) >>> capability & 1) != 0;
    }
}
