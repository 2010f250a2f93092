/** Tests of the demo. */
@NullMarked
package dev.openshell.netns.linux.demo;

import org.jspecify.annotations.NullMarked;
