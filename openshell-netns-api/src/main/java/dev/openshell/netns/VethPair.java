package dev.openshell.netns;

import java.net.InetAddress;
import java.util.Optional;
import org.immutables.value.Value;

/**
 * The link between the host namespace and a sandbox: two interfaces and their addresses.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class VethPair {
    /** What the name of each host end begins with. Standing rules deny all interfaces of such a name. */
    public static final String HOST_PREFIX = "osh-";

    /** The name of each sandbox's own end. */
    public static final String SANDBOX_INTERFACE = "eth0";

    VethPair() {}

    /** Returns the name of the host end, at most 15 characters (IFNAMSIZ is 16 with its NUL). */
    public abstract String hostInterface();

    /** Returns the name of the sandbox's end. */
    @Value.Default
    public String sandboxInterface() {
        return SANDBOX_INTERFACE;
    }

    /** Returns the link's IPv4 network, a /30: the first address is the host's, the second the sandbox's. */
    public abstract Cidr network();

    /** Returns the link's IPv6 network, a /126 of a unique local prefix (RFC 4193), where the policy opens IPv6. */
    public abstract Optional<Cidr> network6();

    /** Returns the host end's IPv4 address. */
    public InetAddress hostAddress() {
        return network().at(1);
    }

    /** Returns the sandbox's IPv4 address. */
    public InetAddress sandboxAddress() {
        return network().at(2);
    }

    /** Returns the sandbox's address of {@code family}, empty where the link has none. */
    public Optional<InetAddress> sandboxAddress(Family family) {
        return network(family).map(network -> network.at(2));
    }

    /** Returns the host end's address of {@code family}, empty where the link has none. */
    public Optional<InetAddress> hostAddress(Family family) {
        return network(family).map(network -> network.at(1));
    }

    /** Returns the link's network of {@code family}, empty where it has none. */
    public Optional<Cidr> network(Family family) {
        return family == Family.IPV4 ? Optional.of(network()) : network6();
    }

    @Value.Check
    void check() {
        if (hostInterface().length() > 15 || !hostInterface().matches(HOST_PREFIX + "[a-z0-9]+")) {
            throw new IllegalArgumentException("interface name '" + Text.printable(hostInterface()) + "'");
        }
    }

    /** Returns a new builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link VethPair}. */
    public static final class Builder extends ImmutableVethPair.Builder {
        Builder() {}
    }
}
