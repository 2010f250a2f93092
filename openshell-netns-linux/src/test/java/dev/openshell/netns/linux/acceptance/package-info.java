/** The library as its users meet it, on the real kernel, in a pod that has no way out. */
@NullMarked
package dev.openshell.netns.linux.acceptance;

import org.jspecify.annotations.NullMarked;
