package dev.openshell.netns.testkit;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.net.RouteType;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Prefixed;
import dev.openshell.netns.testkit.path.Stack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What surrounds a {@link FakeKernel}: the names that its host can resolve, its resolv.conf, its variant of iptables.
 *
 * @since 0.1
 */
public final class FakeWorld {
    private final Map<String, List<InetAddress>> names;
    private final String resolvConf;
    private final IptablesVariant variant;
    private final boolean forceForwarding;

    private FakeWorld(Builder builder) {
        this.names = Map.copyOf(builder.names);
        this.resolvConf = builder.resolvConf;
        this.variant = builder.variant;
        this.forceForwarding = builder.forceForwarding;
    }

    /** Returns whether the kernel has a sysctl of this name. */
    boolean knows(String key) {
        // Linux's initial namespace alone has nf_log_all_netns; this host is like a pod's.
        return !key.equals("net/netfilter/nf_log_all_netns") && (forceForwarding || !key.endsWith("/force_forwarding"));
    }

    List<InetAddress> resolve(String name) throws IOException {
        List<InetAddress> addresses = names.get(name.toLowerCase(Locale.ROOT));
        if (addresses == null) {
            throw new UnknownHostException(name + " is no name of this fake: add it with FakeKernel.builder().name(…)");
        }
        return addresses;
    }

    String resolvConf() {
        return resolvConf;
    }

    /** The variant whose rules are there, as on Linux. */
    IptablesVariant variant(Stack stack) {
        boolean nft = hasRules(stack, IptablesVariant.NFT);
        boolean legacy = hasRules(stack, IptablesVariant.LEGACY);
        if (nft && legacy) {
            throw new KernelException(
                    0,
                    "this namespace has rules of both iptables-legacy and iptables-nft",
                    "remove those of one, or pin a variant with iptables(NFT) or iptables(LEGACY)");
        }
        return nft ? IptablesVariant.NFT : legacy ? IptablesVariant.LEGACY : variant;
    }

    private static boolean hasRules(Stack stack, IptablesVariant variant) {
        for (Family family : Family.values()) {
            if (stack.ruleset(family, variant).save().lines().anyMatch(line -> line.startsWith("-A "))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Builds a {@link FakeKernel}.
     *
     * @since 0.1
     */
    public static final class Builder {
        private record Uplink(String link, List<String> addresses) {}

        private final Map<String, List<InetAddress>> names = new LinkedHashMap<>();
        private final List<Uplink> uplinks = new ArrayList<>();
        private String resolvConf = "nameserver 10.43.0.10\n";
        private IptablesVariant variant = IptablesVariant.NFT;
        private InstantSource clock = InstantSource.system();
        private boolean bare;
        private boolean forceForwarding = true;

        Builder() {}

        /** Lets the host resolve {@code name} to these literal addresses. */
        public Builder name(String name, String... addresses) {
            List<InetAddress> parsed = new ArrayList<>();
            for (String address : addresses) {
                parsed.add(InetAddresses.forString(address));
            }
            names.put(name.toLowerCase(Locale.ROOT), List.copyOf(parsed));
            return this;
        }

        /**
         * Gives the host another uplink, with addresses such as {@code 198.51.100.9/24}. The first uplink that is named
         * takes the place of {@code eth0}; the default route of each family leads through the first one that has an
         * address of it, by way of the network's first address, or its second where the first is its own.
         */
        public Builder uplink(String link, String... addresses) {
            uplinks.add(new Uplink(link, List.of(addresses)));
            return this;
        }

        /** Leaves the host without any uplink. */
        public Builder noUplink() {
            bare = true;
            return this;
        }

        /** Sets the host's resolv.conf(5), by default {@code nameserver 10.43.0.10}. */
        public Builder resolvConf(String text) {
            resolvConf = text;
            return this;
        }

        /** Sets the variant of iptables behind {@code iptables-restore}, by default NFT. */
        public Builder iptables(IptablesVariant chosen) {
            if (chosen == IptablesVariant.AUTO) {
                throw new IllegalArgumentException("AUTO is no variant; choose NFT or LEGACY");
            }
            variant = chosen;
            return this;
        }

        /** Makes it a kernel before Linux 6.17, whose IPv6 has no {@code force_forwarding}. */
        public Builder withoutForceForwarding() {
            forceForwarding = false;
            return this;
        }

        /** Sets the clock that rate limits go by, by default the system's. */
        public Builder clock(InstantSource source) {
            clock = source;
            return this;
        }

        /** Returns the kernel. */
        public FakeKernel build() {
            if (uplinks.isEmpty() && !bare) {
                uplink("eth0", "198.51.100.2/24", "2001:db8::2/64");
            }
            FakeMachine machine = new FakeMachine(clock);
            Netns host = machine.host();
            host.setUp(host.link("lo"), true);
            for (Uplink uplink : uplinks) {
                Link link = host.addWire(uplink.link);
                host.writeSysctl("net/ipv6/conf/" + uplink.link + "/addr_gen_mode", "1");
                host.setUp(link, true);
                uplink.addresses.forEach(address -> address(host, link, address));
            }
            return new FakeKernel(machine, new FakeWorld(this));
        }

        private static void address(Netns host, Link link, String text) {
            Prefixed own = Prefixed.parse(text);
            Ip ip = own.ip();
            host.addAddress(link, ip, own.prefix());
            Ip any = Ip.parse(ip.family() == Family.IPV4 ? "0.0.0.0" : "::");
            Ip network = own.network();
            Ip gateway = network.plus(1).equals(ip) ? network.plus(2) : network.plus(1);
            boolean routed = host.routes(ip.family()).stream()
                    .anyMatch(route -> route.prefix() == 0 && route.type() == RouteType.UNICAST);
            if (!routed && own.prefix() < ip.family().bits() - 1) {
                host.addRoute(any, 0, RouteType.UNICAST, link, Optional.of(gateway));
            }
        }
    }
}
