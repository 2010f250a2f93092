/** Small types that all other packages of the implementation use. */
@NullMarked
package dev.openshell.netns.linux.base;

import org.jspecify.annotations.NullMarked;
