package dev.openshell.netns.linux.bench;

import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.nio.file.Path;
import java.util.Optional;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Making and removing one sandbox with a proxy, one resolver and three hosts, in a host namespace of its own that has no
 * link to anything. Run as root with {@code mvn -Pbench verify}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(1)
public class SandboxBenchmark {
    @Param({"NFT", "LEGACY"})
    private String iptables;

    private final Timed timed = new Timed(new JnaKernel());
    private final Kernel kernel = timed.kernel();
    private int host;
    private NetnsProvider provider;

    @Setup(Level.Trial)
    public void world() {
        host = kernel.createNamespace();
        provider = new LinuxProvider(kernel);
        apply().close();
        timed.reset();
    }

    @TearDown(Level.Trial)
    public void report() {
        kernel.close(host);
        timed.print(iptables);
    }

    private NetnsSandbox apply() {
        Path path = Path.of("/proc/self/fd/" + host);
        return NetnsSandbox.builder(provider)
                .hostNamespace(path)
                .iptables(dev.openshell.netns.IptablesVariant.valueOf(iptables))
                .proxy(3128)
                .allowDns("10.43.0.10")
                .directTcp("203.0.113.10")
                .directTcp("203.0.113.11")
                .directTcp("203.0.113.12", 5432)
                .apply();
    }

    /** Making one. */
    @State(Scope.Thread)
    public static class Closer {
        private Optional<NetnsSandbox> made = Optional.empty();

        @TearDown(Level.Invocation)
        public void close() {
            made.ifPresent(NetnsSandbox::close);
            made = Optional.empty();
        }
    }

    @Benchmark
    public NetnsSandbox create(Closer closer) {
        NetnsSandbox one = apply();
        closer.made = Optional.of(one);
        return one;
    }

    /** Removing one. */
    @State(Scope.Thread)
    public static class Maker {
        private NetnsSandbox made;

        @Setup(Level.Invocation)
        public void make(SandboxBenchmark benchmark) {
            made = benchmark.apply();
        }
    }

    @Benchmark
    public void close(Maker maker) {
        maker.made.close();
    }

    /** The kernel's own part. */
    @Benchmark
    public void createNamespaceOnly() {
        kernel.close(kernel.createNamespace());
    }
}
