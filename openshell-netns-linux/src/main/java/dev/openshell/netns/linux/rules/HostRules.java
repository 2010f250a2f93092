package dev.openshell.netns.linux.rules;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.RestoreLines;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The host namespace's rules of one family as they stand now, and the texts that add to them or take from them. All
 * texts are for iptables-restore with {@code --noflush}; an empty one means that there is nothing to do.
 */
public final class HostRules {
    private static final String GUARD_COMMENT = "openshell:";

    private final String text;
    private @Nullable SavedRules parsed;

    private HostRules(String text) {
        this.text = text;
    }

    /** Parsed when it is first asked for: what is only remembered takes little room. */
    private SavedRules saved() {
        if (parsed == null) {
            parsed = SavedRules.parse(text);
        }
        return parsed;
    }

    /** Returns the rules that iptables-save printed. */
    public static HostRules of(String savedText) {
        return new HostRules(savedText);
    }

    /** Returns what iptables-save printed. */
    public String text() {
        return text;
    }

    /** Returns what iptables-save would have printed without the sandboxes' own chains and rules. */
    public String withoutSandboxes() {
        StringBuilder rest = new StringBuilder();
        for (String line : RestoreLines.of(text)) {
            if (!isSandboxes(line)) {
                rest.append(line).append('\n');
            }
        }
        return rest.toString();
    }

    private static boolean isSandboxes(String line) {
        boolean rule = line.startsWith("-A ");
        if (!rule && !line.startsWith(":")) {
            return false;
        }
        String chain = line.substring(rule ? 3 : 1).split(" ", 2)[0];
        boolean entry = rule && Chains.isShared(chain) && isForOne(chain, line);
        return entry || !Chains.link(chain).isEmpty();
    }

    /** By address alone only where the compiler writes none with an interface. */
    private static boolean isForOne(String chain, String rule) {
        boolean named = Stream.of(SavedRules.incoming(rule), SavedRules.option(rule, "-o"))
                .anyMatch(link -> link.startsWith(VethPair.HOST_PREFIX) && !link.endsWith("+"));
        boolean masquerades = chain.equals(Chains.POSTROUTING)
                && !SavedRules.option(rule, "-s").isEmpty()
                && !Chains.link(SavedRules.target(rule)).isEmpty();
        return named || masquerades;
    }

    /** Returns whether there is any rule at all, whoever made it. */
    public boolean any() {
        return saved().hasRules();
    }

    /**
     * Returns what makes the standing deny whole: it drops all to and from any sandbox's link, in a chain that is first
     * in FORWARD, INPUT, OUTPUT and raw PREROUTING, and leaves room for what each sandbox may do.
     */
    public String standing(boolean withNat) {
        List<String> lines = new ArrayList<>();
        lines.addAll(ensure("raw", Map.of("PREROUTING", Chains.SOURCE), sourceChain(), List.of()));
        if (withNat) {
            lines.addAll(
                    ensure("nat", Map.of("POSTROUTING", Chains.POSTROUTING), Map.of(), List.of(Chains.POSTROUTING)));
        }
        Map<String, String> hooks = new LinkedHashMap<>();
        hooks.put("INPUT", Chains.INPUT);
        hooks.put("FORWARD", Chains.FORWARD);
        hooks.put("OUTPUT", Chains.OUTPUT);
        lines.addAll(
                ensure("filter", hooks, denyChains(), List.of(Chains.FROM, Chains.LOCAL, Chains.TO, Chains.UPLINK)));
        return lines.isEmpty() ? "" : IptablesCompiler.text(lines);
    }

    /** The last rule of SOURCE denies; those before it are the sandboxes' own and stay. */
    private Map<String, List<String>> sourceChain() {
        List<String> own = new ArrayList<>(saved().rules("raw", Chains.SOURCE));
        String deny = Line.in(Chains.SOURCE).jump("DROP");
        own.removeIf(deny::equals);
        own.removeIf(HostRules::isBroken);
        own.add(deny);
        return Map.of(Chains.SOURCE, own);
    }

    private static Map<String, List<String>> denyChains() {
        String all = Chains.ALL_LINKS;
        Map<String, List<String>> chains = new LinkedHashMap<>();
        chains.put(
                Chains.FORWARD,
                List.of(
                        Line.in(Chains.FORWARD).incoming(all).outgoing(all).jump("DROP"),
                        Line.in(Chains.FORWARD).incoming(all).jump(Chains.FROM),
                        Line.in(Chains.FORWARD).incoming(all).jump("DROP"),
                        Line.in(Chains.FORWARD).outgoing(all).jump(Chains.TO),
                        Line.in(Chains.FORWARD).outgoing(all).jump("DROP"),
                        Line.in(Chains.FORWARD).jump(Chains.UPLINK)));
        chains.put(
                Chains.INPUT,
                List.of(
                        Line.in(Chains.INPUT).incoming(all).jump(Chains.LOCAL),
                        Line.in(Chains.INPUT).incoming(all).jump("DROP")));
        chains.put(
                Chains.OUTPUT,
                List.of(
                        Line.in(Chains.OUTPUT).outgoing(all).jump(Chains.TO),
                        Line.in(Chains.OUTPUT).outgoing(all).jump("DROP")));
        return chains;
    }

