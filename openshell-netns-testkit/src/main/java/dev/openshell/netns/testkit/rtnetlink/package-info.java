/** Linux's rtnetlink: reads the very bytes of requests, changes a namespace accordingly, and writes the answers. */
@NullMarked
package dev.openshell.netns.testkit.rtnetlink;

import org.jspecify.annotations.NullMarked;
