package dev.openshell.netns.linux;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.Namespace;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.SandboxSockets;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.linux.plan.Enforcement;
import dev.openshell.netns.linux.plan.HostMemory;
import dev.openshell.netns.linux.plan.LiveFlows;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.plan.Upkeep;
import dev.openshell.netns.linux.report.MachineFacts;
import dev.openshell.netns.linux.resolve.ResolvConf;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The handle of a sandbox on Linux. */
final class LiveSandbox implements NetnsSandbox {
    private final Kernel kernel;
    private final int host;
    private final ResolvedPolicy resolved;
    private final Enforcement enforcement;
    private final HostMemory memory;
    private final String resolvConf;
    private final SourcesOf sources;
    private final Namespace namespace;
    private final Upkeep upkeep;
    private final Events events = new Events();

    /** Guards what follows: nothing enters once closing has begun. */
    private final ReentrantLock entry = new ReentrantLock();

    private final ReentrantLock closing = new ReentrantLock();
    private boolean open = true;
    private boolean started;
    private volatile boolean used;
    private volatile boolean sealed;
    private volatile @Nullable HostWatch watch;

    /** Where a policy's addresses come from, as seen from the host namespace of a descriptor. */
    interface SourcesOf {
        Sources of(int host, SandboxPolicy policy, Deadline deadline);
    }

    LiveSandbox(
            Kernel kernel,
            int host,
            ResolvedPolicy resolved,
            Enforcement enforcement,
            HostMemory memory,
            ResolvConf hostConf,
            SourcesOf sources) {
        this.sources = sources;
        this.memory = memory;
        this.kernel = kernel;
        this.host = host;
        this.resolved = resolved;
        this.enforcement = enforcement;
        this.resolvConf = SandboxResolvConf.text(resolved.nameservers(), hostConf);
        String name =
                resolved.policy().name().orElse(enforcement.ruleSet().veth().hostInterface());
        long pid = ProcessHandle.current().pid();
        Path path = enforcement.published().orElse(Path.of("/proc/" + pid + "/fd/" + enforcement.namespace()));
        this.namespace = Namespace.of(name, enforcement.inode(), path);
        this.upkeep = enforcement.upkeep();
    }

    Upkeep upkeep() {
        return upkeep;
    }

    Events events() {
        return events;
    }

    /** Notes that the link was taken down for good. */
    void sealed() {
        sealed = true;
    }

    boolean isSealed() {
        return sealed;
    }

    /** Has others' changes to its rules on the host undone from now on. */
    void watch() {
        watch = HostWatch.add(this, kernel, host, enforcement.variant(), memory);
    }

    @Override
    public Registration listen(SandboxListener listener) {
        Objects.requireNonNull(listener, "listener");
        return whileOpen(() -> events.add(listener));
    }

    @Override
    public Namespace namespace() {
        // Whoever knows where it is may go in.
        used = true;
        return whileOpen(() -> namespace);
    }

    @Override
    public VethPair veth() {
        return whileOpen(() -> enforcement.ruleSet().veth());
    }

    @Override
    public RuleSet ruleSet() {
        return whileOpen(enforcement::ruleSet);
    }

    @Override
    public Landlock landlock() {
        return whileOpen(kernel::landlock);
    }

    @Override
    public PolicyInspection inspect() {
        return whileOpen(() -> new Inspection(
                resolved,
                new Inspection.Situation(
                        enforcement.ruleSet(),
                        enforcement.plan(),
                        enforcement::sent,
                        rules -> onHost(own -> LiveFlows.of(kernel, own, rules, deadline())),
                        () -> onHost(own -> MachineFacts.of(kernel, own, enforcement.variant(), deadline()))),
                new Here()));
    }

    @Override
    public Verified verifyLoaded() {
        int inside = whileOpen(this::ownDescriptor);
        try {
            return onHost(outside -> enforcement.verifyLoaded(inside, outside, deadline()));
        } finally {
            kernel.close(inside);
        }
    }

    private Deadline deadline() {
        return Deadline.in(resolved.policy().timeout());
    }

    /** Looks from the host namespace of this sandbox, whatever the policy says of another one. */
    private final class Here implements Sources.Viewpoint {
        @Override
        public <T> T look(SandboxPolicy policy, Sources.Body<T> body) {
            Deadline deadline = Deadline.in(policy.timeout());
            return onHost(own -> body.with(sources.of(own, policy, deadline), deadline));
        }
    }

    /** Does {@code body} with a descriptor of the host's of its own, which {@link #close()} can't take away meanwhile. */
    private <T> T onHost(IntFunction<T> body) {
        int own = whileOpen(() -> duplicate(host));
        try {
            return body.apply(own);
        } catch (KernelException e) {
            throw new NetnsException("read", "host namespace", e.errno(), e.getMessage(), e.remedy(), e);
        } finally {
            kernel.close(own);
        }
    }