    private static String hookRule(String table, String hook, String chain) {
        Line line = Line.in(hook);
        return (table.equals("raw") ? line.incoming(Chains.ALL_LINKS) : line).jump(chain);
    }

    private List<String> ensure(
            String table, Map<String, String> hooks, Map<String, List<String>> fixed, List<String> open) {
        boolean whole = fixed.entrySet().stream()
                        .allMatch(chain -> saved().rules(table, chain.getKey()).equals(chain.getValue()))
                && open.stream().allMatch(chain -> saved().hasChain(table, chain))
                && hooks.entrySet().stream().allMatch(hook -> isFirst(table, hook.getKey(), hook.getValue()));
        if (whole) {
            return List.of();
        }
        List<String> lines = new ArrayList<>(List.of("*" + table));
        // Declaring a chain empties it: those that hold other sandboxes' rules are declared only where they are
        // missing.
        fixed.keySet().forEach(chain -> lines.add(":" + chain + " - [0:0]"));
        open.stream()
                .filter(chain -> !saved().hasChain(table, chain))
                .forEach(chain -> lines.add(":" + chain + " - [0:0]"));
        fixed.values().forEach(lines::addAll);
        hooks.forEach((hook, chain) -> {
            String rule = hookRule(table, hook, chain);
            if (!isFirst(table, hook, chain)) {
                saved().rules(table, hook).stream().filter(rule::equals).forEach(there -> lines.add(delete(there)));
                lines.add(rule.replaceFirst("-A (\\S+)", "-I $1 1"));
            }
        });
        lines.add("COMMIT");
        return lines;
    }

    private boolean isFirst(String table, String hook, String chain) {
        List<String> rules = saved().rules(table, hook);
        return !rules.isEmpty() && rules.get(0).equals(hookRule(table, hook, chain));
    }

    /** Returns the host ends of the links that have rules here. */
    public Set<String> links() {
        Set<String> links = new TreeSet<>();
        for (String table : saved().tables()) {
            saved().chains(table).stream()
                    .map(Chains::link)
                    .filter(link -> !link.isEmpty())
                    .forEach(links::add);
        }
        saved().rules("raw", Chains.SOURCE).stream()
                .map(SavedRules::incoming)
                .filter(link -> link.startsWith(VethPair.HOST_PREFIX))
                .forEach(links::add);
        return links;
    }

    /** Returns the only source address that {@code link} may send from, empty where it may not send at all. */
    public Optional<InetAddress> source(String link) {
        return saved().rules("raw", Chains.SOURCE).stream()
                .filter(rule -> SavedRules.incoming(rule).equals(link))
                .map(rule -> SavedRules.option(rule, "-s").split("/", 2)[0])
                .filter(InetAddresses::isInetAddress)
                .map(address -> (InetAddress) InetAddresses.forString(address))
                .findFirst();
    }

    /** Returns what stands beside the rule that lets {@code link} send, empty where nothing does. */
    public String comment(String link) {
        return saved().rules("raw", Chains.SOURCE).stream()
                .filter(rule -> SavedRules.incoming(rule).equals(link))
                .map(SavedRules::comment)
                .findFirst()
                .orElse("");
    }

    /**
     * What one rule of a link allows.
     *
     * @param local whether it ends on the host itself
     * @param comment what caused it
     */
    public record Permission(boolean local, int protocol, InetAddress address, int port, String comment) {}

    /**
     * Returns all that the rules of {@code link} allow.
     *
     * @throws NetnsException where somebody else allowed it more
     */
    public List<Permission> permissions(String link) {
        List<Permission> permissions = new ArrayList<>();
        for (boolean local : List.of(true, false)) {
            for (String rule : saved().rules("filter", local ? Chains.local(link) : Chains.from(link))) {
                if (SavedRules.target(rule).equals("ACCEPT")) {
                    permissions.add(permission(local, link, rule));
                }
            }
        }
        return permissions;
    }

    private static Permission permission(boolean local, String link, String rule) {
        try {
            return new Permission(
                    local,
                    Integer.parseInt(SavedRules.option(rule, "--ctproto")),
                    InetAddresses.forString(SavedRules.option(rule, "--ctorigdst")),
                    Integer.parseInt(SavedRules.option(rule, "--ctorigdstport")),
                    SavedRules.comment(rule));
        } catch (IllegalArgumentException e) {
            // Without a port or with a range of them, a network, no protocol: the compiler writes none of these.
            throw new NetnsException("read the rules", link, 0, "'" + rule + "' is none of its own", "close it", e);
        }
    }

    /** Returns what takes away the rules of {@code links}. */
    public String without(Collection<String> links) {
        return removal(chain -> links.contains(Chains.link(chain)), links::contains);
    }

