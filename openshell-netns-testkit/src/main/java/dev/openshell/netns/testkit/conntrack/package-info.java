/** Connection tracking and NAT of one namespace, as nf_conntrack and nf_nat do them. */
@NullMarked
package dev.openshell.netns.testkit.conntrack;

import org.jspecify.annotations.NullMarked;
