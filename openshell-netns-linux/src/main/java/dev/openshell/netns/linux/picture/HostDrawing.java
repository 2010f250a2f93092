package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;
import dev.openshell.netns.VethPair;
import java.util.List;

/** Draws the host's end: its hooks in the order in which a packet meets them, and the proxies, which are on it. */
final class HostDrawing {
    private final Shapes shapes;
    private final Layout layout;
    private final VethPair veth;

    HostDrawing(Shapes shapes, Layout layout, VethPair veth) {
        this.shapes = shapes;
        this.layout = layout;
        this.veth = veth;
    }

    void draw() {
        shapes.end(layout.host(), "host");
        SandboxDrawing.addresses(shapes, layout.host(), veth, veth.hostInterface(), false);
        int x = layout.prerouting().x();
        shapes.svg()
                .text(x, Layout.TOP + 100, TextStyle.BODY, "Enforces the same list again, where nothing inside the");
        shapes.svg().text(x, Layout.TOP + 116, TextStyle.BODY, "sandbox can change it.");
        hooks();
        lanes();
        proxies();
    }

    private void hooks() {
        List<Group> proxies = layout.groups(Rule.Kind.PROXY);
        boolean forwards = !layout.forwarded().isEmpty();
        shapes.denied(
                layout.prerouting().middle(),
                layout.prerouting().bottom(),
                layout.denied(),
                layout.denial(),
                "DROP, in every protocol and to every address");
        shapes.hook(layout.prerouting(), "raw PREROUTING", "only the sandbox's own source address passes");
        if (proxies.isEmpty()) {
            shapes.hook(layout.local(), "filter INPUT", "nothing passes:", "no proxy is allowed");
        } else {
            shapes.hook(layout.local(), "filter INPUT", "to the host itself:", "only the proxy's port");
        }
        if (forwards) {
            shapes.hook(
                    layout.forward(),
                    "filter FORWARD",
                    "only what is listed, by",
                    "the flow's original",
                    "destination");
            shapes.hook(layout.postrouting(), "nat POSTROUTING", "MASQUERADE: leaves with", "the host's own address");
        } else {
            shapes.hook(layout.forward(), "filter FORWARD", "nothing passes:", "no host is allowed");
        }
        shapes.hook(layout.back(), "filter FORWARD and OUTPUT, back to the sandbox", "only answers pass");
    }

    private void lanes() {
        for (KindStyle kind : layout.kinds()) {
            int down = layout.prerouting().bottom();
            if (kind == KindStyle.PROXY) {
                shapes.down(kind, layout.local().middle(), down, layout.local().y());
                shapes.down(
                        kind,
                        layout.local().middle(),
                        layout.local().bottom(),
                        layout.proxy(0).y());
            } else {
                int x = layout.forward().middle() + layout.lane(kind);
                shapes.down(kind, x, down, layout.forward().y());
                shapes.down(
                        kind, x, layout.forward().bottom(), layout.postrouting().y());
            }
        }
    }

    private void proxies() {
        List<Group> proxies = layout.groups(Rule.Kind.PROXY);
        for (int i = 0; i < proxies.size(); i++) {
            Group group = proxies.get(i);
            Box box = layout.proxy(i);
            int x = box.x() + 10;
            int width = box.width() - 20;
            shapes.svg().rectangle(box, Shapes.outlined("#ffffff", KindStyle.PROXY.colour()));
            shapes.badge(KindStyle.PROXY, x, box.y() + 7);
            int y = box.y() + 38;
            shapes.code(x, y, width, group.origin());
            for (Row row : group.rows()) {
                shapes.code(x, y + 17, width, row.port());
                shapes.code(x, y + 34, width, row.address());
                y += 34;
            }
        }
    }
}
