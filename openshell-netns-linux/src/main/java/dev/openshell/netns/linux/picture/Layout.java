package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where everything is, in pixels. From left to right: the sandbox, the link, the host, the lanes to the destinations
 * and the table of these. The sandbox and the host are as high as the proxies need, the table as its rows.
 *
 * @param groups what is allowed
 * @param host the host's box; the sandbox's is beside it, of the same height
 * @param denied what the host does to everything else, below its hooks
 * @param columns of the table
 */
record Layout(List<Group> groups, Box host, Box denied, Columns columns) {
    static final int MARGIN = 24;
    static final int LEGEND = 88;
    static final int TOP = 116;

    /** The first hook on either end: the link is drawn straight between the two. */
    static final int FIRST_HOOK = TOP + 144;

    static final int HOOK_HEIGHT = 60;
    static final int ROW = 20;
    static final int PADDING = 16;
    static final int DENIED_HEIGHT = 44;

    /** From one hook to the next, for the arrow between. */
    static final int STEP = 34;

    private static final int SANDBOX_WIDTH = 252;
    private static final int LINK_WIDTH = 180;
    private static final int HOST_WIDTH = 448;
    private static final int LANES_WIDTH = 72;
    private static final int SECOND_HOOK_HEIGHT = 76;
    private static final int TABLE = MARGIN + SANDBOX_WIDTH + LINK_WIDTH + HOST_WIDTH + LANES_WIDTH;
    private static final int COLUMN_GAP = 14;
    private static final int MOST_ORIGIN = 56;
    private static final int LEAST_ORIGIN = 26;
    private static final int MOST_ADDRESS = 39;
    private static final int GROUP_GAP = 4;

    /** Where the table's columns begin, and where the last ends. */
    record Columns(int kind, int port, int address, int origin, int end) {}

    static Layout of(List<Group> groups) {
        int proxies = 0;
        for (Group group : groups) {
            proxies += group.kind() == Rule.Kind.PROXY ? proxyHeight(group) + GROUP_GAP : 0;
        }
        int hostX = MARGIN + SANDBOX_WIDTH + LINK_WIDTH;
        int below = FIRST_HOOK + HOOK_HEIGHT + STEP + SECOND_HOOK_HEIGHT + STEP;
        int deniedY = below + Math.max(HOOK_HEIGHT, proxies) + STEP;
        Box denied = new Box(hostX + PADDING, deniedY, HOST_WIDTH - 2 * PADDING, DENIED_HEIGHT);
        int bottom = denied.bottom() + PADDING + HOOK_HEIGHT + PADDING;
        return new Layout(groups, new Box(hostX, TOP, HOST_WIDTH, bottom - TOP), denied, columns(forwarded(groups)));
    }

    private static Columns columns(List<Group> groups) {
        int ports = longest(rows(groups).map(Row::port), 13, 9);
        int addresses = longest(rows(groups).map(Row::address), MOST_ADDRESS, 15);
        int origins = longest(groups.stream().map(Group::origin), MOST_ORIGIN, LEAST_ORIGIN);
        int kind = TABLE + 10;
        int port = kind + Shapes.BADGE_WIDTH + COLUMN_GAP;
        int address = port + TextStyle.CODE.width(ports) + COLUMN_GAP;
        int origin = address + TextStyle.CODE.width(addresses) + COLUMN_GAP;
        return new Columns(kind, port, address, origin, origin + TextStyle.CODE.width(origins) + COLUMN_GAP);
    }

    private static Stream<Row> rows(List<Group> groups) {
        return groups.stream().flatMap(group -> group.rows().stream());
    }

    private static int longest(Stream<String> texts, int most, int least) {
        return Math.min(
                most, Math.max(least, texts.mapToInt(String::length).max().orElse(0)));
    }

    int width() {
        return columns.end() + MARGIN;
    }

