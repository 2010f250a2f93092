/**
 * The Linux implementation: {@link dev.openshell.netns.linux.LinuxProvider} is found by itself when this module is on
 * the class or module path.
 *
 * @since 0.1
 */
@NullMarked
package dev.openshell.netns.linux;

import org.jspecify.annotations.NullMarked;
