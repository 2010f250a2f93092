package dev.openshell.netns.testkit.path;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.conntrack.Settings;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.nftables.Nftables;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import dev.openshell.netns.testkit.ruleset.SetContents;
import dev.openshell.netns.testkit.ruleset.View;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The network stack of one namespace: its links and routes, its flows, its rules of both variants of iptables. */
public final class Stack implements View {
    private final Netns net;
    private final InstantSource clock;
    private final Conntrack conntrack;
    private final Nftables nftables;
    private final Map<String, Ruleset> rulesets = new LinkedHashMap<>();
    private SetContents sets = SetContents.none();

    /** Makes one over {@code net} without rules. */
    public Stack(Netns net, InstantSource clock) {
        this.net = net;
        this.clock = clock;
        this.nftables = new Nftables(clock);
        this.conntrack = new Conntrack(new Settings() {
            @Override
            public boolean tcpLoose() {
                return is("net/netfilter/nf_conntrack_tcp_loose");
            }

            @Override
            public boolean tcpLiberal() {
                return is("net/netfilter/nf_conntrack_tcp_be_liberal");
            }
        });
    }

    private boolean is(String key) {
        return net.readSysctl(key).filter(value -> !value.equals("0")).isPresent();
    }

    /** Returns the links, addresses and routes. */
    public Netns net() {
        return net;
    }

    /** Returns the flows. */
    public Conntrack conntrack() {
        return conntrack;
    }

    /** Returns the tables of nf_tables that came as netlink messages; those of iptables are not among them. */
    public Nftables nftables() {
        return nftables;
    }

    /** Returns the rules of one family and variant. */
    public Ruleset ruleset(Family family, IptablesVariant variant) {
        return rulesets.computeIfAbsent(family + " " + variant, key -> new Ruleset(family, variant));
    }

    /** Returns the rules of all variants. */
    List<Ruleset> rulesets(Family family) {
        List<Ruleset> all = new ArrayList<>();
        for (IptablesVariant variant : List.of(IptablesVariant.LEGACY, IptablesVariant.NFT)) {
            Ruleset rules = rulesets.get(family + " " + variant);
            if (rules != null) {
                all.add(rules);
            }
        }
        return all;
    }

    /** Sets the contents of the ipsets. */
    public void sets(SetContents contents) {
        sets = Objects.requireNonNull(contents, "contents");
    }

    @Override
    public String addressType(Ip address, String link) {
        return net.addressType(
                address, link.isEmpty() ? null : net.findLink(link).orElse(null));
    }

    @Override
    public SetContents sets() {
        return sets;
    }

    @Override
    public Instant now() {
        return clock.instant();
    }
}
