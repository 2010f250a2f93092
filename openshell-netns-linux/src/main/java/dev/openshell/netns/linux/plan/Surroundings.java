package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Cidr;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/** What there is in a host namespace that a new link must not collide with. */
interface Surroundings {
    /** Returns whether an interface is known to have that name. */
    boolean isTaken(String name);

    /** Returns whether an interface is known to have that index. */
    boolean isTaken(int index);

    /** Returns whether no address and no route but default ones overlaps {@code network}. */
    boolean isFree(Cidr network);

    /** Returns what overlaps {@code network}. */
    Set<String> overlapping(Cidr network);

    /** Returns the name of an interface. */
    Optional<String> name(int index);

    /** Returns the names of all interfaces. */
    Collection<String> names();
}
