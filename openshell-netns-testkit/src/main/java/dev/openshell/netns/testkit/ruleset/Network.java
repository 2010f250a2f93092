package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;

/** An address and a mask of any shape; the bits outside of the mask are clear. */
record Network(Ip address, Ip mask) {
    static Network parse(String word, Family family) {
        String[] parts = word.split("/", 2);
        Ip mask = parts.length == 1 ? Ip.mask(family, family.bits()) : Numbers.mask(parts[1], family);
        return new Network(Numbers.address(parts[0], family).and(mask), mask);
    }

    /** Returns the networks of a list that commas part. */
    static List<Network> list(String word, Family family) {
        List<Network> networks = new ArrayList<>();
        for (String part : word.split(",", -1)) {
            networks.add(parse(part, family));
        }
        return networks;
    }

    boolean contains(Ip ip) {
        return ip.in(address, mask);
    }

    boolean isAll() {
        return mask.prefix() == 0;
    }

    /** Returns it as the rule itself prints it: always with its mask. */
    @Override
    public String toString() {
        int prefix = mask.prefix();
        return address + "/" + (prefix < 0 ? mask.toString() : Integer.toString(prefix));
    }

    /** Returns it as matches print it: a single address without its mask. */
    String brief() {
        return mask.prefix() == address.family().bits() ? address.toString() : toString();
    }
}
