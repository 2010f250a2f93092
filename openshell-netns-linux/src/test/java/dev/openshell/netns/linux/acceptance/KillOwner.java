package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.Backend;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * A JVM that makes, uses and closes sandboxes in the namespace that it runs in until it is killed, or that kills itself
 * at a call that it is told. It writes what it is about into a file that outlives it.
 *
 * <p>Arguments: the variant of iptables, resolv.conf, that file, and a word that its processes inside carry. Then a line
 * of input: {@code sweep}, {@code apply}, {@code hold} or {@code detach FILE}, which is done and answered with a line, as often as wanted; or a seed and a
 * moment, which begins the end.
 */
final class KillOwner {
    static final int PHASE_LENGTH = 32;
    private static final int PUBLISHED_EVERY = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final String OPEN = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n";

    /** Tries as fast as it can; what is refused inside is refused at once. */
    private static final String TRIES =
            """
            while :; do
                { :; } 3<>/dev/tcp/203.0.113.10/443
                { :; } 3<>/dev/tcp/2001:db8:2::10/443
                { :; } 3<>/dev/tcp/203.0.113.66/443
                { :; } 3<>/dev/tcp/203.0.113.10/80
                { echo out >&3; } 3<>/dev/udp/203.0.113.66/53
                { echo out >&3; } 3<>/dev/udp/203.0.113.10/443
                { :; } 3<>/dev/tcp/2001:db8:2::66/443
                { :; } 3<>/dev/tcp/198.51.100.2/80
            done 2>/dev/null # WORD
            """;

    private static final String WRITES =
            """
            try() { if { :; } 3<>/dev/tcp/$1/$2; then echo $1 $2 >>FILE; fi; }
            while :; do
                try 203.0.113.66 443
                try 203.0.113.10 80
                try 198.51.100.2 80
                try 203.0.113.10 443
                sleep 0.05
            done 2>/dev/null # WORD
            """;

    private final String backend;
    private final Path resolvConf;
    private final MappedByteBuffer phase;
    private final String word;
    private final Kernel kernel;
    private Random random = new Random(0);
    private String moment = "";
    private String part = "begin";
    private int left;

    private KillOwner(String[] words) throws IOException {
        backend = words[0];
        resolvConf = Path.of(words[1]);
        try (FileChannel file =
                FileChannel.open(Path.of(words[2]), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            phase = file.map(FileChannel.MapMode.READ_WRITE, 0, PHASE_LENGTH);
        }
        word = words[3];
        kernel = watched(new JnaKernel());
    }

    public static void main(String[] words) throws Exception {
        KillOwner owner = new KillOwner(words);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        System.out.println("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (line.equals("sweep")) {
                System.out.println("swept " + new LinuxProvider().sweep(false));
            } else if (line.equals("apply")) {
                owner.builder().directTcp(PodWorld.LISTED).apply().close();
                System.out.println("applied");
            } else if (line.startsWith("detach ")) {
                owner.detach(Path.of(line.substring("detach ".length())), false);
            } else if (line.startsWith("detach-named ")) {
                owner.detach(Path.of(line.substring("detach-named ".length())), true);
            } else if (line.equals("hold")) {
                System.out.println("held " + owner.hold());
            } else {
                owner.begin(line.split(" "));
            }
        }
    }

