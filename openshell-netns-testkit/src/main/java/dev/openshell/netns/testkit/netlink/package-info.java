/** What all netlink protocols have in common: the framing of messages and of what answers them. */
@NullMarked
package dev.openshell.netns.testkit.netlink;

import org.jspecify.annotations.NullMarked;
