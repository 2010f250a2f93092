/** A machine's network namespaces as Linux keeps them: links, addresses, routes, neighbours and sysctls. */
@NullMarked
package dev.openshell.netns.testkit.net;

import org.jspecify.annotations.NullMarked;
