package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Valid restore texts made from a seed: every option, value and spelling that the interpreter knows. */
final class RuleTexts {
    private static final String[] LINKS = {"eth0", "+", "veth+", "lo", "abcdefghijklmno", "a.b-c_d", "eth0:1", "e"};
    private static final String[] CHAINS = {"ONE", "two", "x-y_z", "a:b", "Z9", "abcdefghijklmnopqrstuvwxyzAB"};
    private static final String[] PORTS = {
        "1", "0", "65535", "0:65535", "0:100", ":100", "1000:", "5:5", "1:2", "0:", ":65535", "010", "1:65535"
    };

    private final Random random;
    private final Family family;

    RuleTexts(Random random, Family family) {
        this.random = random;
        this.family = family;
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private String any(String... words) {
        return words[random.nextInt(words.length)];
    }

    private String not() {
        return chance(25) ? "! " : "";
    }

    private boolean four() {
        return family == Family.IPV4;
    }

    /** Returns a text of up to three tables. */
    String text() {
        StringBuilder text = new StringBuilder();
        List<TableKind> kinds = new ArrayList<>(List.of(TableKind.values()));
        java.util.Collections.shuffle(kinds, random);
        for (TableKind kind : kinds.subList(0, 1 + random.nextInt(3))) {
            text.append(table(kind));
        }
        return text.toString();
    }

    private String table(TableKind kind) {
        StringBuilder text = new StringBuilder("*" + kind + "\n");
        List<String> chains = new ArrayList<>();
        for (Hook hook : kind.hooks()) {
            if (chance(60)) {
                String policy = kind == TableKind.NAT ? "ACCEPT" : any("ACCEPT", "DROP");
                text.append(':')
                        .append(hook)
                        .append(' ')
                        .append(chance(10) ? "-" : policy)
                        .append(any("", " [0:0]", " [7:99]"));
                text.append('\n');
            }
        }
        for (String chain : CHAINS) {
            if (chance(40)) {
                chains.add(chain);
                text.append(':')
                        .append(chain)
                        .append(" -")
                        .append(any("", " [0:0]"))
                        .append('\n');
            }
        }
        int rules = random.nextInt(6);
        for (int i = 0; i < rules; i++) {
            int at = random.nextInt(chains.size() + 1);
            String hook = kind.hooks().get(random.nextInt(kind.hooks().size())).name();
            String chain = at < chains.size() && chance(60) ? chains.get(at) : hook;
            // Jumps lead down the list only, so that there is never a circle.
            List<String> below = chain.equals(hook) ? chains : chains.subList(at + 1, chains.size());
            text.append(any("-A ", "-A ", "-A ", "-A ", "-I ", "--append "));
            String rule = rule(kind, chain, below);
            text.append(chain).append(rule).append('\n');
            if (chance(8)) {
                text.append(any("-D ", "-C ", "--delete ", "-I "))
                        .append(chain)
                        .append(rule)
                        .append('\n');
            } else if (chance(6)) {
                text.append(
                        any("-D " + chain + " 1", "-F " + chain, "-I " + chain + " 2 -p 7", "-R " + chain + " 1 -p 7"));
                text.append('\n');
            }
            text.append(chance(5) ? "# comment\n\n" : "");
        }
        return text.append("COMMIT\n").toString();
    }

    private String rule(TableKind kind, String chain, List<String> below) {
        List<String> parts = new ArrayList<>();
        boolean sourceList = chance(4);
        if (chance(25)) {
            parts.add(
                    sourceList
                            ? any("-s ", "--src ") + address() + "," + address()
                            : not() + any("-s ", "--source ") + address());
        }
        if (chance(25)) {
            parts.add((sourceList ? "" : not()) + any("-d ", "--dst ", "--destination ") + address());
        }
        if (chance(20) && !chain.equals("OUTPUT") && !chain.equals("POSTROUTING")) {
            parts.add(not() + "-i " + any(LINKS));
        }
        if (chance(20) && !chain.equals("INPUT") && !chain.equals("PREROUTING")) {
            parts.add(not() + "-o " + any(LINKS));
        }
        if (four() && chance(5)) {
            parts.add(not() + "-f");
        }
        java.util.Collections.shuffle(parts, random);
        String protocol = "";
        if (chance(60)) {
            protocol = any(
                    "tcp",
                    "udp",
                    "icmp",
                    "sctp",
                    "dccp",
                    "ipv6-icmp",
                    "6",
                    "gre",
                    "esp",
                    "0",
                    "all",
                    "132",
                    "17",
                    "253",
                    "udplite",
                    "TCP");
            boolean not = chance(15) && !protocol.equals("0") && !protocol.equals("all");
            parts.add((not ? "! " : "") + "-p " + protocol);
            parts.addAll(not ? List.of() : protocolMatch(protocol));
            protocol = not ? "" : protocol;
        }
        int matches = random.nextInt(3);
        for (int i = 0; i < matches; i++) {
            parts.add(match(kind, chain, protocol));
        }
        String target = target(kind, chain, below, protocol);
        if (!target.isEmpty()) {
            parts.add(target);
        }
        return parts.isEmpty() ? "" : " " + String.join(chance(5) ? "  " : " ", parts);
    }

    private String address() {
        return four()
                ? any(
                        "10.200.0.1",
                        "10.200.0.0/16",
                        "10.43.7.9/24",
                        "0.0.0.0/0",
                        "10.43.0.0/255.255.0.0",
                        "10.43.1.1/255.0.255.0",
                        "198.51.100.7/32",
                        "203.0.113.1/31",
                        "10.1/16",
                        "10.200.1.0/0",
                        "10.43.0.10/30",
                        "10.200.0.1/255.255.255.255",
                        "0.0.0.0/8",
                        "10.43.0.1/0.0.0.255",
                        "127.0.0.1",
                        "255.255.255.255")
                : any(
                        "2001:db8::1",
                        "2001:db8::/32",
                        "::/0",
                        "2001:DB8::5/64",
                        "2001:db8::1/ffff:ffff::",
                        "2001:db8::1/ffff::ffff",
                        "::1",
                        "fe80::1/10",
                        "::ffff:10.43.0.1",
                        "::10.43.0.1/128",
                        "2001:db8::1/0",
                        "2001:db8:0:0:1:0:0:1/127",
                        "2001:db8::1/63",
                        "::/1",
                        "ff02::1/128",
                        "::/128");
    }

    private List<String> protocolMatch(String protocol) {
        List<String> parts = new ArrayList<>();
        switch (protocol.toLowerCase(java.util.Locale.ROOT)) {
            case "tcp", "6", "udp", "17", "sctp", "132", "dccp" -> {
                String name = protocol.equals("6")
                        ? "tcp"
                        : protocol.equals("17")
                                ? "udp"
                                : protocol.equals("132") ? "sctp" : protocol.toLowerCase(java.util.Locale.ROOT);
                if (chance(40)) {
                    parts.add("-m " + name);
                }
                if (chance(30)) {
                    parts.add(not() + any("--sport ", "--source-port ") + any(PORTS));
                }
                if (chance(40)) {
                    parts.add(not() + any("--dport ", "--destination-port ") + any(PORTS));
                }
                if (name.equals("tcp") && chance(25)) {
                    parts.add(not()
                            + any(
                                    "--syn",
                                    "--tcp-flags SYN,ACK SYN",
                                    "--tcp-flags ALL NONE",
                                    "--tcp-flags FIN,SYN,RST,ACK SYN",
                                    "--tcp-flags syn,RST,psh,URG URG,psh",
                                    "--tcp-flags ALL ALL",
                                    "--tcp-flags NONE NONE"));
                }
                if (chance(15)) {
                    parts.add("-m multiport " + not() + any("--sports ", "--dports ", "--ports ")
                            + any(
                                    "1",
                                    "1,2,3",
                                    "1:2",
                                    "5,7:9,11",
                                    "0,65535",
                                    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                                    "0:65535"));
                }
            }
            case "icmp" -> {
                if (four() && chance(70)) {
                    parts.add((chance(30) ? "-m icmp " : "") + not() + "--icmp-type "
                            + any(
                                    "8",
                                    "3/4",
                                    "any",
                                    "echo-request",
                                    "port-unreachable",
                                    "0",
                                    "5/1",
                                    "ping",
                                    "ttl-exceeded",
                                    "3",
                                    "40/3",
                                    "Echo-Reply"));
                }
            }
            case "ipv6-icmp" -> {
                if (!four() && chance(70)) {
                    parts.add((chance(30) ? "-m icmp6 " : "") + not() + "--icmpv6-type "
                            + any(
                                    "128",
                                    "1/4",
                                    "echo-request",
                                    "135",
                                    "neighbour-solicitation",
                                    "255",
                                    "0",
                                    "no-route",
                                    "packet-too-big",
                                    "redirect"));
                }
            }
            default -> {}
        }
        return parts;
    }

    private String match(TableKind kind, String chain, String protocol) {
        return switch (random.nextInt(13)) {
            case 0 -> "-m conntrack " + conntrack();
            case 1 ->
                "-m state " + not() + "--state "
                        + any("NEW", "ESTABLISHED,RELATED", "INVALID", "UNTRACKED", "new,Established");
            case 2 -> "-m mark " + not() + "--mark " + mark();
            case 3 -> "-m connmark " + not() + "--mark " + mark();
            case 4 ->
                "-m iprange " + not() + any("--src-range ", "--dst-range ")
                        + (four()
                                ? any("10.43.0.1-10.43.0.9", "10.43.0.1", "0.0.0.0-255.255.255.255")
                                : any("2001:db8::1-2001:db8::9", "2001:db8::1"));
            case 5 -> "-m addrtype " + addrtype();
            case 6 ->
                "-m limit"
                        + any(
                                "",
                                " --limit 5/sec",
                                " --limit 3/minute --limit-burst 9",
                                " --limit 1/s",
                                " --limit 100/hour",
                                " --limit-burst 7 --limit 2/day",
                                " --limit 10/second",
                                " --limit 60/min",
                                " --limit 120/minute",
                                " --limit 7",
                                " --limit 10000/sec",
                                " --limit 48/day");
            case 7 ->
                chain.equals("OUTPUT") || chain.equals("POSTROUTING")
                        ? "-m owner " + any("", "--socket-exists ", "! --socket-exists ") + not()
                                + any(
                                        "--uid-owner 0",
                                        "--uid-owner 5-9",
                                        "--gid-owner 7",
                                        "--uid-owner root",
                                        "--gid-owner 0-4294967294",
                                        "--uid-owner 4-4")
                        : "-m comment --comment here";
            case 8 ->
                "-m comment --comment "
                        + any(
                                "one",
                                "\"two words\"",
                                "\"with 'single'\"",
                                "\"esc \\\" \\\\ aped\"",
                                "a'b",
                                "x=y",
                                "\"semi;colon\"",
                                "$HOME",
                                "é",
                                "\"\u00e9 \u20ac\"",
                                "a,b.c:d",
                                "'q'",
                                "-x-");
            case 9 -> "-m physdev " + physdev(chain);
            case 10 -> "-m connlimit " + connlimit();
            case 11 -> "-m hashlimit " + hashlimit();
            default -> "-m comment --comment " + "x".repeat(1 + random.nextInt(255));
        };
    }

    private String conntrack() {
        List<String> parts = new ArrayList<>();
        String[] options = {
            not() + "--ctstate "
                    + any("NEW", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "DNAT", "SNAT,DNAT", "new,established"),
            not() + "--ctproto " + any("tcp", "17", "gre", "132"),
            not() + any("--ctorigsrc ", "--ctorigdst ", "--ctreplsrc ", "--ctrepldst ") + address(),
            not()
                    + any("--ctorigsrcport ", "--ctorigdstport ", "--ctreplsrcport ", "--ctrepldstport ")
                    + any("1", "1:9", "0:65535", "7:7"),
            not() + "--ctstatus " + any("NONE", "ASSURED", "CONFIRMED,SEEN_REPLY", "EXPECTED", "assured"),
            any("", "", "! ") + "--ctdir " + any("ORIGINAL", "REPLY", "reply"),
        };
        for (String option : options) {
            if (chance(30)) {
                parts.add(option);
            }
        }
        java.util.Collections.shuffle(parts, random);
        return parts.isEmpty() ? options[random.nextInt(options.length)] : String.join(" ", parts);
    }

    private String connlimit() {
        String mask = four() ? any("0", "24", "32", "255.255.0.0", "31") : any("0", "64", "128", "ffff:ffff::", "127");
        String limit = not() + any("--connlimit-above ", "--connlimit-upto ") + any("0", "20", "4294967295", "0x10");
        return limit + any("", " --connlimit-mask " + mask) + any("", " --connlimit-saddr", " --connlimit-daddr");
    }

    private String hashlimit() {
        String rate = any(
                "5/sec", "1/s", "3/minute", "100/hour", "2/day", "7", "120/min", "9999/sec", "3000/s", "1000000/sec");
        List<String> parts = new ArrayList<>(List.of(
                not() + any("--hashlimit-above ", "--hashlimit-upto ") + rate,
                "--hashlimit-name " + any("a", "osh-abcdefgh-256", "x_y.z", "n".repeat(40))));
        String[] options = {
            "--hashlimit-burst " + any("1", "5", "512", "1000000"),
            "--hashlimit-mode " + any("dstip,dstport", "dstport,srcip", "srcip", "srcip,srcport,dstip,dstport"),
            "--hashlimit-htable-size " + any("0", "1", "256"),
            "--hashlimit-htable-max " + any("0", "16384"),
            "--hashlimit-htable-gcinterval " + any("1000", "10000", "1"),
            "--hashlimit-htable-expire " + any("1000", "10000", "60000", "1"),
            "--hashlimit-srcmask " + any("0", "24", "32"),
            "--hashlimit-dstmask " + any("8", "32"),
        };
        for (String option : options) {
            if (chance(30)) {
                parts.add(option);
            }
        }
        java.util.Collections.shuffle(parts, random);
        return String.join(" ", parts);
    }

    private String mark() {
        return any(
                "1",
                "0",
                "0xff",
                "0x10/0xf0",
                "5/0xffffffff",
                "017",
                "0xffffffff",
                "0xab/0x0f",
                "4294967295/1",
                "7/7",
                "0/0");
    }

    private String addrtype() {
        String types = any(
                "LOCAL", "UNICAST", "MULTICAST", "LOCAL,UNICAST", "ANYCAST", "unicast", "UNREACHABLE", "UNSPEC,LOCAL");
        String option = not() + any("--src-type ", "--dst-type ") + types;
        return chance(20) ? "--src-type LOCAL " + not() + "--dst-type " + types : option;
    }

    private String physdev(String chain) {
        List<String> parts = new ArrayList<>();
        if (chance(60) && !chain.equals("OUTPUT") && !chain.equals("POSTROUTING")) {
            parts.add(not() + any("--physdev-in eth0", "--physdev-in veth+"));
        }
        if (parts.isEmpty() || chance(20)) {
            parts.add(not() + any("--physdev-is-in", "--physdev-is-bridged", "--physdev-is-out"));
        }
        return String.join(" ", parts);
    }

    private String target(TableKind kind, String chain, List<String> below, String protocol) {
        if (chance(30) && !below.isEmpty()) {
            return any("-j ", "-j ", "-g ", "--jump ", "--goto ") + below.get(random.nextInt(below.size()));
        }
        boolean tcp = protocol.equalsIgnoreCase("tcp") || protocol.equals("6");
        boolean ports = tcp
                || protocol.equals("udp")
                || protocol.equals("17")
                || protocol.equals("sctp")
                || protocol.equals("132")
                || protocol.equals("dccp");
        boolean user = !List.of("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
                .contains(chain);
        switch (random.nextInt(8)) {
            case 0:
                return "-j " + any("ACCEPT", "RETURN", kind == TableKind.NAT ? "ACCEPT" : "DROP");
            case 1:
                return kind == TableKind.FILTER && (user || !chain.contains("ROUTING"))
                        ? "-j REJECT" + reject(tcp)
                        : "-j RETURN";
            case 2:
                return "-j LOG"
                        + any(
                                "",
                                " --log-prefix \"a b\"",
                                " --log-prefix x",
                                " --log-level info",
                                " --log-level 4",
                                " --log-level 7 --log-uid",
                                " --log-tcp-options --log-ip-options --log-tcp-sequence",
                                " --log-prefix \"" + "y".repeat(29) + "\"",
                                " --log-macdecode",
                                " --log-level err",
                                " --log-level warn",
                                " --log-level panic");
            case 3:
                return "-j NFLOG"
                        + any(
                                "",
                                " --nflog-group 5",
                                " --nflog-prefix \"a b\" --nflog-threshold 3",
                                " --nflog-size 80",
                                " --nflog-range 64",
                                " --nflog-group 0",
                                " --nflog-prefix x --nflog-group 65535");
            case 4:
                return kind == TableKind.MANGLE ? "-j MARK " + setter() : "";
            case 5:
                return kind == TableKind.MANGLE
                                || kind == TableKind.RAW
                                || kind == TableKind.FILTER
                                || kind == TableKind.SECURITY
                        ? "-j CONNMARK "
                                + any(
                                        setter(),
                                        "--save-mark",
                                        "--restore-mark",
                                        "--save-mark --nfmask 0xff --ctmask 0xff",
                                        "--restore-mark --mask 0xf0",
                                        "--save-mark --mask 1",
                                        "--restore-mark --nfmask 0x1")
                        : "";
            case 6:
                return kind == TableKind.NAT && !user
                        ? nat(chain, ports)
                        : kind == TableKind.RAW ? any("-j NOTRACK", "-j CT --notrack") : "";
            default:
                return "";
        }
    }

    private String setter() {
        return any("--set-mark ", "--set-xmark ") + (chance(60) ? mark() : "1");
    }

    private String reject(boolean tcp) {
        if (tcp && chance(30)) {
            return " --reject-with " + (four() ? any("tcp-reset", "tcp-rst") : "tcp-reset");
        }
        return four()
                ? any(
                        "",
                        " --reject-with icmp-net-unreachable",
                        " --reject-with icmp-host-unreachable",
                        " --reject-with icmp-proto-unreachable",
                        " --reject-with icmp-port-unreachable",
                        " --reject-with icmp-net-prohibited",
                        " --reject-with icmp-host-prohibited",
                        " --reject-with icmp-admin-prohibited",
                        " --reject-with net-unreach",
                        " --reject-with admin-prohib")
                : any(
                        "",
                        " --reject-with icmp6-no-route",
                        " --reject-with no-route",
                        " --reject-with icmp6-adm-prohibited",
                        " --reject-with icmp6-addr-unreachable",
                        " --reject-with addr-unreach",
                        " --reject-with icmp6-port-unreachable",
                        " --reject-with policy-fail",
                        " --reject-with icmp6-policy-fail",
                        " --reject-with reject-route");
    }

    private String nat(String chain, boolean ports) {
        String one = four() ? any("10.43.0.1", "10.43.0.1-10.43.0.9") : any("2001:db8::1", "2001:db8::1-2001:db8::9");
        String port = any(":80", ":80-90", ":7-7");
        String to = ports && chance(50) ? four() ? one + port : "[" + one + "]" + port : one;
        String flags = any("", "", " --random", " --persistent", " --random --persistent");
        return switch (chain) {
            case "PREROUTING", "OUTPUT" ->
                any(
                        "-j DNAT --to-destination " + to + flags,
                        ports ? "-j DNAT --to-destination :99" : "-j REDIRECT",
                        ports
                                ? "-j REDIRECT --to-ports " + any("80", "80-90") + any("", " --random")
                                : "-j REDIRECT" + any("", " --random"));
            case "POSTROUTING" ->
                any(
                        "-j SNAT --to-source " + to + flags,
                        "-j SNAT --to-source " + to + " --random-fully",
                        "-j MASQUERADE" + (ports ? any("", " --to-ports 1024-65535", " --to-ports 99") : "")
                                + any("", " --random", " --random-fully"));
            default -> "-j SNAT --to-source " + to + flags;
        };
    }
}
