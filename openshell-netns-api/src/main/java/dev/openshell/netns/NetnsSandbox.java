package dev.openshell.netns;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;

/**
 * A live network namespace in which nothing is reachable but what its policy allows. Not for implementation by others.
 *
 * <pre>{@code
 * try (NetnsSandbox sandbox = NetnsSandbox.builder()
 *         .proxy(3128)
 *         .allowDns("10.43.0.10")
 *         .directTcp("wss-primary.slack.com")
 *         .apply()) {
 *     Process agent = sandbox.start(new ProcessBuilder("node", "app.js"));
 *     agent.waitFor();
 * }
 * }</pre>
 *
 * <p>All methods may be called from any thread, also a virtual one. After {@link #close()} every method but
 * {@code close} throws {@link IllegalStateException}.
 *
 * @since 0.1
 */
public interface NetnsSandbox extends AutoCloseable {
    /**
     * Returns a builder for the one provider on the class or module path.
     *
     * @throws IllegalStateException at {@link Builder#apply()}, when there is no provider or more than one
     */
    static Builder builder() {
        return new Builder(SandboxPolicy.draft().build());
    }

    /** Returns a builder whose {@link Builder#apply()} goes to {@code provider}. */
    static Builder builder(NetnsProvider provider) {
        return new Builder(SandboxPolicy.draft().build()).provider(provider);
    }

    /** Returns the namespace. */
    Namespace namespace();

    /** Returns the link between the host and the sandbox. */
    VethPair veth();

    /** Returns what is enforced now. */
    RuleSet ruleSet();

    /** Returns whether the processes inside have a Landlock domain. */
    Landlock landlock();

    /**
     * Returns {@code http://ADDRESS:PORT} of the proxy on the host end of the link; the caller binds a server there
     * after {@code apply()}.
     *
     * @throws IllegalStateException when the policy has no {@link Builder#proxy(int)}
     */
    URI proxyUri();

    /**
     * Starts a process inside. It does what {@link ProcessBuilder#start()} does, and the process has no network
     * administration, raw sockets, tracing, module or system administration capabilities, and can't regain them.
     *
     * @throws IOException as {@link ProcessBuilder#start()} throws it
     */
    Process start(ProcessBuilder command) throws IOException;

    /** Returns factories of sockets that live inside. */
    SandboxSockets sockets();

    /**
     * Runs {@code body} on a thread inside and returns its result. For opening descriptors only: it must start no
     * threads, directly or through the JDK (an {@code HttpClient}, virtual threads, {@code ProcessBuilder}, the common
     * pool), since they would stay inside.
     *
     * @throws IllegalStateException also when the body left threads inside
     * @throws Exception what {@code body} throws
     */
    <T> T call(Callable<T> body) throws Exception;

    /**
     * Returns what becomes of {@code flow} when a program inside begins it, hook by hook, and what would allow it.
     *
     * @throws NetnsException when the flow's host is a name without an address
     */
    @Incubating
    default Explanation explain(Flow flow) {
        return inspect().explain(flow);
    }

    /** Returns what is known of the policy in force: its plan, its proof, its picture, what a change would do. */
    @Incubating
    PolicyInspection inspect();

    /**
     * Reads the rules back from the kernel, on both ends, compares them with what was sent, and proves once more that
     * they admit exactly what the policy allows.
     *
     * @throws VerificationException when somebody changed them, or they don't
     * @throws NetnsException when they can't be read
     */
    @Incubating
    Verified verifyLoaded();

    /**
     * Tells {@code listener} what happens to this sandbox from now on, until the registration is closed.
     *
     * @throws IllegalStateException when the sandbox is closed
     */
    @Incubating
    Registration listen(SandboxListener listener);

