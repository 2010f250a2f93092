/**
 * For those who test with openshell-netns: {@link dev.openshell.netns.testkit.FakeKernel}, a kernel in memory on which
 * the whole library runs; {@link dev.openshell.netns.testkit.RulesetTracer}, which asks any iptables ruleset what it does
 * with a packet; generators of policies, and the contract that every kernel keeps.
 *
 * @since 0.1
 */
@NullMarked
package dev.openshell.netns.testkit;

import org.jspecify.annotations.NullMarked;
