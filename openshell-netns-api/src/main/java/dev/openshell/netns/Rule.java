package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Comparator;
import org.immutables.value.Value;

/**
 * One thing that is allowed: flows from the sandbox to one address, protocol and port. What no rule allows is denied.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class Rule implements Comparable<Rule> {
    private static final Comparator<Rule> ORDER = Comparator.comparing(Rule::kind)
            .thenComparing(rule -> Family.of(rule.address()))
            .thenComparing(rule -> new java.math.BigInteger(1, rule.address().getAddress()))
            .thenComparing(Rule::port)
            .thenComparing(Rule::protocol)
            .thenComparing(Rule::origin);

    Rule() {}

    /** Where the destination is. */
    public enum Kind {
        /** The runtime's proxy on the host end of the link: local to the host, never forwarded. */
        PROXY,
        /** A nameserver, forwarded by the host. */
        DNS,
        /** A listed host, forwarded by the host. */
        DIRECT
    }

    /** Returns where the destination is. */
    @Value.Parameter
    public abstract Kind kind();

    /** Returns the transport protocol. */
    @Value.Parameter
    public abstract Protocol protocol();

    /** Returns the destination address, as the sandbox sees it. */
    @Value.Parameter
    public abstract InetAddress address();

    /** Returns the destination port. */
    @Value.Parameter
    public abstract int port();

    /** Returns the builder call that caused this rule, such as {@code directTcp("db.internal", 5432)}. */
    @Value.Parameter
    public abstract String origin();

    /** Returns a rule of these parts. */
    public static Rule of(Kind kind, Protocol protocol, InetAddress address, int port, String origin) {
        return ImmutableRule.of(kind, protocol, address, port, origin);
    }

    /** Returns the destination's family. */
    public Family family() {
        return Family.of(address());
    }

    @Override
    public int compareTo(Rule other) {
        return ORDER.compare(this, other);
    }

    @Value.Check
    void check() {
        Text.port(port());
    }

    /** Returns {@code PROTOCOL:ADDRESS:PORT}. */
    @Override
    public String toString() {
        return protocol() + ":" + InetAddresses.toUriString(address()) + ":" + port();
    }
}
