/** The {@code demo} command's little world, and what is measured in it. */
@NullMarked
package dev.openshell.netns.linux.demo;

import org.jspecify.annotations.NullMarked;
