package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A JVM whose threads make, use and close sandboxes in the namespace that it runs in. Arguments: the variant of
 * iptables, resolv.conf, how many threads, and for how many seconds. Prints what {@link Tally} has, a line each.
 */
final class ContentionOwner implements SandboxListener {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final String backend;
    private final Path resolvConf;
    private final Tally tally = new Tally();

    /** What happened, as it is printed: {@code NUMBER WHAT}. */
    private static final class Tally {
        private final Map<String, Long> counts = new TreeMap<>();

        synchronized void add(String what) {
            counts.merge(what, 1L, Long::sum);
        }

        synchronized void most(String what, long start) {
            counts.merge(what, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), Math::max);
        }

        synchronized void print() {
            counts.forEach((what, count) -> System.out.println(count + " " + what));
        }
    }

    private ContentionOwner(String backend, Path resolvConf) {
        this.backend = backend;
        this.resolvConf = resolvConf;
    }

    public static void main(String[] words) throws InterruptedException {
        ContentionOwner owner = new ContentionOwner(words[0], Path.of(words[1]));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(words[3]));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(words[2]); i++) {
            int number = i;
            threads.add(new Thread(() -> owner.cycles(number, end)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        owner.tally.print();
    }

    private void cycles(int number, long end) {
        for (int i = number; System.nanoTime() < end; i++) {
            try {
                cycle(i);
                tally.add("cycles");
            } catch (Exception | Error e) {
                tally.add("failure " + told(e));
            }
        }
    }

    private static String withoutLink(String text) {
        return text.replaceAll("osh-[a-z0-9]{8}", "LINK").replace('\n', ' ');
    }

    private static String told(Throwable e) {
        StringBuilder told = new StringBuilder(withoutLink(e.toString()));
        for (Throwable suppressed : e.getSuppressed()) {
            told.append("; suppressed: ").append(told(suppressed));
        }
        return told.toString();
    }

    private void cycle(int i) throws IOException, InterruptedException {
        long start = System.nanoTime();
        NetnsSandbox sandbox;
        try {
            sandbox = Setting.told(NetnsSandbox.builder(), backend)
                    .resolvConf(resolvConf)
                    .allowDns(PodWorld.DNS)
                    .directTcp(PodWorld.LISTED)
                    .apply();
        } finally {
            tally.most("ms longest apply", start);
        }
        try (NetnsSandbox live = sandbox) {
            live.listen(this);
            use(live, i);
            start = System.nanoTime();
        } finally {
            tally.most("ms longest close", start);
        }
    }

    private void use(NetnsSandbox sandbox, int i) throws IOException, InterruptedException {
        if (i % 4 == 0) {
            Process process = sandbox.start(
                    new ProcessBuilder("true").redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD));
            tally.add(process.waitFor() == 0 ? "process" : "process failed");
        } else {
            tally.add("listed " + connect(sandbox, PodWorld.LISTED));
            tally.add("unlisted " + connect(sandbox, PodWorld.UNLISTED));
        }
    }

    private static String connect(NetnsSandbox sandbox, String address) throws IOException {
        try (Socket socket = sandbox.sockets().socketFactory().createSocket()) {
            try {
                socket.connect(new InetSocketAddress(address, 443), (int) PATIENCE.toMillis());
                return "reached";
            } catch (NetnsException e) {
                throw e;
            } catch (IOException e) {
                return "refused";
            }
        }
    }

    @Override
    public void drifted(NetnsSandbox sandbox, String what) {
        tally.add("drifted " + withoutLink(what));
    }

    @Override
    public void sealed(NetnsSandbox sandbox, String reason) {
        tally.add("sealed " + withoutLink(reason));
    }
}
