package dev.openshell.netns.linux.picture;

/** How a text looks, and so how wide it gets at most in the fonts that the generic names stand for. */
enum TextStyle {
    TITLE(20, "sans-serif", true, "#1b1f24"),
    HEADING(16, "sans-serif", true, "#1b1f24"),
    HOOK(13, "sans-serif", true, "#1b1f24"),
    BODY(12, "sans-serif", false, "#3d444d"),
    DENIED(12, "sans-serif", true, "#a3270f"),
    BADGE(10, "sans-serif", true, "#ffffff"),
    CODE(12, "monospace", false, "#1b1f24");

    /** A monospaced character is 0.60 em wide in the usual fonts; a proportional one less, on the average. */
    private static final double WIDEST = 0.62;

    private final int size;
    private final String family;
    private final boolean bold;
    private final String colour;

    TextStyle(int size, String family, boolean bold, String colour) {
        this.size = size;
        this.family = family;
        this.bold = bold;
        this.colour = colour;
    }

    /** Returns the width of {@code characters} in pixels. */
    int width(int characters) {
        return (int) Math.ceil(characters * size * WIDEST);
    }

    /** Returns how many characters fit into {@code width} pixels. */
    int fitting(int width) {
        return (int) (width / (size * WIDEST));
    }

    /** Returns the attributes of a text in this style. */
    String look() {
        return "font-family='" + family + "' font-size='" + size + "' fill='" + colour + "'"
                + (bold ? " font-weight='bold'" : "");
    }
}
