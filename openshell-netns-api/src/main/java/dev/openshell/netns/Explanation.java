package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of a flow, and why.
 *
 * @param flow what was asked
 * @param ways for each address of the flow's host what becomes of the flow's first packet
 * @since 0.1
 */
@Incubating
public record Explanation(Flow flow, List<Way> ways) {
    /** What a hook does with the packet. */
    public enum Verdict {
        /** Lets it pass. */
        ACCEPT,
        /** Stops it; its sender hears nothing. */
        DROP,
        /** Stops it; its sender is told. */
        REJECT,
        /** Lets it pass under the host's own address. */
        MASQUERADE,
        /** Leaves it to the rules of others. */
        NONE
    }

    /**
     * One hook on the way.
     *
     * @param namespace {@code sandbox} or {@code host}; empty for rules from elsewhere
     * @param hook table and chain, such as {@code filter OUTPUT}
     * @param verdict what happens there
     * @param rule the rule that decides, as iptables-save prints it, or the chain's policy
     * @param reached whether the packet gets here; what a later hook would do is shown also where an earlier one stops
     *     it
     */
    public record Hop(String namespace, String hook, Verdict verdict, String rule, boolean reached) {}

    /**
     * The way of the packet to one address.
     *
     * @param address the destination
     * @param allowed whether it gets there
     * @param hops the hooks on the way
     * @param origin the builder call that allows it
     * @param advice for a denial: what to add to the policy to allow it, or why nothing can; empty where it is allowed
     */
    public record Way(InetAddress address, boolean allowed, List<Hop> hops, Optional<String> origin, String advice) {
        /** Copies the hops. */
        public Way {
            hops = List.copyOf(hops);
        }
    }

    /** Copies the ways. */
    public Explanation {
        ways = List.copyOf(ways);
    }

    /** Returns whether the flow gets through, to each address of its host. */
    public boolean allowed() {
        return !ways.isEmpty() && ways.stream().allMatch(Way::allowed);
    }

    /** Returns the whole story: a line for each hook, with the rule that decides there. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder((allowed() ? "allowed " : "denied ") + flow);
        for (Way way : ways) {
            text.append("\n  ")
                    .append(InetAddresses.toAddrString(way.address()))
                    .append(way.allowed() ? " allowed" : " denied");
            way.origin().ifPresent(origin -> text.append(" by ").append(origin));
            for (Hop hop : way.hops()) {
                text.append("\n    ")
                        .append((hop.namespace() + " " + hop.hook()).strip())
                        .append(hop.reached() ? ": " : " (not reached): ")
                        .append(hop.verdict())
                        .append(" by ")
                        .append(hop.rule());
            }
            if (!way.advice().isEmpty()) {
                text.append("\n    advice: ").append(way.advice());
            }
        }
        return text.toString();
    }
}
