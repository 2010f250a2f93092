package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.kernel.SocketType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;

/** A kernel whose rules are this library's own tables of nf_tables, changed and read in this process. */
public final class NftKernel implements Kernel {
    private final Kernel kernel;

    /** Makes one over {@code kernel}, which does all else. */
    public NftKernel(Kernel kernel) {
        this.kernel = kernel;
    }

    /** {@inheritDoc} There is but one. */
    @Override
    public IptablesVariant iptables(int namespace, IptablesVariant wanted, Deadline deadline) {
        return IptablesVariant.NFT;
    }

    /** {@inheritDoc} A kernel without nf_tables has none. */
    @Override
    public List<IptablesVariant> variants(int namespace) {
        return new Lookups(kernel, namespace).isThere() ? List.of(IptablesVariant.NFT) : List.of();
    }

    @Override
    public RuleWatch watch(int namespace, IptablesVariant variant) {
        return kernel.watch(namespace, IptablesVariant.NFT);
    }

    @Override
    public OptionalLong generation(int namespace) {
        return new Lookups(kernel, namespace).generation();
    }

    @Override
    public void restore(
            int namespace, Family family, IptablesVariant variant, String text, boolean keep, Deadline deadline) {
        restore(namespace, Map.of(family, text), variant, keep, deadline);
    }

    /** {@inheritDoc} All of it at once or not at all. */
    @Override
    public void restore(
            int namespace, Map<Family, String> texts, IptablesVariant variant, boolean keep, Deadline deadline) {
        try {
            load(namespace, texts, keep, false);
        } catch (KernelException e) {
            // There seldom is anything that has to be replaced or made first: it is not looked for before.
            if (e.errno() != Errno.EEXIST && e.errno() != Errno.ENOENT) {
                throw e;
            }
            load(namespace, texts, keep, true);
        }
    }

    private void load(int namespace, Map<Family, String> texts, boolean keep, boolean careful) {
        List<Batch> batches = new ArrayList<>();
        texts.forEach((family, text) -> {
            NftTables tables = new NftTables(kernel, namespace, family);
            batches.add(new NftLoad(tables, passage(tables, namespace, family), family, keep, careful).of(text));
        });
        NftTables.change(kernel, namespace, batches);
    }

    @Override
    public String save(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return save(namespace, family, false);
    }

    @Override
    public String saveCounted(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return save(namespace, family, true);
    }

    private String save(int namespace, Family family, boolean counters) {
        NftTables tables = new NftTables(kernel, namespace, family);
        return NftSave.text(tables, passage(tables, namespace, family), counters);
    }

    private Passage passage(NftTables tables, int namespace, Family family) {
        return new Passage(tables, new Lookups(kernel, namespace), family);
    }

    @Override
    public Set<String> legacyTables(int namespace) {
        return kernel.legacyTables(namespace);
    }

    /**
     * Checks that nf_tables decides in {@code namespace} on what passes.
     *
     * @throws KernelException where the kernel has none, or iptables-legacy has a filter table there: it may drop what is
     *     accepted here, and no rule of nf_tables comes before it
     */
    public void requirePassable(int namespace) {
        if (!new Lookups(kernel, namespace).isThere()) {
            throw new KernelException(
                    0,
                    "the kernel has no nf_tables",
                    "load it (modprobe nf_tables), or take backend(Backend.IPTABLES)");
        }
        if (kernel.legacyTables(namespace).contains("filter")) {
            throw new KernelException(
                    0,
                    "this namespace has table filter of iptables-legacy: what that drops stays dropped, whatever nf_tables"
                            + " accepts",
                    "take backend(Backend.IPTABLES), whose rules are first in that table");
        }
    }

    /** Returns whether {@code kernel} has tables of this library's in {@code namespace}. */
    public static boolean isUsed(Kernel kernel, int namespace) {
        Lookups lookups = new Lookups(kernel, namespace);
        return Arrays.stream(Family.values()).anyMatch(family -> lookups.hasTable(family, Batch.name("filter")));
    }

