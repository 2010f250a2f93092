package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures what a flood from inside does to the pod and to another sandbox: SYNs to a listed host and datagrams to the
 * resolver, from processes of the sandbox's. Run by hand, as root with gcc: {@code main SECONDS nft|legacy}.
 */
final class FloodMeasurement {
    private static final String OTHER = "203.0.113.11";
    /** Prints the median and the 99th percentile, in µs, of connects, and how many failed. */
    private static final String LATENCY =
            """
            import socket, sys, time
            taken, failed = [], 0
            for _ in range(200):
                made = socket.socket()
                made.settimeout(5)
                begun = time.perf_counter()
                try:
                    made.connect((sys.argv[1], 443))
                    taken.append(time.perf_counter() - begun)
                except OSError:
                    failed += 1
                made.close()
                time.sleep(0.02)
            taken.sort()
            print("median %.0f us, p99 %.0f us, failed %d" % (taken[len(taken) // 2] * 1e6, taken[len(taken) * 99 // 100] * 1e6, failed))
            """;

    private FloodMeasurement() {}

    public static void main(String[] arguments) throws Exception {
        int seconds = Integer.parseInt(arguments[0]);
        IptablesVariant iptables = IptablesVariant.valueOf(arguments[1].toUpperCase(java.util.Locale.ROOT));
        Path tool = compiled();
        Setting setting = new Setting(PodWorld.Variant.PLAIN, iptables);
        for (boolean limited : List.of(true, false)) {
            try (PodWorld world = setting.open();
                    NetnsSandbox other = builder(setting, world, true).apply();
                    NetnsSandbox sandbox = builder(setting, world, limited).apply()) {
                System.out.println(iptables + (limited ? ", limits as they are" : ", unlimited"));
                System.out.println("  before: " + latency(world, other) + ", tracked " + tracked(world));
                List<Process> floods = new ArrayList<>();
                // Without limits it is only to be seen that there is a flood.
                String time = Integer.toString(limited ? seconds : Math.min(seconds, 6));
                floods.add(start(sandbox, tool, "syn", PodWorld.LISTED, "443", time));
                floods.add(start(sandbox, tool, "udp", PodWorld.DNS, "53", time));
                AtomicLong most = new AtomicLong();
                Thread counter = new Thread(() -> {
                    while (floods.stream().anyMatch(Process::isAlive)) {
                        most.accumulateAndGet(Long.parseLong(tracked(world)), Math::max);
                    }
                });
                counter.start();
                System.out.println("  during: " + latency(world, other));
                counter.join();
                for (Process flood : floods) {
                    System.out.println("  begun in " + time + " s: "
                            + new String(flood.getInputStream().readAllBytes(), "US-ASCII").strip());
                }
                System.out.println("  most tracked: " + most + " in the pod, inside "
                        + Shell.must(Setting.nsenter(sandbox.namespace().path(), "conntrack", "-C"))
                                .strip());
                System.out.println(world.mustInPod(setting.tool() + "-save", "-c")
                        .lines()
                        .filter(line -> line.contains("limit-above") && !line.startsWith("[0:0]"))
                        .map(line -> "  " + line.replaceAll(" --hashlimit-htable.*--comment", ""))
                        .reduce("", (all, line) -> all + line + "\n"));
            }
        }
        Files.delete(tool);
    }

    private static NetnsSandbox.Builder builder(Setting setting, PodWorld world, boolean limited) {
        NetnsSandbox.Builder builder = setting.builder(world)
                .allowDns(PodWorld.DNS)
                .directTcp(PodWorld.LISTED)
                .directTcp(OTHER);
        return limited ? builder : builder.unlimited();
    }

    private static Process start(NetnsSandbox sandbox, Path tool, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(tool.toString()));
        command.addAll(List.of(arguments));
        return sandbox.start(new ProcessBuilder(command));
    }

    private static String latency(PodWorld world, NetnsSandbox sandbox) throws IOException {
        return Shell.finish(
                        sandbox.start(
                                new ProcessBuilder(PodWorld.python(), "-c", LATENCY, OTHER).redirectErrorStream(true)),
                        "")
                .output()
                .strip();
    }

    private static String tracked(PodWorld world) {
        return world.mustInPod("conntrack", "-C").strip();
    }

    private static Path compiled() throws IOException {
        Path tool = Files.createTempFile("flood", "");
        try (InputStream source = FloodMeasurement.class.getResourceAsStream("flood.c")) {
            Shell.mustFeed(
                    new String(source.readAllBytes(), "UTF-8"), "gcc", "-O2", "-x", "c", "-", "-o", tool.toString());
        }
        return tool;
    }
}
