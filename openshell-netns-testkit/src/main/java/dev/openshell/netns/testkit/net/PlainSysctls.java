package dev.openshell.netns.testkit.net;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The sysctls of a namespace that are no interface's. */
final class PlainSysctls {
    private record Kind(String initial, long low, long high) {}

    private static final Map<String, Kind> KINDS = Map.ofEntries(
            Map.entry("net/ipv4/icmp_echo_ignore_all", new Kind("0", 0, 1)),
            Map.entry("net/ipv4/icmp_echo_ignore_broadcasts", new Kind("1", 0, 1)),
            Map.entry("net/ipv4/ip_default_ttl", new Kind("64", 1, 255)),
            Map.entry("net/ipv4/ip_local_port_range", new Kind("32768\t60999", 1, 65535)),
            Map.entry("net/ipv4/ip_nonlocal_bind", new Kind("0", 0, 255)),
            Map.entry("net/ipv4/ip_unprivileged_port_start", new Kind("1024", 0, 65535)),
            Map.entry("net/ipv4/ping_group_range", new Kind("1\t0", 0, 4294967294L)),
            Map.entry("net/ipv4/tcp_orphan_retries", new Kind("0", 0, 255)),
            Map.entry("net/ipv4/tcp_retries1", new Kind("3", 0, 255)),
            Map.entry("net/ipv4/tcp_retries2", new Kind("15", 0, 255)),
            Map.entry("net/ipv4/tcp_syn_retries", new Kind("6", 1, 127)),
            Map.entry("net/ipv4/tcp_synack_retries", new Kind("5", 0, 255)),
            Map.entry("net/ipv4/tcp_syncookies", new Kind("1", 0, 255)),
            Map.entry("net/ipv6/bindv6only", new Kind("0", 0, 255)),
            Map.entry("net/ipv6/ip_nonlocal_bind", new Kind("0", 0, 255)),
            Map.entry("net/netfilter/nf_conntrack_checksum", new Kind("1", 0, 1)),
            Map.entry("net/netfilter/nf_conntrack_tcp_be_liberal", new Kind("0", 0, 1)),
            Map.entry("net/netfilter/nf_conntrack_tcp_ignore_invalid_rst", new Kind("0", 0, 1)),
            Map.entry("net/netfilter/nf_conntrack_tcp_loose", new Kind("1", 0, 1)));

    private final Map<String, String> values = new HashMap<>();

    Optional<String> read(String key) {
        return Optional.of(values.getOrDefault(key, kind(key).initial));
    }

    private static Kind kind(String key) {
        Kind kind = KINDS.get(key);
        if (kind == null) {
            throw new UnsupportedOperationException("sysctl " + key);
        }
        return kind;
    }

    void write(String key, String text) {
        Kind kind = kind(key);
        if (text.isEmpty()) {
            return;
        }
        boolean pair = kind.initial.contains("\t");
        if ((kind.high <= 255 || key.endsWith("/ping_group_range"))
                && text.strip().startsWith("-")) {
            // These are read without a sign: even -0 is refused.
            throw Numbers.invalid();
        }
        List<Long> numbers = Numbers.parse(text, pair ? 2 : 1);
        if (numbers.stream().anyMatch(n -> n < kind.low && !(pair && n >= 0) || n > kind.high)) {
            throw Numbers.invalid();
        }
        String value = pair ? pair(key, numbers) : Long.toString(numbers.get(0));
        if (key.equals("net/ipv4/ip_unprivileged_port_start") && numbers.get(0) > portRange()[0]) {
            throw Numbers.invalid();
        }
        values.put(key, value);
    }

    private long[] portRange() {
        String[] range = read("net/ipv4/ip_local_port_range").orElseThrow().split("\t");
        return new long[] {Long.parseLong(range[0]), Long.parseLong(range[1])};
    }

    private String pair(String key, List<Long> numbers) {
        String[] old = read(key).orElseThrow().split("\t");
        long low = numbers.get(0);
        long high = numbers.size() > 1 ? numbers.get(1) : Long.parseLong(old[1]);
        if (key.equals("net/ipv4/ping_group_range")) {
            // A range turned round means nobody.
            return low > high ? "1\t0" : low + "\t" + high;
        }
        long privileged =
                Long.parseLong(read("net/ipv4/ip_unprivileged_port_start").orElseThrow());
        if (high < low || low < 1 || low < privileged) {
            throw Numbers.invalid();
        }
        return low + "\t" + high;
    }
}
