package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Backend;
import dev.openshell.netns.Family;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/**
 * The host namespace of a policy, as far as it may be looked at: with privilege through the kernel's descriptor of it,
 * without from the calling thread, if it is that one's own. It is only read.
 */
final class Place implements AutoCloseable {
    static final String NEEDED = "it takes CAP_NET_ADMIN and CAP_SYS_ADMIN";
    static final String RUN_AS_ROOT = "sudo java -jar openshell-netns.jar doctor";

    private static final Path IPV4 = Path.of("/proc/sys/net/ipv4/conf");
    private static final Path IPV6 = Path.of("/proc/sys/net/ipv6/conf");
    private static final int LIMIT = 4096;

    private final Kernel kernel;
    private final SandboxPolicy policy;
    private final Deadline deadline;
    private final boolean privileged;
    private OptionalInt namespace = OptionalInt.empty();

    Place(Kernel kernel, SandboxPolicy policy) {
        this.kernel = kernel;
        this.policy = policy;
        this.deadline = Deadline.in(policy.timeout());
        this.privileged = isPrivileged(kernel);
    }

    private static boolean isPrivileged(Kernel kernel) {
        try {
            kernel.preflight();
            return true;
        } catch (KernelException e) {
            return false;
        }
    }

    /** Opens the host namespace where that is allowed, and returns what it is. */
    Finding open() {
        String which = policy.hostNamespace().map(Path::toString).orElse("the calling thread's namespace");
        if (!privileged) {
            return Finding.notChecked("entering " + which + ": " + NEEDED, RUN_AS_ROOT);
        }
        int opened = kernel.openNamespace(policy.hostNamespace());
        boolean kept = false;
        try {
            long inode = kernel.inode(opened);
            namespace = OptionalInt.of(opened);
            kept = true;
            return Finding.ok(which + ", net:[" + inode + "]");
        } finally {
            if (!kept) {
                kernel.close(opened);
            }
        }
    }

    Kernel kernel() {
        return kernel;
    }

    SandboxPolicy policy() {
        return policy;
    }

    /** Returns whether rules are loaded into nf_tables in this process. */
    boolean isNft() {
        return policy.backend() == Backend.NFTABLES;
    }

    Deadline deadline() {
        return deadline;
    }

    /** Returns whether the capabilities are there that making a sandbox takes. */
    boolean privileged() {
        return privileged;
    }

    /** Returns whether the namespace can be entered. */
    boolean entered() {
        return namespace.isPresent();
    }

    /** Returns whether the namespace's settings can be read. */
    boolean visible() {
        return entered() || policy.hostNamespace().isEmpty();
    }

    /** Returns the descriptor; only where it is {@link #entered()}. */
    int namespace() {
        return namespace.orElseThrow();
    }

    /** Returns what to say where something needs the namespace and it is not there. */
    Finding notEntered() {
        return privileged
                ? Finding.notChecked("the host namespace can't be opened", "ls -l /run/netns")
                : Finding.notChecked(NEEDED, RUN_AS_ROOT);
    }

    /** Returns what to say where it is not known what rules are loaded with. */
    Finding unknownVariant() {
        return isNft()
                ? Finding.notChecked("the kernel has no nf_tables, see nftables", "modprobe nf_tables")
                : Finding.notChecked("which variant of iptables to use, see iptables.variant", "iptables -V");
    }

    /** Returns the setting as it is there, empty where there is none. */
    Optional<String> sysctl(String key) throws IOException {
        return entered() ? kernel.readSysctl(namespace(), key) : read(Path.of("/proc/sys", key));
    }

    /** Returns the text of a small file of the kernel's, empty where there is none. */
    static Optional<String> read(Path file) throws IOException {
        // One large read: a file of /proc/sys can give half a number to a small one.
        byte[] text = new byte[LIMIT];
        try (InputStream in = new FileInputStream(file.toFile())) {
            int length = in.read(text);
            return Optional.of(new String(text, 0, Math.max(0, length), StandardCharsets.UTF_8).strip());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Returns what {@code body} returns when it is run there. */
    <T> T call(Callable<T> body) throws Exception {
        return entered() ? kernel.call(namespace(), body) : body.call();
    }

    /** Returns the interfaces there that have settings of {@code family}. */
    List<String> interfaces(Family family) throws Exception {
        return call(() -> {
            try (var entries = Files.list(family == Family.IPV4 ? IPV4 : IPV6)) {
                return entries.map(entry -> entry.getFileName().toString())
                        .filter(name -> !name.equals("all") && !name.equals("default"))
                        .sorted()
                        .toList();
            }
        });
    }

    @Override
    public void close() {
        namespace.ifPresent(kernel::close);
        namespace = OptionalInt.empty();
    }
}
