package dev.openshell.netns.linux.proof;

import dev.openshell.netns.linux.diagram.Diagram;

/**
 * One thing to prove: at one hook the rules treat each packet as they should.
 *
 * @param place such as {@code host ipv4 filter FORWARD}
 * @param space the packets
 * @param meaning the rules
 * @param chain the built-in chain
 * @param ours the chain of this project's that it has to jump to before others' rules, or an empty string
 * @param expected the verdict that each packet should have
 * @param domain 1 for the packets that this is about
 */
record Obligation(
        String place, Space space, Meaning meaning, String chain, String ours, Diagram expected, Diagram domain) {
    Diagram actual() {
        return ours.isEmpty() ? meaning.hook(chain) : meaning.hook(chain, ours);
    }

    Meaning.Decision decide(long[] packet) {
        return meaning.decide(chain, ours, packet);
    }

    String verdict(int verdict) {
        return meaning.name(verdict);
    }
}
