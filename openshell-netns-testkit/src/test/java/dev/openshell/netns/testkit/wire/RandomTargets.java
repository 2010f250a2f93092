package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;

/** What a rule may do, by table and hook. */
final class RandomTargets {
    private static final String[] REJECT_IPV4 = {
        "icmp-net-unreachable",
        "icmp-host-unreachable",
        "icmp-proto-unreachable",
        "icmp-port-unreachable",
        "icmp-net-prohibited",
        "icmp-host-prohibited",
        "icmp-admin-prohibited"
    };
    private static final String[] REJECT_IPV6 = {
        "icmp6-no-route",
        "icmp6-adm-prohibited",
        "icmp6-addr-unreachable",
        "icmp6-port-unreachable",
        "icmp6-policy-fail",
        "icmp6-reject-route"
    };

    private final Pool pool;

    RandomTargets(Pool pool) {
        this.pool = pool;
    }

    /** Returns {@code -j} and what follows, or nothing for a rule that only counts. */
    String next(String table, String hook, boolean userChain, RandomMatches.Matched matched) {
        if (pool.chance(4)) {
            return "";
        }
        List<String> all = new ArrayList<>();
        all.add("ACCEPT");
        if (userChain || pool.chance(15)) {
            all.add("RETURN");
        }
        if (pool.chance(25)) {
            all.add(pool.pick("LOG --log-prefix \"seen \"", "NFLOG --nflog-group 5 --nflog-prefix seen"));
        }
        if (pool.chance(40)) {
            all.add(mark());
        }
        switch (table) {
            case "raw" -> {
                all.addAll(List.of("NOTRACK", "NOTRACK", "CT --notrack"));
                if (pool.chance(20)) {
                    all.add("DROP");
                }
            }
            case "mangle" -> {
                all.addAll(List.of(mark(), mark(), mark()));
                if (pool.chance(20)) {
                    all.add("DROP");
                }
            }
            case "nat" -> all.addAll(nat(hook, matched));
            default -> all.addAll(List.of("DROP", reject(matched), reject(matched), reject(matched)));
        }
        return "-j " + pool.pick(all);
    }

    private String reject(RandomMatches.Matched matched) {
        if (matched.protocol().equals("tcp") && pool.chance(50)) {
            return "REJECT --reject-with tcp-reset";
        }
        return pool.chance(25)
                ? "REJECT"
                : "REJECT --reject-with " + pool.pick(pool.family == Family.IPV4 ? REJECT_IPV4 : REJECT_IPV6);
    }

    private String mark() {
        return pool.pick(
                "MARK --set-xmark 0x1/0xffffffff",
                "MARK --set-mark 0x2",
                "MARK --set-xmark 0x10/0xf0",
                "MARK --or-mark 0x1",
                "MARK --and-mark 0xfe",
                "MARK --xor-mark 0x3",
                "CONNMARK --set-mark 0x1",
                "CONNMARK --set-xmark 0x2/0x2",
                "CONNMARK --save-mark",
                "CONNMARK --restore-mark",
                "CONNMARK --save-mark --nfmask 0xf --ctmask 0xf",
                "CONNMARK --restore-mark --nfmask 0x1 --ctmask 0xff");
    }

    private List<String> nat(String hook, RandomMatches.Matched matched) {
        boolean ports = List.of("tcp", "udp", "sctp").contains(matched.protocol());
        boolean destination = hook.equals("PREROUTING") || hook.equals("OUTPUT");
        if (destination) {
            String redirect = ports ? "REDIRECT --to-ports " + pool.notedPort(pool.port()) : "REDIRECT";
            return List.of(
                    redirect,
                    "DNAT --to-destination " + to(destinationOf(hook), ports),
                    "DNAT --to-destination " + to(destinationOf(hook), ports));
        }
        List<String> targets = new ArrayList<>();
        targets.add("SNAT --to-source " + to(pool.address(), ports));
        if (hook.equals("POSTROUTING")) {
            targets.add("MASQUERADE");
            targets.add(ports ? "MASQUERADE --to-ports " + pool.notedPort(pool.port()) : "MASQUERADE");
        }
        return targets;
    }

    private Ip destinationOf(String hook) {
        return hook.equals("OUTPUT") || pool.chance(60) ? pool.pick(pool.behindEast) : pool.address();
    }

    private String to(Ip address, boolean ports) {
        if (!ports || pool.chance(40)) {
            return address.toString();
        }
        int port = pool.notedPort(pool.port());
        return pool.family == Family.IPV4 ? address + ":" + port : "[" + address + "]:" + port;
    }
}
