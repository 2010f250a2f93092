package dev.openshell.netns.testkit;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.testkit.packet.Prefixed;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.Stack;
import java.util.List;

/**
 * A kernel in memory, which interprets the very rtnetlink bytes and the very iptables-restore text that Linux gets. The
 * whole library runs on it, on any operating system and without privilege:
 *
 * <pre>{@code
 * FakeKernel kernel = FakeKernel.create();
 * try (NetnsSandbox sandbox = NetnsSandbox.builder(kernel).directTcp("203.0.113.10").apply()) {
 *     Trace trace = sandbox.call(() -> kernel.send(Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443)));
 *     assertThat(trace.verdict()).isEqualTo(Trace.Verdict.ACCEPT);
 * }
 * }</pre>
 *
 * <p>An instance is one process on a machine; {@link #otherProcess()} is another one on the same machine. What Linux
 * refuses is refused with Linux's errno; what this kernel does not know is an {@link UnsupportedOperationException} or
 * an {@link UnsupportedRuleException}, never ignored. Safe for use by several threads.
 *
 * @since 0.1
 */
public final class FakeKernel extends FakeOwnership implements NetnsProvider {
    /** The process that made a call died. */
    public static final class Died extends Error {
        private static final long serialVersionUID = 1L;

        Died() {
            super("this process of the fake kernel is dead");
        }
    }

    FakeKernel(FakeMachine machine, FakeWorld world) {
        this(machine, world, new Userland(machine));
    }

    private FakeKernel(FakeMachine machine, FakeWorld world, Userland userland) {
        super(machine, world, userland);
    }

    @Override
    FakeKernel self() {
        return this;
    }

    /**
     * Returns a kernel whose host has the uplink {@code eth0} (198.51.100.2/24 and 2001:db8::2/64, with default routes)
     * and iptables-nft. More of it, and names, with {@link #builder()}.
     */
    public static FakeKernel create() {
        return builder().build();
    }

    /** Returns a builder of a kernel. */
    public static FakeWorld.Builder builder() {
        return new FakeWorld.Builder();
    }

    /** Returns a sandbox that enforces {@code policy} on this kernel. */
    @Override
    public NetnsSandbox apply(SandboxPolicy policy) {
        return provider().apply(policy);
    }

    /** Returns what {@code policy} would do on this kernel, without doing it. */
    @Override
    public PolicyInspection inspect(SandboxPolicy policy) {
        return provider().inspect(policy);
    }

    /** Takes away what sandboxes of dead processes have left here, and returns it: {@link LinuxProvider#sweep}. */
    public List<Leftover> sweep(boolean dryRun) {
        return provider().sweep(dryRun);
    }

    private LinuxProvider provider() {
        return new LinuxProvider(this, world::resolve, world.resolvConf());
    }

    /** Sets the faults that lie ahead, in place of those that were set before, and counts calls from 1 again. */
    public void script(Fault... faults) {
        synchronized (machine) {
            script.set(List.of(faults));
        }
    }

    /** Returns the calls that were made since the script was set. */
    public List<KernelCall> calls() {
        synchronized (machine) {
            return script.made();
        }
    }

    /** Returns another process on the same machine. */
    public FakeKernel otherProcess() {
        return new FakeKernel(machine, world, userland);
    }

    /**
     * Ends this process as SIGKILL does: its descriptors, sockets and locks go, and what they alone held. Processes
     * that it started stay.
     */
    public void die() {
        end();
    }

    /**
     * Sends {@code packet} as root would with a raw socket, in the namespace of the calling thread: the host's, or
     * inside of {@link NetnsSandbox#call} the sandbox's.
     */
    public Trace send(Packet packet) {
        synchronized (machine) {
            Skb skb = new Skb(packet.header());
            skb.user = packet.meta().user;
            skb.group = packet.meta().group;
            skb.mark = packet.mark();
            return Trace.of(machine.send(here(), skb));
        }
    }

    /** Lets {@code packet} come in by {@code link} of the calling thread's namespace, from outside of the machine. */
    public Trace receive(String link, Packet packet) {
        synchronized (machine) {
            Stack stack = machine.stack(here());
            return Trace.of(machine.traveller().receive(stack, stack.net().link(link), packet.header()));
        }
    }

    /**
     * Gives {@code link} of the calling thread's namespace an address such as {@code 10.200.0.1/30}, as another program
     * may.
     */
    public void addAddress(String link, String address) {
        Prefixed own = Prefixed.parse(address);
        synchronized (machine) {
            here().addAddress(here().link(link), own.ip(), own.prefix());
        }
    }

    /** Returns all that a namespace is set up as, a line each, to be compared: rules, links, addresses, routes, sysctls. */
    public List<String> state() {
        synchronized (machine) {
            return StateText.of(machine);
        }
    }

    FakeMachine machine() {
        return machine;
    }

    FakeWorld world() {
        return world;
    }

    /** Returns the programs that {@link NetnsSandbox#start} finds here. */
    public Programs programs() {
        return userland.programs;
    }

    /** Returns the services that connections and datagrams from here find. */
    public Services services() {
        return userland.services;
    }

    Userland userland() {
        return userland;
    }
}
