package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import java.util.List;

/** The picture of a sandbox: what it may reach, by which link and through which hooks. */
public final class Picture {
    private static final int LEGEND_GAP = 14;

    private final RuleSet rules;
    private final Layout layout;
    private final Svg svg;

    private Picture(RuleSet rules) {
        this.rules = rules;
        this.layout = Layout.of(Group.of(rules));
        this.svg = new Svg(layout.width(), layout.height());
    }

    /**
     * Returns an SVG 1.1 document that shows {@code rules}. It refers to nothing outside itself, and equal rules make
     * equal text.
     */
    public static String svg(RuleSet rules) {
        return new Picture(rules).draw();
    }

    private String draw() {
        svg.title(headline());
        svg.description(description());
        svg.rectangle(new Box(0, 0, layout.width(), layout.height()), Shapes.fill("#ffffff"));
        svg.text(Layout.MARGIN, 40, TextStyle.TITLE, headline());
        svg.text(Layout.MARGIN, 62, TextStyle.BODY, count());
        legend();
        Shapes shapes = new Shapes(svg);
        // The lanes over the link end inside the host's box.
        new HostDrawing(shapes, layout, rules.veth()).draw();
        new SandboxDrawing(shapes, layout, rules.veth()).draw();
        new TableDrawing(shapes, layout).draw();
        return svg.end();
    }

    private String headline() {
        return switch (layout.destinations()) {
            case 0 -> "No destination open, everything is denied";
            case 1 -> "1 destination open, everything else denied";
            default -> layout.destinations() + " destinations open, everything else denied";
        };
    }

    private String count() {
        if (layout.groups().isEmpty()) {
            return "No builder call allows anything.";
        }
        StringBuilder text = new StringBuilder();
        for (KindStyle kind : layout.kinds()) {
            text.append(text.isEmpty() ? "" : " + ")
                    .append(Group.rows(layout.groups(kind.kind())))
                    .append(' ')
                    .append(kind.label());
        }
        int calls = layout.groups().size();
        return text.append(", allowed by " + calls + (calls == 1 ? " builder call" : " builder calls"))
                .append(". A destination is an address and a port.")
                .toString();
    }

    private String description() {
        StringBuilder text = new StringBuilder("A sandbox behind the link ")
                .append(Words.printable(rules.veth().sandboxInterface()))
                .append(" - ")
                .append(rules.veth().hostInterface())
                .append(". Allowed:");
        for (Group group : layout.groups()) {
            List<String> rows = group.rows().stream().map(Row::text).toList();
            text.append(' ').append(KindStyle.of(group.kind()).label()).append(' ');
            text.append(String.join(", ", rows))
                    .append(" by ")
                    .append(group.origin())
                    .append(';');
        }
        return text.append(layout.groups().isEmpty() ? " nothing;" : "")
                .append(" everything else is denied, inside the sandbox and again on the host.")
                .toString();
    }

    private void legend() {
        Shapes shapes = new Shapes(svg);
        int x = Layout.MARGIN;
        for (KindStyle kind : layout.kinds()) {
            shapes.right(kind, x, Layout.LEGEND, x + 30);
            shapes.badge(kind, x + 38, Layout.LEGEND - 8);
            x = caption(x + 38 + Shapes.BADGE_WIDTH + 6, meaning(kind.kind()));
        }
        shapes.stop(x + 9, Layout.LEGEND);
        x = caption(x + 24, "denied");
        if (layout.groups().isEmpty()) {
            return;
        }
        shapes.answer(x + 30, Layout.LEGEND, x);
        caption(x + 38, "answers");
    }

    private int caption(int x, String text) {
        svg.text(x, Layout.LEGEND + 4, TextStyle.BODY, text);
        return x + TextStyle.BODY.width(text.length()) + LEGEND_GAP;
    }

    private static String meaning(Rule.Kind kind) {
        return switch (kind) {
            case PROXY -> "ends on the host itself";
            case DNS -> "a nameserver, forwarded";
            case DIRECT -> "a listed host, forwarded";
        };
    }
}
