package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.testkit.ctnetlink.NetfilterResponder;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.path.Stack;
import dev.openshell.netns.testkit.rtnetlink.RtnetlinkResponder;
import dev.openshell.netns.testkit.ruleset.RuleProblem;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** The calls of one process to the kernel: its descriptors, its locks, and the thread that is inside of a namespace. */
abstract class FakeCalls implements Kernel {
    private static final int NETLINK_ROUTE = 0;
    private static final Duration LOCK_PAUSE = Duration.ofMillis(1);

    final FakeMachine machine;
    final FakeWorld world;
    final Userland userland;
    final Script script;
    private final Descriptors descriptors;
    private final Set<Netns> locks = new HashSet<>();
    private final InsideThreads threads = new InsideThreads();
    private boolean dead;

    FakeCalls(FakeMachine machine, FakeWorld world, Userland userland) {
        this.machine = machine;
        this.world = world;
        this.userland = userland;
        this.script = new Script(this);
        this.descriptors = new Descriptors(machine);
    }

    /** Returns the process as those see it who are not of the kernel. */
    abstract FakeKernel self();

    /** Kills the processes that were tied to this one. */
    abstract void endTied();

    void end() {
        synchronized (machine) {
            if (!dead) {
                dead = true;
                endTied();
                userland.sockets.closeAll(self());
                locks.forEach(machine::unlock);
                descriptors.closeAll();
            }
        }
    }

    Netns here() {
        return threads.here().orElse(machine.host());
    }

    <T> T made(KernelCall call, Supplier<T> body) {
        synchronized (machine) {
            requireAlive();
            return script.run(call, () -> {
                try {
                    return body.get();
                } catch (NetException e) {
                    throw new KernelException(e.errno(), e.getMessage());
                }
            });
        }
    }

    private void requireAlive() {
        if (dead) {
            throw new FakeKernel.Died();
        }
    }

    Netns netns(int descriptor) {
        return descriptors.netns(descriptor);
    }

    @Override
    public void preflight() {
        made(KernelCall.PREFLIGHT, () -> true);
    }

    @Override
    public int openNamespace(Optional<Path> path) {
        return made(
                KernelCall.OPEN_NAMESPACE,
                () -> descriptors.open(path.map(this::find).orElseGet(this::here)));
    }

    private Netns find(Path path) {
        String name = path.toString().replace('\\', '/');
        if (name.matches("/proc/(self|" + ProcessHandle.current().pid() + ")/fd/[0-9]+")) {
            return descriptors
                    .find(Integer.parseInt(name.substring(name.lastIndexOf('/') + 1)))
                    .orElseThrow(() -> new KernelException(Errno.ENOENT, name));
        }
        if (name.matches("/proc/(self|thread-self|1|" + ProcessHandle.current().pid() + ")/ns/net")) {
            return name.startsWith("/proc/thread-self") ? here() : machine.host();
        }
        if (name.matches("/proc/[0-9]+/ns/net")) {
            return userland.programs
                    .netns(Long.parseLong(name.split("/")[2]))
                    .orElseThrow(() -> new KernelException(Errno.ENOENT, name));
        }
        return machine.published(name.replaceFirst("^/var/run/", "/run/"));
    }

    @Override
    public int createNamespace() {
        return made(KernelCall.CREATE_NAMESPACE, () -> descriptors.open(machine.create()));
    }

    @Override
    public long inode(int namespace) {
        return made(KernelCall.INODE, () -> netns(namespace).inode());
    }

    @Override
    public void close(int descriptor) {
        made(KernelCall.CLOSE, () -> {
            descriptors.close(descriptor);
            return true;
        });
    }

    @Override
    public byte[] netlink(int namespace, byte[] request) {
        return made(KernelCall.NETLINK, () -> {
            byte[] answer = RtnetlinkResponder.answer(machine.machine(), netns(namespace), descriptors::find, request);
            return script.cut(KernelCall.NETLINK, answer);
        });
    }

    @Override
    public byte[] netfilter(int namespace, byte[] request) {
        return made(KernelCall.NETFILTER, () -> {
            // Its socket lives for this call only.
            long port = machine.newPort();
            Stack stack = machine.stack(netns(namespace));
            byte[] answer = nfnetlink(stack, port, request);
            stack.nftables().closed(port);
            return script.cut(KernelCall.NETFILTER, answer);
        });
    }

    private byte[] nfnetlink(Stack stack, long port, byte[] request) {
        int before = stack.nftables().generation();
        byte[] answer = NetfilterResponder.answer(stack.conntrack(), stack.nftables(), port, request);
        if (stack.nftables().generation() != before) {
            machine.changed();
        }
        return answer;
    }

    @Override
    public int openNetlink(int namespace, int protocol) {
        return made(KernelCall.OPEN_NETLINK, () -> descriptors.openNetlink(netns(namespace), protocol));
    }

