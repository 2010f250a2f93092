package dev.openshell.netns.linux.picture;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Rule;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One address and port with the protocols that may go there.
 *
 * @param port such as {@code tcp 443} or {@code udp+tcp 53}
 * @param address in its shortest form
 */
record Row(String port, String address) {
    private record Key(InetAddress address, int port) {}

    static List<Row> of(List<Rule> rules) {
        Map<Key, List<Rule>> byAddress = new LinkedHashMap<>();
        for (Rule rule : rules) {
            byAddress
                    .computeIfAbsent(new Key(rule.address(), rule.port()), key -> new ArrayList<>())
                    .add(rule);
        }
        List<Row> rows = new ArrayList<>();
        byAddress.forEach((key, members) -> rows.add(new Row(
                protocols(members) + " " + key.port, Words.printable(InetAddresses.toAddrString(key.address)))));
        return List.copyOf(rows);
    }

    /** UDP first: that is what is asked first of a nameserver, the only one with both. */
    private static String protocols(List<Rule> rules) {
        return rules.stream()
                .map(rule -> rule.protocol().toString())
                .sorted(Comparator.reverseOrder())
                .collect(Collectors.joining("+"));
    }

    /** Returns all of it. */
    String text() {
        return port + " " + address;
    }
}
