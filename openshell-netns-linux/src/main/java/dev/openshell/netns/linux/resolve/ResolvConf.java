package dev.openshell.netns.linux.resolve;

import dev.openshell.netns.AddressKind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a resolv.conf(5) says, read as glibc reads it (resolv/res_init.c). A search list is only what the file says: the
 * domain of the machine's own name, and the variables {@code LOCALDOMAIN} and {@code RES_OPTIONS}, add nothing.
 */
public final class ResolvConf {
    private static final Path SYSTEM = Path.of("/etc/resolv.conf");
    private static final Path SYSTEMD_UPSTREAM = Path.of("/run/systemd/resolve/resolv.conf");
    /** MAXNS of resolv.h. */
    private static final int MAX_SERVERS = 3;

    private static final Nameserver LOCAL =
            new Nameserver(Literals.aton("127.0.0.1").orElseThrow(), "");

    private final ResolvConfParser parsed;
    private final String source;
    private final Optional<Path> upstreamPath;
    private final @Nullable ResolvConf upstream;

    private ResolvConf(
            ResolvConfParser parsed, String source, Optional<Path> upstreamPath, @Nullable ResolvConf upstream) {
        this.parsed = parsed;
        this.source = source;
        this.upstreamPath = upstreamPath;
        this.upstream = upstream;
    }

    /** Returns what {@code text} says. Nothing is an error: what can't be understood is left out, as glibc does. */
    public static ResolvConf parse(String text) {
        return parse(text, "resolv.conf");
    }

    private static ResolvConf parse(String text, String source) {
        return new ResolvConf(new ResolvConfParser(text, source), source, Optional.empty(), null);
    }

    /**
     * Returns what the file at {@code path} says.
     *
     * @throws IOException when it can't be read, or is not there
     */
    public static ResolvConf read(Path path) throws IOException {
        // Bytes above 127 can be in comments and must not make the whole file unreadable.
        return parse(Files.readString(path, StandardCharsets.ISO_8859_1), path.toString());
    }

    /**
     * Returns what {@code override} says or, without one, {@code /etc/resolv.conf}, which may be missing. Where all its
     * nameservers are loopback addresses, such as the stub resolver's 127.0.0.53 of systemd-resolved(8), the
     * {@link #usableNameserver()} is that of {@code /run/systemd/resolve/resolv.conf}; all else stays the file's own.
     *
     * @throws IOException when a file can't be read, or {@code override} is not there
     */
    public static ResolvConf ofHost(Optional<Path> override) throws IOException {
        return ofHost(override, SYSTEM, SYSTEMD_UPSTREAM);
    }

    static ResolvConf ofHost(Optional<Path> override, Path system, Path systemdUpstream) throws IOException {
        ResolvConf conf = override.isPresent()
                ? read(override.get())
                : readIfThere(system).orElseGet(() -> parse("", system.toString()));
        if (!conf.servers().stream().allMatch(server -> server.address().isLoopbackAddress())) {
            return conf;
        }
        ResolvConf upstream = readIfThere(systemdUpstream).orElse(null);
        return new ResolvConf(conf.parsed, conf.source, Optional.of(systemdUpstream), upstream);
    }

    private static Optional<ResolvConf> readIfThere(Path path) throws IOException {
        try {
            return Optional.of(read(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Returns the addresses of all nameservers that could be parsed, in the file's order, without zones. */
    public List<InetAddress> nameservers() {
        return parsed.servers().stream().map(Nameserver::address).toList();
    }

    /** Returns the addresses of the nameservers that are asked: the first three, 127.0.0.1 if there is none. */
    public List<InetAddress> queriedNameservers() {
        return servers().stream().map(Nameserver::address).toList();
    }

    /** Returns the servers that are asked, with their zones. */
    List<Nameserver> servers() {
        return parsed.servers().isEmpty()
                ? List.of(LOCAL)
                : parsed.servers().stream().limit(MAX_SERVERS).toList();
    }

    /** Returns the search list: of the last {@code search} or {@code domain} line, as it is written there. */
    public List<String> search() {
        return parsed.search();
    }

    /** Returns how many dots make a name be tried as it is before the search list: 0 to 15, by default 1. */
    public int ndots() {
        return parsed.ndots();
    }

    /** Returns how long one nameserver is waited for: 1 to 30 seconds, by default 5. */
    public Duration timeout() {
        return Duration.ofSeconds(parsed.timeout());
    }

    /** Returns how often the list of nameservers is gone through: 1 to 5, by default 2. */
    public int attempts() {
        return parsed.attempts();
    }

    /** Returns whether the nameservers take turns at being the first. */
    public boolean rotate() {
        return parsed.rotate();
    }

    /**
     * Returns the first of the queried nameservers that another network namespace can reach, so neither a loopback nor
     * a link-local one; {@link #whyNoneUsable()} says why there is none.
     */
    public Optional<InetAddress> usableNameserver() {
        Optional<InetAddress> own = queriedNameservers().stream()
                .filter(address -> AddressKind.of(address).listable())
                .findFirst();
        return own.isPresent() || upstream == null ? own : upstream.usableNameserver();
    }

    /**
     * Returns the reason for an empty {@link #usableNameserver()}, naming the files and what they say, such as
     * {@code /etc/resolv.conf has only 127.0.0.53 (loopback), and there is no /run/systemd/resolve/resolv.conf}.
     */
    public String whyNoneUsable() {
        String own = parsed.servers().isEmpty() ? source + " has no nameserver" : source + " has only " + seen();
        if (upstreamPath.isEmpty()) {
            return own;
        }
        return own + ", and " + (upstream == null ? "there is no " + upstreamPath.get() : upstream.whyNoneUsable());
    }

    private String seen() {
        return servers().stream()
                .map(server -> server + " ("
                        + AddressKind.of(server.address())
                                .name()
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-') + ")")
                .collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return source + ": nameservers " + parsed.servers() + ", search " + search();
    }
}
