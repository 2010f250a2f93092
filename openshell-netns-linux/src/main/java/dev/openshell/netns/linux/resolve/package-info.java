/** Names to addresses as getaddrinfo(3) does with "files dns", over sockets of the caller's choosing. */
@NullMarked
package dev.openshell.netns.linux.resolve;

import org.jspecify.annotations.NullMarked;
