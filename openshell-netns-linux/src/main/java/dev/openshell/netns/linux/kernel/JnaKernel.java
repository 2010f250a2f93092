package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.process.LandlockProbe;
import dev.openshell.netns.linux.process.NamespaceProcesses;
import dev.openshell.netns.linux.process.Owners;
import dev.openshell.netns.linux.process.ProcessStarter;
import dev.openshell.netns.linux.process.Watchdog;
import dev.openshell.netns.linux.sys.Guest;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Linux itself. */
public final class JnaKernel implements Kernel {
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_SYS_ADMIN = 21;
    private static final Pattern EFFECTIVE = Pattern.compile("(?m)^CapEff:\\s*([0-9a-f]+)$");
    private static final String GIVE_NAMESPACE = "give /run/netns/NAME or /proc/PID/ns/net";

    private static final Path HERE = Path.of("/proc/thread-self/ns/net");

    private final NetlinkSockets rtnetlink = new NetlinkSockets(Libc.NETLINK_ROUTE);
    private final NetlinkSockets netfilter = new NetlinkSockets(Libc.NETLINK_NETFILTER);
    private final Guests guests = new Guests();

    /** The inodes of the namespaces that descriptors are of, which was asked for already. */
    private final Map<Integer, Long> inodes = new ConcurrentHashMap<>();

    /** The sockets of {@link #openNetlink}, by descriptor. */
    private final Map<Integer, NetlinkSocket> sockets = new ConcurrentHashMap<>();

