/** What rules do with each packet there is, compared with what a policy says: pure. */
@NullMarked
package dev.openshell.netns.linux.proof;

import org.jspecify.annotations.NullMarked;
