/** Answers ctnetlink requests as Linux does, from the connection tracking of this fake. */
@NullMarked
package dev.openshell.netns.testkit.ctnetlink;

import org.jspecify.annotations.NullMarked;
