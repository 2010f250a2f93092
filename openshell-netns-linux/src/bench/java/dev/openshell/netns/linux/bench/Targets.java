package dev.openshell.netns.linux.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What figures, and ratios of figures, are to be. */
final class Targets {
    /** The backend that starts no process, for which most of the targets are. */
    private static final String IN_PROCESS = "NFTABLES";

    private final Figures figures;
    private final List<Outcome> outcomes = new ArrayList<>();

    /** A figure or ratio beside its target. */
    record Outcome(String name, double value, String target, boolean met) {}

    private Targets(Figures figures) {
        this.figures = figures;
    }

    /** Returns an outcome for each target of which all figures are there. */
    static List<Outcome> of(Figures figures, int size) {
        Targets targets = new Targets(figures);
        for (Variant variant : Variant.values()) {
            targets.add(variant, size);
        }
        targets.addInProcess();
        targets.atMost(Whole.RUN + " to Hello", targets.ratio(Whole.RUN, Whole.HELLO), 5);
        return targets.outcomes;
    }

    private void add(Variant variant, int size) {
        String batch = "create, " + Peers.BATCH;
        atMost("apply, " + variant + ", to " + Peers.BATCH, ratio("apply, " + variant, batch), 0.6);
        atMost("close, " + variant + ", to one iptables-restore", ratio("close, " + variant, "restore nothing"), 1.5);
        atMost(
                "create, " + size + " live to 1, " + variant,
                ratio(Scaling.create(size, variant), Scaling.create(1, variant)),
                1.2);
        atMost(
                "TCP connect, " + size + " live to 1, " + variant,
                ratio(Scaling.connect(size, variant), Scaling.connect(1, variant)),
                1.1);
        atMost("heap of a live sandbox, kB, " + variant, median("heap of a live sandbox, " + variant), 20);
        atMost("threads of a live sandbox, " + variant, median("threads of a live sandbox, " + variant), 0);
        atLeast("bulk TCP to veth and NAT only, " + variant, ratio(Bulk.name(variant), Bulk.PLAIN), 0.95);
    }

    private void addInProcess() {
        String apply = "apply, " + IN_PROCESS;
        String close = "close, " + IN_PROCESS;
        String gone = "gone after close, " + IN_PROCESS;
        String pool = "apply from a pool, " + IN_PROCESS;
        String rate = Scaling.perSecond(IN_PROCESS);
        atMost(apply + ", to " + Peers.SEQUENCE, ratio(apply, "create, " + Peers.SEQUENCE), 0.025);
        atMost(apply + ", ms", median(apply), 1.3);
        atMost(apply + ", p99, ms", p99(apply), 5);
        atMost(pool + ", ms", median(pool), 0.4);
        atMost(close + ", ms", median(close), 0.2);
        atMost(gone + ", p99, ms", p99(gone), 100);
        atLeast(rate, median(rate), 800);
    }

    private OptionalDouble p99(String name) {
        Optional<Figures.Figure> figure = figures.get(name);
        return figure.isPresent() ? OptionalDouble.of(figure.get().p99()) : OptionalDouble.empty();
    }

    private OptionalDouble median(String name) {
        Optional<Figures.Figure> figure = figures.get(name);
        return figure.isPresent() ? OptionalDouble.of(figure.get().median()) : OptionalDouble.empty();
    }

    private OptionalDouble ratio(String above, String below) {
        OptionalDouble a = median(above);
        OptionalDouble b = median(below);
        return a.isPresent() && b.isPresent()
                ? OptionalDouble.of(a.getAsDouble() / b.getAsDouble())
                : OptionalDouble.empty();
    }

    private void atMost(String name, OptionalDouble value, double most) {
        value.ifPresent(it -> outcomes.add(new Outcome(name, it, "≤ " + most, it <= most)));
    }

    private void atLeast(String name, OptionalDouble value, double least) {
        value.ifPresent(it -> outcomes.add(new Outcome(name, it, "≥ " + least, it >= least)));
    }
}