    @Override
    public byte[] exchange(int socket, byte[] request) {
        return made(KernelCall.EXCHANGE, () -> {
            Descriptors.NetlinkEnd end = descriptors.socket(socket);
            Netns netns = netns(socket);
            byte[] answer = end.protocol() == NETLINK_ROUTE
                    ? RtnetlinkResponder.answer(machine.machine(), netns, descriptors::find, request)
                    : nfnetlink(machine.stack(netns), end.port(), request);
            return script.cut(KernelCall.EXCHANGE, answer);
        });
    }

    @Override
    public Optional<String> readSysctl(int namespace, String key) {
        return made(KernelCall.READ_SYSCTL, () -> {
            Netns netns = netns(namespace);
            return world.knows(key) ? netns.readSysctl(key) : Optional.empty();
        });
    }

    @Override
    public void writeSysctl(int namespace, String key, String value) {
        made(KernelCall.WRITE_SYSCTL, () -> {
            Netns netns = netns(namespace);
            if (!world.knows(key)) {
                throw new KernelException(Errno.ENOENT, key);
            }
            netns.writeSysctl(key, value);
            return true;
        });
    }

    @Override
    public IptablesVariant iptables(int namespace, IptablesVariant wanted, Deadline deadline) {
        return made(
                KernelCall.IPTABLES,
                () -> wanted == IptablesVariant.AUTO ? world.variant(machine.stack(netns(namespace))) : wanted);
    }

    @Override
    public void restore(
            int namespace, Family family, IptablesVariant variant, String text, boolean keep, Deadline deadline) {
        made(KernelCall.RESTORE, () -> {
            Ruleset rules = machine.stack(netns(namespace)).ruleset(family, variant);
            Optional<Integer> dies = script.restoreDies();
            try {
                rules.restore(dies.isPresent() ? firstTables(text, dies.get()) : text, keep);
            } catch (RuleProblem e) {
                throw refused(e);
            }
            machine.changed();
            if (dies.isPresent()) {
                throw new KernelException(0, "iptables-restore exited with 137: (no message)", "apply again");
            }
            return true;
        });
    }

    private static String firstTables(String text, int tables) {
        int end = 0;
        for (int i = 0; i < tables; i++) {
            int commit = text.indexOf("COMMIT\n", end);
            end = commit < 0 ? text.length() : commit + "COMMIT\n".length();
        }
        return text.substring(0, end);
    }

    private static RuntimeException refused(RuleProblem problem) {
        if (!problem.refused()) {
            return new UnsupportedRuleException(problem);
        }
        return new KernelException(
                0,
                "iptables-restore exited with 2: line " + problem.line() + ": '" + problem.token() + "': "
                        + problem.getMessage(),
                "check the restore input");
    }

    @Override
    public String save(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return made(
                KernelCall.SAVE,
                () -> machine.stack(netns(namespace)).ruleset(family, variant).save());
    }

    @Override
    public Lock lock(int namespace, Deadline deadline) {
        while (true) {
            Netns locked = made(KernelCall.LOCK, () -> {
                Netns netns = netns(namespace);
                boolean free = machine.tryLock(netns);
                if (free) {
                    locks.add(netns);
                }
                return free ? netns : null;
            });
            if (locked != null) {
                return () -> unlock(locked);
            }
            deadline.sleep(LOCK_PAUSE, "lock", "host namespace of descriptor " + namespace);
        }
    }

    private void unlock(Netns netns) {
        synchronized (machine) {
            if (locks.remove(netns)) {
                machine.unlock(netns);
            }
        }
    }

    @Override
    public <T> T call(int namespace, Callable<T> body) throws Exception {
        return threads.call(made(KernelCall.CALL, () -> netns(namespace)), body);
    }

    @Override
    public <T> T openSocket(int namespace, SocketType<T> type) throws IOException {
        Netns netns = made(KernelCall.OPEN_SOCKET, () -> netns(namespace));
        return FakeSockets.open(userland, netns, self(), type);
    }

    /** Sees the threads that the last call's body made and left; not those of executors that were there before. */
    @Override
    public void requireNoThreadInside(long inode) {
        threads.requireNoneLeft(inode);
    }

    @Override
    public Process start(int namespace, String resolvConf, ProcessBuilder command) throws IOException {
        Netns netns = made(KernelCall.START, () -> netns(namespace));
        return userland.programs.start(self(), netns, resolvConf, command);
    }

    @Override
    public void endProcesses(int namespace, Duration grace) {
        Netns netns = made(KernelCall.END_PROCESSES, () -> netns(namespace));
        userland.programs.end(netns, grace);
    }

    /** Runs {@code body} with the calling thread in {@code netns}. */
    void enter(Netns netns, Runnable body) {
        threads.enter(netns, body);
    }

    @Override
    public Landlock landlock() {
        return Landlock.of(Landlock.State.NOT_IMPLEMENTED, 0);
    }
}
