/** rtnetlink and ctnetlink messages as bytes, and back: pure, no system call. */
@NullMarked
package dev.openshell.netns.linux.netlink;

import org.jspecify.annotations.NullMarked;
