package dev.openshell.netns;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * Turns a listed name into addresses when a policy is applied.
 *
 * <p>The library's own asks the host's nameservers over sockets in the host namespace. Another one can be given with
 * {@link NetnsSandbox.Builder#resolver(HostResolver)}; whatever it answers is checked as the own one's answers are.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface HostResolver {
    /**
     * Returns the IPv4 and IPv6 addresses of {@code name}, none if it has none. Called on the thread that applies the
     * policy, for names only, never for literal addresses.
     *
     * @throws IOException when no answer could be had
     */
    List<InetAddress> resolve(String name) throws IOException;
}