    /** Makes a detached sandbox with a process inside that writes down, in {@code file}, what it reaches. */
    private void detach(Path file, boolean named) throws IOException {
        NetnsSandbox.Builder builder = builder().directTcp(PodWorld.LISTED).detached();
        NetnsSandbox sandbox = (named ? builder.name("kil-" + word).named() : builder).apply();
        sandbox.start(new ProcessBuilder(
                        "bash", "-c", WRITES.replace("FILE", file.toString()).replace("WORD", word))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD));
        System.out.println("detached " + sandbox.veth().hostInterface());
    }

    /** Returns what a sandbox's listener heard in a while. */
    private List<String> hold() throws InterruptedException {
        List<String> heard = new CopyOnWriteArrayList<>();
        try (NetnsSandbox sandbox = builder().directTcp(PodWorld.LISTED6).apply()) {
            sandbox.listen(new SandboxListener() {
                @Override
                public void drifted(NetnsSandbox changed, String what) {
                    heard.add(what);
                }
            });
            Thread.sleep(3000);
            sandbox.verifyLoaded();
        }
        return heard;
    }

    /** MOMENT is the name of a call: at the Nth of them it kills itself so many microseconds later. */
    private void begin(String[] words) throws Exception {
        random = new Random(Long.parseLong(words[0]));
        // Rules that no program loads are requests.
        boolean requests = words[1].equals("restore") && backend.equals(Backend.NFTABLES.name());
        moment = requests ? "netfilter" : words[1];
        left = 1 + random.nextInt(requests ? 60 : moment.equals("restore") ? 10 : 2);
        System.out.println("begun");
        for (int i = 0; ; i++) {
            cycle(i);
        }
    }

    private NetnsSandbox.Builder builder() {
        return Setting.told(NetnsSandbox.builder(), backend)
                .resolvConf(resolvConf)
                .terminationGrace(Duration.ZERO);
    }

    private void cycle(int i) throws Exception {
        NetnsSandbox.Builder builder = builder().directTcp(PodWorld.LISTED);
        if (i % 2 == 1) {
            builder.directTcp(PodWorld.LISTED6);
        }
        if (i % PUBLISHED_EVERY == 0 || moment.equals("publish")) {
            builder.name("kil-" + word).named();
        }
        SandboxPolicy policy = builder.policy();
        part = "apply";
        NetnsSandbox sandbox = new LinuxProvider(kernel).apply(policy);
        part = "life";
        use(sandbox, i);
        part = "close";
        if (moment.equals("close")) {
            kill(random.nextInt(20_000));
        }
        sandbox.close();
        part = "between";
    }

    private void use(NetnsSandbox sandbox, int i) throws Exception {
        if (i % 2 == 0) {
            // As root inside would, who can't.
            boolean nft = backend.equals(Backend.NFTABLES.name());
            String restore = backend.equals("LEGACY") ? "iptables-legacy-restore" : "iptables-nft-restore";
            Process flush = new ProcessBuilder(Setting.nsenter(
                            sandbox.namespace().path(), nft ? new String[] {"nft", "-f", "-"} : new String[] {restore}))
                    .redirectErrorStream(true)
                    .start();
            flush.getOutputStream().write((nft ? "flush ruleset\n" : OPEN).getBytes(StandardCharsets.US_ASCII));
            flush.getOutputStream().close();
            flush.waitFor();
        }
        sandbox.start(new ProcessBuilder("bash", "-c", TRIES.replace("WORD", word))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD));
        connect(sandbox, PodWorld.LISTED);
        connect(sandbox, PodWorld.UNLISTED);
        Thread.sleep(random.nextInt(60));
    }

    private static void connect(NetnsSandbox sandbox, String address) throws IOException {
        try (Socket socket = sandbox.sockets().socketFactory().createSocket()) {
            socket.connect(new InetSocketAddress(address, 443), (int) PATIENCE.toMillis());
        } catch (java.net.ConnectException | java.net.SocketTimeoutException | java.net.NoRouteToHostException e) {
            // as it may be
        }
    }

    private Kernel watched(Kernel real) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    before(method.getName(), arguments);
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        note(part + " after " + method.getName());
                    }
                });
    }

    private synchronized void before(String call, Object[] arguments) throws IOException {
        note(part + " " + call);
        // With the last sandbox the standing rules go, of both families side by side.
        if (moment.equals("closing") && part.equals("close") && call.equals("restore")) {
            kill(50_000);
        }
        if (call.equals(moment) && --left == 0) {
            if (call.equals("publish")) {
                // What there is between the file and the mount on it.
                Files.createDirectories(((Path) arguments[1]).getParent());
                Files.writeString((Path) arguments[1], (String) arguments[2]);
                note(part + " in publish");
                kill(0);
                LockSupport.park();
            }
            kill(random.nextInt(10_000));
        }
    }

    private void note(String text) {
        byte[] bytes = new byte[PHASE_LENGTH];
        byte[] letters = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(letters, 0, bytes, 0, Math.min(letters.length, bytes.length));
        phase.put(0, bytes);
    }

    /** Kills this JVM so many microseconds from now. */
    private static void kill(int micros) {
        Thread killer = new Thread(() -> {
            LockSupport.parkNanos(micros * 1_000L);
            dev.openshell.netns.linux.sys.Libc.kill(
                    (int) ProcessHandle.current().pid(), 9);
        });
        killer.setDaemon(true);
        killer.start();
    }
}
