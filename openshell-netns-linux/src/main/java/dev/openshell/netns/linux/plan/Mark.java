package dev.openshell.netns.linux.plan;

import dev.openshell.netns.linux.base.Owner;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whose a sandbox is: on the host end of its link as its alias, which goes with the link, and in the file under which it
 * is published.
 *
 * @param inode that of its namespace
 * @param detached whether it outlives its owner
 */
record Mark(Owner owner, long inode, boolean detached) {
    private static final String PREFIX = "openshell-netns ";
    private static final String DETACHED = " detached";
    private static final Pattern TEXT = Pattern.compile(PREFIX + "(.+) net:([0-9]{1,18})(" + DETACHED + ")?");

    /** Returns the mark that {@link #toString()} wrote, empty for any other text. */
    static Optional<Mark> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        long inode = Long.parseLong(parts.group(2));
        boolean detached = parts.group(3) != null;
        return Owner.parse(parts.group(1)).map(owner -> new Mark(owner, inode, detached));
    }

    /** Returns the owner that stands beside rules. */
    static Optional<Owner> ofRules(String comment) {
        return comment.startsWith(PREFIX) ? Owner.parse(comment.substring(PREFIX.length())) : Optional.empty();
    }

    /** Returns what stands beside the rules of a sandbox: they are there before its namespace is looked up. */
    static String rules(Owner owner) {
        return PREFIX + owner;
    }

    @Override
    public String toString() {
        return PREFIX + owner + " net:" + inode + (detached ? DETACHED : "");
    }
}
