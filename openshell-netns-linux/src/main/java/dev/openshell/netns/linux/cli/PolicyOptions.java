package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what a sandbox may reach. */
final class PolicyOptions {
    /** What the help of each command with these options says. */
    static final String ENVIRONMENT =
            "OPENSHELL_DNS_SERVER and OPENSHELL_DIRECT_TCP_HOSTS count as --dns and --direct-tcp.";

    @Option(names = "--proxy", paramLabel = "PORT", description = "Allow TCP to PORT on the host end of the link.")
    private @Nullable String proxy;

    @Option(
            names = "--dns",
            paramLabel = "auto|IP",
            description = "Allow DNS to IP, or with 'auto' to the host's own nameserver. Repeatable.")
    private List<String> dns = new ArrayList<>();

    @Option(
            names = "--direct-tcp",
            paramLabel = "HOST[:PORT]",
            description = "Allow TCP to HOST, a name or an address, on PORT (443). Repeatable.")
    private List<String> directTcp = new ArrayList<>();

    @Option(names = "--name", paramLabel = "NAME", description = "Name the namespace.")
    private @Nullable String name;

    @Option(names = "--named", description = "Publish the namespace under /run/netns.")
    private boolean named;

    @Option(
            names = "--link-pool",
            paramLabel = "CIDR",
            description = "Take the link's addresses from CIDR (10.200.0.0/16).")
    private @Nullable String linkPool;

    @Option(names = "--public-only", description = "Refuse listed hosts with private addresses.")
    private boolean publicOnly;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description = "Allow N connections at once to each address (1024).")
    private @Nullable String maxConnections;

    @Option(
            names = "--max-connections-per-second",
            paramLabel = "N",
            description = "Allow N new connections a second to each address and port (256).")
    private @Nullable String maxConnectionsPerSecond;

    @Option(names = "--unlimited", description = "Limit only what the two options above say.")
    private boolean unlimited;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "Give up making the sandbox after SECONDS (30).")
    private @Nullable String timeout;

    @Option(
            names = "--iptables",
            paramLabel = "auto|nft|legacy",
            description = "Load rules with this variant of iptables (auto).")
    private @Nullable String iptables;

    @Option(
            names = "--backend",
            paramLabel = "iptables|nftables",
            description = "Load rules with iptables-restore, or into tables of their own in nf_tables without starting"
                    + " a program (iptables).")
    private @Nullable String backend;

    /** Returns whether {@code option} may be given more than once. */
    static boolean isRepeatable(String option) {
        return option.equals("--dns") || option.equals("--direct-tcp");
    }

    /** Sets an option that has no value, and returns false where there is no such option. */
    boolean flag(String option) {
        switch (option) {
            case "--named" -> named = true;
            case "--public-only" -> publicOnly = true;
            case "--unlimited" -> unlimited = true;
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Sets an option that has a value, and returns false where there is no such option. */
    boolean value(String option, String value) {
        switch (option) {
            case "--proxy" -> proxy = value;
            case "--dns" -> dns.add(value);
            case "--direct-tcp" -> directTcp.add(value);
            case "--name" -> name = value;
            case "--link-pool" -> linkPool = value;
            case "--max-connections" -> maxConnections = value;
            case "--max-connections-per-second" -> maxConnectionsPerSecond = value;
            case "--timeout" -> timeout = value;
            case "--iptables" -> iptables = value;
            case "--backend" -> backend = value;
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Returns a builder with these options and what the two environment variables say. */
    NetnsSandbox.Builder builder() {
        NetnsSandbox.Builder builder = NetnsSandbox.builder().fromEnvironment();
        if (proxy != null) {
            builder.proxy(number("--proxy", proxy));
        }
        for (String server : dns) {
            if (server.equals("auto")) {
                builder.allowDnsFromHost();
            } else {
                builder.allowDns(server);
            }
        }
        if (!directTcp.isEmpty()) {
            builder.directTcp(directTcp.toArray(String[]::new));
        }
        if (name != null) {
            builder.name(name);
        }
        if (named) {
            builder.named();
        }
        if (linkPool != null) {
            builder.linkPool(linkPool);
        }
        if (publicOnly) {
            builder.publicOnly();
        }
        if (unlimited) {
            builder.unlimited();
        }
        if (maxConnections != null) {
            builder.maxConnections(number("--max-connections", maxConnections));
        }
        if (maxConnectionsPerSecond != null) {
            builder.maxConnectionsPerSecond(number("--max-connections-per-second", maxConnectionsPerSecond));
        }
        if (timeout != null) {
            builder.timeout(Duration.ofSeconds(number("--timeout", timeout)));
        }
        if (iptables != null) {
            builder.iptables(variant(iptables));
        }
        if (backend != null) {
            builder.backend(backend(backend, iptables));
        }
        return builder;
    }

    private static int number(String option, String text) {
        if (!text.matches("-?[0-9]{1,9}")) {
            throw new IllegalArgumentException(option + ": '" + text + "' is not a number");
        }
        return Integer.parseInt(text);
    }

    /** Returns what {@code --iptables} says. */
    static IptablesVariant variant(String text) {
        return switch (text) {
            case "auto" -> IptablesVariant.AUTO;
            case "nft" -> IptablesVariant.NFT;
            case "legacy" -> IptablesVariant.LEGACY;
            default -> throw new IllegalArgumentException("--iptables: '" + text + "' is not auto, nft or legacy");
        };
    }

    /**
     * Returns what {@code --backend} says.
     *
     * @param iptables what {@code --iptables} says beside it, which is about the other backend
     */
    static Backend backend(String text, @Nullable String iptables) {
        if (text.equals("nftables") && iptables != null) {
            throw new IllegalArgumentException(
                    "--iptables: the backend nftables has no variant of iptables; leave it out");
        }
        return switch (text) {
            case "iptables" -> Backend.IPTABLES;
            case "nftables" -> Backend.NFTABLES;
            default -> throw new IllegalArgumentException("--backend: '" + text + "' is not iptables or nftables");
        };
    }
}
