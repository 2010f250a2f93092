/** Rulesets: read from iptables-restore input, printed as iptables-save prints, and asked about a packet. */
@NullMarked
package dev.openshell.netns.testkit.ruleset;

import org.jspecify.annotations.NullMarked;
