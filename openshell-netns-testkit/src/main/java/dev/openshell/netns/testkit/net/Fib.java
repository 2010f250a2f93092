package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The routing tables of one namespace: local, then main, then default; the longest prefix, then the lowest metric. */
final class Fib {
    private static final int[] ORDER = {Route.LOCAL_TABLE, Route.MAIN, Route.DEFAULT_TABLE};

    private final List<Route> routes = new ArrayList<>();

    List<Route> routes() {
        return routes;
    }

    List<Route> routes(Family family) {
        return routes.stream().filter(r -> r.destination().family() == family).toList();
    }

    /** Adds {@code route} behind those of its prefix and metric, unless it is there already. */
    void add(Route route) {
        if (!routes.contains(route)) {
            routes.add(route);
        }
    }

    void removeIf(Predicate<Route> which) {
        routes.removeIf(which);
    }

    Optional<Route> lookup(Ip destination) {
        return lookup(destination, r -> true);
    }

    /** Returns the route to {@code destination} among those that {@code usable} accepts, or one that rejects. */
    Optional<Route> lookup(Ip destination, Predicate<Route> usable) {
        for (int table : ORDER) {
            Optional<Route> found = lookup(table, destination, usable);
            if (found.isPresent() && found.get().type() != RouteType.THROW) {
                return found;
            }
        }
        return Optional.empty();
    }

    Optional<Route> lookup(int table, Ip destination, Predicate<Route> usable) {
        Route best = null;
        for (Route route : routes) {
            boolean candidate =
                    route.table() == table && route.covers(destination) && (route.link() == null || usable.test(route));
            if (candidate && (best == null || before(route, best))) {
                best = route;
            }
        }
        return Optional.ofNullable(best);
    }

    private static boolean before(Route a, Route b) {
        return a.prefix() != b.prefix() ? a.prefix() > b.prefix() : a.metric() < b.metric();
    }
}
