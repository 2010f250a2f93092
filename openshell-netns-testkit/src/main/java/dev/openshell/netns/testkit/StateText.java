package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.path.Stack;
import java.util.ArrayList;
import java.util.List;

/** A machine's state as lines: two are equal if and only if nothing differs that a sandbox could have left. */
final class StateText {
    private static final List<String> PER_LINK = List.of(
            "net/ipv4/conf/%s/forwarding",
            "net/ipv4/conf/%s/rp_filter",
            "net/ipv6/conf/%s/forwarding",
            "net/ipv6/conf/%s/force_forwarding",
            "net/ipv6/conf/%s/accept_ra",
            "net/ipv6/conf/%s/disable_ipv6",
            "net/ipv6/conf/%s/addr_gen_mode");

    private StateText() {}

    static List<String> of(FakeMachine machine) {
        List<String> lines = new ArrayList<>();
        machine.paths().stream()
                .sorted()
                .forEach(path -> lines.add((machine.isPublished(path) ? "published " : "file ") + path));
        for (Netns netns : machine.namespaces()) {
            String where = "net:[" + netns.inode() + "] ";
            List<String> own = new ArrayList<>();
            links(netns, own);
            rules(machine.stack(netns), own);
            own.forEach(line -> lines.add(where + line));
        }
        return lines;
    }

    private static void links(Netns netns, List<String> lines) {
        List<String> scopes = new ArrayList<>(List.of("all", "default"));
        for (Link link : netns.links()) {
            scopes.add(link.name());
            lines.add("link " + link.index() + " " + link.name() + (link.up() ? " up" : " down"));
            link.addresses()
                    .forEach(address ->
                            lines.add("address " + link.name() + " " + address.ip() + "/" + address.prefix()));
        }
        for (Family family : Family.values()) {
            netns.routes(family).forEach(route -> lines.add("route " + route));
        }
        netns.neighbours().forEach(neighbour -> lines.add("neighbour " + neighbour.link() + " " + neighbour.ip()));
        for (String scope : scopes) {
            for (String key : PER_LINK) {
                String name = String.format(java.util.Locale.ROOT, key, scope);
                netns.readSysctl(name).ifPresent(value -> lines.add(name + " = " + value));
            }
        }
    }

    /** Counters, empty tables, and chains that only accept are not what anybody set up. */
    private static void rules(Stack stack, List<String> lines) {
        stack.nftables().state().forEach(line -> lines.add("nft " + line));
        for (Family family : Family.values()) {
            for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
                String table = "";
                for (String line : stack.ruleset(family, variant).save().lines().toList()) {
                    if (line.startsWith("*")) {
                        table = line.substring(1);
                    } else if (line.startsWith("-") || (line.startsWith(":") && !line.contains(" ACCEPT "))) {
                        lines.add(family + " " + variant + " " + table + ": " + line.replaceAll(" ?\\[\\d+:\\d+]", ""));
                    }
                }
            }
        }
    }
}
