package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Stack;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tries to get out of one sandbox, first as it is, then with its own rules taken away, which are put back after that. */
final class Escape {
    /** Of so many packets that are not allowed one is tried, another one each turn; {@code death.stride} says how many. */
    private static final int STRIDE = Integer.getInteger("death.stride", 11);

    private record Place(Family family, IptablesVariant variant) {}

    private final FakeKernel kernel;
    private final Netns netns;
    private final SandboxPolicy policy;
    private final String when;
    private final int turn;
    private final List<String> findings = new ArrayList<>();

    Escape(FakeKernel kernel, Netns netns, SandboxPolicy policy, String when, int turn) {
        this.kernel = kernel;
        this.netns = netns;
        this.policy = policy;
        this.when = when;
        this.turn = turn;
    }

    /** Returns what got out and may not, and with {@code whole} also what did not get out and may. */
    List<String> attempts(boolean whole) {
        if (netns.findLink(VethPair.SANDBOX_INTERFACE).isEmpty()) {
            return List.of();
        }
        attempt("as it is", whole, true);
        Stack stack = kernel.machine().stack(netns);
        Map<Place, String> saved = new LinkedHashMap<>();
        for (Family family : Family.values()) {
            for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
                saved.put(
                        new Place(family, variant),
                        stack.ruleset(family, variant).save());
            }
        }
        Runnable back = Opened.flush(kernel, netns);
        attempt("host end alone", whole, false);
        back.run();
        saved.forEach(
                (place, text) -> stack.ruleset(place.family(), place.variant()).restore(text, false));
        return findings;
    }

    private void attempt(String how, boolean whole, boolean innerEnd) {
        Set<Ip> own = new LinkedHashSet<>();
        netns.link(VethPair.SANDBOX_INTERFACE).addresses().forEach(address -> own.add(address.ip()));
        Set<Ip> sources = new LinkedHashSet<>(own);
        if (!innerEnd) {
            own.forEach(ip -> sources.add(ip.plus(1)));
        }
        Reading reading = new Reading(policy, Opened::resolve, Prefixes.veth(own));
        int number = turn;
        int through = 0;
        for (Header header : Attempts.of(reading, sources)) {
            boolean allowed = own.contains(header.source())
                    && (header.protocol() != Header.TCP || header.tcpFlags() == Header.SYN)
                    && reading.allows(
                            header.source(), header.destination(), header.protocol(), header.destinationPort());
            number++;
            if (allowed || number % STRIDE == 0) {
                Journey journey = kernel.machine().send(netns, new Skb(header));
                boolean gone = Opened.leaves(journey, netns);
                if (gone && !allowed) {
                    findings.add(when + ", " + how + ": admitted " + Trace.of(journey));
                } else if (!gone && allowed && whole) {
                    findings.add(when + ", " + how + ": refused " + Trace.of(journey));
                }
                through += gone ? 1 : 0;
            }
        }
        if (whole && through == 0) {
            findings.add(when + ", " + how + ": nothing got out");
        }
    }
}
