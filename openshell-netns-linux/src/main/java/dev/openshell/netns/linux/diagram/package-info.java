/** Exact functions of packets: a hash-consed interval decision diagram. Knows nothing of networks. */
@NullMarked
package dev.openshell.netns.linux.diagram;

import org.jspecify.annotations.NullMarked;