    /**
     * Returns what takes away the rules of {@code link} that {@code loaded} has put there, one by one: refused where one of
     * them is not there as it was loaded.
     */
    public static String undoing(String loaded, String link) {
        SavedRules rules = SavedRules.ofLoaded(loaded);
        List<String> lines = new ArrayList<>();
        for (String table : rules.tables()) {
            List<String> chains = rules.chains(table);
            lines.add("*" + table);
            chains.stream()
                    .sorted(Comparator.comparing(
                            (String chain) -> Chains.link(chain).equals(link)))
                    .forEach(chain -> rules.rules(table, chain).forEach(rule -> lines.add(delete(rule))));
            chains.stream().filter(chain -> Chains.link(chain).equals(link)).forEach(chain -> lines.add("-X " + chain));
            lines.add("COMMIT");
        }
        return lines.isEmpty() ? "" : IptablesCompiler.text(lines);
    }

    /** Returns what takes away all that this project ever put here. */
    public String withoutAny() {
        return removal(chain -> Chains.isShared(chain) || !Chains.link(chain).isEmpty(), link -> true);
    }

    private String removal(Predicate<String> doomedChain, Predicate<String> doomedLink) {
        List<String> lines = new ArrayList<>();
        for (String table : saved().tables()) {
            List<String> doomed =
                    saved().chains(table).stream().filter(doomedChain).toList();
            List<String> body = new ArrayList<>();
            for (String chain : saved().chains(table)) {
                if (!doomed.contains(chain)) {
                    saved().rules(table, chain).stream()
                            .filter(rule -> !isBroken(rule))
                            .filter(rule -> doomed.contains(SavedRules.target(rule))
                                    || (chain.equals(Chains.SOURCE)
                                            && doomedLink.test(SavedRules.incoming(rule))
                                            && !SavedRules.incoming(rule).isEmpty()))
                            .forEach(rule -> body.add(delete(rule)));
                }
            }
            doomed.forEach(chain -> body.add("-F " + chain));
            doomed.stream()
                    .filter(chain -> !isJumpedTo(table, chain, doomed))
                    .forEach(chain -> body.add("-X " + chain));
            if (!body.isEmpty()) {
                lines.add("*" + table);
                lines.addAll(body);
                lines.add("COMMIT");
            }
        }
        return lines.isEmpty() ? "" : IptablesCompiler.text(lines);
    }

    /**
     * Returns what keeps {@code link}, on which forwarding is switched on, from forwarding anything but to sandboxes,
     * with {@code note} as the record of what has to be put back. For no link: whatever comes in anywhere.
     */
    public static String guard(String link, String note) {
        if (link.contains("+")) {
            throw new IllegalArgumentException("iptables takes interface name '" + link + "' for a wildcard");
        }
        Line line = Line.in(Chains.UPLINK);
        String rule = (link.isEmpty() ? line : line.incoming(link))
                .comment(GUARD_COMMENT + note)
                .jump("DROP");
        return IptablesCompiler.text(List.of("*filter", rule, "COMMIT"));
    }

    /** Returns the notes of all guards by link; the one for all links is under the empty name. */
    public Map<String, List<String>> guards() {
        Map<String, List<String>> guards = new LinkedHashMap<>();
        for (String rule : saved().rules("filter", Chains.UPLINK)) {
            int start = rule.indexOf(GUARD_COMMENT);
            if (start >= 0) {
                String note = rule.substring(start + GUARD_COMMENT.length()).split("[\" ]", 2)[0];
                guards.computeIfAbsent(SavedRules.incoming(rule), link -> new ArrayList<>())
                        .add(note);
            }
        }
        return guards;
    }

    /** Returns the addresses that DNAT rules lead to: a flow to a listed address may leave towards one of these. */
    public Set<String> dnatTargets(Family family) {
        Set<String> targets = new TreeSet<>();
        for (String chain : saved().chains("nat")) {
            for (String rule : saved().rules("nat", chain)) {
                String target = SavedRules.option(rule, "--to-destination");
                if (!target.isEmpty()) {
                    targets.add(withoutPort(target, family));
                }
            }
        }
        return targets;
    }

    /** {@code a.b.c.d[-e.f.g.h][:port[-port]]} or {@code [v6]:port}: the first address. */
    private static String withoutPort(String target, Family family) {
        String address =
                family == Family.IPV6 ? target.replaceFirst("^\\[([^\\]]*)\\].*", "$1") : target.split(":", 2)[0];
        return address.split("-", 2)[0];
    }

    /** iptables-save prints a comment's line break as it is; iptables-restore takes what stands behind it for a line. */
    private static boolean isBroken(String rule) {
        return rule.indexOf('\n') >= 0;
    }

    /** Returns whether a rule that has to stay leads to {@code chain}, which then can be emptied but not deleted. */
    private boolean isJumpedTo(String table, String chain, List<String> doomed) {
        return saved().chains(table).stream()
                .filter(from -> !doomed.contains(from))
                .flatMap(from -> saved().rules(table, from).stream())
                .anyMatch(rule -> isBroken(rule) && SavedRules.target(rule).equals(chain));
    }

    private static String delete(String rule) {
        return "-D" + rule.substring(2);
    }
}
