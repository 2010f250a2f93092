package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.util.List;
import java.util.Locale;

/**
 * What would be done for a policy, in order, for a link that stands for any.
 *
 * @param veth the link
 * @param steps what is done
 * @param inputs the iptables-restore input of each namespace and family
 * @since 0.1
 */
@Incubating
public record SandboxPlan(VethPair veth, List<Step> steps, List<RestoreInput> inputs) {
    /**
     * A step.
     *
     * @param name what is done, such as {@code make the link}
     * @param object what it is done to
     */
    public record Step(String name, String object) {}

    /**
     * What iptables-restore gets.
     *
     * @param namespace {@code sandbox} or {@code host}
     * @param family the family
     * @param text the input
     */
    public record RestoreInput(String namespace, Family family, String text) {}

    /** Copies the lists. */
    public SandboxPlan {
        steps = List.copyOf(steps);
        inputs = List.copyOf(inputs);
    }

    /** Returns the input, a block for each namespace and family, under a header with the link and its addresses. */
    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder("# link " + veth.hostInterface() + " - " + veth.sandboxInterface() + '\n');
        for (Family family : Family.values()) {
            veth.network(family).ifPresent(network -> text.append("# host ")
                    .append(InetAddresses.toAddrString(network.at(1)))
                    .append(" sandbox ")
                    .append(InetAddresses.toAddrString(network.at(2)))
                    .append(" network ")
                    .append(network)
                    .append('\n'));
        }
        for (RestoreInput input : inputs) {
            text.append("# namespace=")
                    .append(input.namespace())
                    .append(" family=")
                    .append(input.family().name().toLowerCase(Locale.ROOT))
                    .append('\n')
                    .append(input.text());
        }
        return text.toString();
    }
}
