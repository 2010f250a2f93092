/** Whether this machine and this process can make sandboxes, and what to do where they can't. */
@NullMarked
package dev.openshell.netns.linux.doctor;

import org.jspecify.annotations.NullMarked;
