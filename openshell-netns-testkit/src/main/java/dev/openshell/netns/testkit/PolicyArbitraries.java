package dev.openshell.netns.testkit;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.AddressKind;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * jqwik generators of what a caller can say and of what it becomes.
 *
 * <pre>{@code
 *  @Property
 *  void holds(@ForAll("policies") SandboxPolicy policy) { … }
 *
 *  @Provide
 *  Arbitrary<SandboxPolicy> policies() {
 *     return PolicyArbitraries.policies();
 * }
 * }</pre>
 *
 * @since 0.1
 */
public final class PolicyArbitraries {
    private static final int MOST_CALLS = 12;
    private static final int MOST_RULES = 20;

    private PolicyArbitraries() {}

    /** Returns ports, 1 to 65535, with a liking for well-known and extreme ones. */
    public static Arbitrary<Integer> ports() {
        return Arbitraries.oneOf(
                Arbitraries.of(1, 53, 80, 443, 5432, 65535),
                Arbitraries.integers().between(1, 65535));
    }

    /** Returns DNS names of up to four labels. */
    public static Arbitrary<String> names() {
        Arbitrary<String> label = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withCharRange('0', '9')
                .ofMinLength(1)
                .ofMaxLength(20)
                .map(text -> "n" + text);
        return label.list().ofMinSize(1).ofMaxSize(4).map(labels -> String.join(".", labels));
    }

    /** Returns addresses of {@code family} that can be listed. */
    public static Arbitrary<InetAddress> addresses(Family family) {
        return Arbitraries.bytes()
                .array(byte[].class)
                .ofSize(family.bits() / 8)
                .map(PolicyArbitraries::address)
                .filter(address -> Family.of(address) == family)
                .filter(address -> AddressKind.of(address).listable());
    }

    /** Returns addresses of both families that can be listed. */
    public static Arbitrary<InetAddress> addresses() {
        return Arbitraries.oneOf(addresses(Family.IPV4), addresses(Family.IPV6));
    }

    /** Returns single calls of the builder that add to a policy, none of which overrules another. */
    public static Arbitrary<UnaryOperator<NetnsSandbox.Builder>> calls() {
        Arbitrary<UnaryOperator<NetnsSandbox.Builder>> dns =
                addresses().map(address -> builder -> builder.allowDns(InetAddresses.toAddrString(address)));
        Arbitrary<UnaryOperator<NetnsSandbox.Builder>> named =
                Combinators.combine(names(), ports()).as((name, port) -> builder -> builder.directTcp(name, port));
        Arbitrary<UnaryOperator<NetnsSandbox.Builder>> literal = Combinators.combine(addresses(), ports())
                .as((address, port) -> builder -> builder.directTcp(InetAddresses.toAddrString(address), port));
        Arbitrary<UnaryOperator<NetnsSandbox.Builder>> switches =
                Arbitraries.of(List.of(NetnsSandbox.Builder::publicOnly, NetnsSandbox.Builder::named));
        return Arbitraries.oneOf(dns, named, literal, switches);
    }

    /** Returns policies of up to twelve calls. */
    public static Arbitrary<SandboxPolicy> policies() {
        return Combinators.combine(calls().list().ofMaxSize(MOST_CALLS), ports().injectNull(0.3))
                .as((calls, proxy) -> {
                    NetnsSandbox.Builder builder = NetnsSandbox.builder();
                    calls.forEach(call -> call.apply(builder));
                    return proxy == null
                            ? builder.policy()
                            : builder.proxy(proxy).policy();
                });
    }

    /**
     * Returns packets of {@code family} between listable addresses: TCP with any flags, UDP, ICMP, and other protocols.
     */
    public static Arbitrary<Packet> packets(Family family) {
        Arbitrary<String> ends = addresses(family).map(InetAddresses::toAddrString);
        Arbitrary<TcpFlag[]> flags =
                Arbitraries.of(TcpFlag.class).array(TcpFlag[].class).ofMaxSize(3);
        Arbitrary<Packet> tcp = Combinators.combine(ends, ports(), ends, ports(), flags)
                .as((source, from, destination, to, set) ->
                        Packet.tcp(source, from, destination, to).withFlags(set));
        Arbitrary<Packet> udp =
                Combinators.combine(ends, ports(), ends, ports()).as(Packet::udp);
        Arbitrary<Packet> icmp = Combinators.combine(ends, ends).as(Packet::icmp);
        Arbitrary<Packet> other = Combinators.combine(Arbitraries.of(2, 47, 50, 132, 253), ends, ends)
                .as(Packet::of);
        return Arbitraries.frequencyOf(Tuple.of(4, tcp), Tuple.of(3, udp), Tuple.of(1, icmp), Tuple.of(1, other));
    }

    /** Returns links with and without IPv6. */
    public static Arbitrary<VethPair> links() {
        Arbitrary<String> names = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withCharRange('0', '9')
                .ofLength(8);
        return Combinators.combine(names, Arbitraries.integers().between(0, 16383), Arbitraries.of(true, false))
                .as((name, slot, ipv6) -> {
                    VethPair.Builder veth = VethPair.builder()
                            .hostInterface(VethPair.HOST_PREFIX + name)
                            .network(Cidr.of(SandboxPolicy.DEFAULT_LINK_POOL.at(slot * 4L), 30));
                    return ipv6 ? veth.network6(Cidr.parse("fd00:1:2::/126")).build() : veth.build();
                });
    }

    /** Returns rule sets on one link, with origins of any characters at all. */
    public static Arbitrary<RuleSet> ruleSets() {
        return links().flatMap(veth -> {
            Arbitrary<InetAddress> reachable = veth.network6().isPresent() ? addresses() : addresses(Family.IPV4);
            Arbitrary<Rule> forwarded = Combinators.combine(
                            Arbitraries.of(Rule.Kind.DNS, Rule.Kind.DIRECT),
                            Arbitraries.of(Protocol.values()),
                            reachable,
                            ports(),
                            Arbitraries.strings().ofMaxLength(300))
                    .as(Rule::of);
            return forwarded.list().ofMaxSize(MOST_RULES).map(rules -> RuleSet.of(veth, rules));
        });
    }

    private static InetAddress address(byte[] raw) {
        try {
            return InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
