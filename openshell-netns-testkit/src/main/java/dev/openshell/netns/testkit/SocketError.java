package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;

/** What Linux tells a socket, and what the JDK makes of it. */
enum SocketError {
    EPERM("Operation not permitted"),
    EACCES("Permission denied"),
    EINVAL("Invalid argument"),
    EAGAIN("Resource temporarily unavailable"),
    ENOPROTOOPT("Protocol not available"),
    EADDRINUSE("Address already in use"),
    EADDRNOTAVAIL("Cannot assign requested address"),
    ENETDOWN("Network is down"),
    ENETUNREACH("Network is unreachable"),
    ETIMEDOUT("Connection timed out"),
    ECONNREFUSED("Connection refused"),
    EHOSTUNREACH("No route to host");

    private final String text;

    SocketError(String text) {
        this.text = text;
    }

    /** Returns the exception that the JDK's sockets throw for it. */
    SocketException exception() {
        return switch (this) {
            case EACCES, EADDRINUSE, EADDRNOTAVAIL -> new BindException(text);
            case ETIMEDOUT, ECONNREFUSED -> new ConnectException(text);
            case EHOSTUNREACH -> new NoRouteToHostException(text);
            default -> new SocketException(text);
        };
    }

    /** Returns what a route of this type, or for an empty string no route, means to whoever sends. */
    static SocketError ofRoute(String type) {
        return switch (type) {
            case "BLACKHOLE" -> EINVAL;
            case "UNREACHABLE" -> EHOSTUNREACH;
            case "PROHIBIT" -> EACCES;
            case "THROW" -> EAGAIN;
            default -> ENETUNREACH;
        };
    }

    /** Returns what an ICMP or ICMPv6 error means to the socket whose packet it is about. */
    static SocketError ofIcmp(Header error) {
        int code = error.icmpCode();
        if (error.family() == Family.IPV4) {
            return switch (code) {
                case 0, 6, 9, 11 -> ENETUNREACH;
                case 2 -> ENOPROTOOPT;
                case 3 -> ECONNREFUSED;
                default -> EHOSTUNREACH;
            };
        }
        return switch (code) {
            case 0 -> ENETUNREACH;
            case 1, 5, 6 -> EACCES;
            case 4 -> ECONNREFUSED;
            default -> EHOSTUNREACH;
        };
    }
}
