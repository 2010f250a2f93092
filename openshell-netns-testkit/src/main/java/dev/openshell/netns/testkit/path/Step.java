package dev.openshell.netns.testkit.path;

import dev.openshell.netns.testkit.ruleset.Hook;
import java.util.List;

/**
 * What one table did with a packet at one hook of a namespace: the rules that matched, and the outcome's name.
 *
 * @param table the name of a table of iptables, or {@code nft NAME}
 * @param chain the hook of a table of iptables, else the name of the base chain
 */
public record Step(long namespace, String table, Hook hook, String chain, List<String> rules, String outcome) {}
