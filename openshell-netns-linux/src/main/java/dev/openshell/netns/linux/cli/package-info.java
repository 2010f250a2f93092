/** The command line. */
@NullMarked
package dev.openshell.netns.linux.cli;

import org.jspecify.annotations.NullMarked;
