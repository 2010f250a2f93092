package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a rule may ask of a packet. */
final class RandomMatches {
    /** The text, with a blank before each word, and the protocol that it asks for: "" for none, or for not that one. */
    record Matched(String text, String protocol) {}

    private final Pool pool;

    RandomMatches(Pool pool) {
        this.pool = pool;
    }

    Matched next(String hook) {
        StringBuilder text = new StringBuilder();
        if (pool.chance(30)) {
            text.append(matching("-s "));
        }
        if (pool.chance(30)) {
            text.append(matching("-d "));
        }
        if (!hook.equals("OUTPUT") && !hook.equals("POSTROUTING") && pool.chance(30)) {
            text.append(maybeNot())
                    .append("-i ")
                    .append(pool.pick("west", "east", "lo", "w+", "e+", "+", "weste", "we"));
        }
        if (!hook.equals("INPUT") && !hook.equals("PREROUTING") && pool.chance(30)) {
            text.append(maybeNot()).append("-o ").append(pool.pick("west", "east", "lo", "ea+", "wes+", "+"));
        }
        String protocol = protocol(text);
        int more = pool.random.nextInt(3);
        List<Integer> kinds = new ArrayList<>();
        for (int i = 0; i < more; i++) {
            int kind = pool.random.nextInt(9);
            if (!kinds.contains(kind)) {
                kinds.add(kind);
                extra(kind, hook, text);
            }
        }
        return new Matched(text.toString(), protocol);
    }

    private String protocol(StringBuilder text) {
        if (pool.chance(35)) {
            return "";
        }
        if (pool.chance(12)) {
            text.append(" ! -p ").append(pool.pick("tcp", "udp", icmp(), "sctp", "47", "253"));
            return "";
        }
        String protocol = pool.pick("tcp", "tcp", "tcp", "udp", "udp", icmp(), "sctp", "47", "253", "gre", "6", "17");
        text.append(" -p ").append(protocol);
        switch (protocol) {
            case "tcp" -> {
                ports("tcp", text);
                if (pool.chance(25)) {
                    text.append(pool.pick(
                            " --syn",
                            " ! --syn",
                            " --tcp-flags SYN,ACK SYN,ACK",
                            " --tcp-flags RST RST",
                            " --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
                            " ! --tcp-flags ACK,FIN ACK",
                            " --tcp-flags ALL ALL"));
                }
            }
            case "udp", "sctp" -> ports(protocol, text);
            default -> {
                if (protocol.equals(icmp()) && pool.chance(70)) {
                    icmpType(text);
                }
            }
        }
        return switch (protocol) {
            case "6" -> "tcp";
            case "17" -> "udp";
            case "gre" -> "47";
            default -> protocol;
        };
    }

    private void icmpType(StringBuilder text) {
        text.append(" -m ").append(pool.family == Family.IPV4 ? "icmp" : "icmp6");
        text.append(maybeNot())
                .append(
                        pool.family == Family.IPV4
                                ? "--icmp-type "
                                        + pool.pick(
                                                "8",
                                                "0",
                                                "3",
                                                "3/3",
                                                "echo-request",
                                                "echo-reply",
                                                "time-exceeded",
                                                "any",
                                                "11/0",
                                                "13")
                                : "--icmpv6-type "
                                        + pool.pick(
                                                "128",
                                                "129",
                                                "1",
                                                "1/4",
                                                "echo-request",
                                                "echo-reply",
                                                "packet-too-big",
                                                "3/0"));
    }

    private void ports(String protocol, StringBuilder text) {
        if (!protocol.equals("sctp") && pool.chance(25)) {
            List<String> list = new ArrayList<>();
            int count = 1 + pool.random.nextInt(4);
            for (int i = 0; i < count; i++) {
                list.add(pool.chance(30) ? range(1) : Integer.toString(pool.notedPort(pool.port())));
            }
            text.append(" -m multiport").append(maybeNot());
            text.append(pool.pick("--dports ", "--sports ", "--ports ")).append(String.join(",", list));
            return;
        }
        text.append(" -m ").append(protocol);
        for (String side : List.of("--dport ", "--sport ")) {
            if (pool.chance(side.equals("--dport ") ? 65 : 20)) {
                text.append(maybeNot()).append(side);
                text.append(pool.chance(35) ? range(0) : Integer.toString(pool.notedPort(pool.port())));
            }
        }
    }

    /** Returns a range, whose last port is at least so far behind its first: multiport wants 1. */
    private String range(int distance) {
        int first = pool.notedPort(pool.port());
        int last = Math.max(pool.notedPort(first + distance), pool.notedPort(pool.port()));
        return first + ":" + last;
    }

