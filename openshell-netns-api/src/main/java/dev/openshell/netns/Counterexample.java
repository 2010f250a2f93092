package dev.openshell.netns;

/**
 * A packet about which rules and policy differ. No part of it could be simpler and the two still differ.
 *
 * @param flow the packet's protocol, original destination and port
 * @param admitted whether the rules let it through though the policy does not allow it; otherwise they stop it, or
 *     answer it otherwise than they should, though the policy says so
 * @param place where it is decided, such as {@code host ipv4 filter FORWARD}
 * @param packet the whole packet: source, ports, flags, interfaces, state of its flow
 * @param rule the rule that decided it, as iptables-save prints it, or the chain's policy
 * @param expected what the policy says of it there, such as {@code REJECT tcp-reset}
 * @param found what the rules say of it
 * @since 0.1
 */
@Incubating
public record Counterexample(
        Flow flow, boolean admitted, String place, String packet, String rule, String expected, String found) {
    /** Returns such as {@code tcp:203.0.113.11:443 admitted}. */
    @Override
    public String toString() {
        return flow + (admitted ? " admitted" : " refused");
    }
}
