/** What remains possible under a policy, and what the machine adds or lacks, in words. */
@NullMarked
package dev.openshell.netns.linux.report;

import org.jspecify.annotations.NullMarked;
