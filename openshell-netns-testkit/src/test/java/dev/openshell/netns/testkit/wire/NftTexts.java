package dev.openshell.netns.testkit.wire;

import java.util.List;

/** Rules for {@link NftDifferentialIT}, as nft(8) reads them. */
final class NftTexts {
    private static final String FORWARD = "type filter hook forward priority 0; policy drop;";

    static final List<String> ALL = List.of(
            table("chain f { " + FORWARD + " tcp dport 443 accept; udp dport 53 return; ip saddr 10.200.1.3 accept; }"),
            table("chain f { " + FORWARD + " ct state established,related accept; iifname \"west\" oifname \"east\""
                    + " tcp dport { 22, 443 } ct state new counter accept comment \"to the web\"; }"),
            table("chain a { tcp dport 443 accept; udp dport 53 goto b; return; }"
                    + " chain b { ip daddr 203.0.113.3 accept; meta l4proto icmp accept; }"
                    + " chain f { " + FORWARD + " iifname \"we*\" jump a; meta nfproto ipv6 jump b; icmp type"
                    + " echo-request accept; }"),
            table("chain web { accept; } chain f { " + FORWARD + " ct state vmap { established : accept, invalid :"
                    + " drop }; ip daddr . tcp dport vmap { 203.0.113.2 . 443 : jump web, 203.0.113.3 . 22 : accept,"
                    + " 203.0.113.4 . 443 : drop }; ip6 daddr . udp dport { 2001:db8:2::2 . 53 } accept; }"),
            table("set hosts { type ipv4_addr; flags interval; elements = { 203.0.113.2-203.0.113.3, 10.200.1.4 } }"
                    + " set pairs { type ipv4_addr . inet_service; flags interval; elements = { 203.0.113.0/29 . 50-60 }"
                    + " } chain f { " + FORWARD + " ip daddr @hosts tcp dport != 22 accept;"
                    + " ip daddr . udp dport @pairs accept; tcp dport 440-450 accept; udp sport < 40013 accept; }"),
            table("chain f { " + FORWARD + " ct state established accept; ct original ip saddr 10.200.1.2 ct original"
                    + " ip daddr 203.0.113.2 meta l4proto tcp ct original proto-dst 443 accept; ct direction reply drop;"
                    + " ct state related accept; ct status assured accept; ct state new udp dport 53 accept; }"),
            table("chain f { type filter hook forward priority 0; policy accept; tcp flags & (syn|ack) == syn tcp dport"
                    + " 22 reject with tcp reset; udp dport 53 reject; ip saddr 10.200.1.3 reject with icmp"
                    + " admin-prohibited; ip6 daddr 2001:db8:2::4 reject with icmpv6 no-route; udp dport 8080 reject"
                    + " with icmpx host-unreachable; }"
                    + " chain i { type filter hook input priority 0; policy accept; udp dport 53 reject with icmpx"
                    + " port-unreachable; tcp dport 53 drop; }"
                    + " chain o { type filter hook output priority 0; policy accept; tcp dport 443 reject with tcp"
                    + " reset; udp dport 22 drop; }"),
            table(
                    "chain p { type nat hook postrouting priority 100; oifname \"east\" ip saddr 10.200.1.0/24 masquerade;"
                            + " } chain f { " + FORWARD
                            + " ct state established,related accept; tcp dport 443 accept; ip"
                            + " protocol icmp accept; }"),
            table("chain m { type filter hook prerouting priority -150; udp dport 53 meta mark set 0x7;"
                    + " tcp dport 22 meta mark set 8; } chain f { " + FORWARD
                    + " meta mark 7 accept; meta mark & 8 == 8"
                    + " ip daddr 203.0.113.2 accept; }"),
            table("chain r { type filter hook prerouting priority -300; tcp dport 443 notrack; } chain f { " + FORWARD
                    + " ct state untracked accept; ct state new udp dport 53 accept; }"),
            table("set seen { type ipv4_addr; size 4; flags dynamic; } chain f { " + FORWARD
                    + " tcp dport 443 add @seen { ip saddr limit rate 2/hour burst 2 packets } accept;"
                    + " tcp dport 22 limit rate 1/hour burst 3 packets accept;"
                    + " udp dport 53 limit rate over 1/hour burst 2 packets drop; udp dport 53 accept; }"),
            table("set flows { type ipv4_addr; size 64; flags dynamic; } chain f { " + FORWARD
                    + " ct state established accept; udp dport 53 ct state new add @flows { ip saddr ct count over 1 }"
                    + " drop; udp dport { 22, 53 } accept; tcp dport 443 ct count 4 accept; }"),
            table("set gone { type ipv4_addr; timeout 1h; elements = { 203.0.113.2 timeout 2h comment \"for a while\","
                    + " 203.0.113.4 } } map to { type inet_service : verdict; elements = { 443 : accept, 22 : drop } }"
                    + " chain f { " + FORWARD + " ip daddr @gone accept; ip daddr != @gone tcp dport vmap @to;"
                    + " ip daddr != { 203.0.113.2, 203.0.113.3 } udp dport 53 accept; }"),
            "table ip one { chain f { type filter hook forward priority -10; tcp dport 443 drop; } }"
                    + " table inet two { chain f { type filter hook forward priority 10; policy drop; tcp dport { 22,"
                    + " 443 } accept; } } table ip6 three { chain f { type filter hook forward priority 0;"
                    + " tcp dport 22 drop; } }");

