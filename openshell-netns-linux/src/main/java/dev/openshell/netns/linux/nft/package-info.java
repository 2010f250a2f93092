/** Restore text as nf_tables has it, without a process: the rules of this library alone, in tables of its own. */
@NullMarked
package dev.openshell.netns.linux.nft;

import org.jspecify.annotations.NullMarked;
