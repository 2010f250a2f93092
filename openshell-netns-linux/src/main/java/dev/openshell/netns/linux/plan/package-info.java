/** From a policy and the state of the host to steps, each with its undo, and their execution over the kernel seam. */
@NullMarked
package dev.openshell.netns.linux.plan;

import org.jspecify.annotations.NullMarked;
