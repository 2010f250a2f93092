package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;

/** An address and a mask of any shape; the bits outside of the mask are clear. */
record Network(Ip address, Ip mask) {
    private static final int LONGEST = 255;

    static Network parse(String word, Family family) {
        int slash = word.lastIndexOf('/');
        Ip mask = slash < 0 ? Ip.mask(family, family.bits()) : Addresses.mask(word.substring(slash + 1), family);
        // With no bits to compare the address is not even read.
        String address = mask.prefix() == 0 ? all(family) : word.substring(0, slash < 0 ? word.length() : slash);
        if (word.length() > LONGEST) {
            throw RuleProblem.refused(word.substring(0, 32), "host name is too long");
        }
        return new Network(Addresses.address(address, family).and(mask), mask);
    }

    private static String all(Family family) {
        return family == Family.IPV4 ? "0.0.0.0" : "::";
    }

    /** Returns all addresses. */
    static Network any(Family family) {
        return parse(all(family) + "/0", family);
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
}
