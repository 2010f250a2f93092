package dev.openshell.netns.linux.acceptance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a namespace is set up as, line by line: the rules of both variants of iptables in both families (a base chain
 * that accepts and a table with nothing else in it say nothing and are left out, since a table once used can't be
 * removed in the legacy variant), other nftables tables, links, addresses, routes, policy rules, permanent neighbours,
 * and all IPv4, IPv6 and netfilter sysctls but the count of tracked connections.
 */
record PodState(List<String> lines) {
    private static final Pattern COUNTER = Pattern.compile("\\[\\d+:\\d+]");
    private static final Set<String> TABLES = Set.of("filter", "nat", "mangle", "raw", "security");

    /** Returns the state of the namespace at {@code path}. */
    static PodState of(Path path) {
        String name = path.toString();
        List<String> lines = new ArrayList<>();
        for (String family : List.of("iptables", "ip6tables")) {
            for (String variant : List.of("nft", "legacy")) {
                String tool = family + "-" + variant;
                lines.addAll(rules(tool, exec(name, tool + "-save")));
            }
        }
        for (String line : exec(name, "nft", "list", "tables")) {
            String[] words = line.split(" ");
            boolean iptables = words.length == 3 && words[1].matches("ip6?") && TABLES.contains(words[2]);
            if (!iptables) {
                lines.add("nft: " + line);
            }
        }
        add(lines, "link: ", exec(name, "ip", "-o", "link"));
        add(lines, "address: ", exec(name, "ip", "-o", "address"));
        for (String family : List.of("-4", "-6")) {
            add(lines, "route " + family + ": ", exec(name, "ip", family, "route", "show", "table", "all"));
            add(lines, "rule " + family + ": ", exec(name, "ip", family, "rule"));
            add(lines, "neighbour " + family + ": ", exec(name, "ip", family, "neighbour", "show", "nud", "permanent"));
        }
        TreeSet<String> sysctls =
                new TreeSet<>(exec(name, "sysctl", "-a", "--pattern", "^net\\.(ipv4|ipv6|netfilter)\\."));
        sysctls.removeIf(line -> line.startsWith("net.netfilter.nf_conntrack_count ")
                || line.startsWith("sysctl: ")
                || line.startsWith("net.netfilter.nf_log"));
        add(lines, "", sysctls);
        return new PodState(List.copyOf(lines));
    }

    private static List<String> exec(String name, String... command) {
        String[] all = new String[command.length + 2];
        all[0] = "nsenter";
        all[1] = "--net=" + name;
        System.arraycopy(command, 0, all, 2, command.length);
        // ip(8) also looks at the other names under /run/netns, and says so when one of them goes meanwhile.
        return Shell.must(all)
                .lines()
                .filter(line -> !line.equals("Error: Peer netns reference is invalid."))
                .toList();
    }

    private static List<String> rules(String tool, List<String> saved) {
        List<String> lines = new ArrayList<>();
        String table = "";
        for (String line : saved) {
            if (line.startsWith("*")) {
                table = line.substring(1);
            } else if (line.startsWith("-") || (line.startsWith(":") && !line.contains(" ACCEPT "))) {
                lines.add(tool + " " + table + ": "
                        + COUNTER.matcher(line).replaceAll("").trim());
            }
        }
        return lines;
    }

    private static void add(List<String> lines, String prefix, Iterable<String> found) {
        found.forEach(line -> lines.add(prefix + line.trim()));
    }

    @Override
    public String toString() {
        return String.join("\n", lines);
    }
}
