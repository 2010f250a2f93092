package dev.openshell.netns.testkit.path;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Neighbour;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.net.ReversePath;
import dev.openshell.netns.testkit.net.Route;
import dev.openshell.netns.testkit.net.RouteType;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/** Takes a packet the way that it goes in Linux, from one namespace to the next. */
public final class Traveller {
    private static final int MOST_HOPS = 64;
    private static final Ip LOOPBACK6 = Ip.parse("::1");

    private final Function<Netns, Stack> stacks;
    private int hops;

    /** Makes one for a machine whose namespaces have these stacks. */
    public Traveller(Function<Netns, Stack> stacks) {
        this.stacks = stacks;
    }

    /** Sends {@code skb} out of {@code stack}, as a socket of it would. */
    public Journey send(Stack stack, Skb skb) {
        return output(stack, skb, new Journey(skb));
    }

    /** Lets {@code header} come in by {@code link}, from outside. */
    public Journey receive(Stack stack, Link link, Header header) {
        Skb skb = new Skb(header);
        return link.up()
                ? input(stack, link, skb, new Journey(skb))
                : new Journey(skb).end(End.LINK_DOWN, stack, link.name(), skb);
    }

    private static Netfilter netfilter(Stack stack, Skb skb) {
        return new Netfilter(
                hook -> stack.nftables().at(hook, skb.header.family()),
                stack.conntrack(),
                stack.rulesets(skb.header.family()),
                stack,
                stack.net().inode(),
                packet -> masquerade(stack.net(), packet),
                packet -> redirect(stack.net(), packet));
    }

    private static Optional<Ip> masquerade(Netns net, Skb skb) {
        Ip destination = skb.header.destination();
        Optional<Ip> gateway = net.route(destination).flatMap(Route::gateway);
        boolean four = destination.family() == Family.IPV4;
        return net.sourceFor(net.link(skb.out), Optional.of(four ? gateway.orElse(destination) : destination));
    }

    /** The host itself: what comes in goes to the interface's first address, what it sends to its loopback address. */
    private static Optional<Ip> redirect(Netns net, Skb skb) {
        Family family = skb.header.family();
        if (skb.in.isEmpty()) {
            return Optional.of(Ip.parse(family == Family.IPV4 ? "127.0.0.1" : "::1"));
        }
        return net.link(skb.in).addresses(family).stream()
                .map(address -> address.ip())
                .findFirst();
    }

    private Journey output(Stack stack, Skb skb, Journey journey) {
        Optional<Route> route = stack.net().route(skb.header.destination());
        if (!leads(route)) {
            journey.detail(route.map(found -> found.type().name()).orElse(""));
            return journey.end(End.UNREACHABLE, stack, "", skb);
        }
        skb.in = "";
        skb.out = out(stack, route.orElseThrow()).name();
        Header before = skb.header;
        Outcome outcome = netfilter(stack, skb).run(Hook.OUTPUT, skb, journey::add);
        if (outcome != Outcome.ACCEPT) {
            return stopped(stack, skb, outcome, journey);
        }
        if (!skb.header.destination().equals(before.destination())) {
            route = stack.net().route(skb.header.destination());
            if (!leads(route)) {
                return journey.end(End.UNREACHABLE, stack, "", skb);
            }
            skb.out = out(stack, route.orElseThrow()).name();
        }
        return leave(stack, route.orElseThrow(), skb, journey);
    }

    private static boolean leads(Optional<Route> route) {
        return route.isPresent() && !route.get().type().rejects();
    }

    /** What is for the namespace itself goes by way of its loopback interface. */
    private static Link out(Stack stack, Route route) {
        boolean own = route.type() == RouteType.LOCAL || route.type() == RouteType.ANYCAST;
        return own ? stack.net().link("lo") : route.out();
    }

    private static boolean disabled(Stack stack, Link link, Skb skb) {
        return skb.header.family() == Family.IPV6
                && stack.net()
                        .readSysctl("net/ipv6/conf/" + link.name() + "/disable_ipv6")
                        .filter("1"::equals)
                        .isPresent();
    }

