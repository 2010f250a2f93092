package dev.openshell.netns.linux.picture;

/** Texts made fit for a picture whose fonts are unknown: of known width, and short enough. */
final class Words {
    private Words() {}

    /** Returns {@code text} with all that is not printable ASCII escaped: only of that is the width known. */
    static String printable(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c < ' ' || c > '~') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** Returns {@code text}, or its beginning and end with {@code …} between, at most {@code most} characters. */
    static String shortened(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int tail = (most - 1) / 2;
        return text.substring(0, most - 1 - tail) + "…" + text.substring(text.length() - tail);
    }
}
