package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A planner with one weakness, each a line that somebody could have got wrong. */
public final class Mutant extends Planner {
    private static final String DENY = "deny on the host";
    private static final String ALLOW = "allow on the host";
    private static final String INSIDE = "load the sandbox's rules";
    private static final String HOST_UP = "bring the host end up";

    /** All of them. */
    public static final List<Mutant> ALL = List.of(
            text("inside: what is refused is dropped in silence", INSIDE, drop("-A OUTPUT -j REJECT.*")),
            text(
                    "inside: only tcp is refused at once",
                    INSIDE,
                    replace("-A OUTPUT -j REJECT", "-A OUTPUT -p gre -j REJECT")),
            text("inside: /24 for /32", INSIDE, replace("/32 -o eth0", "/24 -o eth0")),
            text("inside: a prefix for an IPv6 address", INSIDE, replace("/128 -o eth0", "/120 -o eth0")),
            text("inside: any port", INSIDE, replace(" -m (tcp|udp) --dport \\d+", "")),
            text("inside: any protocol", INSIDE, replace(" -p (tcp|udp) -m (tcp|udp) --dport \\d+", "")),
            text("inside: everything out, not loopback alone", INSIDE, replace("-A OUTPUT -o lo", "-A OUTPUT")),
            text(
                    "inside: everything in",
                    INSIDE,
                    replace("-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY ", "")),
            text("inside: wrong port", INSIDE, replace("--dport 53 ", "--dport 54 ")),
            text("inside: wrong chain", INSIDE, replace("-A OUTPUT -d", "-A FORWARD -d")),
            text("inside: refusal before permission", INSIDE, first("-A OUTPUT -p tcp -j REJECT.*")),
            family("inside: no IPv6 rules", INSIDE, Family.IPV6),
            text(
                    "host: /24 for an address",
                    ALLOW,
                    replace("--ctorigdst (\\d+\\.\\d+\\.\\d+)\\.\\d+", "--ctorigdst $1.0/24")),
            text("host: a prefix for an IPv6 address", ALLOW, replace("--ctorigdst (2001:\\S+)", "--ctorigdst $1/64")),
            text("host: any port", ALLOW, replace(" --ctorigdstport \\d+", "")),
            text(
                    "host: any protocol",
                    ALLOW,
                    replace("-p (tcp|udp) (-m conntrack --ctstate NEW,ESTABLISHED) --ctproto \\d+", "$2")),
            text(
                    "host: errors made inside",
                    ALLOW,
                    replace("-p (tcp|udp) -m conntrack --ctstate NEW,ESTABLISHED --ctproto", "-m conntrack --ctproto")),
            text(
                    "host: ESTABLISHED first",
                    ALLOW,
                    before(
                            "-A \\S+-from -p tcp -m conntrack --ctstate NEW -m tcp.*",
                            "-A $CHAIN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")),
            text("host: a forgotten flow picked up, forwarded", ALLOW, drop("-A \\S+-from .*--tcp-flags.*")),
            text("host: a forgotten flow picked up, to the proxy", ALLOW, drop("-A \\S+-local .*--tcp-flags.*")),
            text("host: one permission lost", ALLOW, drop("-A \\S+-from .*--ctorigdstport 5432.*")),
            text("host: answers lost", ALLOW, drop("-A \\S+-to .*")),
            text("host: answers without a flow", ALLOW, replace("(-A \\S+-to) .*", "$1 -j ACCEPT")),
            text("host: permission in the wrong chain", ALLOW, replace("(-A \\S+)-from (-p udp)", "$1-local $2")),
            text(
                    "host: every local port",
                    ALLOW,
                    replace("(-A \\S+-local -d \\S+ -p tcp) -m tcp --dport \\d+ (.*) --ctorigdstport \\d+", "$1 $2")),
            text("host: not masqueraded", ALLOW, drop("-A \\S+-nat .*")),
            text("host: forwarded without a deny", DENY, drop("-A OPENSHELL-FORWARD -i osh-\\+ -j DROP")),
            text("host: deny before permission", DENY, first("-A OPENSHELL-FORWARD -i osh-\\+ -j DROP")),
            text("host: from sandbox to sandbox", DENY, drop("-A OPENSHELL-FORWARD -i osh-\\+ -o osh-\\+ -j DROP")),
            text("host: let in from outside", DENY, drop("-A OPENSHELL-FORWARD -o osh-\\+ -j DROP")),
            text("host: every service of the host", DENY, drop("-A OPENSHELL-INPUT -i osh-\\+ -j DROP")),
            text("host: let in from the host", DENY, drop("-A OPENSHELL-OUTPUT -o osh-\\+ -j DROP")),
            text(
                    "host: jump in the wrong chain",
                    DENY,
                    replace("-I FORWARD 1 -j OPENSHELL-FORWARD", "-I OUTPUT 1 -j OPENSHELL-FORWARD")),
            text("host: jump behind others' rules", DENY, replace("-I (FORWARD|INPUT|OUTPUT) 1", "-A $1")),
            text(
                    "host: source never looked at",
                    List.of(DENY, ALLOW),
                    replace(
                            "-A OPENSHELL-SOURCE -j DROP| --ctorigsrc \\S+|(-A OPENSHELL-(?:FROM|LOCAL)) -s \\S+",
                            "$1")),
            text(
                    "host: no IPv6 deny",
                    DENY,
                    replace("(-A OPENSHELL-FORWARD -i osh-\\+ -j) DROP", "$1 RETURN"),
                    Family.IPV6),
            text("inside: errors about a flow lost", INSIDE, replace("RELATED,ESTABLISHED", "ESTABLISHED")),
            text("host: errors about a flow lost", ALLOW, replace("RELATED,ESTABLISHED", "ESTABLISHED")),
            text("inside: no limits", INSIDE, drop("-A OUTPUT -o eth0 .*limit .*")),
            text("host: no limit on connections", ALLOW, drop("-A \\S+-(from|local) .* -m connlimit .*")),
            text("host: no limit on new connections", ALLOW, drop("-A \\S+-(from|local) .* -m hashlimit .*")),
            text("host: no limit on the proxy", ALLOW, drop("-A \\S+-local .*limit .*")),
            text("host: limits behind the permissions", ALLOW, last("-A \\S+-(from|local) .*limit .*")),
            text("host: a limit for all endpoints together", ALLOW, replace("-mask \\d+ (.*-daddr)", "-mask 0 $1")),
            text(
                    "host: a limit for each program inside",
                    ALLOW,
                    replace("-mode dstip,dstport", "-mode srcport,dstport")),
            text("host: a limit of what is within", ALLOW, replace("--connlimit-above", "--connlimit-upto")),
            text("host: a limit that accepts", ALLOW, replace("(.*connlimit.*-j) DROP", "$1 ACCEPT")),
            plan("host: no IPv6 deny for a policy without", Mutant::noIpv6OnTheHost),
            plan("forwarding off with the first that closes", Mutant::forwardingUndone),
            plan("forwarding as others write it", steps -> sysctl(steps, ".*/forwarding", "2", "1")),
            plan("forwarding host that learns no routes", steps -> sysctl(steps, ".*/accept_ra", "2", "1")),
            text("accept_ra without a record", "guard the uplink", replace("openshell:accept_ra-1", "openshell:x")),
            text(
                    "IPv6 forwarding without a record",
                    "guard the uplink",
                    replace("openshell:all.forwarding-0", "openshell:x")),
            text(
                    "IPv6 forwarding without a guard",
                    "guard the uplink",
                    replace("(openshell:all.forwarding-0\"? -j) DROP", "$1 RETURN")),
            plan("guard left out", steps -> without(steps, "guard the uplink")),
            plan("forwarding left off", steps -> without(steps, "switch forwarding on")),
            plan("inner rules after the link is up", steps -> behind(steps, INSIDE, HOST_UP)),
            plan("deny after the link is up", steps -> behind(steps, DENY, HOST_UP)),
            plan("permission before the inner rules", steps -> behind(steps, INSIDE, ALLOW)),
            plan("namespace never closed", steps -> forgetting(steps, "create the namespace")),
            plan("host rules never taken away", steps -> forgetting(steps, DENY)),
            plan("name never taken away", steps -> forgetting(steps, "publish the namespace")));

