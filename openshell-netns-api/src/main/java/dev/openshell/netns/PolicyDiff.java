package dev.openshell.netns;

import java.util.List;

/**
 * What changes from one policy to another.
 *
 * @param opened what the other allows and the first does not
 * @param closed what the first allows and the other does not
 * @param cut the flows, live in a sandbox of the first policy, that the change ends; none where there is no sandbox
 * @since 0.1
 */
@Incubating
public record PolicyDiff(List<Rule> opened, List<Rule> closed, List<LiveFlow> cut) {
    /**
     * A flow that the host's connection tracking knows.
     *
     * @param rule what allows it so far
     * @param sourcePort the port inside the sandbox
     * @param state such as {@code ESTABLISHED} of TCP; empty where the protocol has none
     */
    public record LiveFlow(Rule rule, int sourcePort, String state) {
        /** Returns such as {@code tcp:203.0.113.10:443 from port 40000, ESTABLISHED}. */
        @Override
        public String toString() {
            return rule + " from port " + sourcePort + (state.isEmpty() ? "" : ", " + state);
        }
    }

    /** Copies the lists. */
    public PolicyDiff {
        opened = List.copyOf(opened);
        closed = List.copyOf(closed);
        cut = List.copyOf(cut);
    }

    /** Returns whether nothing changes. */
    public boolean isEmpty() {
        return opened.isEmpty() && closed.isEmpty() && cut.isEmpty();
    }

    /** Returns a line for each change: {@code + tcp:203.0.113.10:443 directTcp(…)}, {@code - …}, {@code cut …}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        opened.forEach(rule ->
                text.append("+ ").append(rule).append(' ').append(rule.origin()).append('\n'));
        closed.forEach(rule ->
                text.append("- ").append(rule).append(' ').append(rule.origin()).append('\n'));
        cut.forEach(flow -> text.append("cut ").append(flow).append('\n'));
        return text.toString();
    }
}
