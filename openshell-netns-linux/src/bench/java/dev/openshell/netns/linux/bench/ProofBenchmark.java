package dev.openshell.netns.linux.bench;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.proof.Explainer;
import dev.openshell.netns.linux.proof.Proof;
import dev.openshell.netns.linux.proof.Rulesets;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Ruleset;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The proof of a policy with a proxy, one resolver and some hosts of one address each: both ends, both families, from the
 * restore text. Needs no privilege. Run with {@code mvn -Pbench verify}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(1)
public class ProofBenchmark {
    private static final List<String> TABLES = List.of("raw", "nat", "filter");

    @Param({"1", "10", "100", "1000", "10000"})
    private int addresses;

    /** Whether every second address is an IPv6 one. */
    @Param({"false", "true"})
    private boolean ipv6;

    private RuleSet rules;
    private final Map<Family, Texts> texts = new EnumMap<>(Family.class);
    private Rulesets loaded;
    private Flow flow;
    private InetAddress address;

    /** What is loaded, one after the other. */
    private record Texts(String standing, String sandbox, String host) {}

    @Setup(Level.Trial)
    public void compile() throws UnknownHostException {
        VethPair.Builder link =
                VethPair.builder().hostInterface("osh-plan").network(Cidr.parse("10.200.0.0/30"));
        VethPair veth =
                (ipv6 ? link.network6(Cidr.parse("fd00:6f73:6800::/126")) : link).build();
        List<Rule> all = new ArrayList<>();
        all.add(Rule.of(Rule.Kind.PROXY, Protocol.TCP, veth.hostAddress(), 3128, "proxy(3128)"));
        for (Protocol protocol : Protocol.values()) {
            InetAddress resolver = InetAddresses.forString("10.43.0.10");
            all.add(Rule.of(Rule.Kind.DNS, protocol, resolver, 53, "allowDns(\"10.43.0.10\")"));
        }
        Random random = new Random(1);
        for (int i = 0; i < addresses; i++) {
            address = address(random, ipv6 && i % 2 == 0);
            all.add(Rule.of(Rule.Kind.DIRECT, Protocol.TCP, address, 443, "directTcp(\"host" + i + ".internal\")"));
        }
        flow = Flow.parse("tcp:" + InetAddresses.toUriString(address) + ":443");
        rules = RuleSet.of(veth, all);
        IptablesCompiler compiler = new IptablesCompiler();
        for (Family family : Family.values()) {
            String standing =
                    HostRules.of("").standing(veth.network(family).isPresent());
            texts.put(family, new Texts(standing, compiler.sandbox(rules, family), compiler.host(rules, family)));
        }
        loaded = load();
    }

    private static InetAddress address(Random random, boolean six) throws UnknownHostException {
        byte[] bytes = new byte[six ? 16 : 4];
        random.nextBytes(bytes);
        bytes[0] = (byte) (six ? 0x20 : 20 + (bytes[0] & 63));
        return InetAddress.getByAddress(bytes);
    }

    private Rulesets load() {
        Rulesets all = new Rulesets();
        texts.forEach((family, text) -> {
            all.host(family, text.standing());
            all.sandbox(family, text.sandbox());
            all.host(family, text.host());
        });
        return all;
    }

    /** All of it, as apply does it. */
    @Benchmark
    public Verified prove() {
        return Proof.of(rules, load());
    }

    /** Of that, reading every rule: the proof reads them where it needs them. */
    @Benchmark
    public void read(Blackhole hole) {
        texts.forEach((family, text) -> {
            Ruleset host = new Ruleset(family);
            host.load(text.standing(), true);
            host.load(text.host(), true);
            Ruleset sandbox = new Ruleset(family);
            sandbox.load(text.sandbox(), false);
            read(host, hole);
            read(sandbox, hole);
        });
    }

    private static void read(Ruleset ruleset, Blackhole hole) {
        for (String table : TABLES) {
            for (String name : ruleset.chains(table)) {
                Chain chain = ruleset.chain(table, name).orElseThrow();
                for (int i = 0; i < chain.lines().size(); i++) {
                    hole.consume(chain.rule(i));
                }
            }
        }
    }

    /** The way of one flow that is allowed, through rules that are loaded. */
    @Benchmark
    public Explanation.Way explain() {
        return new Explainer(rules, loaded, Set.of()).way(flow, address);
    }
}