    private final String name;
    private final UnaryOperator<List<Step>> change;
    private final Optional<Consumer<VerificationException>> proof;
    private boolean changed;

    private Mutant(String name, UnaryOperator<List<Step>> change) {
        this(name, change, Optional.empty());
    }

    private Mutant(String name, UnaryOperator<List<Step>> change, Optional<Consumer<VerificationException>> proof) {
        super(new IptablesCompiler());
        this.name = name;
        this.change = change;
        this.proof = proof;
    }

    /** Returns the sound planner, whose plans are proved as they always are. */
    public static Mutant none(Consumer<VerificationException> found) {
        return new Mutant("sound", steps -> steps).proving(found);
    }

    /** Returns one with the same weakness whose plans are proved; what the proof finds goes to {@code found}. */
    public Mutant proving(Consumer<VerificationException> found) {
        return new Mutant(name, change, Optional.of(found));
    }

    @Override
    Plan plan(SandboxPolicy policy, RuleSet rules, Link link, HostState host, List<Step> forwarding) {
        Plan sound = super.plan(policy, rules, link, host, forwarding);
        List<Step> weak = change.apply(sound.steps());
        changed |= !texts(weak).equals(texts(sound.steps()));
        return new Plan(link, List.copyOf(weak));
    }

    /** Lets it pass: what else catches it is to be seen. */
    @Override
    Verified verify(Plan plan, RuleSet rules, HostState host) {
        if (proof.isPresent()) {
            try {
                return super.verify(plan, rules, host);
            } catch (VerificationException e) {
                proof.get().accept(e);
            }
        }
        return new Verified(BigInteger.ZERO, 0, Duration.ZERO);
    }

