package dev.openshell.netns.testkit.path;

import dev.openshell.netns.testkit.conntrack.Conntrack;
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
import org.jspecify.annotations.Nullable;

/** All that is registered at a hook, in the order of its priorities (enum nf_ip_hook_priorities). */
public final class Netfilter {
    /** Dropped at the end: another flow has the addresses and ports that this one came to. */
    static final Outcome CLASH = new Outcome.Simple("CLASH");

    private final Conntrack conntrack;
    private final List<Ruleset> rulesets;
    private final View view;
    private final long namespace;
    private final Function<Skb, Optional<Ip>> masquerade;
    private final Function<Skb, Optional<Ip>> redirect;

    /**
     * Makes the hooks of one family in a namespace.
     *
     * @param masquerade the address that MASQUERADE takes, empty to drop
     * @param redirect the address that REDIRECT takes, empty to drop
     */
    public Netfilter(
            Conntrack conntrack,
            List<Ruleset> rulesets,
            View view,
            long namespace,
            Function<Skb, Optional<Ip>> masquerade,
            Function<Skb, Optional<Ip>> redirect) {
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
        for (TableKind table : tables(hook)) {
            if (table == TableKind.NAT) {
                if (!nat(hook, skb, last, steps)) {
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
                track.accept(skb);
            }
        }
        return last && !conntrack.confirm(skb) ? CLASH : Outcome.ACCEPT;
    }

    private Outcome ask(Ruleset rules, TableKind table, Hook hook, Skb skb, Consumer<Step> steps) {
        List<String> matched = new ArrayList<>();
        Outcome outcome = rules.run(table, hook, skb, view, matched);
        if (!matched.isEmpty() || outcome != Outcome.ACCEPT) {
            steps.accept(new Step(namespace, table, hook, List.copyOf(matched), outcome.toString()));
        }
        return outcome;
    }

    /**
     * Translates the source at the last hooks of a way, the destination at the first ones. Only the first packet of a
     * flow gets to see the nat table; what it decided is done to all.
     */
    private boolean nat(Hook hook, Skb skb, boolean source, Consumer<Step> steps) {
        if (conntrack.needsNatRules(skb, source)) {
            @Nullable NatRange range = null;
            for (Ruleset rules : rulesets) {
                Outcome outcome = ask(rules, TableKind.NAT, hook, skb, steps);
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

    private static @Nullable NatRange range(Optional<Ip> address, int minPort, int maxPort) {
        return address.map(ip -> new NatRange(ip, ip, minPort, maxPort, false, false))
                .orElse(null);
    }
}
