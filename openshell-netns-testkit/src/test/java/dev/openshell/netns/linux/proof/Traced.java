package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.ConnState;
import dev.openshell.netns.testkit.Packet;
import dev.openshell.netns.testkit.RulesetTracer;
import dev.openshell.netns.testkit.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the tracer says of packets at one hook. Of others' rules it sees those before the jump to this project's chain. */
final class Traced {
    private final RulesetTracer tracer;
    private final String table;
    private final String chain;
    private final boolean jumps;

    private Traced(RulesetTracer tracer, String table, String chain, boolean jumps) {
        this.tracer = tracer;
        this.table = table;
        this.chain = chain;
        this.jumps = jumps;
    }

    /** Makes one of {@code saved}, as iptables-save prints it; {@code known} keeps what was read before. */
    static Traced of(Obligation each, Family family, String saved, Map<String, RulesetTracer> known) {
        List<String> lines = new ArrayList<>();
        String table = "";
        boolean jumped = false;
        for (String line : saved.lines().toList()) {
            table = line.startsWith("*") ? line.substring(1) : table;
            boolean asked = table.equals(each.meaning().table()) && line.startsWith(each.chain() + " ", 3);
            if (!asked || !jumped) {
                lines.add(line);
            }
            jumped |= asked && !each.ours().isEmpty() && line.endsWith(" -j " + each.ours());
        }
        RulesetTracer tracer =
                known.computeIfAbsent(String.join("\n", lines) + "\n", text -> RulesetTracer.parse(family, text));
        return new Traced(tracer, each.meaning().table(), each.chain(), jumped);
    }

    /** What became of a packet, and by which rule: the last that matched, empty for the policy. */
    record Verdict(String name, String rule) {
        boolean passes() {
            return name.equals("ACCEPT") || name.equals("NEXT") || name.equals("MASQUERADE");
        }
    }

    /** Returns it, empty where another table or NAT itself stopped the packet. */
    Optional<Verdict> of(Packet packet) {
        ConnState seen = table.equals("raw") ? ConnState.INVALID : ConnState.NEW;
        if (!table.equals("filter") && packet.state() != seen) {
            // The raw table comes before a packet's flow is known, and the nat table sees its first packet alone.
            return Optional.empty();
        }
        Trace trace =
                switch (chain) {
                    case "PREROUTING" -> tracer.prerouting(packet);
                    case "INPUT" -> tracer.input(packet);
                    case "FORWARD" -> tracer.forward(packet);
                    case "OUTPUT" -> tracer.output(packet);
                    default -> tracer.postrouting(packet);
                };
        boolean stopped = trace.hops().stream().anyMatch(hop -> hop.table().equals(table) && hop.stopped());
        if (!stopped && trace.ending() != Trace.Ending.PASSED) {
            return Optional.empty();
        }
        List<String> rules = trace.hops().stream()
                .filter(hop -> hop.table().equals(table))
                .flatMap(hop -> hop.rules().stream())
                .toList();
        String last = rules.isEmpty() ? "" : rules.get(rules.size() - 1);
        String target = last.substring(Math.max(0, last.lastIndexOf(" -j ") + 4 * Integer.signum(last.length())));
        if (trace.ending() == Trace.Ending.REJECTED) {
            return Optional.of(new Verdict("REJECT " + trace.rejectedWith().orElseThrow(), last));
        }
        if (List.of("ACCEPT", "DROP", "MASQUERADE").contains(target)) {
            return Optional.of(new Verdict(target, last));
        }
        return Optional.of(new Verdict(jumps ? "NEXT" : stopped ? "DROP" : "ACCEPT", ""));
    }
}