    @Override
    public URI proxyUri() {
        return whileOpen(() -> {
            int port = resolved.policy()
                    .proxyPort()
                    .orElseThrow(() -> new IllegalStateException("the policy has no proxy(port)"));
            return URI.create("http://"
                    + InetAddresses.toUriString(enforcement.ruleSet().veth().hostAddress()) + ":" + port);
        });
    }

    /** Spawns outside of the lock: opening a redirect's file may take for ever, and {@link #close()} must not. */
    @Override
    public Process start(ProcessBuilder command) throws IOException {
        int own = whileOpen(() -> {
            started = true;
            used = true;
            return ownDescriptor();
        });
        try {
            if (!isDetached()) {
                kernel.tie(enforcement.hostMac());
            }
            Process process = kernel.start(own, resolvConf, command);
            if (closedMeanwhile()) {
                kernel.endProcesses(own, Duration.ZERO);
                requireOpen();
            }
            return process;
        } finally {
            kernel.close(own);
            if (closedMeanwhile()) {
                kernel.untie(enforcement.hostMac());
            }
        }
    }

    /** Returns whether it outlives this JVM. */
    boolean isDetached() {
        return resolved.policy().detached();
    }

    private boolean closedMeanwhile() {
        entry.lock();
        try {
            return !open;
        } finally {
            entry.unlock();
        }
    }

    @Override
    public SandboxSockets sockets() {
        return whileOpen(() -> new InsideSockets(this::open, resolved.hosts()));
    }

    @Override
    public <T> T call(Callable<T> body) throws Exception {
        T result = enter(own -> kernel.call(own, body));
        kernel.requireNoThreadInside(namespace.inode());
        return result;
    }

    private <T> T open(SocketType<T> type) throws IOException {
        return Inside.io(() -> enter(own -> kernel.openSocket(own, type)));
    }

    private interface Entrance<T> {
        T with(int own) throws Exception;
    }

    /** Does {@code body} with a descriptor of its own, which {@link #close()} can't take away meanwhile. */
    private <T> T enter(Entrance<T> body) throws Exception {
        used = true;
        int own = whileOpen(this::ownDescriptor);
        try {
            return body.with(own);
        } catch (KernelException e) {
            throw refused(e);
        } finally {
            kernel.close(own);
        }
    }

    private int ownDescriptor() {
        return duplicate(enforcement.namespace());
    }

    private int duplicate(int descriptor) {
        try {
            return kernel.openNamespace(Optional.of(Path.of("/proc/self/fd/" + descriptor)));
        } catch (KernelException e) {
            throw refused(e);
        }
    }

    private NetnsException refused(KernelException e) {
        return new NetnsException("enter", namespace.name(), e.errno(), e.getMessage(), e.remedy(), e);
    }

    /** Closes what was not handed out, with nothing left for the kernel to clear up later. */
    void discard() {
        try {
            enforcement.deleteLink();
        } finally {
            close();
        }
    }

    @Override
    public void close() {
        closing.lock();
        // Closing gets through whatever happens to the thread.
        boolean interrupted = Thread.interrupted();
        try {
            if (shut()) {
                try {
                    HostWatch watching = watch;
                    enforcement.close(
                            watching == null ? memory : watching.memory(),
                            used || enforcement.published().isPresent(),
                            this::endWhatUsesIt);
                } finally {
                    AtExit.remove(this);
                    closeHost();
                    events.tell(listener -> listener.closed(this));
                }
            }
        } finally {
            closing.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void closeHost() {
        try {
            kernel.close(host);
        } catch (KernelException e) {
            throw new NetnsException("close", "host namespace", e.errno(), e.getMessage(), e.remedy(), e);
        }
    }

    private boolean shut() {
        entry.lock();
        try {
            boolean wasOpen = open;
            open = false;
            return wasOpen;
        } finally {
            entry.unlock();
        }
    }

    /** Once it is cut off. Nothing loads its rules again after this. */
    private void endWhatUsesIt() {
        HostWatch watching = watch;
        if (watching != null) {
            watching.remove(this);
        }
        if (started) {
            kernel.endProcesses(enforcement.namespace(), resolved.policy().terminationGrace());
            kernel.untie(enforcement.hostMac());
        }
    }

    private <T> T whileOpen(Supplier<T> body) {
        entry.lock();
        try {
            requireOpen();
            return body.get();
        } finally {
            entry.unlock();
        }
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("sandbox " + namespace.name() + " is closed");
        }
    }

    @Override
    public String toString() {
        return "NetnsSandbox[" + namespace.name() + " " + enforcement.ruleSet().rules() + "]";
    }
}
