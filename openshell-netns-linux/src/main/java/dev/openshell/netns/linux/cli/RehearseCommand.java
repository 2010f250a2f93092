package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import picocli.CommandLine.Command;

/** {@code rehearse}: loads what a run loads, for a JVM that is told to archive it. */
@Command(
        name = "rehearse",
        mixinStandardHelpOptions = true,
        description = {
            "Does what 'run' does, for a JVM that writes a class-data archive, and changes nothing: where it may,",
            "it makes a sandbox in a namespace of its own, and takes both away again; else it loads the classes.",
            "java -XX:ArchiveClassesAtExit=FILE -Xlog:disable -jar JAR rehearse",
            "With it, 'run' starts sooner; of an archive that no longer fits nothing is said:",
            "java -XX:SharedArchiveFile=FILE -Xshare:auto -Xlog:disable -jar JAR run ...",
            "Needs no privilege; with those that 'run' takes, the archive has more in it."
        },
        footer = {"", "Exit status: 0; 2 bad usage; 125 it could not, such as when it is not run from a jar."})
final class RehearseCommand implements Callable<Integer> {
    private static final String OURS = "dev/openshell/netns/";
    private static final List<String> RARE = List.of("/demo/", "/doctor/", "/shaded/", "/picture/", "/report/");
    private static final String CLASS = ".class";

    @Override
    public Integer call() throws IOException, URISyntaxException, InterruptedException {
        int status = command("run", "--help");
        status |= command("plan", "--proxy", "3128", "--dns", "198.51.100.53", "--direct-tcp", "203.0.113.10");
        Libc.gettid();
        sandbox();
        Path jar = Path.of(RehearseCommand.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        if (!Files.isRegularFile(jar)) {
            throw failure(jar.toString(), "is no jar", "run java -jar openshell-netns.jar rehearse");
        }
        // What a plan has no use for is loaded, but not tried.
        try (JarFile file = new JarFile(jar.toFile())) {
            List<String> names = file.stream().map(ZipEntry::getName).toList();
            names.stream().filter(RehearseCommand::isOurs).forEach(RehearseCommand::load);
        }
        if (status != 0) {
            throw failure(
                    "plan", "exit status " + status, "see what the same says by itself: plan --dns 198.51.100.53");
        }
        return 0;
    }

    /** Makes a sandbox where nothing is, if that can be: which lambdas a run has, loading classes does not tell. */
    private static void sandbox() throws InterruptedException {
        PlainRun.of("run", "--", "true");
        Kernel kernel = new JnaKernel();
        int host = -1;
        try {
            kernel.preflight();
            host = kernel.createNamespace();
            NetnsSandbox.Builder builder =
                    NetnsSandbox.builder().proxy(3128).hostNamespace(Path.of("/proc/self/fd", Integer.toString(host)));
            Running.run(builder, List.of("true"), () -> new PrintWriter(Writer.nullWriter()));
        } catch (KernelException | NetnsException e) {
            // Without it the archive is of less use, and a run says why there can be no sandbox.
        } finally {
            if (host >= 0) {
                kernel.close(host);
            }
        }
    }

    private static NetnsException failure(String object, String reason, String remedy) {
        return new NetnsException("rehearse", object, 0, reason, remedy, null);
    }

    private static int command(String... arguments) {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        return Main.line(new LinuxEngine(), Commands.of(arguments))
                .setOut(nowhere)
                .setErr(nowhere)
                .execute(arguments);
    }

    private static boolean isOurs(String entry) {
        return entry.startsWith(OURS) && entry.endsWith(CLASS) && RARE.stream().noneMatch(entry::contains);
    }

    private static void load(String entry) {
        String name = entry.substring(0, entry.length() - CLASS.length()).replace('/', '.');
        try {
            Class.forName(name, false, RehearseCommand.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            // One that can't be loaded is not in the archive; a run that needs it says why.
        }
    }
}
