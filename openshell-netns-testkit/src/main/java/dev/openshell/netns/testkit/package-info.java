/**
 * For those who test with openshell-netns: generators of policies, and the contract that every kernel keeps.
 *
 * @since 0.1
 */
@NullMarked
package dev.openshell.netns.testkit;

import org.jspecify.annotations.NullMarked;
