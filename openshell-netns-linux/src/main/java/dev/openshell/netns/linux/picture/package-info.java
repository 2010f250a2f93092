/** A policy as a picture: the sandbox, its link, the hooks and who may reach what, as SVG. */
@NullMarked
package dev.openshell.netns.linux.picture;

import org.jspecify.annotations.NullMarked;
