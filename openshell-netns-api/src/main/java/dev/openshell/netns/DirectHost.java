package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.immutables.value.Value;

/**
 * A host that the sandbox may reach directly over TCP, and the ports.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class DirectHost {
    /** The port where none is given. */
    public static final int DEFAULT_PORT = 443;

    DirectHost() {}

    /** Returns the DNS name in lower case (with a trailing dot if it was given so), or the literal address. */
    public abstract String host();

    /** Returns the TCP ports, at least one. */
    @Value.NaturalOrder
    public abstract SortedSet<Integer> ports();

    /** Returns the builder call or the setting that listed this host; no part of equality. */
    @Value.Auxiliary
    public abstract String origin();

    /** Returns those of the calls and settings in {@link #origin()} that listed {@code port}. */
    @Incubating
    public String origin(int port) {
        List<String> all = List.of(origin().split(" \\+ "));
        List<String> listed = all.stream().filter(call -> lists(call, port)).toList();
        return String.join(" + ", listed.isEmpty() ? all : listed);
    }

    /** A call shows its ports behind the host; a setting shows none. */
    private boolean lists(String call, int port) {
        String shown = "directTcp(\"" + host() + "\"";
        if (!call.startsWith(shown)) {
            return false;
        }
        String ports = call.substring(shown.length(), call.length() - 1);
        return ports.isEmpty()
                ? port == DEFAULT_PORT
                : List.of(ports.substring(2).split(", ")).contains("" + port);
    }

    /** Returns the address where {@link #host()} is a literal one. */
    public Optional<InetAddress> literal() {
        return InetAddresses.isInetAddress(host()) ? Optional.of(InetAddresses.forString(host())) : Optional.empty();
    }

    /**
     * Returns {@code host} on port 443, or on the port that follows it: {@code name}, {@code name:port},
     * {@code 203.0.113.10:5432}, {@code [2001:db8::1]:5432}.
     *
     * @throws IllegalArgumentException for a malformed host or port
     */
    public static DirectHost of(String host) {
        return parse(host);
    }

    /**
     * Returns {@code host} on the given ports; IPv6 addresses with or without brackets.
     *
     * @throws IllegalArgumentException for a malformed host, or a port outside 1 to 65535
     */
    public static DirectHost of(String host, int port, int... more) {
        TreeSet<Integer> ports = new TreeSet<>();
        ports.add(Text.port(port));
        for (int other : more) {
            ports.add(Text.port(other));
        }
        return make(Text.host(host), ports);
    }

    /**
     * Returns what {@code text} lists, in the form of {@code OPENSHELL_DIRECT_TCP_HOSTS}: see {@link #of(String)}.
     *
     * @throws IllegalArgumentException for a malformed host or port
     */
    public static DirectHost parse(String text) {
        int colon = text.lastIndexOf(':');
        boolean bareIpv6 = !text.startsWith("[") && text.indexOf(':') != colon;
        boolean bracketOnly = text.startsWith("[") && text.endsWith("]");
        if (colon < 0 || bracketOnly || (bareIpv6 && InetAddresses.isInetAddress(text))) {
            return of(text, DEFAULT_PORT);
        }
        try {
            return of(text.substring(0, colon), Text.port(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + Text.printable(text) + "' is not HOST or HOST:PORT: " + e.getMessage(), e);
        }
    }

    /** Returns this with another {@link #origin()}. */
    DirectHost withOrigin(String origin) {
        return builder().from(this).origin(origin).build();
    }

    private static DirectHost make(String host, SortedSet<Integer> ports) {
        String shown = ports.equals(new TreeSet<>(java.util.Set.of(DEFAULT_PORT)))
                ? ""
                : ", " + ports.toString().replaceAll("[\\[\\]]", "");
        return builder()
                .host(host)
                .addAllPorts(ports)
                .origin("directTcp(\"" + host + "\"" + shown + ")")
                .build();
    }

    static Builder builder() {
        return new Builder();
    }

    static final class Builder extends ImmutableDirectHost.Builder {}

    /** Returns {@code host:port[,port…]}. */
    @Override
    public String toString() {
        String shown = host().indexOf(':') >= 0 ? "[" + host() + "]" : host();
        return shown + ":" + ports().toString().replaceAll("[\\[\\] ]", "");
    }
}
