package dev.openshell.netns.linux.demo;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.demo.Probe.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Tries all probes inside a sandbox, and first in the pod, where each of them must get through. */
final class Measurement {
    private static final Duration CONTROL_PATIENCE = Duration.ofSeconds(5);
    private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(10);
    private static final String CONTROL = "reach from the demo's own pod";
    private static final String CONTROL_REMEDY = "look for what on this machine filters in new network namespaces";
    private static final int FIRST_MARK = 40_000;
    private static final String NO_RULES =
            """
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            COMMIT
            """;

    private final World world;
    private int marks;

    Measurement(World world) {
        this.world = world;
    }

    /** Returns how {@code probes} end inside the sandbox of descriptor {@code namespace} and of {@code place}. */
    List<Outcome> run(List<Probe> probes, Place place, int namespace) throws Exception {
        control(probes);
        List<Result> results = new ArrayList<>();
        boolean flushed = false;
        for (Probe probe : probes) {
            if (probe.afterFlush() && !flushed) {
                flush(namespace);
                flushed = true;
            }
            results.add(probe.attempt().in(place));
        }
        return judge(probes, results);
    }

    /** A denial proves something only where there is something to reach. */
    private void control(List<Probe> probes) throws Exception {
        Deadline deadline = Deadline.in(CONTROL_PATIENCE);
        List<Probe> left = probes;
        // Again where it failed: a new link's IPv6 may come up to a second late.
        while (true) {
            List<Result> results = new ArrayList<>();
            for (Probe probe : left) {
                results.add(probe.attempt().in(world.pod()));
            }
            List<Outcome> outcomes = judge(left, results);
            List<Probe> failed = new ArrayList<>();
            for (int i = 0; i < left.size(); i++) {
                // Where an answer can be had, a packet that got out is not enough.
                boolean answerless = results.get(i).text().equals(Attempts.SENT);
                if (!(answerless ? outcomes.get(i).reached() : results.get(i).answered())) {
                    failed.add(left.get(i));
                }
            }
            if (failed.isEmpty()) {
                return;
            }
            if (deadline.left().isZero()) {
                String said = results.get(left.indexOf(failed.get(0))).text();
                throw new NetnsException(CONTROL, failed.get(0).what(), 0, said, CONTROL_REMEDY, null);
            }
            deadline.check(CONTROL, failed.get(0).what());
            left = failed;
        }
    }

    private List<Outcome> judge(List<Probe> probes, List<Result> results) throws Exception {
        Set<Packet> left = captured();
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < probes.size(); i++) {
            Result result = results.get(i);
            boolean out = probes.get(i).packet().map(left::contains).orElse(false);
            outcomes.add(new Outcome(result.answered() || out, text(result, out)));
        }
        return outcomes;
    }

    private static String text(Result result, boolean out) {
        String time = " (" + result.millis() + " ms)";
        if (result.answered()) {
            return result.text() + time;
        }
        boolean sent = result.text().equals(Attempts.SENT);
        if (out) {
            return "left the pod" + (sent ? "" : ", " + result.text()) + time;
        }
        return (sent ? "dropped" : result.text()) + time;
    }

    /** Returns all packets that left the pod since this was last asked. */
    private Set<Packet> captured() throws Exception {
        int port = FIRST_MARK + marks++;
        Result sent = Attempts.sendUdp(World.UPLINK, port).in(world.pod());
        if (!sent.text().equals(Attempts.SENT)) {
            throw new NetnsException("send from the demo's own pod", World.UPLINK, 0, sent.text(), "report this", null);
        }
        return world.capture().until(Packet.to(Packet.UDP, World.UPLINK, port));
    }

    /** Does what root inside could do, had it CAP_NET_ADMIN. */
    private void flush(int namespace) {
        Deadline deadline = Deadline.in(FLUSH_PATIENCE);
        IptablesVariant variant = world.kernel().iptables(namespace, IptablesVariant.AUTO, deadline);
        world.kernel().restore(namespace, Family.IPV4, variant, NO_RULES, false, deadline);
        if (world.ipv6()) {
            world.kernel().restore(namespace, Family.IPV6, variant, NO_RULES, false, deadline);
        }
    }
}
