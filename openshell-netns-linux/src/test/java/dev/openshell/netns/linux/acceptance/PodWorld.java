package dev.openshell.netns.linux.acceptance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * A pod and what is around it: the namespace in which sandboxes get their host end, an uplink behind it with a
 * resolver and many hosts, and a neighbour on a second link of the pod's. Nothing in it has a route to the machine.
 *
 * <pre>
 * neighbour               pod                                              uplink
 * 10.43.1.3     ───── eth1  10.43.1.2      eth0  198.51.100.2   ───── 198.51.100.1
 * 2001:db8:3::3             2001:db8:3::2        2001:db8:1::2        2001:db8:1::1
 * </pre>
 *
 * All names are random; {@link #close()}, a constructor that fails and the end of the JVM remove everything.
 */
final class PodWorld implements AutoCloseable {
    /** How the hosts behind the pod are reached. */
    enum Variant {
        /** Every address is that of a host. */
        PLAIN,
        /** The resolver's address is nobody's: the pod rewrites 10.43.0.10:53 to 10.43.9.9:53. */
        DNS_SERVICE,
        /** The pod rewrites 203.0.113.10:443 to 10.43.9.9:8443. */
        HOST_SERVICE
    }

    static final String POD = "198.51.100.2";
    static final String POD_ON_LAN = "10.43.1.2";
    static final String POD6 = "2001:db8:1::2";
    static final String NEIGHBOUR = "10.43.1.3";
    static final String DNS = "10.43.0.10";
    static final String OTHER_DNS = "10.43.0.11";
    static final String BACKEND = "10.43.9.9";
    static final String LISTED = "203.0.113.10";
    static final String UNLISTED = "203.0.113.66";
    static final String LISTED6 = "2001:db8:2::10";
    static final String UNLISTED6 = "2001:db8:2::66";
    static final String METADATA = "169.254.169.254";
    static final int PROXY_PORT = 3128;

    /** The ports of every host behind the pod, of the neighbour and of the pod itself. */
    static final List<Integer> TCP_PORTS = List.of(22, 80, 443, 853, 5432, 8443);

    static final List<Integer> UDP_PORTS = List.of(80, 123, 443, 5432, 8443);

    private final Cleanup cleanup = new Cleanup();
    private final String id = String.format("%08x", new SecureRandom().nextInt());
    private final String pod = "osh-pod-" + id;
    private final String uplink = "osh-upl-" + id;
    private final String neighbour = "osh-nbr-" + id;
    private final Path files;
    private final Listeners listeners;
    private final Capture capture;

    private PodWorld(Variant variant, String iptables) {
        try {
            files = Files.createTempDirectory("osh-world-" + id + "-");
            cleanup.deleteLater(files);
            for (String name : List.of("listeners.py", "capture.py", "probe.py")) {
                extract(name);
            }
            writeResolvConf();
            List.of(uplink, neighbour, pod).forEach(name -> WorldLinks.namespace(cleanup, name));
            WorldLinks.join(pod, uplink, neighbour, variant != Variant.DNS_SERVICE);
            if (variant == Variant.DNS_SERVICE) {
                WorldLinks.rewrite(pod, iptables, "udp", DNS, 53, BACKEND + ":53");
                WorldLinks.rewrite(pod, iptables, "tcp", DNS, 53, BACKEND + ":53");
            } else if (variant == Variant.HOST_SERVICE) {
                WorldLinks.rewrite(pod, iptables, "tcp", LISTED, 443, BACKEND + ":8443");
            }
            listeners = cleanup.keep(listen(WorldLinks.sockets(pod, uplink, neighbour)));
            Path hosts = Files.writeString(files.resolve("hosts"), WorldNames.hosts());
            String resolver = variant == Variant.DNS_SERVICE ? BACKEND : DNS;
            cleanup.keep(WorldNames.serve(uplink, hosts, resolver, OTHER_DNS));
            capture = cleanup.keep(new Capture(Service.start(
                    "ready"::equals,
                    python(),
                    script("capture.py"),
                    pod,
                    "uplink/" + uplink + "/eth0/eth0",
                    "lan/" + neighbour + "/eth0/eth1")));
            awaitIpv6();
        } catch (IOException e) {
            cleanup.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            cleanup.close();
            throw e;
        }
    }

    /** Builds a world whose pod has no rules but, for the services, NAT rules made with {@code iptables}. */
    static PodWorld open(Variant variant, String iptables) {
        return new PodWorld(variant, iptables);
    }

    static PodWorld open(Variant variant) {
        return open(variant, "iptables-nft");
    }

    /** Returns the interpreter itself, for a version manager's stand-in costs more than a probe does. */
    static String python() {
        return Interpreter.PATH;
    }

    private static final class Interpreter {
        static final String PATH = Shell.must("/usr/bin/env", "python3", "-c", "import sys; print(sys.executable)")
                .trim();
    }

    /** The kernel may tell IPv6 of a new link's carrier up to a second late; until then it has no addresses. */
    private void awaitIpv6() {
        Probes.Outcome outcome = Probes.at(this, this::feedInPod).one("udp " + LISTED6 + " 443");
        if (!outcome.ok()) {
            throw new IllegalStateException(outcome.toString());
        }
        capture.take();
        listeners.take();
    }

    private Listeners listen(List<String> sockets) {
        return listen(ProcessBuilder::start, sockets);
    }

    /** Opens sockets, as listeners.py writes them, from a process that {@code starter} starts. */
    Listeners listen(Probes.Starter starter, List<String> sockets) {
        List<String> command = new ArrayList<>(List.of(python(), script("listeners.py")));
        command.addAll(sockets);
        return new Listeners(Service.start(starter, "ready"::equals, command.toArray(String[]::new)));
    }

    /** Opens a listener in the pod: {@code kind} is tcp or udp. */
    Listeners listenInPod(String kind, String address, int port) {
        return listen(List.of(pod + "/" + kind + "/" + address + "/" + port));
    }

    /** Returns the listeners that were there from the beginning: all but a sandbox's own proxy. */
    Listeners listeners() {
        return listeners;
    }

    private void writeResolvConf() throws IOException {
        Files.writeString(resolvConf(), "nameserver " + DNS + "\n");
        // ip-netns(8): what is in /etc/netns/NAME stands for what is in /etc for what `ip netns exec` runs.
        Path directory = Path.of("/etc/netns", pod);
        cleanup.deleteIfEmptyLater(directory.getParent());
        cleanup.deleteLater(directory);
        Files.createDirectories(directory);
        Files.copy(resolvConf(), directory.resolve("resolv.conf"));
    }

    /** Returns the pod's own resolv.conf, which names its resolver. */
    Path resolvConf() {
        return files.resolve("resolv.conf");
    }

    /** Returns the pod's namespace, in which sandboxes get their host end. */
    Path podPath() {
        return Path.of("/run/netns", pod);
    }

    /** Returns the name of the pod's namespace. */
    String pod() {
        return pod;
    }

    /** Returns what has left the pod. */
    Capture capture() {
        return capture;
    }

    /** Returns the path of a script beside this class. */
    String script(String name) {
        return files.resolve(name).toString();
    }

    /** Returns how {@code command} ends in the pod. */
    Shell.Result inPod(String... command) {
        return Shell.run(WorldLinks.exec(pod, command));
    }

    /** Returns how {@code command}, given {@code input}, ends in the pod. */
    Shell.Result feedInPod(String input, String... command) {
        return Shell.feed(input, WorldLinks.exec(pod, command));
    }

    /** Returns how {@code command}, given {@code input}, ends behind the pod. */
    Shell.Result feedInUplink(String input, String... command) {
        return Shell.feed(input, WorldLinks.exec(uplink, command));
    }

    /** Returns how {@code command}, given {@code input}, ends in the neighbour's namespace. */
    Shell.Result feedInNeighbour(String input, String... command) {
        return Shell.feed(input, WorldLinks.exec(neighbour, command));
    }

    /** Returns what {@code command} writes in the pod; fails unless it exits 0. */
    String mustInPod(String... command) {
        return Shell.must(WorldLinks.exec(pod, command));
    }

    /** Returns what the pod is set up as. */
    PodState snapshot() {
        return PodState.of(podPath());
    }

    /**
     * Returns what the pod is set up as once it is {@code expected}, or after a while: the kernel takes a link away
     * some time after its namespace's last descriptor was closed.
     */
    PodState settled(PodState expected) {
        long end = System.nanoTime() + 10_000_000_000L;
        PodState state = snapshot();
        while (!state.equals(expected) && System.nanoTime() < end) {
            state = snapshot();
        }
        return state;
    }

    private void extract(String name) throws IOException {
        try (InputStream in = PodWorld.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            Files.copy(in, files.resolve(name));
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
