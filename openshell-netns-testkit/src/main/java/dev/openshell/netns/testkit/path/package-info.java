/** The way of a packet through the network stacks of a machine, hook by hook. */
@NullMarked
package dev.openshell.netns.testkit.path;

import org.jspecify.annotations.NullMarked;
