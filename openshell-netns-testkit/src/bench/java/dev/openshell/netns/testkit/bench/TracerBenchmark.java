package dev.openshell.netns.testkit.bench;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.testkit.FakeKernel;
import dev.openshell.netns.testkit.Packet;
import dev.openshell.netns.testkit.RulesetTracer;
import dev.openshell.netns.testkit.Trace;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Traced packets a second: through a ruleset alone whose last rule is the one that matches, and through a whole sandbox
 * world to its last destination. Runs anywhere: {@code mvn -Ptracer-bench -pl openshell-netns-testkit -am -DskipTests verify}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TracerBenchmark {
    /** A ruleset alone. */
    @State(Scope.Thread)
    public static class Alone {
        @Param({"10", "100", "1000"})
        private int rules;

        private RulesetTracer tracer;
        private Packet packet;

        /** Lists as many destinations as there are rules. */
        @Setup
        public void load() {
            StringBuilder text = new StringBuilder("*filter\n:FORWARD DROP [0:0]\n");
            for (int i = 0; i < rules; i++) {
                text.append("-A FORWARD -d ").append(destination(i)).append("/32 -i eth0 -p tcp -m tcp --dport 443")
                        .append(" -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n");
            }
            tracer = RulesetTracer.parse(Family.IPV4, text.append("COMMIT\n").toString());
            packet = Packet.tcp("10.200.0.2", 40000, destination(rules - 1), 443).withInInterface("eth0");
        }
    }

    private static String destination(int i) {
        return "10.43." + i / 250 + "." + (1 + i % 250);
    }

    /** A sandbox on a kernel, with listed hosts. */
    @State(Scope.Thread)
    public static class World {
        @Param({"1", "10", "100"})
        private int hosts;

        private FakeKernel kernel;
        private NetnsSandbox sandbox;
        private String own;
        private int port = 1024;

        /** Applies the policy. */
        @Setup
        public void open() {
            kernel = FakeKernel.create();
            NetnsSandbox.Builder builder =
                    NetnsSandbox.builder(kernel).proxy(3128).allowDns("10.43.0.10");
            for (int i = 0; i < hosts; i++) {
                builder.directTcp("203.0.113." + (i + 1));
            }
            sandbox = builder.apply();
            own = sandbox.veth().sandboxAddress().getHostAddress();
        }

        /** Takes it away. */
        @TearDown
        public void close() {
            sandbox.close();
        }
    }

    /** One packet, as many rule evaluations as there are rules. */
    @Benchmark
    public Trace ruleset(Alone alone) {
        return alone.tracer.forward(alone.packet);
    }

    private static final int BURST = 100;

    /** A packet of a flow from inside to the uplink: OUTPUT, the link, PREROUTING, FORWARD, POSTROUTING, with NAT. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public Trace world(World world) throws Exception {
        return world.sandbox.call(() -> {
            Trace last = null;
            for (int i = 0; i < BURST; i++) {
                world.port = world.port == 60_000 ? 1024 : world.port + 1;
                last = world.kernel.send(
                        Packet.tcp(world.own, world.port, "203.0.113." + world.hosts, 443));
            }
            return last;
        });
    }
}
