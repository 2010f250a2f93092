package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.VerificationException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/**
 * Measures how long it takes until rules that somebody flushed are whole again, and what leaves the pod until then
 * while a process inside sends. A program: {@code FlushMeasurement VARIANT TIMES [open]}; with {@code open}
 * the rules inside are flushed first, as only root outside of the sandbox can.
 */
final class FlushMeasurement implements SandboxListener {
    /** New flows, some thousands a second, to what is listed and to what is not. */
    private static final String TRAFFIC =
            """
            import errno, socket, sys, time
            targets = [(socket.SOCK_DGRAM, "10.43.0.10", 53), (socket.SOCK_STREAM, "203.0.113.10", 443),
                       (socket.SOCK_DGRAM, "203.0.113.66", 53), (socket.SOCK_STREAM, "203.0.113.66", 443)]
            print("ready", flush=True)
            opened = []
            while True:
                for kind, host, port in targets:
                    made = socket.socket(socket.AF_INET, kind)
                    made.setblocking(False)
                    try:
                        made.connect((host, port))
                        made.send(b"x" * 20)
                    except OSError:
                        pass
                    opened.append(made)
                if len(opened) > 400:
                    for made in opened[:200]:
                        made.close()
                    opened = opened[200:]
                time.sleep(0.002)
            """;

    private final Setting setting;
    private final Random random = new Random();
    private final SynchronousQueue<Long> drifts = new SynchronousQueue<>();

    /** What one flush led to: times in milliseconds, and packets. */
    private record Outcome(double heard, double whole, long allowed, long plain, long returned, List<String> outside) {}

    private FlushMeasurement(Setting setting) {
        this.setting = setting;
    }

    public static void main(String[] words) throws Exception {
        Setting setting = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.valueOf(words[0]));
        new FlushMeasurement(setting).all(Integer.parseInt(words[1]), words.length > 2);
    }

    private List<String> flushes() {
        String tool = setting.tool();
        List<String> flushes = new ArrayList<>(List.of(
                tool + " -w -F",
                tool + " -w -t nat -F",
                "printf '*raw\\nCOMMIT\\n*nat\\nCOMMIT\\n*filter\\nCOMMIT\\n' | " + tool + "-restore -w"));
        if (setting.iptables() == IptablesVariant.NFT) {
            flushes.add("nft flush ruleset");
        }
        return flushes;
    }

    private void all(int times, boolean open) throws Exception {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.builder(world)
                        .allowDns(PodWorld.DNS)
                        .directTcp(PodWorld.LISTED)
                        .unlimited()
                        .apply()) {
            sandbox.listen(this);
            if (open) {
                for (String flush : List.of(" -P OUTPUT ACCEPT", " -P INPUT ACCEPT", " -F")) {
                    Shell.must(
                            Setting.nsenter(sandbox.namespace().path(), (setting.tool() + " -w" + flush).split(" ")));
                }
            }
            Process traffic =
                    sandbox.start(new ProcessBuilder(PodWorld.python(), "-c", TRAFFIC).redirectError(Redirect.DISCARD));
            traffic.inputReader().readLine();
            for (String flush : flushes()) {
                List<Outcome> outcomes = new ArrayList<>();
                for (int i = 0; i < times; i++) {
                    outcomes.add(one(world, sandbox, flush));
                }
                report(flush, outcomes);
            }
        }
    }

    private Outcome one(PodWorld world, NetnsSandbox sandbox, String flush) throws IOException, InterruptedException {
        Thread.sleep(300 + random.nextInt(1000));
        world.capture().take();
        Process flushing = new ProcessBuilder(WorldLinks.exec(world.pod(), "sh", "-c", "read go; " + flush))
                .redirectErrorStream(true)
                .start();
        Thread.sleep(50);
        long start = System.nanoTime();
        flushing.outputWriter().append("go\n").close();
        Long heard = drifts.poll(10, TimeUnit.SECONDS);
        while (!isWhole(sandbox)) {
            Thread.sleep(1);
        }
        long whole = System.nanoTime();
        flushing.waitFor();
        List<String> outside = new ArrayList<>();
        long allowed = 0;
        long plain = 0;
        long returned = 0;
        for (CapturedPacket packet : world.capture().take()) {
            boolean inside = packet.source().startsWith("10.200.");
            boolean listed = packet.destination().equals(PodWorld.DNS) && packet.destinationPort() == 53
                    || packet.destination().equals(PodWorld.LISTED) && packet.destinationPort() == 443;
            if (listed && inside) {
                plain++;
            } else if (listed && packet.source().equals(PodWorld.POD)) {
                allowed++;
            } else if (packet.destination().startsWith("10.200.")) {
                // An answer to one that was not masqueraded, which came in on the uplink and was sent back.
                returned++;
            } else {
                outside.add(packet.flow());
            }
        }
        return new Outcome(
                heard == null ? Double.NaN : (heard - start) / 1e6,
                (whole - start) / 1e6,
                allowed,
                plain,
                returned,
                outside);
    }

    private static boolean isWhole(NetnsSandbox sandbox) {
        try {
            sandbox.verifyLoaded();
            return true;
        } catch (VerificationException e) {
            // Flushed rules inside are on purpose: only what is said of the host counts.
            return e.getMessage().contains("sandbox");
        }
    }

    private void report(String flush, List<Outcome> outcomes) {
        System.out.printf(
                "%s, %s: heard %s ms, whole %s ms, packets %s allowed, %s not masqueraded, %s answers sent back,"
                        + " outside of the policy %d %s%n",
                setting.iptables(),
                flush,
                spread(outcomes.stream().map(Outcome::heard).toList()),
                spread(outcomes.stream().map(Outcome::whole).toList()),
                spread(outcomes.stream().map(each -> (double) each.allowed()).toList()),
                spread(outcomes.stream().map(each -> (double) each.plain()).toList()),
                spread(outcomes.stream().map(each -> (double) each.returned()).toList()),
                outcomes.stream().mapToLong(each -> each.outside().size()).sum(),
                outcomes.stream()
                        .flatMap(each -> each.outside().stream())
                        .distinct()
                        .limit(5)
                        .toList());
    }

    /** Median and greatest. */
    private static String spread(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return "%.0f (max %.0f)".formatted(sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
    }

    @Override
    public void drifted(NetnsSandbox sandbox, String what) {
        // Nobody waits for a second one about the same flush.
        drifts.offer(System.nanoTime());
    }

    @Override
    public void sealed(NetnsSandbox sandbox, String reason) {
        System.out.println("sealed: " + reason);
    }
}
