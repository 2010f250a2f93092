package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.Verified;
import java.net.InetAddress;
import java.util.List;
import java.util.OptionalInt;

/** What the commands ask. It is apart from them, so that tests of what they print need no rules and no machine. */
interface Engine {
    /** Returns what {@code policy} does. */
    PolicyInspection inspect(SandboxPolicy policy);

    /**
     * Returns what changes from the live sandbox {@code name} to {@code to}.
     *
     * @param name its host interface, or its name under {@code /run/netns}
     */
    PolicyDiff live(String name, SandboxPolicy to);

    /** Returns whether this machine can make sandboxes of {@code policy}. */
    Preflight preflight(SandboxPolicy policy);

    /** Removes what dead owners have left, and returns it; with {@code dryRun} it is returned and stays. */
    List<Leftover> gc(boolean dryRun);

    /**
     * Returns the rules that iptables-save printed, as seen from {@code chain}.
     *
     * @throws IllegalArgumentException when there is no such chain, or the text is malformed
     * @throws dev.openshell.netns.VerificationException for a word whose meaning is not known
     */
    Foreign foreign(Family family, String savedText, String chain);

    /** Rules from elsewhere. */
    interface Foreign {
        /** Returns what the chain admits, a line a region, at most {@code limit}. */
        List<String> admits(int limit);

        /** Returns how many regions the chain admits. */
        long regions();

        /**
         * Returns the proof that the chain admits what {@code rules} do, of its family.
         *
         * @throws dev.openshell.netns.VerificationException when it does not
         */
        Verified verify(RuleSet rules);

        /** Returns what becomes of a flow. */
        Explanation.Way explain(int protocol, InetAddress address, OptionalInt port);
    }
}
