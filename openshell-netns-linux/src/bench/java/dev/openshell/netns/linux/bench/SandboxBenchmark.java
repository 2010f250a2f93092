package dev.openshell.netns.linux.bench;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.sys.Libc;
import java.time.Duration;
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

/** Making and removing one sandbox, and the two costs that nothing can be below. Needs root. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(1)
public class SandboxBenchmark {
    /** A pod in which sandboxes are made, beside one that lives. */
    @State(Scope.Thread)
    public static class World {
        @Param({"NFT", "LEGACY", "NFTABLES"})
        Variant variant;

        private final Kernel kernel = new JnaKernel();
        private final NetnsProvider provider = new LinuxProvider(kernel);
        private Pod pod;
        private NetnsSandbox beside;

        @Setup(Level.Trial)
        public void open() {
            pod = new Pod(kernel);
            beside = apply();
        }

        @TearDown(Level.Trial)
        public void close() {
            beside.close();
            pod.close();
        }

        NetnsSandbox apply() {
            return variant.apply(provider, pod.path());
        }
    }

    /** Closes what was made, outside of what is measured. */
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
    public NetnsSandbox apply(World world, Closer closer) {
        NetnsSandbox one = world.apply();
        closer.made = Optional.of(one);
        return one;
    }

    /** Makes what will be closed, outside of what is measured. */
    @State(Scope.Thread)
    public static class Maker {
        private NetnsSandbox made;

        @Setup(Level.Invocation)
        public void make(World world) {
            made = world.apply();
        }
    }

    @Benchmark
    public void close(Maker maker) {
        maker.made.close();
    }

    /** A namespace for each way to load rules into it. */
    @State(Scope.Thread)
    public static class Bare {
        private final Kernel kernel = new JnaKernel();
        private int namespace;

        @Setup(Level.Trial)
        public void open() {
            namespace = kernel.createNamespace();
        }

        @TearDown(Level.Trial)
        public void close() {
            kernel.close(namespace);
        }
    }

    /** The kernel's own part, with the thread that it takes. */
    @Benchmark
    public void namespace(Bare bare) {
        bare.kernel.close(bare.kernel.createNamespace());
    }

    /** A thread that leaves all namespaces behind. */
    @Benchmark
    public void unshare() throws InterruptedException {
        Thread thread = new Thread(() -> Libc.unshare(Libc.CLONE_NEWNET));
        thread.start();
        thread.join();
    }

    /** One process of iptables-nft-restore that has nothing to do. */
    @Benchmark
    public void restoreNothing(Bare bare) {
        Deadline deadline = Deadline.in(Duration.ofSeconds(10));
        bare.kernel.restore(bare.namespace, Family.IPV4, IptablesVariant.NFT, "", true, deadline);
    }
}