    /** What stops telling a listener; closing it again does nothing. */
    @Incubating
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Cuts the sandbox off at once, ends the processes inside (SIGTERM, then SIGKILL after the policy's grace) and
     * removes all that was made. Does nothing when called again; concurrent callers wait for the first.
     *
     * @throws NetnsException when something could not be removed; all the rest was
     */
    @Override
    void close();

    /**
     * Says what a sandbox may reach. Order never matters; where a single value is set twice the last one counts. Each
     * method throws {@link IllegalArgumentException} for bad input, with the value and the remedy.
     *
     * @since 0.1
     */
    final class Builder {
        private static final String ENV_DNS = "OPENSHELL_DNS_SERVER";
        private static final String ENV_DIRECT = "OPENSHELL_DIRECT_TCP_HOSTS";

        private SandboxPolicy policy;
        private @org.jspecify.annotations.Nullable NetnsProvider provider;

        Builder(SandboxPolicy policy) {
            this.policy = policy;
        }

        private Builder provider(NetnsProvider chosen) {
            this.provider = Objects.requireNonNull(chosen, "provider");
            return this;
        }

        /** Names the namespace: up to 64 letters, digits, {@code _}, {@code -} and {@code .}. */
        public Builder name(String name) {
            return set(draft().name(Text.namespaceName(name)));
        }

        /** Publishes the namespace under {@code /run/netns}, so that {@code ip netns exec NAME} works. */
        public Builder named() {
            return set(draft().named(true));
        }

        /** Allows TCP to {@code port} on the host end of the link, and nothing else there. */
        public Builder proxy(int port) {
            return set(draft().proxyPort(Text.port(port)));
        }

        /** Allows DNS, over UDP and TCP on port 53, to literal IPv4 or IPv6 addresses. */
        public Builder allowDns(String server, String... more) {
            SandboxPolicy.Builder draft = draft().addDnsServer(DnsServer.of(server));
            for (String other : more) {
                draft.addDnsServer(DnsServer.of(other));
            }
            return set(draft);
        }

        /** Allows DNS to each of {@code servers}, of which there must be one. */
        public Builder allowDns(String[] servers) {
            if (servers.length == 0) {
                throw new IllegalArgumentException("no nameserver given; leave out allowDns to allow none");
            }
            return allowDns(servers[0], java.util.Arrays.copyOfRange(servers, 1, servers.length));
        }

        /**
         * Allows DNS to {@code OPENSHELL_DNS_SERVER} if that is set, else to the first nameserver of the host's
         * resolv.conf that another namespace can reach.
         */
        public Builder allowDnsFromHost() {
            String server = System.getenv(ENV_DNS);
            return server == null || server.isBlank() ? set(draft().dnsFromHost(true)) : environmentDns(server);
        }

        /** Allows TCP to port 443 of {@code host}, or to the port written behind it: see {@link DirectHost#of(String)}. */
        public Builder directTcp(String host) {
            return directTcp(DirectHost.of(host));
        }

        /** Allows TCP to these ports of {@code host}, a DNS name or a literal address. */
        public Builder directTcp(String host, int port, int... more) {
            return directTcp(DirectHost.of(host, port, more));
        }

        /** Allows TCP to {@code host}. */
        public Builder directTcp(DirectHost host) {
            return set(draft().addDirectHost(host));
        }

        /** Allows TCP to port 443, or to the port written behind it, of each host, of which there must be one. */
        public Builder directTcp(String[] hosts) {
            if (hosts.length == 0) {
                throw new IllegalArgumentException("no host given; leave out directTcp to allow none");
            }
            SandboxPolicy.Builder draft = draft();
            for (String host : hosts) {
                draft.addDirectHost(DirectHost.of(host));
            }
            return set(draft);
        }

        /** Allows what {@code OPENSHELL_DNS_SERVER} and {@code OPENSHELL_DIRECT_TCP_HOSTS} of the JVM's say. */
        public Builder fromEnvironment() {
            return fromEnvironment(System.getenv());
        }

        /**
         * Allows what {@code OPENSHELL_DNS_SERVER} (an address) and {@code OPENSHELL_DIRECT_TCP_HOSTS} (comma separated
         * {@code host} or {@code host:port}) in {@code environment} say. Absent and blank ones say nothing.
         */
        public Builder fromEnvironment(Map<String, String> environment) {
            String server = environment.getOrDefault(ENV_DNS, "");
            String hosts = environment.getOrDefault(ENV_DIRECT, "");
            SandboxPolicy before = policy;
            try {
                if (!server.isBlank()) {
                    environmentDns(server);
                }
                if (!hosts.isBlank()) {
                    environmentHosts(hosts);
                }
            } catch (IllegalArgumentException e) {
                policy = before;
                throw e;
            }
            return this;
        }

        private Builder environmentDns(String server) {
            try {
                return set(draft().addDnsServer(
                                DnsServer.of(DnsServer.of(server.trim()).address(), ENV_DNS)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(ENV_DNS + ": " + e.getMessage(), e);
            }
        }

        private void environmentHosts(String hosts) {
            SandboxPolicy.Builder draft = draft();
            for (String host : hosts.split(",", -1)) {
                try {
                    draft.addDirectHost(DirectHost.parse(host.trim()).withOrigin(ENV_DIRECT));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(ENV_DIRECT + ": " + e.getMessage(), e);
                }
            }
            set(draft);
        }

        /**
         * Takes the namespace at {@code path} as the host's: {@code /run/netns/NAME} or {@code /proc/PID/ns/net}.
         * Without it, it is that of the thread which calls {@link #apply()}.
         */
        public Builder hostNamespace(Path path) {
            return set(draft().hostNamespace(path));
        }

        /** Reads the host's nameservers, search list and options from {@code path}. */
        public Builder resolvConf(Path path) {
            return set(draft().resolvConf(path));
        }

        /** Resolves listed names with {@code resolver}. */
        public Builder resolver(HostResolver resolver) {
            return set(draft().resolver(resolver));
        }

        /** Refuses listed hosts whose address is private. */
        public Builder publicOnly() {
            return set(draft().publicOnly(true));
        }

        /**
         * Lets at most {@code most} connections be open at once to each address that may be reached, a resolver's and
         * the proxy's too; {@link SandboxPolicy#limits()} has the default. What is beyond it is dropped, so that its
         * sender tries again. Resets what {@link #unlimited()} said of it.
         *
         * @throws IllegalArgumentException outside 1 to 1,000,000
         */
        @Incubating
        public Builder maxConnections(int most) {
            return set(draft().limits(policy.limits().withConnections(most)));
        }

        /**
         * Lets at most {@code most} connections a second begin to each address and port that may be reached, and after a
         * pause twice as many at once; otherwise like {@link #maxConnections(int)}. Above 1,000 a second the kernel
         * counts coarsely, and the next lower rate that it has is taken.
         *
         * @throws IllegalArgumentException outside 1 to 1,000,000
         */
        @Incubating
        public Builder maxConnectionsPerSecond(int most) {
            return set(draft().limits(policy.limits().withConnectionsPerSecond(most)));
        }

        /** Sets no limit on connections, open or new: a program inside can fill the host's table of flows then. */
        @Incubating
        public Builder unlimited() {
            return set(draft().limits(Limits.NONE));
        }

        /** Takes the link's /30 from {@code cidr}, a private IPv4 network (RFC 1918) of at least that size. */
        public Builder linkPool(String cidr) {
            Cidr pool = Cidr.parse(cidr);
            boolean privateRange = List.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16").stream()
                    .anyMatch(range -> Cidr.parse(range).covers(pool));
            if (!privateRange || pool.prefix() > 30) {
                throw new IllegalArgumentException("link pool '" + pool + "' is not a private IPv4 network of a /30 or"
                        + " more; take one inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16");
            }
            return set(draft().linkPool(pool));
        }

        /** Bounds names, locks and loading together; the default is {@link SandboxPolicy#DEFAULT_TIMEOUT}. */
        public Builder timeout(Duration timeout) {
            return set(draft().timeout(positive("timeout", timeout)));
        }

        /** Sets the time between SIGTERM and SIGKILL at close; zero kills at once. */
        @Incubating
        public Builder terminationGrace(Duration grace) {
            return set(draft().terminationGrace(grace.isZero() ? grace : positive("termination grace", grace)));
        }

        /**
         * Lets the sandbox outlive the JVM: when that ends without {@link NetnsSandbox#close()}, in whatever way, the
         * processes inside go on, and are allowed what they were; nobody watches its rules on the host any more. Without it they are ended. When the last one has
         * ended the sandbox is swept with the others that nobody owns.
         */
        @Incubating
        public Builder detached() {
            return set(draft().detached(true));
        }

        /** Says what loads the rules, {@link Backend#IPTABLES} otherwise: in one host namespace all sandboxes the same. */
        @Incubating
        public Builder backend(Backend backend) {
            return set(draft().backend(backend));
        }

        /** Pins the variant of iptables. */
        @Incubating
        public Builder iptables(IptablesVariant variant) {
            return set(draft().iptables(variant));
        }

        /** Returns what was said so far, as a value. */
        public SandboxPolicy policy() {
            return policy;
        }

        /**
         * Makes the sandbox.
         *
         * @throws NetnsException when it could not be made; nothing is left behind then
         * @throws IllegalStateException when there is no provider or more than one
         */
        public NetnsSandbox apply() {
            return (provider != null ? provider : onlyProvider()).apply(policy);
        }

        /**
         * Returns what {@link #apply()} would do, without doing it. Needs no privilege.
         *
         * @throws NetnsException when a name has no address that can be opened
         * @throws IllegalStateException when there is no provider or more than one
         */
        @Incubating
        public PolicyInspection inspect() {
            return (provider != null ? provider : onlyProvider()).inspect(policy);
        }

        /**
         * Returns whether this machine and this process can make sandboxes, as trying shows, with the remedy for what is
         * in the way. Needs no privilege, and says what it could not find out without. Changes nothing of the host's.
         *
         * @throws UnsupportedOperationException where the provider can't tell
         * @throws IllegalStateException when there is no provider or more than one
         */
        @Incubating
        public Preflight preflight() {
            return (provider != null ? provider : onlyProvider()).preflight(policy);
        }

        private static NetnsProvider onlyProvider() {
            List<NetnsProvider> found =
                    ServiceLoader.load(NetnsProvider.class, NetnsProvider.class.getClassLoader()).stream()
                            .map(ServiceLoader.Provider::get)
                            .toList();
            if (found.size() != 1) {
                throw new IllegalStateException(
                        found.isEmpty()
                                ? "no NetnsProvider found; add openshell-netns-linux to the class or module path"
                                : "several NetnsProviders found, " + found
                                        + "; choose one with builder(NetnsProvider)");
            }
            return found.get(0);
        }

        private static Duration positive(String what, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(what + " " + value + " is not positive");
            }
            return value;
        }

        private SandboxPolicy.Builder draft() {
            return SandboxPolicy.draft().from(policy);
        }

        private Builder set(SandboxPolicy.Builder draft) {
            policy = draft.build();
            return this;
        }
    }
}
