/**
 * Rules read back from the text that iptables-restore gets or iptables-save prints: what they ask for, not what wrote
 * them. Whatever can't be told is an error that names the word.
 */
@NullMarked
package dev.openshell.netns.linux.ruleset;

import org.jspecify.annotations.NullMarked;
