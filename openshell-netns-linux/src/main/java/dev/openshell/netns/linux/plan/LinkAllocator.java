package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.Rule;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.random.RandomGenerator;

/** Chooses name, indexes and networks of a link so that nothing in the host namespace has them already. */
public final class LinkAllocator {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int NAME_LENGTH = 8;
    static final int LINK_PREFIX = 30;
    static final int LINK_PREFIX6 = 126;
    private static final int RANDOM_TRIES = 64;
    private static final int LOWEST_INDEX = 1 << 20;
    private static final int HIGHEST_INDEX = 1 << 30;
    private static final int SANDBOX_INDEX = 1000;

    private final RandomGenerator random;

    /** Makes an allocator that draws from {@code random}. */
    public LinkAllocator(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Returns a link for {@code resolved} that collides with nothing in {@code host}.
     *
     * @throws NetnsException when the pool has no free /30
     */
    Link allocate(ResolvedPolicy resolved, HostState host) {
        String name = name(host);
        VethPair.Builder veth = VethPair.builder().hostInterface(name).network(network(resolved, host));
        if (resolved.ipv6()) {
            veth.network6(network6(host));
        }
        return new Link(
                veth.build(),
                new Rtnetlink.End(name, index(host), mac()),
                new Rtnetlink.End(VethPair.SANDBOX_INTERFACE, SANDBOX_INDEX, mac()));
    }

    /** Returns a link that stands for any, for texts that are shown and never loaded. */
    public static VethPair example(ResolvedPolicy resolved) {
        VethPair.Builder veth = VethPair.builder()
                .hostInterface(VethPair.HOST_PREFIX + "plan")
                .network(Cidr.of(resolved.policy().linkPool().address(), LINK_PREFIX));
        if (resolved.ipv6()) {
            veth.network6(Cidr.parse("fd00:6f73:6800::/126"));
        }
        return veth.build();
    }

    private String name(HostState host) {
        while (true) {
            StringBuilder name = new StringBuilder(VethPair.HOST_PREFIX);
            for (int i = 0; i < NAME_LENGTH; i++) {
                name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            }
            if (!host.taken(name.toString())) {
                return name.toString();
            }
        }
    }

    private int index(HostState host) {
        while (true) {
            int index = random.nextInt(LOWEST_INDEX, HIGHEST_INDEX);
            if (!host.around().isTaken(index)) {
                return index;
            }
        }
    }

    /** A locally administered unicast address. */
    private byte[] mac() {
        byte[] mac = new byte[6];
        random.nextBytes(mac);
        mac[0] = (byte) (mac[0] & 0xfc | 0x02);
        return mac;
    }

    private Cidr network(ResolvedPolicy resolved, HostState host) {
        Cidr pool = resolved.policy().linkPool();
        long size = 1L << LINK_PREFIX - pool.prefix();
        for (int i = 0; i < RANDOM_TRIES; i++) {
            Cidr candidate = Cidr.of(pool.at(random.nextLong(size) * 4), LINK_PREFIX);
            if (free(candidate, resolved, host)) {
                return candidate;
            }
        }
        for (long slot = 0; slot < size; slot++) {
            Cidr candidate = Cidr.of(pool.at(slot * 4), LINK_PREFIX);
            if (free(candidate, resolved, host)) {
                return candidate;
            }
        }
        throw new NetnsException(
                "choose a link",
                "pool " + pool,
                0,
                "no /30 of it is free: the host's addresses and routes take "
                        + host.around().overlapping(pool),
                "choose another network with linkPool(CIDR)",
                null);
    }

    private static boolean free(Cidr candidate, ResolvedPolicy resolved, HostState host) {
        List<InetAddress> destinations =
                resolved.forwarded().stream().map(Rule::address).toList();
        return host.around().isFree(candidate) && destinations.stream().noneMatch(candidate::contains);
    }

    /** A unique local prefix with a random global id (RFC 4193 3.2). */
    private Cidr network6(HostState host) {
        while (true) {
            byte[] raw = new byte[16];
            byte[] id = new byte[5];
            random.nextBytes(id);
            raw[0] = (byte) 0xfd;
            System.arraycopy(id, 0, raw, 1, id.length);
            try {
                Cidr candidate = Cidr.of(InetAddress.getByAddress(raw), LINK_PREFIX6);
                if (host.around().isFree(candidate)) {
                    return candidate;
                }
            } catch (UnknownHostException e) {
                throw new IllegalStateException("16 bytes are an IPv6 address", e);
            }
        }
    }
}
