package dev.openshell.netns.linux.bench;

import com.google.common.net.InetAddresses;
import com.google.gson.JsonParser;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Netlink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Bulk TCP (iperf3) out of a sandbox, and out of a namespace with the same link and masquerading and no other rule. */
final class Bulk {
    static final String PLAIN = "bulk TCP, veth and NAT only";
    private static final int ROUNDS = 5;
    private static final Rtnetlink.End HOST_END = new Rtnetlink.End("veth0", 2001, new byte[] {2, 0, 0, 0, 1, 1});
    private static final Rtnetlink.End INSIDE_END = new Rtnetlink.End("eth0", 2002, new byte[] {2, 0, 0, 0, 1, 2});

    private final Figures figures;
    private final int seconds;
    private final Kernel kernel = new JnaKernel();
    private final NetnsProvider provider = new LinuxProvider(kernel);

    Bulk(Figures figures, int seconds) {
        this.figures = figures;
        this.seconds = seconds;
    }

    static String name(Variant variant) {
        return "bulk TCP, sandbox, " + variant;
    }

    void measure(Variant variant) throws Exception {
        List<String> missing = Programs.missing("iperf3", "nsenter");
        if (!missing.isEmpty()) {
            figures.skip("bulk TCP: no " + String.join(", ", missing) + " (apt-get install iperf3 util-linux)");
            return;
        }
        double[] plain = new double[ROUNDS];
        double[] ruled = new double[ROUNDS];
        int bare = kernel.createNamespace();
        try (Pod without = new Pod(kernel);
                Pod with = new Pod(kernel);
                NetnsSandbox sandbox = variant.apply(provider, with.path())) {
            join(without, bare);
            // In turns, so that what else the machine does meets both.
            for (int i = 0; i < ROUNDS; i++) {
                plain[i] = transfer(without, Pod.path(bare));
                ruled[i] = sandboxTransfer(with, sandbox);
            }
        } finally {
            kernel.close(bare);
        }
        figures.add(PLAIN, "Gbit/s", plain);
        figures.add(name(variant), "Gbit/s", ruled);
    }

    private double sandboxTransfer(Pod pod, NetnsSandbox sandbox) throws Exception {
        int inside = kernel.openNamespace(Optional.of(sandbox.namespace().path()));
        try {
            return transfer(pod, Pod.path(inside));
        } finally {
            kernel.close(inside);
        }
    }

    private void join(Pod pod, int bare) {
        kernel.writeSysctl(bare, "net/ipv4/ip_forward", "0");
        Netlink.send(kernel, pod.pod(), Rtnetlink.newVeth(HOST_END, INSIDE_END, bare));
        Netlink.send(
                kernel,
                pod.pod(),
                Rtnetlink.setUp(HOST_END.index(), HOST_END.name(), true)
                        .and(Rtnetlink.newAddress(HOST_END.index(), InetAddresses.forString("10.200.9.1"), 30)));
        Netlink.send(
                kernel,
                bare,
                Rtnetlink.setUp(INSIDE_END.index(), INSIDE_END.name(), true)
                        .and(Rtnetlink.newAddress(INSIDE_END.index(), InetAddresses.forString("10.200.9.2"), 30))
                        .and(Rtnetlink.newDefaultRoute(INSIDE_END.index(), InetAddresses.forString("10.200.9.1"))));
        String nat = "*nat\n-A POSTROUTING -s 10.200.9.2/32 -j MASQUERADE\nCOMMIT\n";
        Deadline deadline = Deadline.in(Duration.ofSeconds(10));
        kernel.restore(pod.pod(), Family.IPV4, IptablesVariant.NFT, nat, true, deadline);
    }

    /** Returns the gigabits a second from the namespace at {@code from} to the pod's uplink. */
    private double transfer(Pod pod, Path from) throws IOException, InterruptedException {
        String port = Integer.toString(Pod.BULK_PORT);
        Process server = Programs.inside(Pod.path(pod.uplink()), "iperf3", "-s", "-1", "-B", Pod.BULK_HOST, "-p", port)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Thread.sleep(300);
            Programs.Run client = Programs.run(
                    Programs.inside(
                            from, "iperf3", "-J", "-c", Pod.BULK_HOST, "-p", port, "-t", Integer.toString(seconds)),
                    "");
            if (client.status() != 0) {
                throw new IllegalStateException("iperf3: " + client.output());
            }
            return JsonParser.parseString(client.output())
                            .getAsJsonObject()
                            .getAsJsonObject("end")
                            .getAsJsonObject("sum_received")
                            .get("bits_per_second")
                            .getAsDouble()
                    / 1e9;
        } finally {
            server.destroy();
            server.waitFor();
        }
    }
}
