package dev.openshell.netns.linux.resolve;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a hosts(5) file says, read as glibc reads it (nss/nss_files/files-hosts.c) for getaddrinfo(3) with
 * {@code AF_UNSPEC}.
 */
public final class HostsFile {
    private static final String SPACE = "[ \\t\\f\\r\\x0B]+";

    private final Map<String, Set<InetAddress>> addresses;

    private HostsFile(Map<String, Set<InetAddress>> addresses) {
        this.addresses = addresses;
    }

    /**
     * Returns what {@code text} says. Everything from a {@code #} on is a comment; a line whose first word is no
     * address, or that has no name, is skipped.
     */
    public static HostsFile parse(String text) {
        Map<String, Set<InetAddress>> addresses = new HashMap<>();
        for (String line : text.split("\n")) {
            int comment = line.indexOf('#');
            String[] words =
                    (comment < 0 ? line : line.substring(0, comment)).strip().split(SPACE);
            Optional<InetAddress> address = Literals.pton(words[0]);
            for (int i = 1; address.isPresent() && i < words.length; i++) {
                addresses
                        .computeIfAbsent(words[i].toLowerCase(Locale.ROOT), name -> new LinkedHashSet<>())
                        .add(address.get());
            }
        }
        return new HostsFile(addresses);
    }

    /**
     * Returns what the file at {@code path} says; nothing if there is no such file.
     *
     * @throws IOException when it can't be read
     */
    public static HostsFile read(Path path) throws IOException {
        try {
            // Bytes above 127 can be in comments and must not make the whole file unreadable.
            return parse(Files.readString(path, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return parse("");
        }
    }

    /**
     * Returns the addresses of all lines that have {@code name} as a name or an alias, in the file's order, none if
     * there is none. Upper and lower case are the same, a trailing dot is not.
     */
    public List<InetAddress> addresses(String name) {
        Collection<InetAddress> found = addresses.get(name.toLowerCase(Locale.ROOT));
        return found == null ? List.of() : List.copyOf(found);
    }
}
