package dev.openshell.netns.linux.picture;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.VethPair;

/** Draws the sandbox's own end, and the link. */
final class SandboxDrawing {
    private final Shapes shapes;
    private final Layout layout;
    private final VethPair veth;

    SandboxDrawing(Shapes shapes, Layout layout, VethPair veth) {
        this.shapes = shapes;
        this.layout = layout;
        this.veth = veth;
    }

    void draw() {
        Box sandbox = layout.sandbox();
        shapes.end(sandbox, "sandbox");
        addresses(shapes, sandbox, veth, veth.sandboxInterface(), true);
        Box programs =
                new Box(layout.output().x(), Layout.TOP + 84, layout.output().width(), 30);
        Box output = layout.output();
        shapes.svg().rectangle(programs, Shapes.outlined("#ffffff", "#57606a"));
        shapes.svg().centred(programs.middle(), programs.y() + 20, TextStyle.HOOK, "programs (root too)");
        shapes.sent(output.middle(), programs.bottom(), output.y());
        Box denied = new Box(output.x(), output.bottom() + Layout.STEP, output.width(), Layout.DENIED_HEIGHT);
        shapes.denied(output.middle(), output.bottom(), denied, layout.denial(), "REJECT: refused at once");
        if (layout.groups().isEmpty()) {
            shapes.hook(output, "filter OUTPUT", "nothing passes", "but loopback, inside");
        } else {
            shapes.hook(output, "filter OUTPUT", "what is listed passes", "and loopback, inside");
        }
        Box input = layout.input();
        Box forward = new Box(input.x(), input.y() - Layout.HOOK_HEIGHT - 14, input.width(), Layout.HOOK_HEIGHT);
        shapes.hook(forward, "filter FORWARD", "DROP: it is no router");
        link();
        shapes.hook(input, "filter INPUT", "only answers come in");
    }

    private void link() {
        Box link = layout.link();
        shapes.svg().rectangle(link, Shapes.fill("#e4e8ec") + " stroke='#8c959f'");
        shapes.svg().centred(link.middle(), link.y() - 28, TextStyle.HEADING, "link");
        shapes.svg().centred(link.middle(), link.y() - 10, TextStyle.BODY, "veth pair");
        int x = link.x() + 8;
        int width = link.width() - 16;
        shapes.code(
                x, link.bottom() + 18, width, Words.printable(veth.sandboxInterface()) + " - " + veth.hostInterface());
        shapes.code(x, link.bottom() + 36, width, veth.network().toString());
        shapes.code(
                x,
                link.bottom() + 54,
                width,
                veth.network6().map(Cidr::toString).orElse("no IPv6"));
        for (KindStyle kind : layout.kinds()) {
            int y = layout.output().centre() + layout.lane(kind);
            shapes.right(kind, layout.output().right(), y, layout.prerouting().x());
        }
        if (layout.kinds().isEmpty()) {
            shapes.svg().centred(link.middle(), link.centre() + 4, TextStyle.DENIED, "nothing passes");
            return;
        }
        int y = layout.back().centre();
        shapes.answer(layout.back().x(), y, layout.input().right());
        shapes.svg().centred(link.middle(), y - 8, TextStyle.BODY, "answers");
    }

    /** Writes an end's interface and addresses below its name. */
    static void addresses(Shapes shapes, Box box, VethPair veth, String name, boolean sandbox) {
        int x = box.x() + Layout.PADDING;
        int width = box.width() - 2 * Layout.PADDING;
        shapes.code(x + 80, box.y() + 25, width - 80, Words.printable(name));
        shapes.code(x, box.y() + 48, width, address(veth, Family.IPV4, sandbox));
        shapes.code(x, box.y() + 66, width, address(veth, Family.IPV6, sandbox));
    }

    private static String address(VethPair veth, Family family, boolean sandbox) {
        return (sandbox ? veth.sandboxAddress(family) : veth.hostAddress(family))
                .map(address -> InetAddresses.toAddrString(address) + "/"
                        + veth.network(family).map(Cidr::prefix).orElse(0))
                .orElse("IPv6 is closed");
    }
}
