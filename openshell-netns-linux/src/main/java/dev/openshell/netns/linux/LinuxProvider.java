package dev.openshell.netns.linux;

import dev.openshell.netns.Backend;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.Incubating;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.doctor.Doctor;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.nft.NftKernel;
import dev.openshell.netns.linux.plan.Enforcement;
import dev.openshell.netns.linux.plan.HostMemory;
import dev.openshell.netns.linux.plan.HostView;
import dev.openshell.netns.linux.plan.LinkAllocator;
import dev.openshell.netns.linux.plan.LiveFlows;
import dev.openshell.netns.linux.plan.LiveRules;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.plan.Preview;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.report.MachineFacts;
import dev.openshell.netns.linux.resolve.ChannelOpener;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Applies policies on Linux. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN, and for all but {@link Backend#NFTABLES} iptables
 * 1.8 or later.
 *
 * @since 0.1
 */
public final class LinuxProvider implements NetnsProvider {
    private static final Path HOSTS = Path.of("/etc/hosts");

    private final Kernel kernel;
    private final Planner planner;
    private final Optional<StandIn> standIn;
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, HostMemory> memories = new ConcurrentHashMap<>();
    private @Nullable LinuxProvider inProcess;

    /** What stands in for the files and the nameservers of the machine. */
    private record StandIn(HostResolver names, ResolvConf conf) {}

    /** Makes a provider for the running kernel. */
    public LinuxProvider() {
        this(new JnaKernel());
    }

    /** Makes a provider that does everything through {@code kernel}. */
    public LinuxProvider(Kernel kernel) {
        this(kernel, new Planner(new IptablesCompiler()), Optional.empty());
    }

    /**
     * Makes a provider for a kernel that stands in for Linux, on whatever operating system: names are asked of
     * {@code names} and nameservers are read from the text {@code resolvConf}, where a policy says nothing else. A
     * sandbox that is still open when the JVM ends is left to {@code kernel}.
     */
    public LinuxProvider(Kernel kernel, HostResolver names, String resolvConf) {
        this(kernel, names, resolvConf, new Planner(new IptablesCompiler()));
    }

    LinuxProvider(Kernel kernel, HostResolver names, String resolvConf, Planner planner) {
        this(kernel, planner, Optional.of(new StandIn(names, ResolvConf.parse(resolvConf))));
    }

    private LinuxProvider(Kernel kernel, Planner planner, Optional<StandIn> standIn) {
        this.kernel = kernel;
        this.planner = planner;
        this.standIn = standIn;
    }

    @Override
    public NetnsSandbox apply(SandboxPolicy policy) {
        return loadingAs(policy).applyHere(policy);
    }

    /** Returns what loads rules as {@code policy} says. */
    private LinuxProvider loadingAs(SandboxPolicy policy) {
        boolean other = policy.backend() == Backend.NFTABLES && !(kernel instanceof NftKernel);
        return other ? inProcess() : this;
    }

    private synchronized LinuxProvider inProcess() {
        if (inProcess == null) {
            inProcess = new LinuxProvider(new NftKernel(kernel), planner, standIn);
        }
        return inProcess;
    }

    private NetnsSandbox applyHere(SandboxPolicy policy) {
        boolean closedAtExit = standIn.isEmpty();
        if (closedAtExit) {
            AtExit.arm();
        }
        Deadline deadline = Deadline.in(policy.timeout());
        int host = openHost(policy);
        boolean done = false;
        try {
            HostMemory memory = memory(host);
            if (!memory.hasOwn()) {
                Rivals.requireNone(kernel, host, deadline);
            }
            Sources sources = sources(host, policy, deadline);
            ResolvedPolicy resolved = sources.resolve(policy, deadline);
            Enforcement enforcement =
                    Enforcement.of(kernel, host, memory, resolved, new LinkAllocator(random), planner, deadline);
            LiveSandbox sandbox =
                    new LiveSandbox(kernel, host, resolved, enforcement, memory, sources.conf(), this::sources);
            done = true;
            if (closedAtExit) {
                lookAfter(sandbox);
            }
            return sandbox;
        } catch (KernelException e) {
            throw failure("read the host's state", "host namespace", e);
        } finally {
            if (!done) {
                kernel.close(host);
            }
        }
    }

    /** A kernel that stands in for Linux gives no inode twice. */
    private HostMemory memory(int host) {
        return standIn.isPresent()
                ? memories.computeIfAbsent(kernel.inode(host), inode -> new HostMemory())
                : HostWatch.memory(kernel, host);
    }

    /** Has the sandbox looked after; it is closed where that can't be. */
    private static void lookAfter(LiveSandbox sandbox) {
        boolean done = false;
        try {
            sandbox.watch();
            AtExit.add(sandbox);
            done = true;
        } catch (KernelException e) {
            throw failure("watch the rules", "host namespace", e);
        } finally {
            if (!done) {
                sandbox.discard();
            }
        }
    }

    /**
     * {@inheritDoc} Names are resolved, and addresses and routes read, in the JVM's own namespace; with {@code
     * hostNamespace} in that one, which takes the privileges that applying takes.
     */
    @Override
    public PolicyInspection inspect(SandboxPolicy policy) {
        boolean here = policy.hostNamespace().isEmpty() && standIn.isEmpty();
        Sources.Viewpoint viewpoint = here ? new Unprivileged(HOSTS) : new InHost();
        ResolvedPolicy resolved = viewpoint.look(policy, (sources, deadline) -> sources.resolve(policy, deadline));
        Preview preview = Preview.of(resolved, planner);
        return new Inspection(
                resolved,
                new Inspection.Situation(
                        preview.rules(), preview.plan(), preview::rulesets, rules -> List.of(), () -> machine(policy)),
                viewpoint);
    }

    @Override
    public Preflight preflight(SandboxPolicy policy) {
        return standIn.isPresent()
                ? NetnsProvider.super.preflight(policy)
                : Doctor.examine(loadingAs(policy).kernel, policy);
    }

    /** What can be known of the machine with the privileges that there are. */
    private MachineFacts machine(SandboxPolicy policy) {
        try {
            kernel.preflight();
        } catch (KernelException e) {
            return MachineFacts.unprivileged(kernel);
        }
        if (policy.backend() == Backend.NFTABLES) {
            return MachineFacts.nftables(kernel);
        }
        return onHost(
                policy,
                (host, deadline) ->
                        MachineFacts.of(kernel, host, kernel.iptables(host, policy.iptables(), deadline), deadline));
    }

    /**
     * Returns what changes from a live sandbox, of whatever process, to {@code policy}, and which of its flows that
     * would cut. It takes the privileges that applying takes.
     *
     * @param name the host end of the sandbox's link, or its name under {@code /run/netns}
     * @throws NetnsException when the policy's host namespace has no such sandbox
     */
    @Incubating
    public PolicyDiff diff(String name, SandboxPolicy policy) {
        return onHost(policy, (host, deadline) -> {
            RuleSet live = LiveRules.of(Rivals.inUse(kernel, host), host, name, deadline);
            ResolvedPolicy to = sources(host, policy, deadline).resolve(policy, deadline);
            return RuleDiff.of(live, to, rules -> LiveFlows.of(kernel, host, rules, deadline));
        });
    }

    /**
     * Takes away what sandboxes have left, in the calling thread's namespace, whose owner is dead: their links, rules and
     * names, the forwarding that was switched on for them, and the processes in them that were not to outlive it. Each
     * {@code apply()} does the same. It takes the privileges that applying takes.
     *
     * @param dryRun only look
     * @return what was, or would be, taken away
     * @throws NetnsException when some of it could not be; all the rest was
     */
    @Incubating
    public List<Leftover> sweep(boolean dryRun) {
        SandboxPolicy policy = NetnsSandbox.builder().policy();
        return onHost(policy, (host, deadline) -> Rivals.sweep(kernel, host, dryRun, deadline));
    }

    private interface OnHost<T> {
        T with(int host, Deadline deadline);
    }

    /** Does {@code body} with a descriptor of the policy's host namespace, which is closed afterwards. */
    private <T> T onHost(SandboxPolicy policy, OnHost<T> body) {
        Deadline deadline = Deadline.in(policy.timeout());
        int host = openHost(policy);
        try {
            return body.with(host, deadline);
        } catch (KernelException e) {
            throw failure("read the host's state", "host namespace", e);
        } finally {
            kernel.close(host);
        }
    }

    private Sources sources(int host, SandboxPolicy policy, Deadline deadline) {
        ResolvConf conf = standIn.isPresent() && policy.resolvConf().isEmpty()
                ? standIn.get().conf()
                : readResolvConf(policy);
        HostView view = new HostView(kernel, host, deadline);
        HostResolver names = policy.resolver()
                .or(() -> standIn.map(StandIn::names))
                .orElseGet(() -> SystemResolver.of(new HostChannels(kernel, host), conf, HOSTS, deadline));
        return new Sources(names, conf, view::addresses, view::isOwn, view::routed);
    }

    /** Looks from a policy's host namespace, which is opened each time. */
    private final class InHost implements Sources.Viewpoint {
        @Override
        public <T> T look(SandboxPolicy policy, Sources.Body<T> body) {
            return onHost(policy, (host, deadline) -> body.with(sources(host, policy, deadline), deadline));
        }
    }

    private int openHost(SandboxPolicy policy) {
        try {
            kernel.preflight();
        } catch (KernelException e) {
            throw failure("preflight", "this process", e);
        }
        String object = policy.hostNamespace().map(Path::toString).orElse("the calling thread's namespace");
        int host = -1;
        try {
            host = kernel.openNamespace(policy.hostNamespace());
            kernel.inode(host);
            return host;
        } catch (KernelException e) {
            if (host >= 0) {
                kernel.close(host);
            }
            throw failure("open the host namespace", object, e);
        }
    }

    static ResolvConf readResolvConf(SandboxPolicy policy) {
        try {
            return ResolvConf.ofHost(policy.resolvConf());
        } catch (IOException e) {
            String file = policy.resolvConf().map(Path::toString).orElse("/etc/resolv.conf");
            throw new NetnsException("read resolv.conf", file, 0, e.toString(), "give one with resolvConf(Path)", e);
        }
    }

    private static NetnsException failure(String step, String object, KernelException e) {
        return new NetnsException(step, object, e.errno(), e.getMessage(), e.remedy(), e);
    }

    /** Channels whose sockets live in the host namespace. */
    private record HostChannels(Kernel kernel, int host) implements ChannelOpener {
        @Override
        public java.nio.channels.DatagramChannel openDatagram(java.net.ProtocolFamily family) throws IOException {
            return open(() -> java.nio.channels.DatagramChannel.open(family));
        }

        @Override
        public java.nio.channels.SocketChannel openStream(java.net.ProtocolFamily family) throws IOException {
            return open(() -> java.nio.channels.SocketChannel.open(family));
        }

        private <T> T open(java.util.concurrent.Callable<T> opener) throws IOException {
            return Inside.io(() -> kernel.call(host, opener));
        }
    }
}