    private static List<String> texts(List<Step> steps) {
        return steps.stream()
                .map(step -> step.name()
                        + (step.action() instanceof Action.Load load ? load.family() + load.text() : step.object())
                        + (step.action() instanceof Action.SetSysctl set ? set.value() : "")
                        + step.undo().isPresent())
                .toList();
    }

    /** Returns whether any plan came out other than it should. */
    public boolean changed() {
        return changed;
    }

    @Override
    public String toString() {
        return name;
    }

    private static Mutant plan(String name, UnaryOperator<List<Step>> change) {
        return new Mutant(name, change);
    }

    private static Mutant text(String name, String step, UnaryOperator<String> change) {
        return text(name, List.of(step), change);
    }

    private static Mutant text(String name, List<String> names, UnaryOperator<String> change) {
        return new Mutant(name, steps -> steps.stream()
                .map(step -> names.contains(step.name()) && step.action() instanceof Action.Load load
                        ? with(step, new Action.Load(load.where(), load.family(), change.apply(load.text())))
                        : step)
                .toList());
    }

    private static Mutant text(String name, String step, UnaryOperator<String> change, Family family) {
        return new Mutant(name, steps -> steps.stream()
                .map(each ->
                        each.name().equals(step) && each.action() instanceof Action.Load load && load.family() == family
                                ? with(each, new Action.Load(load.where(), family, change.apply(load.text())))
                                : each)
                .toList());
    }

    private static Mutant family(String name, String step, Family family) {
        return new Mutant(name, steps -> steps.stream()
                .filter(each -> !(each.name().equals(step)
                        && each.action() instanceof Action.Load load
                        && load.family() == family))
                .toList());
    }

    private static Step with(Step step, Action action) {
        return new Step(step.name(), step.object(), action, step.undo(), step.when());
    }

    private static UnaryOperator<String> lines(UnaryOperator<List<String>> change) {
        return text -> text.isEmpty()
                ? text
                : change.apply(text.lines().toList()).stream().collect(Collectors.joining("\n", "", "\n"));
    }

