/** Does what nf_tables of Linux does: transactions of nfnetlink messages, and the rules that they make. */
@NullMarked
package dev.openshell.netns.testkit.nftables;

import org.jspecify.annotations.NullMarked;
