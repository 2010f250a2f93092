package dev.openshell.netns.linux.picture;

/** The signs that the picture is made of. */
final class Shapes {
    static final int BADGE_WIDTH = 52;

    private static final int BADGE_HEIGHT = 16;
    private static final int HEAD = 7;
    private static final String DENIED = "#c0311a";
    private static final String QUIET = "#6e7781";

    private final Svg svg;

    Shapes(Svg svg) {
        this.svg = svg;
    }

    Svg svg() {
        return svg;
    }

    /** One of the namespaces. */
    void end(Box box, String name) {
        svg.rectangle(box, outlined("#f6f8fa", "#57606a"));
        svg.text(box.x() + 16, box.y() + 26, TextStyle.HEADING, name);
    }

    /** A hook with what it lets pass. */
    void hook(Box box, String name, String... lines) {
        svg.rectangle(box, outlined("#ffffff", "#8c959f"));
        svg.text(box.x() + 10, box.y() + 19, TextStyle.HOOK, name);
        for (int i = 0; i < lines.length; i++) {
            svg.text(box.x() + 10, box.y() + 36 + 15 * i, TextStyle.BODY, lines[i]);
        }
    }

    /** What happens to everything else, with the arrow that comes from {@code (x, y)} above and stops there. */
    void denied(int x, int y, Box box, String what, String why) {
        int stop = box.y() - 12;
        svg.path("M " + x + " " + y + " V " + stop, stroke(DENIED, "none"));
        stop(x, stop);
        svg.rectangle(box, outlined("#fff1ee", DENIED));
        svg.text(box.x() + 10, box.y() + 18, TextStyle.DENIED, what);
        svg.text(box.x() + 10, box.y() + 34, TextStyle.BODY, why);
    }

    /** A no-entry sign. */
    void stop(int x, int y) {
        svg.circle(x, y, 9, fill(DENIED));
        svg.rectangle(new Box(x - 5, y - 2, 11, 4), fill("#ffffff"));
    }

    void badge(KindStyle kind, int x, int y) {
        svg.rectangle(new Box(x, y, BADGE_WIDTH, BADGE_HEIGHT), fill(kind.colour()) + " rx='3'");
        svg.centred(x + BADGE_WIDTH / 2, y + 12, TextStyle.BADGE, kind.label());
    }

    /** An arrow rightwards. */
    void right(KindStyle kind, int x, int y, int toX) {
        svg.path("M " + x + " " + y + " H " + (toX - HEAD), stroke(kind.colour(), kind.dashes()));
        svg.path("M " + (toX - HEAD) + " " + (y - 5) + " v 10 L " + toX + " " + y + " z", fill(kind.colour()));
    }

    /** An arrow downwards. */
    void down(KindStyle kind, int x, int y, int toY) {
        down(kind.colour(), kind.dashes(), x, y, toY);
    }

    private void down(String colour, String dashes, int x, int y, int toY) {
        svg.path("M " + x + " " + y + " V " + (toY - HEAD), stroke(colour, dashes));
        svg.path("M " + (x - 5) + " " + (toY - HEAD) + " h 10 L " + x + " " + toY + " z", fill(colour));
    }

    /** A line without a head, from {@code (x, y)} across and then along from {@code top} to {@code bottom}. */
    void trunk(KindStyle kind, int x, int y, int trunk, int top, int bottom) {
        svg.path("M " + x + " " + y + " H " + trunk, stroke(kind.colour(), kind.dashes()));
        svg.path("M " + trunk + " " + top + " V " + bottom, stroke(kind.colour(), kind.dashes()));
    }

    /** What comes back, leftwards. */
    void answer(int x, int y, int toX) {
        svg.path("M " + x + " " + y + " H " + (toX + HEAD), stroke(QUIET, "2 4"));
        svg.path("M " + (toX + HEAD) + " " + (y - 5) + " v 10 L " + toX + " " + y + " z", fill(QUIET));
    }

    /** What programs send, before anything has judged it. */
    void sent(int x, int y, int toY) {
        down(QUIET, "none", x, y, toY);
    }

    /** A text of unknown length in {@code width} pixels; where it does not fit, it is whole in the tooltip. */
    void code(int x, int y, int width, String text) {
        String shown = Words.shortened(text, TextStyle.CODE.fitting(width));
        if (shown.equals(text)) {
            svg.text(x, y, TextStyle.CODE, text);
        } else {
            svg.group(text);
            svg.text(x, y, TextStyle.CODE, shown);
            svg.endGroup();
        }
    }

    /** The attributes of an area without an outline. */
    static String fill(String colour) {
        return "fill='" + colour + "'";
    }

    /** The attributes of an area with an outline. */
    static String outlined(String fill, String stroke) {
        return fill(fill) + " stroke='" + stroke + "' stroke-width='1.5' rx='6'";
    }

    private static String stroke(String colour, String dashes) {
        return "fill='none' stroke='" + colour + "' stroke-width='2.5' stroke-dasharray='" + dashes + "'";
    }
}
