/**
 * Processes inside a sandbox: started confined by {@link dev.openshell.netns.linux.process.ProcessStarter}, found and
 * ended by {@link dev.openshell.netns.linux.process.NamespaceProcesses}.
 */
@NullMarked
package dev.openshell.netns.linux.process;

import org.jspecify.annotations.NullMarked;
