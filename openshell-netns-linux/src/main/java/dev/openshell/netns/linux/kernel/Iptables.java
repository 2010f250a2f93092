package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.RestoreLines;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The iptables programs, run in the calling thread's namespace. */
final class Iptables {
    private static final String INSTALL = "install the iptables package, 1.8 or later, and have /usr/sbin on PATH";
    private static final String NFT_PROGRAM = "xtables-nft-multi";
    private static final String KEEP = "--noflush";
    private static final int OTHER_PROBLEM = 1;
    private static final int RESOURCE_PROBLEM = 4;
    private static final int TRIES = 20;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private static final Pattern HIDDEN_TABLE =
            Pattern.compile("^# Table `(raw|nat|filter)' is incompatible", Pattern.MULTILINE);

    private static final Pattern COUNTED = Pattern.compile("\\[[0-9]+:[0-9]+\\] -A ");

    private Iptables() {}

    /** Returns the variant whose rules this namespace has, else the one behind {@code iptables-restore}. */
    static IptablesVariant find(Deadline deadline) throws IOException {
        boolean nft =
                Tool.find(program(IptablesVariant.NFT, Family.IPV4, "save")).isPresent();
        // Legacy rules may be there then, unseen: whatever they accept, nft's still drop.
        if (nft && legacyObstacle().isPresent()) {
            return IptablesVariant.NFT;
        }
        boolean legacy = legacyTables();
        // Whatever rules of nft's there are, or none: it is the one.
        if (nft && !legacy && isNft(restore())) {
            return IptablesVariant.NFT;
        }
        Found legacyRules = legacy ? rules(IptablesVariant.LEGACY, deadline) : Found.NONE;
        Found nftRules = nft ? rules(IptablesVariant.NFT, deadline) : Found.NONE;
        if (legacyRules == Found.OTHERS && nftRules == Found.OTHERS) {
            throw new KernelException(
                    0,
                    "this namespace has rules of both iptables-legacy and iptables-nft",
                    "remove those of one, or pin a variant with iptables(NFT) or iptables(LEGACY)");
        }
        // Where there are others' rules, and this library's own of the other variant, those of a dead owner may be
        // left.
        if (legacyRules != nftRules) {
            return legacyRules.compareTo(nftRules) > 0 ? IptablesVariant.LEGACY : IptablesVariant.NFT;
        }
        Path restore = restore().orElseThrow(() -> new KernelException(0, "no iptables-restore on PATH", INSTALL));
        Tool.Result version = Tool.run(List.of(restore.toString(), "--version"), "", deadline);
        return version.output().contains("nf_tables") ? IptablesVariant.NFT : IptablesVariant.LEGACY;
    }

    private static Optional<Path> restore() {
        return Tool.find("iptables-restore");
    }

    /** Returns whether {@code program} is surely nft's: all of that variant's programs are links to one file. */
    private static boolean isNft(Optional<Path> program) throws IOException {
        return program.isPresent() && program.get().toRealPath().endsWith(NFT_PROGRAM);
    }

    /** Returns why this JVM can't use iptables-legacy, empty where it can. */
    private static Optional<KernelException> legacyObstacle() throws IOException {
        if (!ToolCapabilities.hasNetRaw()) {
            return Optional.of(new KernelException(
                    Errno.EPERM,
                    "no CAP_NET_RAW, which iptables-legacy needs for its raw socket",
                    "use iptables-nft, as iptables(NFT) does, or grant CAP_NET_RAW"));
        }
        try {
            legacyTables();
            return Optional.empty();
        } catch (AccessDeniedException e) {
            return Optional.of(new KernelException(
                    Errno.EACCES,
                    e.getMessage() + " may not be read, as iptables-legacy has to",
                    "use iptables-nft, as iptables(NFT) does, or run as root"));
        }
    }

    /** Asking iptables-legacy-save would make the tables, so the kernel's list of them is asked first. */
    private static boolean legacyTables() throws IOException {
        for (String list : List.of("ip_tables_names", "ip6_tables_names")) {
            Path names = Path.of("/proc/thread-self/net", list);
            if (Files.exists(names) && !Files.readString(names).isBlank()) {
                return true;
            }
        }
        return false;
    }

    /** Whose rules there are. */
    private enum Found {
        NONE,
        /** Only this library's. */
        OWN,
        OTHERS
    }

    private static Found rules(IptablesVariant variant, Deadline deadline) throws IOException {
        Found found = Found.NONE;
        for (Family family : Family.values()) {
            for (String line : RestoreLines.of(save(family, variant, deadline))) {
                if (line.startsWith("-A ")) {
                    boolean own = line.contains(" OPENSHELL-") || line.startsWith("-A osh-");
                    found = own && found != Found.OTHERS ? Found.OWN : own ? found : Found.OTHERS;
                }
            }
        }
        return found;
    }