    int height() {
        return Math.max(host.bottom(), everythingElse().bottom()) + MARGIN;
    }

    int destinations() {
        return Group.rows(groups);
    }

    /** Returns what is said wherever something is denied. */
    String denial() {
        return groups.isEmpty() ? "everything: denied" : "everything else: denied";
    }

    /** Returns the kinds that there are. */
    List<KindStyle> kinds() {
        return groups.stream()
                .map(group -> KindStyle.of(group.kind()))
                .distinct()
                .toList();
    }

    List<Group> groups(Rule.Kind kind) {
        return groups.stream().filter(group -> group.kind() == kind).toList();
    }

    List<Group> forwarded() {
        return forwarded(groups);
    }

    private static List<Group> forwarded(List<Group> groups) {
        return groups.stream().filter(group -> group.kind() != Rule.Kind.PROXY).toList();
    }

    /** Returns how far {@code kind}'s lane is from the middle of all lanes. */
    int lane(KindStyle kind) {
        List<KindStyle> kinds = kinds();
        return 14 * kinds.indexOf(kind) - 7 * (kinds.size() - 1);
    }

    Box sandbox() {
        return new Box(MARGIN, TOP, SANDBOX_WIDTH, host.height());
    }

    /** Returns the sandbox's hook for what leaves it. */
    Box output() {
        return new Box(MARGIN + PADDING, FIRST_HOOK, SANDBOX_WIDTH - 2 * PADDING, HOOK_HEIGHT);
    }

    /** Returns the last hook of the sandbox, for what comes back. */
    Box input() {
        return new Box(MARGIN + PADDING, back().y(), SANDBOX_WIDTH - 2 * PADDING, HOOK_HEIGHT);
    }

    Box link() {
        return new Box(sandbox().right(), FIRST_HOOK + 3, LINK_WIDTH, HOOK_HEIGHT - 6);
    }

    Box prerouting() {
        return new Box(denied.x(), FIRST_HOOK, denied.width(), HOOK_HEIGHT);
    }

    /** Returns the host's hook for what ends on the host. */
    Box local() {
        return new Box(denied.x(), prerouting().bottom() + STEP, 184, SECOND_HOOK_HEIGHT);
    }

    Box forward() {
        return new Box(denied.right() - 184, local().y(), 184, SECOND_HOOK_HEIGHT);
    }

    Box postrouting() {
        return new Box(forward().x(), forward().bottom() + STEP, forward().width(), HOOK_HEIGHT);
    }

    /** Returns the host's hooks for what goes back to the sandbox. */
    Box back() {
        return new Box(denied.x(), denied.bottom() + PADDING, denied.width(), HOOK_HEIGHT);
    }

    /** Returns the box of the {@code index}th group of proxies. */
    Box proxy(int index) {
        List<Group> proxies = groups(Rule.Kind.PROXY);
        int y = local().bottom() + STEP;
        for (Group group : proxies.subList(0, index)) {
            y += proxyHeight(group) + GROUP_GAP;
        }
        return new Box(local().x(), y, local().width(), proxyHeight(proxies.get(index)));
    }

    private static int proxyHeight(Group group) {
        return 48 + 34 * group.rows().size();
    }

    /** Returns the boxes of the table's groups, from top to bottom. */
    List<Box> table() {
        List<Box> boxes = new ArrayList<>();
        int y = TOP + 24;
        for (Group group : forwarded()) {
            Box box =
                    new Box(TABLE, y, columns.end() - TABLE, ROW * group.rows().size() + 2);
            boxes.add(box);
            y = box.bottom() + GROUP_GAP;
        }
        return boxes;
    }

    /** Returns the table's last box. */
    Box everythingElse() {
        List<Box> table = table();
        int y = table.isEmpty() ? TOP + 72 : table.get(table.size() - 1).bottom() + 12;
        return new Box(TABLE, y, columns.end() - TABLE, DENIED_HEIGHT);
    }
}