    private Journey leave(Stack stack, Route route, Skb skb, Journey journey) {
        if (disabled(stack, out(stack, route), skb)) {
            return journey.end(End.IPV6_DISABLED, stack, out(stack, route).name(), skb);
        }
        Outcome outcome = netfilter(stack, skb).run(Hook.POSTROUTING, skb, journey::add);
        if (outcome != Outcome.ACCEPT) {
            return stopped(stack, skb, outcome, journey);
        }
        Link link = out(stack, route);
        if (!link.carrier()) {
            return journey.end(End.LINK_DOWN, stack, link.name(), skb);
        }
        if (link.kind() == Link.Kind.LOOPBACK) {
            return input(stack, link, skb, journey);
        }
        Optional<Link> peer = link.peer();
        if (peer.isEmpty()) {
            return journey.end(End.LEFT, stack, link.name(), skb);
        }
        Stack next = stacks.apply(peer.get().netns());
        Ip hop = route.gateway().orElse(skb.header.destination());
        if (!reaches(stack, link, hop, next, peer.get())) {
            return journey.end(End.NO_NEIGHBOUR, stack, link.name(), skb);
        }
        return input(next, peer.get(), new Skb(skb.header), journey);
    }

    /** Whether a frame for {@code hop} is taken by the other end: a neighbour that somebody set, else one that answers. */
    private static boolean reaches(Stack stack, Link link, Ip hop, Stack next, Link peer) {
        for (Neighbour neighbour : stack.net().neighbours()) {
            if (neighbour.link() == link && neighbour.ip().equals(hop)) {
                return Arrays.equals(neighbour.mac(), peer.mac());
            }
        }
        return !Answers.single(hop) || next.net().isLocal(hop);
    }

    private Journey input(Stack stack, Link link, Skb skb, Journey journey) {
        if (++hops > MOST_HOPS) {
            return journey.end(End.LOOP, stack, link.name(), skb);
        }
        boolean loopback = link.kind() == Link.Kind.LOOPBACK;
        journey.arrived(stack, link.name(), skb);
        skb.in = link.name();
        skb.out = "";
        if (disabled(stack, link, skb)) {
            return journey.end(End.IPV6_DISABLED, stack, link.name(), skb);
        }
        if (!loopback && skb.header.family() == Family.IPV6 && martian(skb.header)) {
            return journey.end(End.MARTIAN, stack, link.name(), skb);
        }
        Outcome outcome = netfilter(stack, skb).run(Hook.PREROUTING, skb, journey::add);
        if (outcome != Outcome.ACCEPT) {
            return stopped(stack, skb, outcome, journey);
        }
        Optional<End> refused = loopback ? Optional.empty() : sourceRefused(stack, link, skb.header);
        if (refused.isPresent()) {
            return journey.end(refused.get(), stack, link.name(), skb);
        }
        // IPv6 looks for a loopback address on the interface alone that the packet came in by.
        Optional<Route> route = !loopback && skb.header.destination().equals(LOOPBACK6)
                ? stack.net().route(LOOPBACK6, link)
                : stack.net().route(skb.header.destination());
        boolean here = route.map(found -> found.type() == RouteType.LOCAL
                        || found.type() == RouteType.BROADCAST
                        || found.type() == RouteType.ANYCAST)
                .orElse(false);
        return here ? deliver(stack, link, skb, journey) : forward(stack, link, route, skb, journey);
    }

    /** IPv6 looks at these before any hook. */
    private static boolean martian(Header header) {
        return header.source().high() >>> 56 == 0xff
                || header.source().equals(LOOPBACK6)
                || header.destination().equals(LOOPBACK6)
                || header.destination().equals(Ip.parse("::"));
    }

    private static Optional<End> sourceRefused(Stack stack, Link link, Header header) {
        if (header.family() == Family.IPV6) {
            return Optional.empty();
        }
        long first = header.destination().low() >>> 24;
        boolean localnet = stack.net()
                .readSysctl("net/ipv4/conf/" + link.name() + "/route_localnet")
                .filter(value -> !value.equals("0"))
                .isPresent();
        if (first == 0 || (first == 127 && !localnet)) {
            return Optional.of(End.MARTIAN);
        }
        Link out = stack.net()
                .route(header.destination())
                .filter(route -> route.type() == RouteType.UNICAST)
                .map(Route::out)
                .orElse(null);
        ReversePath path = stack.net().reversePath(header.source(), link, out);
        return switch (path) {
            case OK -> Optional.empty();
            case MARTIAN_SOURCE -> Optional.of(End.MARTIAN);
            case NOT_BY_THIS_INTERFACE, NO_ROUTE_BACK -> Optional.of(End.REVERSE_PATH);
        };
    }