    private void extra(int kind, String hook, StringBuilder text) {
        switch (kind) {
            case 0, 1 -> conntrack(text);
            case 2 ->
                text.append(" -m state").append(maybeNot()).append("--state ").append(states(false));
            case 3 ->
                text.append(" -m mark").append(maybeNot()).append("--mark ").append(mark());
            case 4 ->
                text.append(" -m connmark").append(maybeNot()).append("--mark ").append(mark());
            case 5 -> addressType(hook, text);
            case 6 -> {
                Ip one = pool.address();
                Ip other = pool.address();
                Ip first = one.compareTo(other) <= 0 ? one : other;
                Ip last = one.compareTo(other) <= 0 ? other : one;
                pool.note(first, first.plus(-1), last, last.plus(1));
                text.append(" -m iprange").append(maybeNot());
                text.append(pool.pick("--src-range ", "--dst-range ")).append(first + "-" + last);
            }
            case 7 -> text.append(" -m comment --comment ").append(pool.pick("why", "\"two words\"", "\"a;b\""));
            default -> {
                if (hook.equals("OUTPUT")) {
                    text.append(" -m owner").append(maybeNot());
                    text.append(
                            pool.pick("--uid-owner 0", "--uid-owner 1000", "--gid-owner 1000", "--uid-owner 999-1001"));
                }
            }
        }
    }

    private void addressType(String hook, StringBuilder text) {
        text.append(" -m addrtype").append(maybeNot());
        text.append(pool.pick("--dst-type ", "--src-type "));
        text.append(pool.pick("LOCAL", "UNICAST", "LOCAL,UNICAST"));
    }

    private void conntrack(StringBuilder text) {
        Ip address = pool.address();
        String not = maybeNot();
        text.append(" -m conntrack")
                .append(
                        switch (pool.random.nextInt(9)) {
                            case 0, 1, 2 -> not + "--ctstate " + states(true);
                            case 3 -> not + "--ctproto " + pool.pick("tcp", "udp", icmp(), "47");
                            case 4 ->
                                not
                                        + pool.pick("--ctorigsrc ", "--ctorigdst ", "--ctreplsrc ", "--ctrepldst ")
                                        + network(address);
                            case 5 ->
                                " --ctproto " + pool.pick("tcp", "udp") + not
                                        + pool.pick(
                                                "--ctorigdstport ",
                                                "--ctorigsrcport ",
                                                "--ctreplsrcport ",
                                                "--ctrepldstport ")
                                        + pool.notedPort(pool.port());
                            case 6 -> " --ctdir " + pool.pick("ORIGINAL", "REPLY");
                            case 7 ->
                                not + "--ctstatus "
                                        + pool.pick("SEEN_REPLY", "ASSURED", "CONFIRMED", "NONE", "SEEN_REPLY,ASSURED");
                            default -> " --ctstate " + states(true) + " --ctdir " + pool.pick("ORIGINAL", "REPLY");
                        });
    }

    private String states(boolean withNat) {
        List<String> all = new ArrayList<>(List.of("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"));
        if (withNat) {
            all.addAll(List.of("SNAT", "DNAT"));
        }
        List<String> some = all.stream().filter(state -> pool.chance(30)).toList();
        return some.isEmpty() ? pool.pick(all) : String.join(",", some);
    }

    String mark() {
        return pool.pick("0x0", "0x1", "0x2", "0x3", "0x1/0x1", "0x2/0x2", "0x10/0xf0", "0x0/0xff");
    }

    String icmp() {
        return pool.family == Family.IPV4 ? "icmp" : "ipv6-icmp";
    }

    /** iptables-nft can't say that an address is in no network at all. */
    private String matching(String option) {
        String network = network(pool.address());
        return (network.endsWith("/0") ? " " : maybeNot()) + option + network;
    }

    private String network(Ip address) {
        int bits = pool.family.bits();
        List<Integer> lengths = Stream.of(0, 1, 7, 8, 16, 17, 23, 24, 25, 30, 31, 32, 33, 48, 63, 64, 65, 113, 127, 128)
                .filter(length -> length <= bits)
                .toList();
        int prefix = pool.chance(40) ? bits : pool.pick(lengths);
        Ip network = address.and(Ip.mask(pool.family, prefix));
        pool.noteNetwork(network, prefix);
        if (pool.family == Family.IPV4 && pool.chance(5)) {
            // A mask with holes.
            return address.and(Ip.parse("255.0.255.3")) + "/255.0.255.3";
        }
        return network + "/" + prefix;
    }

    private String maybeNot() {
        return pool.chance(20) ? " ! " : " ";
    }
}
