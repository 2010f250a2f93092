package dev.openshell.netns.linux.resolve;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;

/** A {@code nameserver} line: an address without its zone, and the zone (RFC 4007 section 11), empty without one. */
record Nameserver(InetAddress address, String scope) {
    ProtocolFamily family() {
        return address instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }

    /**
     * Returns the socket address. A zone's number is taken as it is; its name is looked up among the JVM's own
     * interfaces and, as in the C library, only for a link-local address.
     *
     * @throws SocketException when there is no such interface
     */
    InetSocketAddress at(int port) throws IOException {
        if (scope.isEmpty() || address instanceof Inet4Address) {
            return new InetSocketAddress(address, port);
        }
        if (scope.matches("[0-9]{1,9}")) {
            return scoped(Integer.parseInt(scope), port);
        }
        if (!address.isLinkLocalAddress()) {
            return new InetSocketAddress(address, port);
        }
        NetworkInterface link = NetworkInterface.getByName(scope);
        if (link == null) {
            throw new SocketException("there is no interface " + scope);
        }
        return scoped(link.getIndex(), port);
    }

    private InetSocketAddress scoped(int index, int port) throws IOException {
        return new InetSocketAddress(Inet6Address.getByAddress(null, address.getAddress(), index), port);
    }

    @Override
    public String toString() {
        String shown = InetAddresses.toAddrString(address);
        return scope.isEmpty() ? shown : shown + "%" + scope;
    }
}
