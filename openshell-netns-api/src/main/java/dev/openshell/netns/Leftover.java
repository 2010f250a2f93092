package dev.openshell.netns;

import java.util.Locale;
import java.util.Objects;

/**
 * Something that a sandbox left on the host because its owner died.
 *
 * @param kind what it is
 * @param name what it is called, such as the interface {@code osh-1a2b3c4d}
 * @param owner who made it, such as {@code process 4711}; empty where that is not known
 * @since 0.1
 */
@Incubating
public record Leftover(Kind kind, String name, String owner) {
    /** What a leftover is. */
    public enum Kind {
        /** The host end of a link. */
        LINK,
        /** Rules of the host's tables. */
        RULES,
        /** A name under {@code /run/netns}. */
        NAME,
        /** Processes inside. */
        PROCESSES,
        /** Forwarding that was switched on. */
        FORWARDING
    }

    /** Checks that nothing is null. */
    public Leftover {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(owner, "owner");
    }

    /** Returns {@code KIND NAME of OWNER}, such as {@code link osh-1a2b3c4d of process 4711}. */
    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " " + name + (owner.isEmpty() ? "" : " of " + owner);
    }
}
