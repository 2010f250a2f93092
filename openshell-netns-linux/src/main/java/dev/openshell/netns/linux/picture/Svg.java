package dev.openshell.netns.linux.picture;

/**
 * Writes an SVG document. Attributes are constants and numbers of this package's own; what comes from callers is only
 * ever content, and is escaped here and nowhere else.
 */
final class Svg {
    private final StringBuilder out = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

    Svg(int width, int height) {
        out.append("<svg xmlns='http://www.w3.org/2000/svg' version='1.1' role='img'")
                .append(" width='" + width + "' height='" + height + "'")
                .append(" viewBox='0 0 " + width + " " + height + "'>\n");
    }

    /** Names the element that it stands first in; shown as its tooltip. */
    void title(String text) {
        out.append("<title>").append(escaped(text)).append("</title>\n");
    }

    void description(String text) {
        out.append("<desc>").append(escaped(text)).append("</desc>\n");
    }

    /** Draws an area; {@code look} is its attributes. */
    void rectangle(Box box, String look) {
        out.append("<rect x='" + box.x() + "' y='" + box.y() + "'")
                .append(" width='" + box.width() + "' height='" + box.height() + "' " + look + "/>\n");
    }

    void circle(int x, int y, int radius, String look) {
        out.append("<circle cx='" + x + "' cy='" + y + "' r='" + radius + "' " + look + "/>\n");
    }

    /** Draws a line or an area by its path data. */
    void path(String data, String look) {
        out.append("<path d='" + data + "' " + look + "/>\n");
    }

    /** Writes a text that begins at {@code x}, on the base line {@code y}. */
    void text(int x, int y, TextStyle style, String text) {
        text(x, y, style, "start", text);
    }

    /** Writes a text around {@code x}. */
    void centred(int x, int y, TextStyle style, String text) {
        text(x, y, style, "middle", text);
    }

    private void text(int x, int y, TextStyle style, String anchor, String text) {
        out.append("<text x='" + x + "' y='" + y + "' text-anchor='" + anchor + "' " + style.look() + ">")
                .append(escaped(text))
                .append("</text>\n");
    }

    /** Begins a group of elements that share a tooltip. */
    void group(String tooltip) {
        out.append("<g>\n");
        title(tooltip);
    }

    void endGroup() {
        out.append("</g>\n");
    }

    /** Returns the finished document. */
    String end() {
        return out.append("</svg>\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
