package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.immutables.value.Value;

/**
 * A flow that a program inside could begin: a protocol, a destination, and a port where the protocol has ports.
 *
 * <pre>{@code
 * Flow.parse("tcp:203.0.113.10:443")
 * Flow.parse("udp:[2001:db8::53]:53")
 * Flow.parse("tcp:db.internal:5432")
 * Flow.parse("icmp:203.0.113.10")
 * }</pre>
 *
 * @since 0.1
 */
@Incubating
@ModelStyle
@Value.Immutable
public abstract class Flow {
    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            Map.entry("icmp", 1),
            Map.entry("igmp", 2),
            Map.entry("tcp", 6),
            Map.entry("udp", 17),
            Map.entry("dccp", 33),
            Map.entry("gre", 47),
            Map.entry("esp", 50),
            Map.entry("ah", 51),
            Map.entry("ipv6-icmp", 58),
            Map.entry("icmpv6", 58),
            Map.entry("sctp", 132),
            Map.entry("udplite", 136));

    private static final Set<Integer> WITH_PORTS = Set.of(6, 17, 33, 132, 136);

    Flow() {}

    /** Returns the number in the IP header, 0 to 255, as assigned by IANA. */
    @Value.Parameter
    public abstract int protocol();

    /** Returns the DNS name in lower case, or the literal address in its shortest form. */
    @Value.Parameter
    public abstract String host();

    /** Returns the destination port, 0 to 65535, of TCP, UDP, SCTP, DCCP and UDP-Lite; others have none. */
    @Value.Parameter
    public abstract OptionalInt port();

    /** Returns the address where {@link #host()} is a literal one. */
    public Optional<InetAddress> literal() {
        return InetAddresses.isInetAddress(host()) ? Optional.of(InetAddresses.forString(host())) : Optional.empty();
    }

    /**
     * Returns the flow written as {@code PROTOCOL:HOST:PORT}, or {@code PROTOCOL:HOST} where the protocol has no ports.
     * PROTOCOL is a common name ({@code tcp}, {@code udp}, {@code icmp}, {@code ipv6-icmp}, {@code sctp}, {@code dccp},
     * {@code udplite}, {@code gre}, {@code esp}, {@code ah}, {@code igmp}) or a number; HOST is a DNS name or an address,
     * an IPv6 one in brackets.
     *
     * @throws IllegalArgumentException for anything else, naming the part that is wrong
     */
    public static Flow parse(String text) {
        try {
            int colon = text.indexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException("write PROTOCOL:HOST:PORT, as in tcp:203.0.113.10:443");
            }
            int protocol = protocol(text.substring(0, colon));
            String rest = text.substring(colon + 1);
            if (!WITH_PORTS.contains(protocol)) {
                return ofOneFamily(
                        ImmutableFlow.of(protocol, Text.anyHost(portless(protocol, rest)), OptionalInt.empty()));
            }
            int last = rest.lastIndexOf(':');
            String host = rest.substring(0, Math.max(last, 0));
            if (last < 0 || rest.endsWith("]") || (!host.startsWith("[") && host.indexOf(':') >= 0)) {
                throw new IllegalArgumentException(
                        last < 0 || rest.endsWith("]")
                                ? protocolName(protocol) + " has ports: give one behind the host"
                                : "write an IPv6 address in brackets");
            }
            return ImmutableFlow.of(
                    protocol,
                    Text.anyHost(host),
                    OptionalInt.of(rest.endsWith(":0") ? 0 : Text.port(rest.substring(last + 1))));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + Text.printable(text) + "' is not a flow: " + e.getMessage(), e);
        }
    }

    /**
     * Returns the flow of {@code protocol} to {@code address}; the port is left out where the protocol has none.
     *
     * @throws IllegalArgumentException for a protocol outside 0 to 255, or a port outside 0 to 65535 where it has ports
     */
    public static Flow of(int protocol, InetAddress address, int port) {
        if (protocol < 0 || protocol > 255) {
            throw new IllegalArgumentException("protocol " + protocol + " is out of range; protocols are 0 to 255");
        }
        return ImmutableFlow.of(
                protocol,
                InetAddresses.toAddrString(address),
                WITH_PORTS.contains(protocol) ? OptionalInt.of(port(port)) : OptionalInt.empty());
    }

    /** Port 0 is on no list, and yet a packet can have it. */
    private static int port(int port) {
        return port == 0 ? 0 : Text.port(port);
    }

    /** Returns the common name of a protocol's number, or the number itself. */
    public static String protocolName(int protocol) {
        return protocol == 58
                ? "ipv6-icmp"
                : NUMBERS.entrySet().stream()
                        .filter(entry -> entry.getValue() == protocol)
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse(Integer.toString(protocol));
    }

    /** Returns whether flows of the protocol of this number have ports. */
    public static boolean hasPorts(int protocol) {
        return WITH_PORTS.contains(protocol);
    }

    private static int protocol(String text) {
        Integer known = NUMBERS.get(text.toLowerCase(Locale.ROOT));
        if (known != null) {
            return known;
        }
        if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) > 255) {
            throw new IllegalArgumentException(
                    "'" + Text.printable(text) + "' is no protocol; give tcp, udp, icmp or a number up to 255");
        }
        return Integer.parseInt(text);
    }

    private static String portless(int protocol, String host) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.indexOf(':') >= 0 && !InetAddresses.isInetAddress(host)) {
            throw new IllegalArgumentException(protocolName(protocol) + " has no ports: leave it out");
        }
        return host;
    }

    /** A packet can be both; nobody who writes a flow means that. */
    private static Flow ofOneFamily(Flow flow) {
        flow.literal().map(Family::of).ifPresent(family -> {
            if (flow.protocol() == 1 && family == Family.IPV6 || flow.protocol() == 58 && family == Family.IPV4) {
                throw new IllegalArgumentException(
                        protocolName(flow.protocol()) + " and " + flow.host() + " are of two families");
            }
        });
        return flow;
    }

    /** Returns {@code PROTOCOL:HOST[:PORT]}, which {@link #parse} reads but for ICMP of the other family. */
    @Override
    public String toString() {
        String shown = host().indexOf(':') >= 0 ? "[" + host() + "]" : host();
        return protocolName(protocol()) + ":" + shown + (port().isPresent() ? ":" + port().getAsInt() : "");
    }
}
