/** Real packets through real rules: sends each one through namespaces of its own and says what became of it. */
@NullMarked
package dev.openshell.netns.testkit.wire;

import org.jspecify.annotations.NullMarked;
