package dev.openshell.netns;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.immutables.value.Value;

/**
 * What a sandbox may reach, as the caller said it: names are not resolved yet. A value; made with
 * {@link NetnsSandbox.Builder#policy()}. Two policies that allow the same are equal, in whatever order they were built.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class SandboxPolicy {
    /** The time limit where none is given. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    /** The time between SIGTERM and SIGKILL where none is given. */
    public static final Duration DEFAULT_TERMINATION_GRACE = Duration.ofSeconds(2);

    /** The pool of links where none is given. */
    public static final Cidr DEFAULT_LINK_POOL = Cidr.parse("10.200.0.0/16");

    SandboxPolicy() {}

    /** Returns the namespace's name, if one was given. */
    public abstract Optional<String> name();

    /** Returns whether the namespace is published under {@code /run/netns}. */
    @Value.Default
    public boolean named() {
        return false;
    }

    /** Returns the proxy's port on the host end. */
    public abstract OptionalInt proxyPort();

    /** Returns the nameservers, sorted by address. */
    public abstract List<DnsServer> dnsServers();

    /** Returns whether the host's first usable nameserver is allowed too. */
    @Value.Default
    public boolean dnsFromHost() {
        return false;
    }

    /** Returns the listed hosts, one entry a host, sorted by name. */
    public abstract List<DirectHost> directHosts();

    /** Returns whether listed hosts with private addresses are refused. */
    @Value.Default
    public boolean publicOnly() {
        return false;
    }

    /** Returns how many connections it may have, and begin a second, to each endpoint. */
    @Incubating
    @Value.Default
    public Limits limits() {
        return Limits.DEFAULT;
    }

    /** Returns the network that the links are taken from. */
    @Value.Default
    public Cidr linkPool() {
        return DEFAULT_LINK_POOL;
    }

    /** Returns the limit for applying: names, locks and loading together. */
    @Value.Default
    public Duration timeout() {
        return DEFAULT_TIMEOUT;
    }

    /** Returns the time that processes have between SIGTERM and SIGKILL when the sandbox is closed. */
    @Value.Default
    public Duration terminationGrace() {
        return DEFAULT_TERMINATION_GRACE;
    }

    /** Returns whether processes inside go on when the JVM ends without {@link NetnsSandbox#close()}. */
    @Incubating
    @Value.Default
    public boolean detached() {
        return false;
    }

    /** Returns the host namespace, if it is not that of the applying thread. */
    public abstract Optional<Path> hostNamespace();

    /** Returns the resolv.conf that the host's nameservers are read from, if it is not the JVM's. */
    public abstract Optional<Path> resolvConf();

    /** Returns the resolver, if it is not the library's own; no part of equality. */
    @Value.Auxiliary
    public abstract Optional<HostResolver> resolver();

    /** Returns what loads the rules. */
    @Value.Default
    public Backend backend() {
        return Backend.IPTABLES;
    }

    /** Returns the variant of iptables to use. */
    @Incubating
    @Value.Default
    public IptablesVariant iptables() {
        return IptablesVariant.AUTO;
    }

    /** Returns a builder that starts from this policy. */
    public NetnsSandbox.Builder toBuilder() {
        return new NetnsSandbox.Builder(this);
    }

    static Builder draft() {
        return new Builder();
    }

    /** Sorts and merges what was listed, so that the order of calls never shows. */
    @Value.Check
    SandboxPolicy normalized() {
        List<DnsServer> servers = mergeServers(dnsServers());
        List<DirectHost> hosts = mergeHosts(directHosts());
        if (servers.equals(dnsServers()) && hosts.equals(directHosts())) {
            return this;
        }
        return draft().from(this).dnsServers(servers).directHosts(hosts).build();
    }

    private static List<DnsServer> mergeServers(Collection<DnsServer> servers) {
        TreeMap<String, DnsServer> merged = new TreeMap<>();
        for (DnsServer server : servers) {
            merged.merge(
                    server.address().getHostAddress(),
                    server,
                    (one, other) -> one.origin().compareTo(other.origin()) <= 0 ? one : other);
        }
        return List.copyOf(merged.values());
    }

    private static List<DirectHost> mergeHosts(Collection<DirectHost> hosts) {
        TreeMap<String, List<DirectHost>> byName = new TreeMap<>();
        hosts.forEach(host ->
                byName.computeIfAbsent(host.host(), name -> new ArrayList<>()).add(host));
        return byName.values().stream().map(SandboxPolicy::union).toList();
    }

    private static DirectHost union(List<DirectHost> same) {
        SortedSet<Integer> ports = new TreeSet<>();
        SortedSet<String> origins = new TreeSet<>();
        for (DirectHost host : same) {
            ports.addAll(host.ports());
            origins.addAll(List.of(host.origin().split(" \\+ ")));
        }
        int[] more = ports.stream().skip(1).mapToInt(Integer::intValue).toArray();
        return same.size() == 1
                ? same.get(0)
                : DirectHost.of(same.get(0).host(), ports.first(), more).withOrigin(String.join(" + ", origins));
    }

    static final class Builder extends ImmutableSandboxPolicy.Builder {}
}
