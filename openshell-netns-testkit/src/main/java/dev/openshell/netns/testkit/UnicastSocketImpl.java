package dev.openshell.netns.testkit;

import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;

/** A UDP socket that joins no group. */
abstract class UnicastSocketImpl extends DatagramSocketImpl {
    @Override
    protected int peek(InetAddress address) {
        throw new UnsupportedOperationException("peek(InetAddress) is not available on the fake");
    }

    @Override
    @Deprecated
    protected void setTTL(byte ttl) {}

    @Override
    @Deprecated
    protected byte getTTL() {
        return 1;
    }

    @Override
    protected void setTimeToLive(int ttl) {}

    @Override
    protected int getTimeToLive() {
        return 1;
    }

    @Override
    protected void join(InetAddress group) {
        throw noMulticast();
    }

    @Override
    protected void leave(InetAddress group) {
        throw noMulticast();
    }

    @Override
    protected void joinGroup(SocketAddress group, NetworkInterface by) {
        throw noMulticast();
    }

    @Override
    protected void leaveGroup(SocketAddress group, NetworkInterface by) {
        throw noMulticast();
    }

    private static UnsupportedOperationException noMulticast() {
        return new UnsupportedOperationException("multicast is not available on the fake");
    }
}
