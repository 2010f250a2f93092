/** From a rule set to iptables-restore input, and from iptables-save output back to lines: pure. */
@NullMarked
package dev.openshell.netns.linux.rules;

import org.jspecify.annotations.NullMarked;
