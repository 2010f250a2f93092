/** The only seam to the operating system, and its implementation by system calls. */
@NullMarked
package dev.openshell.netns.linux.kernel;

import org.jspecify.annotations.NullMarked;
