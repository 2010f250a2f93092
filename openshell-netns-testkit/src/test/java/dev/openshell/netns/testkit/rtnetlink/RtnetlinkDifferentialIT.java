package dev.openshell.netns.testkit.rtnetlink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.testkit.netlink.Bytes;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Linux and the fake get the same bytes and the same sysctls, and have to answer and to end up the same. */
@Tag("real-kernel")
@Tag("differential")
class RtnetlinkDifferentialIT {
    private static final byte[] MAC_A = {2, (byte) 0xaa, 0, 0, 0, 1};
    private static final byte[] MAC_B = {2, (byte) 0xaa, 0, 0, 0, 2};
    private static final long SEED = 20_250_714;
    private static final int CHANGES_A_SAMPLE = 60;

    private static Rtnetlink.End a(String name, int index) {
        return new Rtnetlink.End(name, index, MAC_A);
    }

    private static Rtnetlink.End b(String name, int index) {
        return new Rtnetlink.End(name, index, MAC_B);
    }

    private static InetAddress ip(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    private static Request veth(World w) {
        return Rtnetlink.newVeth(a("fkaa", 10), b("fkab", 11), w.real[1]);
    }

    private static void both(World w, int where, Request request) throws Exception {
        both(w, where, request.toBytes(), "");
    }

    private static void both(World w, int where, byte[] request, String what) throws Exception {
        World.Both answers = w.ask(where, request);
        assertThat(answers.fake()).as("answers %s", what).isEqualTo(answers.real());
        World.Both state = w.state();
        assertThat(state.fake()).as("state %s", what).isEqualTo(state.real());
    }

    @Test
    void buildsAWorldStepByStep() throws Exception {
        try (World w = new World()) {
            for (int i = 0; i < 2; i++) {
                sysctl(w, i, "net/ipv6/conf/default/addr_gen_mode", "1");
                both(w, i, Rtnetlink.setUp(1, "lo", true));
            }
            both(w, 0, veth(w));
            both(w, 0, veth(w));
            both(w, 0, Rtnetlink.newVeth(a("fkaa", 20), b("other", 21), w.real[1]));
            both(w, 0, Rtnetlink.newVeth(a("other", 20), b("fkab", 21), w.real[1]));
            both(w, 0, Rtnetlink.newVeth(a("other", 20), b("other", 11), w.real[1]));
            for (String name : List.of(
                    "",
                    ".",
                    "..",
                    "a/b",
                    "a:b",
                    "a b",
                    "x%d",
                    "x%s",
                    "%d%d",
                    "abcdefghijklmno",
                    "abcdefghijklmnop",
                    "tab\tx",
                    "lo")) {
                both(w, 0, Rtnetlink.newVeth(a(name, 0), b("peer", 0), w.real[1]));
                both(w, 0, Rtnetlink.newVeth(a("q" + name.length(), 0), b(name, 0), w.real[1]));
            }
            both(w, 0, Rtnetlink.noLinkLocal(10, "fkaa"));
            both(w, 0, Rtnetlink.noLinkLocal(99, "nosuch"));
            both(w, 0, Rtnetlink.newAddress(10, ip("10.200.0.1"), 30));
            both(w, 0, Rtnetlink.newAddress(10, ip("10.200.0.1"), 30));
            both(w, 0, Rtnetlink.newAddress(99, ip("10.200.0.1"), 30));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("10.200.0.2")));
            both(w, 0, Rtnetlink.newAddress(10, ip("2001:db8::1"), 64));
            both(w, 0, Rtnetlink.newAddress(10, ip("2001:db8::1"), 64));
            both(w, 0, Rtnetlink.newAddress(10, ip("::1"), 128));
            both(w, 0, Rtnetlink.newAddress(10, ip("ff02::1"), 128));
            both(w, 0, Rtnetlink.newAddress(10, ip("::"), 128));
            both(w, 0, Rtnetlink.newAddress(10, ip("0.0.0.0"), 0));
            both(w, 0, Rtnetlink.newAddress(10, ip("10.200.0.9"), 33));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("2001:db8::2")));
            both(w, 0, Rtnetlink.setUp(10, "fkaa", true));
            both(w, 0, Rtnetlink.setUp(99, "nosuch", true));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("10.200.0.2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("10.200.0.2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("10.200.9.2")));
            both(w, 0, Rtnetlink.newDefaultRoute(99, ip("10.200.0.2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("10.200.0.1")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("2001:db8::2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("2001:db8::2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("2001:db8:9::2")));
            both(w, 0, Rtnetlink.newDefaultRoute(99, ip("2001:db8::2")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("2001:db8::1")));
            both(w, 0, Rtnetlink.newDefaultRoute(10, ip("fe80::1")));
            both(w, 0, Rtnetlink.newAddress(10, ip("10.200.0.2"), 30));
            both(w, 0, Rtnetlink.newAddress(10, ip("10.43.0.1"), 32));
            both(w, 1, Rtnetlink.newAddress(11, ip("10.200.0.6"), 31));
            both(w, 1, Rtnetlink.setUp(11, "fkab", true));
            both(w, 1, Rtnetlink.newAddress(11, ip("10.43.1.1"), 24));
            both(w, 1, Rtnetlink.newAddress(11, ip("2001:db8:1::1"), 64));
            both(w, 1, Rtnetlink.newAddress(11, ip("fe80::7"), 64));
            both(w, 1, Rtnetlink.newDefaultRoute(11, ip("fe80::9")));
            both(w, 0, Rtnetlink.newNeighbour(10, ip("10.200.0.2"), MAC_B));
            both(w, 0, Rtnetlink.newNeighbour(10, ip("10.200.0.2"), MAC_B));
            both(w, 0, Rtnetlink.newNeighbour(99, ip("10.200.0.2"), MAC_B));
            both(w, 0, Rtnetlink.newNeighbour(10, ip("2001:db8::2"), MAC_B));
            for (String to : List.of(
                    "127.0.0.1",
                    "127.0.0.5",
                    "10.200.0.1",
                    "10.200.0.2",
                    "10.200.0.3",
                    "10.43.5.5",
                    "198.51.100.1",
                    "2001:db8::1",
                    "2001:db8::5",
                    "2001:db8:77::1",
                    "::1",
                    "10.43.0.1")) {
                both(w, 0, Rtnetlink.getRoute(ip(to)));
                both(w, 1, Rtnetlink.getRoute(ip(to)));
            }
            both(
                    w,
                    0,
                    Rtnetlink.dumpLinks()
                            .and(Rtnetlink.setUp(99, "nosuch", true))
                            .and(Rtnetlink.dumpAddresses()));
            for (String value : List.of("1", "0", "2")) {
                sysctl(w, 1, "net/ipv6/conf/all/forwarding", value);
            }
            sysctl(w, 1, "net/ipv6/conf/fkab/disable_ipv6", "1");
            both(w, 1, Rtnetlink.newAddress(11, ip("2001:db8:1::1"), 64));
            both(w, 1, Rtnetlink.newDefaultRoute(11, ip("fe80::9")));
            both(w, 1, Rtnetlink.newNeighbour(11, ip("2001:db8::2"), MAC_B));
            sysctl(w, 1, "net/ipv6/conf/fkab/disable_ipv6", "0");
            sysctl(w, 0, "net/ipv6/conf/all/disable_ipv6", "1");
            sysctl(w, 0, "net/ipv6/conf/all/disable_ipv6", "0");
            both(w, 0, Rtnetlink.setUp(10, "fkaa", false));
            both(w, 0, Rtnetlink.setUp(10, "fkaa", true));
            both(w, 0, Rtnetlink.setUp(1, "lo", false));
            both(w, 0, Rtnetlink.setUp(1, "lo", true));
            both(w, 0, Rtnetlink.deleteLink(1, "lo"));
            both(w, 0, Rtnetlink.deleteLink(99, "nosuch"));
            both(w, 1, Rtnetlink.deleteLink(11, "fkab"));
        }
    }

    private static byte[] message(int type, int flags, Bytes payload) {
        byte[] raw = payload.toBytes();
        return new Bytes()
                .u32(16 + raw.length)
                .u16(type)
                .u16(flags | 5)
                .u32(1)
                .u32(0)
                .raw(raw)
                .toBytes();
    }

    private static Bytes link(int index) {
        return new Bytes().u32(0).u32(index).u32(0).u32(0);
    }

    private static Bytes address(int index, String ip, int prefix) throws Exception {
        byte[] raw = ip(ip).getAddress();
        return new Bytes().u8(raw.length == 4 ? 2 : 10, prefix, 0, 0).u32(index).attribute(2, raw);
    }

    private static Bytes route(String ip, int prefix, int scope, int type) throws Exception {
        byte[] raw = ip(ip).getAddress();
        return new Bytes()
                .u8(raw.length == 4 ? 2 : 10, prefix, 0, 0, 254, 4, scope, type)
                .u32(0)
                .attribute(1, raw);
    }

    @Test
    void agreesOnWhatIsDoneByHand() throws Exception {
        int create = 0x400;
        try (World w = new World()) {
            for (int i = 0; i < 2; i++) {
                sysctl(w, i, "net/ipv6/conf/default/addr_gen_mode", "1");
            }
            both(w, 0, veth(w));
            both(w, 0, Rtnetlink.newVeth(a("fkac", 30), b("fkad", 31), w.real[1]));
            for (String name : List.of("fkae\0", "fkac\0", "a/b\0", "\0", "x%d\0", "fkaa\0")) {
                both(w, 0, message(16, 0, link(10).attribute(3, name.getBytes(StandardCharsets.US_ASCII))), name);
            }
            byte[] forwarding = new Bytes().attribute(1, Bytes.number(2)).toBytes();
            byte[] conf = new Bytes()
                    .attribute(2, new Bytes().attribute(1, forwarding).toBytes())
                    .toBytes();
            both(w, 0, message(16, 0, link(10).attribute(26, conf)), "forwarding");
            World.Both read = w.read(0, "net/ipv4/conf/fkaa/forwarding");
            assertThat(read.fake()).isEqualTo(read.real()).containsExactly("Optional[2]");
            both(w, 0, Rtnetlink.setUp(10, "fkaa", true));
            both(w, 1, Rtnetlink.setUp(11, "fkab", true));
            for (String ip : List.of("10.200.0.1", "10.200.0.9", "10.200.0.17", "10.43.0.1")) {
                both(w, 0, message(20, create, address(10, ip, 24)), ip);
            }
            both(w, 0, message(20, create, address(10, "10.200.0.9", 25)), "another prefix");
            both(w, 0, message(20, create, address(10, "2001:db8::1", 64).attribute(8, Bytes.number(2))), "6");
            both(w, 0, message(20, create, address(10, "2001:db8::2", 64).attribute(8, Bytes.number(2))), "6");
            both(
                    w,
                    0,
                    message(
                            24,
                            create,
                            route("198.51.100.0", 24, 0, 1)
                                    .attribute(5, ip("10.200.0.5").getAddress())),
                    "gateway");
            both(
                    w,
                    0,
                    message(
                            24,
                            create,
                            route("198.51.100.0", 24, 0, 1)
                                    .attribute(5, ip("10.200.0.5").getAddress())),
                    "gateway");
            both(w, 0, message(24, create, route("198.51.100.0", 23, 0, 1).attribute(4, Bytes.number(10))), "bits");
            both(w, 0, message(24, create, route("203.0.113.0", 24, 253, 1).attribute(4, Bytes.number(10))), "link");
            both(w, 0, message(24, create, route("203.0.113.128", 25, 0, 7)), "unreachable");
            both(w, 0, message(24, create, route("203.0.113.64", 26, 0, 6)), "blackhole");
            both(w, 0, message(24, create, route("203.0.113.32", 27, 0, 8)), "prohibit");
            both(w, 0, message(24, create, route("2001:db8:5::", 48, 0, 1).attribute(4, Bytes.number(10))), "6 link");
            both(w, 0, message(24, 0, route("203.0.113.16", 28, 253, 1).attribute(4, Bytes.number(10))), "no create");
            both(
                    w,
                    0,
                    message(
                            24,
                            create,
                            route("198.51.100.7", 32, 0, 1)
                                    .attribute(4, Bytes.number(10))
                                    .attribute(7, ip("10.43.0.9").getAddress())),
                    "bad source");
            both(
                    w,
                    0,
                    message(
                            24,
                            create,
                            route("198.51.100.7", 32, 0, 1)
                                    .attribute(4, Bytes.number(10))
                                    .attribute(7, ip("10.43.0.1").getAddress())),
                    "source");
            for (String to : List.of(
                    "203.0.113.1",
                    "203.0.113.129",
                    "203.0.113.65",
                    "203.0.113.33",
                    "198.51.100.7",
                    "198.51.100.8",
                    "224.0.0.1",
                    "10.200.0.255",
                    "2001:db8:5::1")) {
                both(w, 0, Rtnetlink.getRoute(ip(to)));
            }
            both(w, 0, message(25, 0, route("203.0.113.128", 25, 255, 0)), "delete");
            both(w, 0, message(25, 0, route("203.0.113.128", 25, 255, 0)), "delete again");
            both(w, 0, message(25, 0, route("2001:db8:5::", 48, 255, 0)), "delete 6");
            both(w, 0, message(25, 0, route("2001:db8:5::", 48, 255, 0)), "delete 6 again");
            both(w, 0, message(21, 0, address(10, "10.200.0.9", 24)), "delete a secondary address");
            both(w, 0, message(21, 0, address(10, "10.200.0.1", 24)), "delete a primary address");
            both(w, 0, message(21, 0, address(10, "10.200.0.1", 24)), "delete again");
            both(w, 0, message(21, 0, address(10, "2001:db8::1", 64)), "delete 6");
            both(w, 0, message(21, 0, address(10, "2001:db8::1", 64)), "delete 6 again");
            both(w, 0, message(21, 0, address(10, "2001:db8::2", 64)), "delete the last 6");
            both(w, 0, message(21, 0, address(10, "10.43.0.1", 24)), "delete a third");
            both(w, 0, message(21, 0, address(10, "10.200.0.9", 25)), "delete the last");
            both(w, 0, message(18, 0, link(10)), "get");
            both(w, 0, message(18, 0, link(77)), "get what is not there");
            both(w, 0, message(16, 0, link(30).attribute(28, Bytes.number(w.real[1]))), "move");
            both(w, 0, message(16, 0, link(30).attribute(28, Bytes.number(w.real[1]))), "move again");
            both(w, 0, message(16, 0, link(1).attribute(28, Bytes.number(w.real[1]))), "move lo");
            both(w, 0, message(16, 0, link(10).attribute(28, Bytes.number(-1))), "move nowhere");
            both(w, 1, Rtnetlink.deleteLink(31, "fkad"));
        }
    }

    @Test
    void makesLinkLocalAddresses() throws Exception {
        try (World w = new World()) {
            both(w, 0, veth(w));
            both(w, 0, Rtnetlink.setUp(10, "fkaa", true));
            both(w, 1, Rtnetlink.setUp(11, "fkab", true));
            sysctl(w, 1, "net/ipv6/conf/fkab/disable_ipv6", "1");
            sysctl(w, 1, "net/ipv6/conf/fkab/disable_ipv6", "0");
            both(w, 0, Rtnetlink.setUp(10, "fkaa", false));
        }
    }

    private static void sysctl(World w, int where, String key, String value) throws Exception {
        World.Both written = w.write(where, key, value);
        assertThat(written.fake()).as("%s = '%s'", key, value).isEqualTo(written.real());
        World.Both state = w.state();
        assertThat(state.fake()).as("state after %s = '%s'", key, value).isEqualTo(state.real());
    }

    @Test
    void readsAndWritesTheSameSysctls() throws Exception {
        String[] names4 = {
            "forwarding",
            "rp_filter",
            "accept_local",
            "route_localnet",
            "accept_redirects",
            "accept_source_route",
            "send_redirects",
            "disable_policy",
            "log_martians",
            "arp_ignore",
            "bogus"
        };
        String[] names6 = {
            "forwarding",
            "force_forwarding",
            "accept_ra",
            "disable_ipv6",
            "addr_gen_mode",
            "accept_dad",
            "autoconf",
            "hop_limit",
            "mtu",
            "use_tempaddr",
            "proxy_ndp",
            "bogus"
        };
        String[] scopes = {"all", "default", "lo", "fkaa", "nosuch"};
        List<String> keys = new ArrayList<>(List.of(
                "net/ipv4/ip_forward",
                "net/ipv4/tcp_orphan_retries",
                "net/netfilter/nf_conntrack_tcp_loose",
                "net/netfilter/nf_conntrack_tcp_be_liberal",
                "net/ipv4/ping_group_range",
                "net/ipv4/ip_local_port_range",
                "net/ipv4/ip_unprivileged_port_start",
                "net/ipv4/ip_default_ttl",
                "net/ipv6/bindv6only",
                "net/ipv4/ip_nonlocal_bind",
                "net/ipv4/icmp_echo_ignore_all",
                "net/ipv4/tcp_syn_retries",
                "net/ipv4/tcp_syncookies",
                "net/ipv4/tcp_retries1",
                "net/ipv4/tcp_retries2",
                "net/ipv4/tcp_synack_retries",
                "net/netfilter/nf_conntrack_checksum"));
        for (String scope : scopes) {
            Arrays.stream(names4).forEach(n -> keys.add("net/ipv4/conf/" + scope + "/" + n));
            Arrays.stream(names6).forEach(n -> keys.add("net/ipv6/conf/" + scope + "/" + n));
        }
        String[] values = {
            "0",
            "1",
            "2",
            "3",
            "-1",
            "255",
            "256",
            "1280",
            "2147483647",
            "2147483648",
            "-2147483648",
            "99999999999999999999999",
            "0x1",
            "08",
            "01",
            "1x",
            "x",
            "",
            " ",
            "1 2",
            "5 1",
            "\t1\n",
            "2000 3000",
            "+1",
            "--1",
            "0x",
            "-0",
            "1,2"
        };
        Random random = new Random(SEED);
        int unsupported = 0;
        try (World w = new World()) {
            both(w, 0, veth(w));
            for (int i = 0; i < 2500; i++) {
                if (i == 600) {
                    both(w, 0, Rtnetlink.newAddress(10, ip("10.200.0.1"), 30));
                }
                String key = keys.get(random.nextInt(keys.size()));
                String value = values[random.nextInt(values.length)];
                World.Both written;
                try {
                    written = w.write(0, key, value);
                } catch (UnsupportedOperationException e) {
                    unsupported++;
                    continue;
                }
                assertThat(written.fake()).as("%s = '%s'", key, value).isEqualTo(written.real());
                if (i % 25 == 0) {
                    for (String each : keys) {
                        World.Both read = w.read(0, each);
                        assertThat(read.fake())
                                .as("%s after %s = '%s'", each, key, value)
                                .isEqualTo(read.real());
                    }
                }
            }
        }
        assertThat(unsupported).isLessThan(250);
    }

    private record Sample(String name, boolean addresses, Function<World, Request> request) {}

    private interface Made {
        Request get() throws Exception;
    }

    private static Request made(Made made) {
        try {
            return made.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Sample> samples() {
        return List.of(
                new Sample("veth", false, w -> Rtnetlink.newVeth(a("fkac", 30), b("fkad", 31), w.real[1])),
                new Sample("noLinkLocal", false, w -> Rtnetlink.noLinkLocal(10, "fkaa")),
                new Sample("down", true, w -> Rtnetlink.setUp(10, "fkaa", false)),
                new Sample("delete", false, w -> Rtnetlink.deleteLink(10, "fkaa")),
                new Sample("address4", true, w -> made(() -> Rtnetlink.newAddress(10, ip("10.43.0.1"), 24))),
                new Sample("address6", true, w -> made(() -> Rtnetlink.newAddress(10, ip("2001:db8:7::1"), 64))),
                new Sample("route4", true, w -> made(() -> Rtnetlink.newDefaultRoute(10, ip("10.200.0.2")))),
                new Sample("route6", true, w -> made(() -> Rtnetlink.newDefaultRoute(10, ip("2001:db8::2")))),
                new Sample("neighbour4", true, w -> made(() -> Rtnetlink.newNeighbour(10, ip("10.200.0.2"), MAC_B))),
                new Sample("neighbour6", true, w -> made(() -> Rtnetlink.newNeighbour(10, ip("2001:db8::2"), MAC_B))),
                new Sample("dumpLinks", false, w -> Rtnetlink.dumpLinks()),
                new Sample("dumpAddresses", true, w -> Rtnetlink.dumpAddresses()),
                new Sample("getRoute4", true, w -> made(() -> Rtnetlink.getRoute(ip("10.200.0.2")))),
                new Sample("getRoute6", true, w -> made(() -> Rtnetlink.getRoute(ip("2001:db8::2")))));
    }

    @TestFactory
    List<DynamicTest> agreesOnDamagedRequests() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Sample sample : samples()) {
            tests.add(DynamicTest.dynamicTest(sample.name, () -> damage(sample)));
        }
        return tests;
    }

    private static void damage(Sample sample) throws Exception {
        Random random = new Random(SEED + sample.name.hashCode());
        int length;
        try (World w = new World()) {
            length = sample.request.apply(w).toBytes().length;
        }
        List<String> wrong = new ArrayList<>();
        int unsupported = 0;
        int runs = 2 * length + CHANGES_A_SAMPLE;
        for (int run = 0; run < runs; run++) {
            try (World w = prepared(sample.addresses)) {
                byte[] request = sample.request.apply(w).toBytes();
                String what;
                if (run < length) {
                    what = sample.name + " cut at " + run;
                    request = Arrays.copyOf(request, run);
                } else if (run < 2 * length) {
                    what = sample.name + " cut and told at " + (run - length);
                    request = Arrays.copyOf(request, run - length);
                    if (request.length >= 16) {
                        request[0] = (byte) request.length;
                        request[1] = (byte) (request.length >> 8);
                    }
                } else {
                    int at = random.nextInt(length);
                    request[at] = (byte) random.nextInt(256);
                    what = sample.name + " byte " + at + " = " + (request[at] & 0xff);
                }
                try {
                    w.askFake(0, new byte[0]);
                    both(w, 0, request, what);
                } catch (UnsupportedOperationException e) {
                    unsupported++;
                } catch (AssertionError e) {
                    wrong.add(e.getMessage());
                }
            }
        }
        assertThat(wrong).as("%d of %d wrong", wrong.size(), runs).isEmpty();
        assertThat(unsupported).isLessThan(runs / 4);
    }

    private static World prepared(boolean addresses) throws Exception {
        World w = new World();
        for (int i = 0; i < 2; i++) {
            w.write(i, "net/ipv6/conf/default/addr_gen_mode", "1");
        }
        Request all = veth(w);
        w.ask(0, all.toBytes());
        if (addresses) {
            w.ask(
                    0,
                    Rtnetlink.setUp(10, "fkaa", true)
                            .and(Rtnetlink.newAddress(10, ip("10.200.0.1"), 30))
                            .and(Rtnetlink.newAddress(10, ip("2001:db8::1"), 64))
                            .toBytes());
            w.ask(1, Rtnetlink.setUp(11, "fkab", true).toBytes());
        }
        return w;
    }
}
