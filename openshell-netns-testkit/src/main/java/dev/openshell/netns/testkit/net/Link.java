package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An interface. */
public final class Link {
    /** What it is. */
    public enum Kind {
        LOOPBACK,
        VETH,
        /** An uplink to the outside, whose far end is no interface. */
        WIRE,
        DUMMY
    }

    final List<Address> ipv4 = new ArrayList<>();
    final List<Address> ipv6 = new ArrayList<>();
    Netns netns;
    String name;
    int index;
    byte[] mac;
    String alias = "";
    boolean up;
    /** Whether IPv6 has set the link up since it came up with a carrier (IF_READY). */
    boolean ipv6Ready;

    @Nullable
    Link peer;

    DeviceConf conf4;
    DeviceConf conf6;
    private final Kind kind;

    Link(Netns netns, String name, int index, byte[] mac, Kind kind) {
        this.netns = netns;
        this.name = name;
        this.index = index;
        this.mac = mac;
        this.kind = kind;
        this.conf4 = netns.sysctls.deviceConf4(kind == Kind.LOOPBACK);
        this.conf6 = netns.sysctls.deviceConf6(kind == Kind.LOOPBACK);
    }

    /** Returns the namespace that it is in. */
    public Netns netns() {
        return netns;
    }

    public String name() {
        return name;
    }

    public int index() {
        return index;
    }

    /** Returns its six bytes. */
    public byte[] mac() {
        return mac.clone();
    }

    public Kind kind() {
        return kind;
    }

    /** Returns IFF_UP. */
    public boolean up() {
        return up;
    }

    /** Returns whether frames get through: a veth's do when both ends are up. */
    public boolean carrier() {
        return up && (peer == null || peer.up);
    }

    /** Returns the other end of a veth. */
    public Optional<Link> peer() {
        return Optional.ofNullable(peer);
    }

    /** Returns its addresses of both families, in the kernel's order. */
    public List<Address> addresses() {
        List<Address> all = new ArrayList<>(ipv4);
        all.addAll(ipv6);
        return all;
    }

    /** Returns its addresses of one family, in the kernel's order. */
    public List<Address> addresses(Family family) {
        return List.copyOf(family == Family.IPV4 ? ipv4 : ipv6);
    }

    /** Returns the largest packet. */
    public int mtu() {
        return kind == Kind.LOOPBACK ? 65536 : 1500;
    }

    /** Returns IPv6's way of making link-local addresses (IN6_ADDR_GEN_MODE_*). */
    public int addrGenMode() {
        return conf6.get("addr_gen_mode");
    }

    /** Changes the way of making link-local addresses, without making one now, as IFLA_AF_SPEC does. */
    public void setAddrGenMode(int mode) {
        conf6.set("addr_gen_mode", mode);
    }

    /** Sets the IPv4 setting of this number (IPV4_DEVCONF_*), as IFLA_INET_CONF does. */
    public void setIpv4Conf(int number, int value) {
        conf4.set(Ipv4Conf.name(number), value);
    }

    /** Changes its MAC address. */
    public void setMac(byte[] to) {
        mac = to.clone();
    }

    /** Returns what was written on it. */
    public String alias() {
        return alias;
    }

    /** Writes on it. */
    public void setAlias(String text) {
        alias = text;
    }

    @Override
    public String toString() {
        return name;
    }
}
