package dev.openshell.netns.testkit.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NetnsTest {
    private final Machine machine = new Machine();
    private final Netns host = machine.create();
    private final Netns inside = machine.create();
    private Link uplink;
    private Link near;
    private Link far;

    private static Ip ip(String text) {
        return Ip.parse(text);
    }

    @BeforeEach
    void build() {
        uplink = host.addWire("eth0");
        host.setUp(uplink, true);
        host.addAddress(uplink, ip("203.0.113.5"), 24);
        host.addRoute(ip("0.0.0.0"), 0, RouteType.UNICAST, uplink, Optional.of(ip("203.0.113.1")));
        Link[] pair = machine.addVeth(host, "near", inside, "far");
        near = pair[0];
        far = pair[1];
        host.setUp(near, true);
        host.addAddress(near, ip("10.200.0.1"), 30);
        inside.setUp(far, true);
        inside.addAddress(far, ip("10.200.0.2"), 30);
        inside.addRoute(ip("0.0.0.0"), 0, RouteType.UNICAST, far, Optional.of(ip("10.200.0.1")));
    }

    @Test
    void findsTheLongestPrefix() {
        assertThat(host.route(ip("10.200.0.2")).orElseThrow().out()).isSameAs(near);
        assertThat(host.route(ip("198.51.100.1")).orElseThrow().gateway()).contains(ip("203.0.113.1"));
        assertThat(inside.route(ip("198.51.100.1")).orElseThrow().source()).contains(ip("10.200.0.2"));
        assertThat(host.route(ip("203.0.113.5")).orElseThrow().type()).isEqualTo(RouteType.LOCAL);
        assertThat(host.isLocal(ip("10.200.0.1"))).isTrue();
        assertThat(host.isLocal(ip("10.200.0.2"))).isFalse();
    }

    @Test
    void namesAddressTypes() {
        assertThat(host.addressType(ip("10.200.0.1"), null)).isEqualTo("LOCAL");
        assertThat(host.addressType(ip("10.200.0.1"), uplink)).isEqualTo("UNICAST");
        assertThat(host.addressType(ip("10.200.0.3"), null)).isEqualTo("BROADCAST");
        assertThat(host.addressType(ip("224.0.0.1"), null)).isEqualTo("MULTICAST");
        assertThat(host.addressType(ip("198.51.100.1"), null)).isEqualTo("UNICAST");
        assertThat(host.hasAddressType(ip("2001:db8::1"), "UNREACHABLE", null)).isTrue();
    }

    @Test
    void judgesSources() {
        assertThat(host.reversePath(ip("198.51.100.1"), near)).isEqualTo(ReversePath.OK);
        assertThat(host.reversePath(ip("203.0.113.5"), near)).isEqualTo(ReversePath.MARTIAN_SOURCE);
        assertThat(host.reversePath(ip("127.0.0.1"), near)).isEqualTo(ReversePath.MARTIAN_SOURCE);
        host.writeSysctl("net/ipv4/conf/all/rp_filter", "1");
        assertThat(host.reversePath(ip("198.51.100.1"), near)).isEqualTo(ReversePath.NOT_BY_THIS_INTERFACE);
        assertThat(host.reversePath(ip("10.200.0.2"), near)).isEqualTo(ReversePath.OK);
        host.writeSysctl("net/ipv4/conf/near/rp_filter", "2");
        assertThat(host.reversePath(ip("198.51.100.1"), near)).isEqualTo(ReversePath.OK);
    }

    @Test
    void picksTheSourceToMasqueradeWith() {
        assertThat(host.sourceFor(uplink, Optional.of(ip("203.0.113.1")))).contains(ip("203.0.113.5"));
    }

    @Test
    void takesTheRoutesOfALinkThatGoesDown() {
        host.setUp(uplink, false);
        assertThat(host.route(ip("198.51.100.1"))).isEmpty();
        assertThat(host.isLocal(ip("203.0.113.5"))).isTrue();
        assertThat(near.carrier()).isTrue();
        inside.setUp(far, false);
        assertThat(near.carrier()).isFalse();
    }

    @Test
    void takesThePeersOfANamespaceThatEnds() {
        machine.destroy(inside);
        assertThat(host.findLink("near")).isEmpty();
        assertThat(host.isLocal(ip("10.200.0.1"))).isFalse();
        assertThat(host.readSysctl("net/ipv4/conf/near/forwarding")).isEmpty();
        assertThat(machine.namespaces()).containsExactly(host);
    }

    @Test
    void forwardsWhereItIsSwitchedOn() {
        assertThat(host.forwards(Family.IPV4, near)).isFalse();
        host.writeSysctl("net/ipv4/ip_forward", "1");
        assertThat(host.forwards(Family.IPV4, near)).isTrue();
        host.writeSysctl("net/ipv6/conf/near/force_forwarding", "1");
        assertThat(host.forwards(Family.IPV6, near)).isTrue();
        assertThat(host.forwards(Family.IPV6, uplink)).isFalse();
        assertThatThrownBy(() -> host.writeSysctl("net/ipv4/conf/near/forwarding", "x"))
                .isInstanceOf(NetException.class);
        assertThatThrownBy(() -> host.readSysctl("net/ipv4/nobody_knows"))
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
