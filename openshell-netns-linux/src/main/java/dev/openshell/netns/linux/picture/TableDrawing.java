package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;
import java.util.ArrayList;
import java.util.List;

/** Draws the destinations beyond the host, and the lanes that lead to them. */
final class TableDrawing {
    private final Shapes shapes;
    private final Layout layout;

    TableDrawing(Shapes shapes, Layout layout) {
        this.shapes = shapes;
        this.layout = layout;
    }

    void draw() {
        lanes(Rule.Kind.DNS, 26);
        lanes(Rule.Kind.DIRECT, 46);
        if (layout.forwarded().isEmpty()) {
            nothing();
        } else {
            headings();
        }
        List<Box> boxes = layout.table();
        for (int i = 0; i < boxes.size(); i++) {
            group(layout.forwarded().get(i), boxes.get(i));
        }
        Box rest = layout.everythingElse();
        shapes.svg().rectangle(rest, Shapes.outlined("#fff1ee", "#c0311a"));
        shapes.stop(rest.x() + 22, rest.centre());
        shapes.svg().text(rest.x() + 44, rest.y() + 18, TextStyle.DENIED, layout.denial());
        shapes.svg()
                .text(
                        rest.x() + 44,
                        rest.y() + 34,
                        TextStyle.BODY,
                        layout.groups().isEmpty()
                                ? "every address, port and protocol"
                                : "every other address, port and protocol");
    }

    private void nothing() {
        Box rest = layout.everythingElse();
        shapes.svg()
                .rectangle(
                        new Box(rest.x(), Layout.TOP, rest.width(), 48),
                        Shapes.outlined("#ffffff", "#8c959f") + " stroke-dasharray='4 4'");
        shapes.svg().text(rest.x() + 16, Layout.TOP + 29, TextStyle.BODY, "No destination beyond the host is open.");
    }

    private void headings() {
        Layout.Columns columns = layout.columns();
        heading(columns.kind(), "kind");
        heading(columns.port(), "port");
        heading(columns.address(), "address");
        heading(columns.origin(), "allowed by");
    }

    private void heading(int x, String text) {
        shapes.svg().text(x, Layout.TOP + 14, TextStyle.BODY, text);
    }

    private void lanes(Rule.Kind kind, int offset) {
        KindStyle style = KindStyle.of(kind);
        List<Box> reached = new ArrayList<>();
        List<Box> boxes = layout.table();
        for (int i = 0; i < boxes.size(); i++) {
            if (layout.forwarded().get(i).kind() == kind) {
                reached.add(boxes.get(i));
            }
        }
        if (reached.isEmpty()) {
            return;
        }
        int exit = layout.postrouting().centre() + layout.lane(style);
        int trunk = layout.host().right() + offset;
        int first = reached.get(0).y() + Layout.ROW / 2 + 1;
        int last = reached.get(reached.size() - 1).y() + Layout.ROW / 2 + 1;
        shapes.trunk(style, layout.postrouting().right(), exit, trunk, Math.min(first, exit), Math.max(last, exit));
        for (Box box : reached) {
            int y = box.y() + Layout.ROW / 2 + 1;
            shapes.right(style, trunk, y, box.x());
        }
    }

    private void group(Group group, Box box) {
        KindStyle style = KindStyle.of(group.kind());
        Layout.Columns columns = layout.columns();
        shapes.svg().rectangle(box, Shapes.outlined("#ffffff", style.colour()) + " stroke-opacity='0.5'");
        int y = box.y() + 15;
        shapes.badge(style, columns.kind(), box.y() + 3);
        shapes.code(columns.origin(), y, columns.end() - columns.origin(), group.origin());
        for (Row row : group.rows()) {
            shapes.code(columns.port(), y, columns.address() - columns.port(), row.port());
            shapes.code(columns.address(), y, columns.origin() - columns.address(), row.address());
            y += Layout.ROW;
        }
    }
}