    private Journey deliver(Stack stack, Link link, Skb skb, Journey journey) {
        Outcome outcome = netfilter(stack, skb).run(Hook.INPUT, skb, journey::add);
        return outcome == Outcome.ACCEPT
                ? journey.end(End.DELIVERED, stack, link.name(), skb)
                : stopped(stack, skb, outcome, journey);
    }

    private Journey forward(Stack stack, Link link, Optional<Route> route, Skb skb, Journey journey) {
        Family family = skb.header.family();
        boolean forwards = stack.net().forwards(family, link);
        if (route.isPresent() && !route.get().type().rejects() && !forwards) {
            return journey.end(End.NOT_FORWARDED, stack, link.name(), skb);
        }
        if (!leads(route) || !Answers.single(skb.header.destination())) {
            journey.end(End.UNREACHABLE, stack, link.name(), skb);
            String type = route.map(found -> found.type().name()).orElse("");
            journey.detail(type);
            if ((forwards || family == Family.IPV6) && Answers.single(skb.header.destination())) {
                unreachable(family, type).ifPresent(with -> answer(stack, skb, with, journey));
            }
            return journey;
        }
        skb.out = route.orElseThrow().out().name();
        Outcome outcome = netfilter(stack, skb).run(Hook.FORWARD, skb, journey::add);
        return outcome == Outcome.ACCEPT
                ? leave(stack, route.orElseThrow(), skb, journey)
                : stopped(stack, skb, outcome, journey);
    }

    /** What is answered where no route leads on; a black hole is silent. */
    private static Optional<String> unreachable(Family family, String routeType) {
        boolean four = family == Family.IPV4;
        return Optional.ofNullable(
                switch (routeType) {
                    case "BLACKHOLE" -> null;
                    case "PROHIBIT" -> four ? "icmp-admin-prohibited" : "icmp6-adm-prohibited";
                    case "UNREACHABLE" -> four ? "icmp-host-unreachable" : "icmp6-no-route";
                    default -> four ? "icmp-net-unreachable" : "icmp6-no-route";
                });
    }

    private Journey stopped(Stack stack, Skb skb, Outcome outcome, Journey journey) {
        if (outcome == Netfilter.CLASH) {
            journey.detail("another flow has its addresses and ports");
        }
        if (!(outcome instanceof Outcome.Reject reject)) {
            return journey.end(End.DROPPED, stack, skb.in.isEmpty() ? skb.out : skb.in, skb);
        }
        journey.end(End.REJECTED, stack, skb.in.isEmpty() ? skb.out : skb.in, skb);
        journey.detail(reject.with());
        if (Answers.isReset(reject.with()) || Answers.checked(skb)) {
            answer(stack, skb, reject.with(), journey);
        }
        return journey;
    }

    private void answer(Stack stack, Skb cause, String with, Journey journey) {
        Optional<Header> header = Answers.isReset(with)
                ? Answers.reset(cause.header)
                : errorSource(stack, cause).flatMap(source -> Answers.error(with, cause.header, source));
        header.ifPresent(made -> {
            Skb answer = new Skb(made);
            stack.conntrack().attach(answer, cause);
            journey.answer(output(stack, answer, new Journey(answer)));
        });
    }

    /**
     * An error about what was sent to this machine comes from there; any other from the address that suits the sender:
     * under IPv4 by the way back, under IPv6 by the interface that the refused packet came in by. An anycast address is
     * told nothing.
     */
    private static Optional<Ip> errorSource(Stack stack, Skb cause) {
        Header refused = cause.header;
        Optional<Route> back = stack.net().route(refused.source());
        if (back.filter(route -> route.type() == RouteType.ANYCAST).isPresent()) {
            return Optional.empty();
        }
        if (stack.net().isLocal(refused.destination())) {
            return Optional.of(refused.destination());
        }
        if (refused.family() == Family.IPV6 && !cause.in.isEmpty()) {
            return stack.net().sourceFor(stack.net().link(cause.in), Optional.of(refused.source()));
        }
        if (!leads(back)) {
            return Optional.empty();
        }
        return back.orElseThrow().source().or(() -> stack.net()
                .sourceFor(back.orElseThrow().out(), Optional.of(refused.source())));
    }
}
