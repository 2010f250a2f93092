package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;

/**
 * How a kind of destination is told from the others: by its label and by the pattern of its line, so that the colour
 * (of a palette that colour-blind people can tell apart) is only a third.
 */
enum KindStyle {
    PROXY(Rule.Kind.PROXY, "#00694d", "3 3"),
    DNS(Rule.Kind.DNS, "#8a5a00", "9 4"),
    DIRECT(Rule.Kind.DIRECT, "#005a9c", "none");

    private final Rule.Kind kind;
    private final String colour;
    private final String dashes;

    KindStyle(Rule.Kind kind, String colour, String dashes) {
        this.kind = kind;
        this.colour = colour;
        this.dashes = dashes;
    }

    static KindStyle of(Rule.Kind kind) {
        return valueOf(kind.name());
    }

    Rule.Kind kind() {
        return kind;
    }

    String label() {
        return kind.name();
    }

    String colour() {
        return colour;
    }

    /** Returns the line's pattern, a {@code stroke-dasharray}. */
    String dashes() {
        return dashes;
    }
}
