package dev.openshell.netns.linux.proof;

import dev.openshell.netns.AddressKind;
import dev.openshell.netns.Family;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Rule sets in which all is near something else: addresses beside one another and beside the link's own, ports beside
 * one another, several protocols and ports an address, and the same destination as nameserver and as listed host.
 */
final class PolicyMix {
    private final Random random;
    private final VethPair veth;
    private final List<InetAddress> addresses = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();

    private PolicyMix(VethPair veth, Random random) {
        this.veth = veth;
        this.random = random;
    }

    static RuleSet of(VethPair veth, Random random) {
        PolicyMix mix = new PolicyMix(veth, random);
        List<Rule> rules = new ArrayList<>();
        int size = random.nextInt(12) == 0 ? random.nextInt(20) : random.nextInt(4);
        if (random.nextBoolean()) {
            Family family = veth.network6().isPresent() && random.nextBoolean() ? Family.IPV6 : Family.IPV4;
            InetAddress host = veth.hostAddress(family).orElseThrow();
            rules.add(Rule.of(Rule.Kind.PROXY, Protocol.TCP, host, mix.port(), "proxy"));
        }
        for (int i = 0; i < size; i++) {
            rules.add(mix.rule());
        }
        return RuleSet.of(veth, rules);
    }

    private Rule rule() {
        Rule.Kind kind = random.nextBoolean() ? Rule.Kind.DNS : Rule.Kind.DIRECT;
        Protocol protocol = random.nextBoolean() ? Protocol.TCP : Protocol.UDP;
        return Rule.of(kind, protocol, address(), kind == Rule.Kind.DNS ? 53 : port(), origin());
    }

    private String origin() {
        StringBuilder origin = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            origin.append((char) (random.nextInt(4) == 0 ? random.nextInt(0xd800) : 32 + random.nextInt(95)));
        }
        return origin.toString();
    }

    private int port() {
        int port = random.nextInt(3) == 0 || ports.isEmpty()
                ? 1 + random.nextInt(65535)
                : random.nextInt(3) == 0
                        ? List.of(1, 53, 80, 443, 65535).get(random.nextInt(5))
                        : ports.get(random.nextInt(ports.size())) + random.nextInt(3) - 1;
        ports.add(Math.min(Math.max(port, 1), 65535));
        return ports.get(ports.size() - 1);
    }

    private InetAddress address() {
        boolean known = !addresses.isEmpty() && random.nextInt(3) > 0;
        Family family = veth.network6().isPresent() && random.nextBoolean() ? Family.IPV6 : Family.IPV4;
        InetAddress near = known
                ? addresses.get(random.nextInt(addresses.size()))
                : veth.sandboxAddress(family).orElseThrow();
        byte[] raw = near.getAddress();
        int last = raw.length - 1;
        switch (random.nextInt(known ? 3 : 6)) {
            case 0 -> {}
            case 1 -> raw[last] += (byte) (random.nextBoolean() ? 1 : -1);
            case 2 -> raw[random.nextInt(raw.length)] ^= (byte) (1 << random.nextInt(8));
            default -> random.nextBytes(raw);
        }
        InetAddress address = address(raw);
        if (Family.of(address).bits() != raw.length * 8
                || !AddressKind.of(address).listable()) {
            return address();
        }
        addresses.add(address);
        return address;
    }

    private static InetAddress address(byte[] raw) {
        try {
            return InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
