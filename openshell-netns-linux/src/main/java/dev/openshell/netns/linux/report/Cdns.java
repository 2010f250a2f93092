package dev.openshell.netns.linux.report;

import dev.openshell.netns.Cidr;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The content delivery networks of {@code cdns.txt}, which says where each entry is from. */
final class Cdns {
    private static final String FILE = "cdns.txt";
    private static final Cdns KNOWN = read();

    private final List<Range> ranges = new ArrayList<>();
    private final List<Domain> domains = new ArrayList<>();

    /** A range of addresses that {@code network} serves all of its customers from. */
    record Range(Cidr cidr, String network) {}

    /** A domain that names of {@code network}'s customers are aliases into. */
    private record Domain(String name, String network) {}

    private Cdns() {}

    /** Returns the range that {@code address} lies in. */
    static Optional<Range> range(InetAddress address) {
        return KNOWN.ranges.stream()
                .filter(range -> range.cidr().contains(address))
                .findFirst();
    }

    /** Returns the network that {@code name}, in lower case without a last dot, belongs to. */
    static Optional<String> network(String name) {
        return KNOWN.domains.stream()
                .filter(domain -> name.endsWith("." + domain.name()))
                .map(Domain::network)
                .findFirst();
    }

    private static Cdns read() {
        try (InputStream in = Cdns.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing beside " + Cdns.class.getName());
            }
            Cdns cdns = new Cdns();
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .forEach(cdns::add);
            return cdns;
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + FILE, e);
        }
    }

    private void add(String line) {
        String[] words = line.split(" ");
        switch (words[0]) {
            case "range" -> ranges.add(new Range(Cidr.parse(words[1]), words[2]));
            case "name" -> domains.add(new Domain(words[1], words[2]));
            default -> throw new IllegalStateException(FILE + ": '" + line + "' begins with neither range nor name");
        }
    }
}
