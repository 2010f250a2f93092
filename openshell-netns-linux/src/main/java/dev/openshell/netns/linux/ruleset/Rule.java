package dev.openshell.netns.linux.ruleset;

import java.util.List;

/**
 * A rule.
 *
 * @param text as iptables-save prints it: {@code -A CHAIN …}
 * @param conditions what it asks of a packet
 * @param target where it jumps: a chain, a verdict such as {@code ACCEPT}, with {@code REJECT} also what it answers,
 *     {@code LOG} or {@code NFLOG}; empty where none is shown
 * @param goesTo whether it goes there rather than jumps: what comes back goes on behind the jump before
 */
public record Rule(String text, List<Condition> conditions, String target, boolean goesTo) {}
