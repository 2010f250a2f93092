package dev.openshell.netns.linux.plan;

import java.util.LinkedHashMap;
import java.util.Map;

/** The mutants whose plans, once they are carried out, treat every packet as the sound planner's do, and why. */
public final class SamePackets {
    /** Reasons by mutant. */
    public static final Map<String, String> REASONS = reasons();

    private SamePackets() {}

    private static Map<String, String> reasons() {
        Map<String, String> reasons = new LinkedHashMap<>();

        String undo = "what is undone, or not, when the sandbox closes";
        reasons.put("forwarding off with the first that closes", undo);
        reasons.put("namespace never closed", undo);
        reasons.put("host rules never taken away", undo);
        reasons.put("name never taken away", undo);

        String record = "the record of what has to be put back, in a comment or in a sysctl's value";
        reasons.put("forwarding as others write it", record);
        reasons.put("accept_ra without a record", record);
        reasons.put("IPv6 forwarding without a record", record);

        String sysctl = "a sysctl: the rules say the same of each packet that gets to them";
        reasons.put("forwarding host that learns no routes", sysctl);
        reasons.put("forwarding left off", sysctl);

        String limit = "what is too much: the proof is about packets within the limits";
        reasons.put("inside: no limits", limit);
        reasons.put("host: no limit on connections", limit);
        reasons.put("host: no limit on new connections", limit);
        reasons.put("host: no limit on the proxy", limit);
        reasons.put("host: limits behind the permissions", limit);
        reasons.put("host: a limit for all endpoints together", limit);
        reasons.put("host: a limit for each program inside", limit);
        return reasons;
    }
}