    /** Returns whether iptables-nft's tables have chains of this library's in {@code namespace}. */
    public boolean isIptablesUsed(int namespace) {
        Lookups lookups = new Lookups(kernel, namespace);
        return Arrays.stream(Family.values())
                .anyMatch(family -> lookups.hasChain(family, "filter", "OPENSHELL-FORWARD"));
    }

    /** Returns the kernel that this one is over. */
    public Kernel plain() {
        return kernel;
    }

    @Override
    public void preflight() {
        kernel.preflight();
    }

    @Override
    public int openNamespace(Optional<Path> path) {
        return kernel.openNamespace(path);
    }

    @Override
    public int createNamespace() {
        return kernel.createNamespace();
    }

    @Override
    public NewNamespace newNamespace() {
        return kernel.newNamespace();
    }

    @Override
    public long inode(int namespace) {
        return kernel.inode(namespace);
    }

    @Override
    public void close(int descriptor) {
        kernel.close(descriptor);
    }

    @Override
    public byte[] netlink(int namespace, byte[] request) {
        return kernel.netlink(namespace, request);
    }

    @Override
    public byte[] netfilter(int namespace, byte[] request) {
        return kernel.netfilter(namespace, request);
    }

    @Override
    public int openNetlink(int namespace, int protocol) {
        return kernel.openNetlink(namespace, protocol);
    }

    @Override
    public byte[] exchange(int socket, byte[] request) {
        return kernel.exchange(socket, request);
    }

    @Override
    public Optional<String> readSysctl(int namespace, String key) {
        return kernel.readSysctl(namespace, key);
    }

    @Override
    public void writeSysctl(int namespace, String key, String value) {
        kernel.writeSysctl(namespace, key, value);
    }

    @Override
    public void writeSysctls(int namespace, Map<String, String> values) {
        kernel.writeSysctls(namespace, values);
    }

    @Override
    public Stay stay(int namespace) {
        return kernel.stay(namespace);
    }

    @Override
    public Stay keepSockets(int namespace) {
        return kernel.keepSockets(namespace);
    }

    @Override
    public Lock lock(int namespace, Deadline deadline) {
        return kernel.lock(namespace, deadline);
    }

    @Override
    public void publish(int namespace, Path path, String note) {
        kernel.publish(namespace, path, note);
    }

    @Override
    public void unpublish(Path path) {
        kernel.unpublish(path);
    }

    @Override
    public List<Published> published() {
        return kernel.published();
    }

    @Override
    public Owner owner() {
        return kernel.owner();
    }

    @Override
    public boolean isDead(Owner owner) {
        return kernel.isDead(owner);
    }

    @Override
    public Optional<Path> member(long inode) {
        return kernel.member(inode);
    }

    @Override
    public boolean isInhabited(int namespace, int index) {
        return kernel.isInhabited(namespace, index);
    }

    @Override
    public boolean isPeer(int namespace, int index, int other) {
        return kernel.isPeer(namespace, index, other);
    }

    @Override
    public <T> T call(int namespace, Callable<T> body) throws Exception {
        return kernel.call(namespace, body);
    }

    @Override
    public <T> T openSocket(int namespace, SocketType<T> type) throws Exception {
        return kernel.openSocket(namespace, type);
    }

    @Override
    public void requireNoThreadInside(long inode) {
        kernel.requireNoThreadInside(inode);
    }

    @Override
    public Process start(int namespace, String resolvConf, ProcessBuilder command) throws IOException {
        return kernel.start(namespace, resolvConf, command);
    }

    @Override
    public void tie(String mac) {
        kernel.tie(mac);
    }

    @Override
    public void untie(String mac) {
        kernel.untie(mac);
    }

    @Override
    public void endProcesses(int namespace, Duration grace) {
        kernel.endProcesses(namespace, grace);
    }

    @Override
    public Landlock landlock() {
        return kernel.landlock();
    }
}
