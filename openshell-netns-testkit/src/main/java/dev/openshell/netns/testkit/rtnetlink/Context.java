package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.netlink.Answer;
import java.util.Optional;
import java.util.function.IntFunction;

/** Where a request is answered: the machine, the namespace of the socket, and what descriptors mean. */
record Context(Machine machine, Netns netns, IntFunction<Optional<Netns>> descriptors, Answer answer) {}