    private static UnaryOperator<String> drop(String pattern) {
        return lines(all -> all.stream().filter(line -> !line.matches(pattern)).toList());
    }

    private static UnaryOperator<String> replace(String pattern, String by) {
        return lines(all -> all.stream()
                .map(line -> line.replaceAll(pattern, by))
                .filter(line -> !line.isEmpty())
                .toList());
    }

    /** Puts {@code rule} before the first line of the pattern, for the same chain. */
    private static UnaryOperator<String> before(String pattern, String rule) {
        return lines(all -> {
            List<String> more = new ArrayList<>();
            for (String line : all) {
                if (line.matches(pattern)) {
                    more.add(rule.replace("$CHAIN", line.split(" ")[1]));
                }
                more.add(line);
            }
            return more;
        });
    }

    /** Puts the line of the pattern before all other rules of its chain. */
    private static UnaryOperator<String> first(String pattern) {
        return lines(all -> {
            List<String> rest = new ArrayList<>(all);
            Optional<String> moved =
                    all.stream().filter(line -> line.matches(pattern)).findFirst();
            moved.ifPresent(line -> {
                rest.remove(line);
                String chain = line.split(" ")[1];
                int at = 0;
                while (!rest.get(at).startsWith("-A " + chain + " ")) {
                    at++;
                }
                rest.add(at, line);
            });
            return rest;
        });
    }

    /** Puts the lines of the pattern behind all others of their table. */
    private static UnaryOperator<String> last(String pattern) {
        return lines(all -> {
            List<String> rest = new ArrayList<>(all);
            List<String> moved =
                    all.stream().filter(line -> line.matches(pattern)).toList();
            rest.removeAll(moved);
            rest.addAll(rest.lastIndexOf("COMMIT"), moved);
            return rest;
        });
    }

    private static List<Step> without(List<Step> steps, String name) {
        return steps.stream().filter(step -> !step.name().equals(name)).toList();
    }

    private static List<Step> behind(List<Step> steps, String moved, String anchor) {
        List<Step> rest = new ArrayList<>(without(steps, moved));
        int at = 0;
        for (int i = 0; i < rest.size(); i++) {
            at = rest.get(i).name().equals(anchor) ? i + 1 : at;
        }
        rest.addAll(at, steps.stream().filter(step -> step.name().equals(moved)).toList());
        return rest;
    }

    private static List<Step> forgetting(List<Step> steps, String name) {
        return steps.stream()
                .map(step -> step.name().equals(name) ? Step.of(step.name(), step.object(), step.action()) : step)
                .toList();
    }

    /** The link's own IPv6 stays on as well, which would keep it out too. */
    private static List<Step> noIpv6OnTheHost(List<Step> steps) {
        Predicate<Step> off = step -> step.action() instanceof Action.SetSysctl set
                && set.where() == Action.Where.HOST
                && set.key().endsWith("/disable_ipv6")
                && set.value().equals("1");
        Predicate<Step> deny = step ->
                step.name().equals(DENY) && step.action() instanceof Action.Load load && load.family() == Family.IPV6;
        return steps.stream().noneMatch(off)
                ? steps
                : steps.stream().filter(off.or(deny).negate()).toList();
    }

    private static List<Step> forwardingUndone(List<Step> steps) {
        return steps.stream()
                .map(step -> step.action() instanceof Action.SetSysctl set
                                && step.name().equals("switch forwarding on")
                                && !step.object().contains("osh-")
                        ? step.undoneBy(Plan.Undo.IF_DONE, new Action.SetSysctl(set.where(), set.key(), "0"))
                        : step)
                .toList();
    }

    /** Writes another value into the keys of the pattern. */
    private static List<Step> sysctl(List<Step> steps, String pattern, String value, String by) {
        return steps.stream()
                .map(step -> step.action() instanceof Action.SetSysctl set
                                && set.key().matches(pattern)
                                && set.value().equals(value)
                        ? with(step, new Action.SetSysctl(set.where(), set.key(), by))
                        : step)
                .toList();
    }
}
