package dev.openshell.netns.linux.acceptance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The names that a world's resolvers know. No other exists below example and internal; the rest is refused. */
final class WorldNames {
    private WorldNames() {}

    /** Returns them in the form of hosts(5). */
    static String hosts() {
        StringBuilder many = new StringBuilder();
        // Sixty addresses do not fit into 512 octets: the answer over UDP is truncated.
        for (int last = 101; last <= 160; last++) {
            many.append("203.0.113.").append(last).append(" many.example\n");
        }
        return """
                203.0.113.10 wss-primary.slack.example
                203.0.113.11 wss-primary.slack.example
                203.0.113.12 db.internal
                2001:db8:2::10 v6only.example
                203.0.113.14 dual.example
                2001:db8:2::10 dual.example
                169.254.169.254 rebind.example
                127.0.0.1 mixed.example
                203.0.113.13 mixed.example
                10.43.7.7 private.example
                198.51.100.2 pod-itself.example
                203.0.113.66 unlisted.example
                """
                + many;
    }

    /** Starts dnsmasq in the namespace {@code name} on {@code addresses}. */
    static Service serve(String name, Path hosts, String... addresses) {
        List<String> command = new ArrayList<>(List.of(
                "ip",
                "netns",
                "exec",
                name,
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--user=root",
                "--log-facility=-",
                "--bind-interfaces",
                "--no-resolv",
                "--no-hosts",
                "--addn-hosts=" + hosts,
                "--cname=cname.example,wss-primary.slack.example",
                "--local=/example/",
                "--local=/internal/"));
        for (String address : addresses) {
            command.add("--listen-address=" + address);
        }
        return Service.start(line -> line.contains(": started, version"), command.toArray(String[]::new));
    }
}
