package dev.openshell.netns.testkit.path;

import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.nftables.Nftables.Hooked;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import dev.openshell.netns.testkit.ruleset.TableKind;
import dev.openshell.netns.testkit.ruleset.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All that is registered at a hook, in the order of its priorities (enum nf_ip_hook_priorities). */
public final class Netfilter {
    /** Dropped at the end: another flow has the addresses and ports that this one came to. */
    static final Outcome CLASH = new Outcome.Simple("CLASH");

    private static final int TRACK = -200;
    private static final int LAST = Integer.MAX_VALUE;

    private final Function<Hook, List<Hooked>> nftables;
    private final Conntrack conntrack;
    private final List<Ruleset> rulesets;
    private final View view;
    private final long namespace;
    private final Function<Skb, Optional<Ip>> masquerade;
    private final Function<Skb, Optional<Ip>> redirect;

    /**
     * Makes the hooks of one family in a namespace.
     *
     * @param nftables the chains of nf_tables at a hook, in order
     * @param masquerade the address that MASQUERADE takes, empty to drop
     * @param redirect the address that REDIRECT takes, empty to drop
     */
    public Netfilter(
            Function<Hook, List<Hooked>> nftables,
            Conntrack conntrack,
            List<Ruleset> rulesets,
            View view,
            long namespace,
            Function<Skb, Optional<Ip>> masquerade,
            Function<Skb, Optional<Ip>> redirect) {
        this.nftables = nftables;
        this.conntrack = conntrack;
        this.rulesets = rulesets;
        this.view = view;
        this.namespace = namespace;
        this.masquerade = masquerade;
        this.redirect = redirect;
    }

    /** Returns the tables that have a chain at {@code hook}, in order. */
    public static List<TableKind> tables(Hook hook) {
        return switch (hook) {
            case PREROUTING -> List.of(TableKind.RAW, TableKind.MANGLE, TableKind.NAT);
            case INPUT -> List.of(TableKind.MANGLE, TableKind.FILTER, TableKind.SECURITY, TableKind.NAT);
            case FORWARD -> List.of(TableKind.MANGLE, TableKind.FILTER, TableKind.SECURITY);
            case OUTPUT ->
                List.of(TableKind.RAW, TableKind.MANGLE, TableKind.NAT, TableKind.FILTER, TableKind.SECURITY);
            case POSTROUTING -> List.of(TableKind.MANGLE, TableKind.NAT);
        };
    }

    /** Returns ACCEPT, DROP or a refusal for {@code skb}, which rules and NAT may change on the way. */
    public Outcome run(Hook hook, Skb skb, Consumer<Step> steps) {
        return run(hook, skb, steps, conntrack::track);
    }

    /** The same with another way to find a packet's flow, behind the raw table. */
    public Outcome run(Hook hook, Skb skb, Consumer<Step> steps, Consumer<Skb> track) {
        boolean last = hook == Hook.POSTROUTING || hook == Hook.INPUT;
        List<Hooked> chains = nftables.apply(hook);
        long from = Long.MIN_VALUE;
        for (TableKind table : tables(hook)) {
            int priority = priority(table, last);
            // At the same priority what came last is called first, and iptables is taken to have been there before.
            Outcome before = between(hook, skb, chains, from, priority, steps);
            if (before != Outcome.ACCEPT) {
                return before;
            }
            from = priority + 1L;
            if (table == TableKind.NAT) {
                if (!nat(hook, skb, last, chains, steps)) {
                    return Outcome.DROP;
                }
                continue;
            }
            for (Ruleset rules : rulesets) {
                Outcome outcome = ask(rules, table, hook, skb, steps);
                if (outcome != Outcome.ACCEPT) {
                    return outcome;
                }
            }
            if (table == TableKind.RAW) {
                Outcome raw = between(hook, skb, chains, from, TRACK - 1, steps);
                if (raw != Outcome.ACCEPT) {
                    return raw;
                }
                from = TRACK;
                track.accept(skb);
            }
        }
        Outcome behind = between(hook, skb, chains, from, LAST, steps);
        if (behind != Outcome.ACCEPT) {
            return behind;
        }
        return last && !conntrack.confirm(skb) ? CLASH : Outcome.ACCEPT;
    }

