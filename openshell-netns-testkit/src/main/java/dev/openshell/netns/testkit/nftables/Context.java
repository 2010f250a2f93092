package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Hook;
import java.time.Instant;

/**
 * What a rule sees.
 *
 * @param table the table that its sets are in
 */
record Context(Skb skb, Hook hook, NfTable table, Instant now) {}
