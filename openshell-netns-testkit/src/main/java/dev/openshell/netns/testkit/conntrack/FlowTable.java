package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The confirmed flows, by the tuples of both their directions. */
final class FlowTable {
    private final Map<Tuple, Ct> byTuple = new HashMap<>();
    private final Set<Ct> flows = new LinkedHashSet<>();

    @Nullable
    Ct find(Tuple tuple) {
        return byTuple.get(tuple);
    }

    void add(Ct ct) {
        byTuple.put(ct.original, ct);
        byTuple.put(ct.reply, ct);
        flows.add(ct);
    }

    void remove(Ct ct) {
        if (flows.remove(ct)) {
            byTuple.remove(ct.original);
            byTuple.remove(ct.reply);
        }
    }

    /** Returns the flows, the oldest first. */
    List<Ct> flows() {
        return List.copyOf(flows);
    }

    /** Returns the flows, the newest first. */
    List<Ct> newestFirst() {
        List<Ct> list = new ArrayList<>(flows);
        Collections.reverse(list);
        return list;
    }
}
