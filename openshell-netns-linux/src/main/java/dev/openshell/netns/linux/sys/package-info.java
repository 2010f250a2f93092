/** The C library and the kernel's own system calls, through JNA, with C's names. */
@NullMarked
package dev.openshell.netns.linux.sys;

import org.jspecify.annotations.NullMarked;
