package dev.openshell.netns.linux.acceptance;

import java.util.ArrayList;
import java.util.List;

/** The namespaces, links, addresses and rules of a world, as {@link PodWorld} draws them. */
final class WorldLinks {
    private WorldLinks() {}

    /** Makes the namespace {@code name}. */
    static void namespace(Cleanup cleanup, String name) {
        Shell.must("ip", "netns", "add", name);
        cleanup.later(() -> Shell.must("ip", "netns", "delete", name));
        Shell.must(exec(
                name,
                "sysctl",
                "-q",
                "-w",
                // No duplicate address detection: every address works at once.
                "net.ipv6.conf.all.accept_dad=0",
                "net.ipv6.conf.default.accept_dad=0",
                "net.ipv4.ip_forward=0",
                "net.ipv6.conf.all.forwarding=0"));
    }

    /** Makes the namespace {@code name} with an uplink that leads nowhere. */
    static void lonely(Cleanup cleanup, String name) {
        namespace(cleanup, name);
        batch(
                name,
                """
                link add eth0 type veth peer name eth1
                address add 198.51.100.2/24 dev eth0
                link set eth0 up
                link set eth1 up
                route add default via 198.51.100.1
                """);
    }

    /** Joins the three namespaces. */
    static void join(String pod, String uplink, String neighbour, boolean resolverIsThere) {
        batch(
                pod,
                """
                link set lo up
                link add eth0 type veth peer name eth0 netns %s
                link add eth1 type veth peer name eth0 netns %s
                address add 198.51.100.2/24 dev eth0
                address add 2001:db8:1::2/64 dev eth0
                address add 10.43.1.2/24 dev eth1
                address add 2001:db8:3::2/64 dev eth1
                link set eth0 up
                link set eth1 up
                route add default via 198.51.100.1
                route add default via 2001:db8:1::1
                """
                        .formatted(uplink, neighbour));
        // Whatever the pod lets out has an answer's way back, also with a source address that is not the pod's.
        batch(
                uplink,
                hosts(resolverIsThere)
                        + """
                        link set lo up
                        address add 198.51.100.1/24 dev eth0
                        address add 2001:db8:1::1/64 dev eth0
                        link set eth0 up
                        route add default via 198.51.100.2
                        route add default via 2001:db8:1::2
                        """);
        batch(
                neighbour,
                """
                link set lo up
                address add 10.43.1.3/24 dev eth0
                address add 2001:db8:3::3/64 dev eth0
                link set eth0 up
                route add default via 10.43.1.2
                route add default via 2001:db8:3::2
                """);
    }

    private static String hosts(boolean resolverIsThere) {
        List<String> hosts = new ArrayList<>(List.of(
                PodWorld.OTHER_DNS,
                PodWorld.BACKEND,
                PodWorld.UNLISTED,
                PodWorld.METADATA,
                "10.43.7.7",
                PodWorld.LISTED6,
                PodWorld.UNLISTED6));
        for (int last = 10; last <= 20; last++) {
            hosts.add("203.0.113." + last);
        }
        if (resolverIsThere) {
            hosts.add(PodWorld.DNS);
        }
        StringBuilder commands = new StringBuilder();
        hosts.forEach(host -> commands.append("address add ").append(host).append(" dev lo\n"));
        return commands.toString();
    }

    /** Has {@code pod} send what goes to a service on to {@code backend}, as a node's service proxy does. */
    static void rewrite(String pod, String iptables, String protocol, String address, int port, String backend) {
        for (String chain : List.of("PREROUTING", "OUTPUT")) {
            String rule = "-w -t nat -A %s -d %s -p %s --dport %d -j DNAT --to-destination %s"
                    .formatted(chain, address, protocol, port, backend);
            Shell.must(exec(pod, (iptables + " " + rule).split(" ")));
        }
    }

    /** Returns what listeners.py opens on every address, and on port 53 where no resolver is. */
    static List<String> sockets(String pod, String uplink, String neighbour) {
        List<String> sockets = new ArrayList<>();
        for (String name : List.of(uplink, neighbour, pod)) {
            for (String any : List.of("0.0.0.0", "::")) {
                PodWorld.TCP_PORTS.forEach(port -> sockets.add(name + "/tcp/" + any + "/" + port));
                PodWorld.UDP_PORTS.forEach(port -> sockets.add(name + "/udp/" + any + "/" + port));
            }
        }
        List<String> noResolvers =
                List.of(PodWorld.LISTED, PodWorld.UNLISTED, PodWorld.LISTED6, PodWorld.UNLISTED6, PodWorld.METADATA);
        for (String host : noResolvers) {
            sockets.add(uplink + "/tcp/" + host + "/53");
            sockets.add(uplink + "/udp/" + host + "/53");
        }
        for (String any : List.of("0.0.0.0", "::")) {
            sockets.add(pod + "/udp/" + any + "/53");
            sockets.add(pod + "/tcp/" + any + "/53");
        }
        return sockets;
    }

    private static void batch(String name, String commands) {
        Shell.mustFeed(commands, "ip", "-n", name, "-batch", "-");
    }

    /** Returns {@code command} as it is run in the namespace {@code name}. */
    static String[] exec(String name, String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        return all.toArray(String[]::new);
    }
}
