package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import org.immutables.value.Value;

/**
 * A nameserver that the sandbox may ask, over UDP and TCP on port 53.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class DnsServer {
    /** The port of DNS over UDP and TCP. */
    public static final int PORT = 53;

    DnsServer() {}

    /** Returns the server's address. */
    @Value.Parameter
    public abstract InetAddress address();

    /** Returns the builder call or the setting that allowed this server; no part of equality. */
    @Value.Auxiliary
    @Value.Parameter
    public abstract String origin();

    /**
     * Returns the server at a literal address.
     *
     * @throws IllegalArgumentException when {@code address} is no literal, or is a loopback, link-local, multicast or
     *     unspecified address
     */
    public static DnsServer of(String address) {
        InetAddress parsed = Text.nameserver(address);
        return of(parsed, "allowDns(\"" + InetAddresses.toAddrString(parsed) + "\")");
    }

    /** Returns the server at {@code address}, allowed by {@code origin}. */
    public static DnsServer of(InetAddress address, String origin) {
        return ImmutableDnsServer.of(address, origin);
    }
}
