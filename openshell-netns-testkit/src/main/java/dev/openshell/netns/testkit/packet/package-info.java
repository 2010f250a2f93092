/** What travels: addresses, headers, flows, and a packet with all that the kernel keeps beside it. */
@NullMarked
package dev.openshell.netns.testkit.packet;

import org.jspecify.annotations.NullMarked;
