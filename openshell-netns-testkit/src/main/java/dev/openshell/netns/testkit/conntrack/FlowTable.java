package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Tuple;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The confirmed flows, by the tuples of both their directions, and by where they come from. */
final class FlowTable {
    private record Source(Ip address, int protocol, int port) {
        static Source of(Tuple original) {
            return new Source(original.source(), original.protocol(), original.sourcePort());
        }
    }

    private final Map<Tuple, Ct> byTuple = new HashMap<>();
    private final Map<Source, Deque<Ct>> bySource = new HashMap<>();
    private final Set<Ct> flows = new LinkedHashSet<>();

    @Nullable
    Ct find(Tuple tuple) {
        return byTuple.get(tuple);
    }

    void add(Ct ct) {
        byTuple.put(ct.original, ct);
        byTuple.put(ct.reply, ct);
        bySource.computeIfAbsent(Source.of(ct.original), source -> new ArrayDeque<>())
                .addFirst(ct);
        flows.add(ct);
    }

    void remove(Ct ct) {
        if (flows.remove(ct)) {
            ct.dying = true;
            byTuple.remove(ct.original);
            byTuple.remove(ct.reply);
            bySource.computeIfPresent(Source.of(ct.original), (source, all) -> {
                all.remove(ct);
                return all.isEmpty() ? null : all;
            });
        }
    }

    /** Returns the flows, the oldest first. */
    List<Ct> flows() {
        return List.copyOf(flows);
    }

    /** Returns the flows that begin where {@code original} does, the newest first. */
    Collection<Ct> from(Tuple original) {
        return bySource.getOrDefault(Source.of(original), new ArrayDeque<>());
    }
}