    @Override
    public void preflight() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            throw new KernelException(0, "this is not Linux", "run on Linux");
        }
        try {
            Matcher effective = EFFECTIVE.matcher(Files.readString(Path.of("/proc/thread-self/status")));
            long capabilities = effective.find() ? Long.parseUnsignedLong(effective.group(1), 16) : 0;
            requireCapability(capabilities, CAP_NET_ADMIN, "CAP_NET_ADMIN");
            requireCapability(capabilities, CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
        } catch (IOException e) {
            throw new KernelException(0, "no /proc/thread-self/status: " + e.getMessage(), "mount /proc");
        }
        try {
            Libc.gettid();
        } catch (LinkageError e) {
            throw new KernelException(
                    0,
                    "native code can't be loaded: " + e.getMessage(),
                    "give JNA a writable directory that is not mounted noexec to unpack it in: -Djna.tmpdir=DIR");
        }
    }

    private static void requireCapability(long capabilities, int number, String name) {
        if ((capabilities >>> number & 1) == 0) {
            throw new KernelException(Errno.EPERM, "no " + name, "run as root, or grant " + name);
        }
    }

    @Override
    public int openNamespace(Optional<Path> path) {
        String from = path.map(Path::toString).orElse("/proc/thread-self/ns/net");
        return system(from, () -> Libc.open(from, Libc.O_RDONLY | Libc.O_CLOEXEC, 0));
    }

    @Override
    public int createNamespace() {
        return inside(-1, "unshare", JnaKernel::unshare);
    }

    /** {@inheritDoc} The thread that made it is the one that stays. */
    @Override
    public NewNamespace newNamespace() {
        Guest guest = new Guest(-1);
        boolean done = false;
        int descriptor = -1;
        try {
            descriptor = system("unshare", () -> guest.call(JnaKernel::unshare));
            long inode = inode(descriptor);
            guests.keep(inode, guest);
            Stay stay = kept(inode);
            done = true;
            return new NewNamespace(descriptor, stay);
        } finally {
            if (!done) {
                guest.close();
                if (descriptor >= 0) {
                    close(descriptor);
                }
            }
        }
    }

    private static int unshare() {
        Libc.unshare(Libc.CLONE_NEWNET);
        return Libc.open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
    }

    @Override
    public long inode(int namespace) {
        return inodes.computeIfAbsent(namespace, JnaKernel::readInode);
    }

    private static long readInode(int namespace) {
        try {
            int type = Libc.ioctl(namespace, new NativeLong(Libc.NS_GET_NSTYPE));
            if (type != Libc.CLONE_NEWNET) {
                throw new KernelException(Errno.EINVAL, "not a network namespace", GIVE_NAMESPACE);
            }
            return (Long) Files.getAttribute(descriptor(namespace), "unix:ino");
        } catch (LastErrorException e) {
            throw new KernelException(e.getErrorCode(), "not a namespace", GIVE_NAMESPACE);
        } catch (IOException e) {
            throw new KernelException(Errno.ENOENT, e.getMessage());
        }
    }

    @Override
    public void close(int descriptor) {
        sockets.remove(descriptor);
        inodes.remove(descriptor);
        system("close", () -> Libc.close(descriptor));
    }

    @Override
    public byte[] netlink(int namespace, byte[] request) {
        long inode = inode(namespace);
        return system("rtnetlink", () -> rtnetlink.exchange(namespace, inode, request));
    }

    @Override
    public byte[] netfilter(int namespace, byte[] request) {
        long inode = inode(namespace);
        return system("nfnetlink", () -> netfilter.exchange(namespace, inode, request));
    }

    @Override
    public int openNetlink(int namespace, int protocol) {
        NetlinkSocket socket = inside(namespace, "netlink socket", () -> NetlinkSocket.open(protocol));
        sockets.put(socket.descriptor(), socket);
        return socket.descriptor();
    }

    @Override
    public byte[] exchange(int socket, byte[] request) {
        NetlinkSocket open = sockets.get(socket);
        if (open == null) {
            throw new KernelException(Errno.EBADF, "descriptor " + socket + " is no netlink socket");
        }
        return system("netlink", () -> open.exchange(request));
    }

    @Override
    public Optional<String> readSysctl(int namespace, String key) {
        return briefly(namespace, key, () -> SysctlFile.read(key));
    }

    @Override
    public void writeSysctl(int namespace, String key, String value) {
        briefly(namespace, key, () -> {
            SysctlFile.write(key, value);
            return true;
        });
    }

    @Override
    public void writeSysctls(int namespace, Map<String, String> values) {
        briefly(namespace, "sysctls", () -> {
            values.forEach((key, value) -> system(key, () -> {
                SysctlFile.write(key, value);
                return true;
            }));
            return true;
        });
    }

    @Override
    public IptablesVariant iptables(int namespace, IptablesVariant wanted, Deadline deadline) {
        return inside(namespace, "iptables", () -> {
            IptablesVariant variant = wanted == IptablesVariant.AUTO ? Iptables.find(deadline) : wanted;
            if (variant == IptablesVariant.NFT) {
                NftTables.requireAwake();
            }
            return variant;
        });
    }

    @Override
    public void restore(
            int namespace, Family family, IptablesVariant variant, String text, boolean keep, Deadline deadline) {
        restore(namespace, Map.of(family, text), variant, keep, deadline);
    }

    @Override
    public void restore(
            int namespace, Map<Family, String> texts, IptablesVariant variant, boolean keep, Deadline deadline) {
        OptionalInt lock = NamespaceLock.held(inode(namespace));
        List<Callable<Boolean>> loads = new ArrayList<>();
        texts.forEach((family, text) -> loads.add(() -> {
            Iptables.restore(family, variant, text, keep, lock, deadline);
            return true;
        }));
        insideAll(namespace, "iptables-restore", loads);
    }

    @Override
    public Map<Family, String> save(int namespace, List<Family> families, IptablesVariant variant, Deadline deadline) {
        List<Callable<String>> saves = new ArrayList<>();
        families.forEach(family -> saves.add(() -> Iptables.save(family, variant, deadline)));
        List<String> texts = insideAll(namespace, "iptables-save", saves);
        Map<Family, String> saved = new EnumMap<>(Family.class);
        for (int i = 0; i < texts.size(); i++) {
            saved.put(families.get(i), texts.get(i));
        }
        return saved;
    }

    @Override
    public String save(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return inside(namespace, "iptables-save", () -> Iptables.save(family, variant, deadline));
    }

    @Override
    public String saveCounted(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return inside(namespace, "iptables-save", () -> Iptables.saveCounted(family, variant, deadline));
    }

    /** iptables-legacy tells nobody of its changes. */
    @Override
    public RuleWatch watch(int namespace, IptablesVariant variant) {
        return variant == IptablesVariant.LEGACY
                ? new Untold()
                : inside(namespace, "watch the rules", RuleChanges::here);
    }

    @Override
    public Stay stay(int namespace) {
        long inode = inode(namespace);
        guests.keep(inode);
        return kept(inode);
    }

    /** The guest is kept already. */
    private Stay kept(long inode) {
        Stay sockets = sockets(inode);
        return () -> {
            try {
                guests.forget(inode);
            } finally {
                sockets.close();
            }
        };
    }

    @Override
    public Stay keepSockets(int namespace) {
        return sockets(inode(namespace));
    }

    private Stay sockets(long inode) {
        rtnetlink.keep(inode);
        netfilter.keep(inode);
        return () -> {
            rtnetlink.forget(inode);
            netfilter.forget(inode);
        };
    }

    @Override
    public Lock lock(int namespace, Deadline deadline) {
        Lock lock =
                NamespaceLock.take(inode(namespace), () -> openNamespace(Optional.of(descriptor(namespace))), deadline);
        Stay stay = stay(namespace);
        return () -> {
            try {
                stay.close();
            } finally {
                lock.close();
            }
        };
    }

    @Override
    public void publish(int namespace, Path path, String note) {
        NamedNamespaces.publish(descriptor(namespace), path, note);
    }

    @Override
    public void unpublish(Path path) {
        NamedNamespaces.unpublish(path);
    }

    @Override
    public List<Published> published() {
        return NamedNamespaces.published();
    }

    @Override
    public Owner owner() {
        return Owners.self();
    }

    @Override
    public boolean isDead(Owner owner) {
        return Owners.isDead(owner);
    }

    @Override
    public Optional<Path> member(long inode) {
        return Owners.member(inode);
    }

    @Override
    public boolean isInhabited(int namespace, int index) {
        return Owners.anyTask(
                tasks -> inside(namespace, "rtnetlink RTM_GETNSID", () -> PeerNamespace.hasAny(index, tasks)));
    }

    @Override
    public boolean isPeer(int namespace, int index, int other) {
        return inside(namespace, "rtnetlink RTM_GETNSID", () -> PeerNamespace.is(index, other));
    }

    @Override
    public List<IptablesVariant> variants(int namespace) {
        return inside(namespace, "iptables", Iptables::variants);
    }

    @Override
    public Set<String> legacyTables(int namespace) {
        // Every namespace has the lists, where the kernel has iptables-legacy at all.
        return LegacyTables.areKnown() ? inside(namespace, "read the tables", LegacyTables::here) : Set.of();
    }

    @Override
    public <T> T call(int namespace, Callable<T> body) throws Exception {
        try {
            return NamespaceThread.call(namespace, body);
        } catch (LastErrorException e) {
            throw new KernelException(e.getErrorCode(), "setns");
        }
    }

    @Override
    public <T> T openSocket(int namespace, SocketType<T> type) throws Exception {
        WarmSockets.up();
        return call(namespace, type::open);
    }

    @Override
    public void requireNoThreadInside(long inode) {
        List<String> strays = NamespaceThread.strays(inode);
        if (!strays.isEmpty()) {
            throw new IllegalStateException("tasks " + strays + " of this JVM are left in namespace net:[" + inode
                    + "]; what runs inside must start no threads");
        }
    }

    @Override
    public Process start(int namespace, String resolvConf, ProcessBuilder command) throws IOException {
        return new ProcessStarter(namespace, landlock(), Optional.of(resolvConf)).start(command);
    }

    @Override
    public void tie(String mac) {
        Watchdog.ofJvm().tie(mac);
    }

    @Override
    public void untie(String mac) {
        Watchdog.ofJvm().untie(mac);
    }

    @Override
    public void endProcesses(int namespace, Duration grace) {
        NamespaceProcesses.ofDescriptor(namespace).end(grace);
    }

    @Override
    public Landlock landlock() {
        return LandlockHolder.PROBED;
    }

    /** Probed once, when it is first asked for. */
    private static final class LandlockHolder {
        static final Landlock PROBED = LandlockProbe.probe();
    }

    private static Path descriptor(int fd) {
        return Path.of("/proc/self/fd", Integer.toString(fd));
    }

    private static <T> List<T> insideAll(int namespace, String what, List<Callable<T>> bodies) {
        return system(what, () -> NamespaceThread.callAll(namespace, bodies));
    }

    /** For what takes next to no time and leaves nothing on the thread. */
    private <T> T briefly(int namespace, String what, Callable<T> body) {
        long inode = inode(namespace);
        return system(what, () -> isHere(inode) ? body.call() : guests.call(namespace, inode, body));
    }

    private static boolean isHere(long inode) {
        try {
            return inode == (Long) Files.getAttribute(HERE, "unix:ino");
        } catch (IOException e) {
            return false;
        }
    }

    private static <T> T inside(int namespace, String what, Callable<T> body) {
        return system(what, () -> NamespaceThread.call(namespace, body));
    }

    private static <T> T system(String what, Callable<T> body) {
        try {
            return body.call();
        } catch (LastErrorException e) {
            throw new KernelException(e.getErrorCode(), what);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            KernelException failure = new KernelException(0, what + ": " + e, "see the cause");
            failure.initCause(e);
            throw failure;
        }
    }
}
