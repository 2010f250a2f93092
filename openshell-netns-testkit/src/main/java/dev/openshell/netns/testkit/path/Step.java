package dev.openshell.netns.testkit.path;

import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.TableKind;
import java.util.List;

/** What one table did with a packet at one hook of a namespace: the rules that matched, and the outcome's name. */
public record Step(long namespace, TableKind table, Hook hook, List<String> rules, String outcome) {}
