package dev.openshell.netns.linux.resolve;

import dev.openshell.netns.HostResolver;
import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * Resolves names as glibc's getaddrinfo(3) does with {@code hosts: files dns} in nsswitch.conf(5): the hosts file, then
 * DNS for A and AAAA with the search list, the order of the servers and the timeouts of resolv.conf(5). What differs
 * is on the strict side: a name whose lookup failed is never reported as one that has no addresses.
 *
 * <p>Nothing is cached. Instances may be used by several threads.
 */
public final class SystemResolver implements HostResolver {
    private static final int DNS_PORT = 53;

    private final ChannelOpener opener;
    private final ResolvConf conf;
    private final Path hosts;
    private final Deadline deadline;
    private final int port;
    private final AtomicInteger turn = new AtomicInteger(new SecureRandom().nextInt());

    private SystemResolver(ChannelOpener opener, ResolvConf conf, Path hosts, Deadline deadline, int port) {
        this.opener = opener;
        this.conf = conf;
        this.hosts = hosts;
        this.deadline = deadline;
        this.port = port;
    }

    /**
     * Returns a resolver.
     *
     * @param opener where the sockets come from that the servers are asked through
     * @param conf the servers and the search list
     * @param hosts the hosts(5) file, which may be missing
     * @param deadline bounds all lookups together
     */
    public static SystemResolver of(ChannelOpener opener, ResolvConf conf, Path hosts, Deadline deadline) {
        return of(opener, conf, hosts, deadline, DNS_PORT);
    }

    static SystemResolver of(ChannelOpener opener, ResolvConf conf, Path hosts, Deadline deadline, int port) {
        return new SystemResolver(opener, conf, hosts, deadline, port);
    }

    /**
     * Returns the addresses of {@code name} without duplicates, in the order of the hosts file or of the answers (A
     * before AAAA), none if it has none. Where one family's addresses are had and no server answers for the other
     * one's, those are returned, as glibc does.
     *
     * @throws IOException when no server gave an answer, naming the servers and what each said; when {@code name} can't
     *     be a DNS name; when the hosts file can't be read
     * @throws dev.openshell.netns.NetnsException of step {@code resolve} when the deadline runs out or the thread is
     *     interrupted, which it then still is
     */
    @Override
    public List<InetAddress> resolve(String name) throws IOException {
        return answer(name).addresses();
    }

    /**
     * The addresses of a name, and what was learnt on the way to them.
     *
     * @param addresses none if the name has none
     * @param facts nothing but the name where there are no addresses
     */
    public record Answer(List<InetAddress> addresses, NameFacts facts) {}

    /**
     * Returns what {@link #resolve} returns, with what was learnt on the way.
     *
     * @throws IOException as {@link #resolve} does
     */
    public Answer answer(String name) throws IOException {
        Patience patience = new Patience(conf.timeout(), deadline, name);
        patience.check();
        List<InetAddress> listed = HostsFile.read(hosts).addresses(name);
        return listed.isEmpty() ? ask(name, patience) : new Answer(listed, NameFacts.none(name));
    }

    private Answer ask(String name, Patience patience) throws IOException {
        Exchange exchange = new Exchange(opener, port, patience);
        List<Nameserver> servers = servers();
        List<String> outcomes = new ArrayList<>();
        boolean failed = false;
        for (Name candidate : candidates(name)) {
            Lookup.Outcome outcome = Lookup.of(candidate, exchange, servers, conf.attempts());
            if (!outcome.addresses().isEmpty()) {
                return new Answer(outcome.addresses(), facts(candidate, outcome));
            }
            failed |= outcome.failed();
            outcomes.add(candidate + ": " + (outcome.failed() ? outcome.said() : "has no address"));
            if (!outcome.heard()) {
                // Who does not answer at all will not answer for the rest of the search list either.
                break;
            }
        }
        if (failed) {
            throw new IOException("no usable answer for " + String.join(" | ", outcomes));
        }
        return new Answer(List.of(), NameFacts.none(name));
    }

    private static NameFacts facts(Name name, Lookup.Outcome outcome) {
        Optional<Name> alias = Optional.of(outcome.end()).filter(end -> !end.equals(name));
        return new NameFacts(text(name), OptionalLong.of(outcome.ttl()), alias.map(SystemResolver::text));
    }

    /** Returns the name in lower case without its last dot; dnsjava escapes all that is not printable. */
    private static String text(Name name) {
        return name.toString(true).toLowerCase(Locale.ROOT);
    }

    private List<Nameserver> servers() {
        List<Nameserver> servers = new ArrayList<>(conf.servers());
        if (conf.rotate()) {
            Collections.rotate(servers, -Math.floorMod(turn.getAndIncrement(), servers.size()));
        }
        return servers;
    }

    /** Returns the absolute names to try, as glibc's __res_context_search (resolv/res_query.c) does. */
    private Set<Name> candidates(String name) throws IOException {
        Name asItIs;
        try {
            asItIs = Name.fromString(name, Name.root);
        } catch (TextParseException e) {
            throw new IOException("'" + name + "' can't be a DNS name: " + e.getMessage(), e);
        }
        Set<Name> candidates = new LinkedHashSet<>();
        boolean absolute = name.endsWith(".");
        long dots = name.chars().filter(c -> c == '.').count();
        if (absolute || dots >= conf.ndots()) {
            candidates.add(asItIs);
        }
        for (String domain : absolute ? List.<String>of() : conf.search()) {
            try {
                String suffix = domain.startsWith(".") ? domain.substring(1) : domain;
                candidates.add(Name.fromString(suffix.isEmpty() ? name : name + "." + suffix, Name.root));
            } catch (TextParseException e) {
                log().log(Level.DEBUG, "{0} can''t be searched in {1}: {2}", name, domain, e.getMessage());
            }
        }
        candidates.add(asItIs);
        return candidates;
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger("dev.openshell.netns");
    }
}