    /** Returns the variants of which this namespace may have rules, without making tables. */
    static List<IptablesVariant> variants() throws IOException {
        List<IptablesVariant> variants = new ArrayList<>();
        if (Tool.find(program(IptablesVariant.NFT, Family.IPV4, "save")).isPresent()) {
            variants.add(IptablesVariant.NFT);
        }
        if (legacyObstacle().isEmpty()
                && legacyTables()
                && Tool.find(program(IptablesVariant.LEGACY, Family.IPV4, "save"))
                        .isPresent()) {
            variants.add(IptablesVariant.LEGACY);
        }
        return variants;
    }

    static String save(Family family, IptablesVariant variant, Deadline deadline) throws IOException {
        return save(List.of(locate(variant, family, "save")), deadline);
    }

    /** Returns the same with counters. */
    static String saveCounted(Family family, IptablesVariant variant, Deadline deadline) throws IOException {
        return save(List.of(locate(variant, family, "save"), "-c"), deadline);
    }

    private static String save(List<String> command, Deadline deadline) throws IOException {
        String saved = run(command, "", OptionalInt.empty(), false, deadline).output();
        // What it leaves out is not gone: rules there may do anything, and a load would take the table for empty.
        Matcher hidden = HIDDEN_TABLE.matcher(saved);
        if (hidden.find()) {
            throw new KernelException(
                    0,
                    "table " + hidden.group(1) + " of this namespace has rules that iptables can't show",
                    "take out what was added to it with nft (nft list table ip " + hidden.group(1) + ")");
        }
        requireRules(saved);
        return saved;
    }

    /** A name with a line break, of an interface or a list, would look like rules that nobody made. */
    private static void requireRules(String saved) {
        boolean table = false;
        for (String line : RestoreLines.of(saved)) {
            boolean rule = line.startsWith(":")
                    || line.startsWith("-A ")
                    || COUNTED.matcher(line).lookingAt()
                    || line.equals("COMMIT");
            if (table && !rule) {
                throw new KernelException(
                        0,
                        "iptables-save printed '" + line.strip() + "', which is no rule",
                        "take out the rule before it: a name in it has a line break");
            }
            table = line.startsWith("*") || table && !line.equals("COMMIT");
        }
    }

    /**
     * Loads {@code text}.
     *
     * @param lock the lock under which it is done: a JVM that dies leaves the program behind, and as long as that may
     *     still change something nobody else may
     */
    static void restore(
            Family family, IptablesVariant variant, String text, boolean keep, OptionalInt lock, Deadline deadline)
            throws IOException {
        String program = locate(variant, family, "restore");
        String wait = Long.toString(Math.max(1, deadline.left().toSeconds()));
        if (!keep && variant == IptablesVariant.NFT && FreshFilter.make(family, text)) {
            run(List.of(program, "-w", wait, KEEP), FreshFilter.withoutPolicies(text), lock, false, deadline);
            return;
        }
        run(keep ? List.of(program, "-w", wait, KEEP) : List.of(program, "-w", wait), text, lock, keep, deadline);
    }

    /**
     * Runs {@code command}, which {@code builds} on what is there; status 4 is a lock or a generation that somebody else had, and is tried
     * again.
     */
    private static Tool.Result run(
            List<String> command, String input, OptionalInt lock, boolean builds, Deadline deadline)
            throws IOException {
        ToolCapabilities.handOn();
        for (int tries = 1; ; tries++) {
            Tool.Result result = Tool.run(command, input, lock, deadline);
            if (result.status() == 0) {
                return result;
            }
            // Said where the kernel has no nf_tables: no retry helps.
            boolean noNfTables = result.errors().contains("generation");
            boolean noLockFile = result.errors().contains("can't open lock file");
            if (result.status() != RESOURCE_PROBLEM || noNfTables || noLockFile || tries == TRIES) {
                // What the lines build upon is not there: somebody else changed the rules after they were read.
                boolean conflict = result.status() == OTHER_PROBLEM && builds;
                throw new KernelException(
                        conflict ? Errno.ENOENT : 0,
                        command.get(0) + " exited with " + result.status() + ": "
                                + result.errors().strip().lines().findFirst().orElse("(no message)"),
                        remedy(noNfTables, noLockFile));
            }
            deadline.sleep(PAUSE, "run", command.get(0));
        }
    }

    private static String remedy(boolean noNfTables, boolean noLockFile) {
        if (noNfTables) {
            return "load the kernel's nf_tables, or pin iptables(LEGACY)";
        }
        return noLockFile
                ? "use iptables-nft, as iptables(NFT) does, or make /run writable, where iptables-legacy has its lock"
                : "check that the kernel has the matches and targets; try the other iptables variant";
    }

    private static String locate(IptablesVariant variant, Family family, String verb) throws IOException {
        if (variant == IptablesVariant.LEGACY) {
            Optional<KernelException> obstacle = legacyObstacle();
            if (obstacle.isPresent()) {
                throw obstacle.get();
            }
        }
        String name = program(variant, family, verb);
        return Tool.find(name)
                .map(Path::toString)
                .orElseThrow(() -> new KernelException(0, "no " + name + " on PATH", INSTALL));
    }

    private static String program(IptablesVariant variant, Family family, String verb) {
        String tool = family == Family.IPV4 ? "iptables" : "ip6tables";
        return tool + (variant == IptablesVariant.LEGACY ? "-legacy-" : "-nft-") + verb;
    }
}