    /** Marks, translates and drops at the places of iptables. */
    static final String IPTABLES =
            """
            *raw
            -A PREROUTING -p tcp --dport 8080 -j DROP
            COMMIT
            *mangle
            -A PREROUTING -p tcp --dport 443 -j MARK --set-mark 1
            -A FORWARD -p udp --dport 53 -j MARK --set-mark 2
            -A POSTROUTING -p tcp --dport 22 -j MARK --set-mark 3
            COMMIT
            *nat
            -A POSTROUTING -o east -p udp --dport 22 -j SNAT --to-source 203.0.113.77
            COMMIT
            *filter
            -A FORWARD -p udp --dport 8080 -j DROP
            -A FORWARD -m mark --mark 9 -j DROP
            COMMIT
            """;

    static final List<String> AMONG_IPTABLES = List.of(
            among("prerouting", -151, "meta mark 1 drop;"),
            among("prerouting", -150, "meta mark 1 drop;"),
            among("prerouting", -149, "meta mark 1 drop;"),
            among("prerouting", -300, "meta mark set 9;"),
            among("forward", -150, "meta mark 2 drop;"),
            among("forward", -140, "meta mark 2 drop; ip saddr 10.200.1.3 meta mark set 9;"),
            among("forward", 0, "ip saddr 10.200.1.3 meta mark set 9;"),
            among("forward", 1, "ip saddr 10.200.1.3 meta mark set 9; udp dport 8080 reject;"),
            among("postrouting", -150, "meta mark 3 drop;"),
            among("postrouting", -149, "meta mark 3 drop;"),
            among("postrouting", 99, "ip saddr 203.0.113.77 drop;"),
            among("postrouting", 101, "ip saddr 203.0.113.77 drop; meta mark 1 drop;"),
            masquerade(99),
            masquerade(100),
            masquerade(101));

    private NftTexts() {}

    private static String among(String hook, int priority, String rules) {
        return table("chain c { type filter hook " + hook + " priority " + priority + "; policy accept; " + rules
                + " udp dport 53 ip daddr 203.0.113.4 drop; }");
    }

    private static String masquerade(int priority) {
        return table("chain p { type nat hook postrouting priority " + priority
                + "; oifname \"east\" ip saddr 10.200.1.0/24 masquerade; }");
    }

    private static String table(String inside) {
        return "table inet t { " + inside + " }";
    }
}
