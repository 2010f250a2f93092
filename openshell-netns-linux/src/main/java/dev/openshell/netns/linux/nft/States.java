package dev.openshell.netns.linux.nft;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The states of a flow by iptables' names, as bits of nf_tables (NF_CT_STATE_BIT), in the order iptables-save has. */
final class States {
    private static final Map<String, Integer> BITS = new LinkedHashMap<>();

    static {
        BITS.put("INVALID", 1);
        BITS.put("NEW", 8);
        BITS.put("RELATED", 4);
        BITS.put("ESTABLISHED", 2);
        BITS.put("UNTRACKED", 64);
    }

    private States() {}

    static int bits(String names) {
        int bits = 0;
        for (String name : names.split(",")) {
            Integer bit = BITS.get(name);
            if (bit == null) {
                throw new IllegalArgumentException("state " + name);
            }
            bits |= bit;
        }
        return bits;
    }

    static String names(int bits) {
        List<String> names = new ArrayList<>();
        int known = 0;
        for (Map.Entry<String, Integer> each : BITS.entrySet()) {
            known |= each.getValue();
            if ((bits & each.getValue()) != 0) {
                names.add(each.getKey());
            }
        }
        if (names.isEmpty() || (bits & ~known) != 0) {
            throw new IllegalArgumentException("states " + bits);
        }
        return String.join(",", names);
    }
}
