package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.netlink.Nftables.BaseChain;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Base chains of nf_tables beside those that the library's rules are in: an accept elsewhere overrides no drop. */
final class ForeignChains {
    private static final int FORWARD = 2;
    private static final int POSTROUTING = 4;

    /** The hooks that a sandbox's packets pass, in the numbering of ip, ip6 and inet (enum nf_inet_hooks). */
    private static final Map<Integer, String> HOOKS =
            Map.of(0, "prerouting", 1, "input", FORWARD, "forward", POSTROUTING, "postrouting");

    private static final Set<String> FAMILIES = Set.of("inet", "ip", "ip6");

    /** Chains of iptables-nft in which the library's own jump is the first rule, or in which nothing is dropped. */
    private static final Set<String> SHARED = Set.of(
            "raw PREROUTING", "filter INPUT", "filter FORWARD", "nat PREROUTING", "nat INPUT", "nat POSTROUTING");

    /** Those in which its accept is the first rule, where its own rules are in tables of their own. */
    private static final Set<String> PASSED = Set.of("filter INPUT", "filter FORWARD");

    private static final String OWN = "openshell-";

    private ForeignChains() {}

    /**
     * Judges those that are not shared with this library.
     *
     * @param nft whether its rules are in tables of their own
     */
    static Finding judge(List<BaseChain> chains, Optional<IptablesVariant> variant, boolean nft) {
        List<BaseChain> foreign = chains.stream()
                .filter(chain -> FAMILIES.contains(chain.family()) && HOOKS.containsKey(chain.hook()))
                .filter(chain -> !isShared(chain, variant, nft))
                .toList();
        List<BaseChain> dropping = foreign.stream()
                .filter(chain -> chain.policyDrop() || chain.drops() || chain.maps())
                .toList();
        if (dropping.isEmpty()) {
            return Finding.ok(
                    foreign.isEmpty()
                            ? "no foreign base chain where a sandbox's packets pass"
                            : foreign.size() + " foreign base chains where a sandbox's packets pass, none drops");
        }
        return Finding.warning(
                dropping.stream().map(ForeignChains::describe).collect(Collectors.joining("; "))
                        + ". What is dropped there stays dropped, whatever the library's own chains accept",
                "nft list ruleset; " + String.join("; ", remedies(dropping.get(0))));
    }

    private static boolean isShared(BaseChain chain, Optional<IptablesVariant> variant, boolean nft) {
        if (nft && !chain.family().equals("inet")) {
            return chain.table().startsWith(OWN) || PASSED.contains(chain.table() + " " + chain.name());
        }
        return variant.equals(Optional.of(IptablesVariant.NFT))
                && !chain.family().equals("inet")
                && SHARED.contains(chain.table() + " " + chain.name());
    }

    private static String describe(BaseChain chain) {
        List<String> how = new ArrayList<>();
        if (chain.policyDrop()) {
            how.add("has policy drop");
        }
        if (chain.drops()) {
            how.add("has rules that drop or reject");
        }
        if (chain.maps()) {
            how.add("looks verdicts up in a map");
        }
        return "chain " + chain.family() + " " + chain.table() + " " + chain.name() + " (hook "
                + HOOKS.get(chain.hook()) + ", priority " + chain.priority() + ") " + String.join(" and ", how);
    }

    /** Opens nothing: what the library's own chains drop is dropped there. */
    private static List<String> remedies(BaseChain chain) {
        List<String> remedies = new ArrayList<>();
        for (String direction : List.of("iifname", "oifname")) {
            boolean known = direction.equals("iifname") ? chain.hook() != POSTROUTING : chain.hook() >= FORWARD;
            if (known) {
                remedies.add("nft insert rule " + chain.family() + " " + chain.table() + " " + chain.name() + " "
                        + direction + " '\"" + VethPair.HOST_PREFIX + "*\"' accept");
            }
        }
        return remedies;
    }
}