    private static int priority(TableKind table, boolean source) {
        return switch (table) {
            case RAW -> -300;
            case MANGLE -> -150;
            case NAT -> source ? 100 : -100;
            case FILTER -> 0;
            case SECURITY -> 50;
        };
    }

    /** Asks the chains of nf_tables from one priority to another, those for NAT left out. */
    private Outcome between(Hook hook, Skb skb, List<Hooked> chains, long from, long to, Consumer<Step> steps) {
        for (Hooked chain : chains) {
            if (!chain.nat() && chain.priority() >= from && chain.priority() <= to) {
                Outcome outcome = ask(chain, hook, skb, steps);
                if (outcome != Outcome.ACCEPT) {
                    return outcome;
                }
            }
        }
        return Outcome.ACCEPT;
    }

    private Outcome ask(Hooked chain, Hook hook, Skb skb, Consumer<Step> steps) {
        List<String> matched = new ArrayList<>();
        Outcome outcome = chain.run().run(skb, matched);
        if (!matched.isEmpty() || outcome != Outcome.ACCEPT) {
            String table = "nft " + chain.table();
            steps.accept(new Step(namespace, table, hook, chain.chain(), List.copyOf(matched), outcome.toString()));
        }
        return outcome;
    }

    private Outcome ask(Ruleset rules, TableKind table, Hook hook, Skb skb, Consumer<Step> steps) {
        List<String> matched = new ArrayList<>();
        Outcome outcome = rules.run(table, hook, skb, view, matched);
        if (!matched.isEmpty() || outcome != Outcome.ACCEPT) {
            steps.accept(
                    new Step(namespace, table.toString(), hook, hook.name(), List.copyOf(matched), outcome.toString()));
        }
        return outcome;
    }

    /**
     * Translates the source at the last hooks of a way, the destination at the first ones. Only the first packet of a
     * flow gets to see the nat table; what it decided is done to all.
     */
    private boolean nat(Hook hook, Skb skb, boolean source, List<Hooked> chains, Consumer<Step> steps) {
        if (conntrack.needsNatRules(skb, source)) {
            @Nullable NatRange range = null;
            for (Supplier<Outcome> asked : natRules(hook, skb, source, chains, steps)) {
                Outcome outcome = asked.get();
                if (outcome instanceof Outcome.Nat nat) {
                    range = nat.range();
                } else if (outcome instanceof Outcome.Masquerade to) {
                    range = range(masquerade.apply(skb), to.minPort(), to.maxPort());
                } else if (outcome instanceof Outcome.Redirect to) {
                    range = range(redirect.apply(skb), to.minPort(), to.maxPort());
                }
                boolean drops = !(outcome instanceof Outcome.Nat) && outcome != Outcome.ACCEPT && range == null;
                if (drops) {
                    return false;
                }
                if (range != null) {
                    break;
                }
            }
            conntrack.setUp(skb, source, range);
        }
        return conntrack.translate(skb, source);
    }

    private List<Supplier<Outcome>> natRules(
            Hook hook, Skb skb, boolean source, List<Hooked> chains, Consumer<Step> steps) {
        int own = priority(TableKind.NAT, source);
        List<Supplier<Outcome>> all = new ArrayList<>();
        chains.stream()
                .filter(c -> c.nat() && c.priority() <= own)
                .forEach(c -> all.add(() -> ask(c, hook, skb, steps)));
        rulesets.forEach(rules -> all.add(() -> ask(rules, TableKind.NAT, hook, skb, steps)));
        chains.stream()
                .filter(c -> c.nat() && c.priority() > own)
                .forEach(c -> all.add(() -> ask(c, hook, skb, steps)));
        return all;
    }

    private static @Nullable NatRange range(Optional<Ip> address, int minPort, int maxPort) {
        return address.map(ip -> new NatRange(ip, ip, minPort, maxPort, false, false))
                .orElse(null);
    }
}
