/**
 * Gives a process a Linux network namespace in which nothing is reachable unless the caller said so.
 *
 * <p>Start at {@link dev.openshell.netns.NetnsSandbox#builder()}.
 *
 * @since 0.1
 */
@NullMarked
package dev.openshell.netns;

import org.jspecify.annotations.NullMarked;
