package dev.openshell.netns.linux.doctor;

import java.io.IOException;
import java.util.Optional;

/** How full connection tracking is, and what it picks up. */
final class ConntrackChecks {
    private static final long FULL_PERCENT = 80;
    private static final String NOT_LOADED = "nf_conntrack is not loaded yet";

    private final Place place;

    ConntrackChecks(Place place) {
        this.place = place;
    }

    void addTo(Checks checks) {
        checks.add("conntrack.table", () -> place.visible() ? table() : place.notEntered());
        checks.add("conntrack.tcp-loose", () -> place.visible() ? loose() : place.notEntered());
    }

    private Finding table() throws IOException {
        Optional<String> max = place.sysctl("net/netfilter/nf_conntrack_max");
        Optional<String> count = place.sysctl("net/netfilter/nf_conntrack_count");
        return max.isEmpty() || count.isEmpty()
                ? Finding.ok(NOT_LOADED)
                : fill(Long.parseLong(count.get()), Long.parseLong(max.get()));
    }

    static Finding fill(long count, long max) {
        String evidence = "nf_conntrack_count=" + count + ", nf_conntrack_max=" + max;
        // 0 is no limit.
        return max == 0 || count * 100 < max * FULL_PERCENT
                ? Finding.ok(evidence)
                : Finding.warning(
                        evidence + ": when it is full new flows are dropped, those of sandboxes too",
                        "sysctl -w net.netfilter.nf_conntrack_max=" + 2 * max);
    }

    private Finding loose() throws IOException {
        return Finding.ok(place.sysctl("net/netfilter/nf_conntrack_tcp_loose")
                .map(value -> "nf_conntrack_tcp_loose=" + value
                        + (value.equals("0")
                                ? ""
                                : ": a segment from the middle of a flow counts as new; the library's rules drop it"))
                .orElse(NOT_LOADED));
    }
}
