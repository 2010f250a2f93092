package dev.openshell.netns.linux.bench;

import java.util.List;

/** The tables on standard output. */
final class Table {
    private Table() {}

    static void print(Figures figures, List<Targets.Outcome> outcomes) {
        System.out.printf(
                "%nLinux %s, %s, JDK %s, %d processors%n",
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors());
        System.out.printf("%n%-48s %12s %12s %12s %7s%n", "figure", "median", "p90", "p99", "runs");
        figures.whole()
                .forEach((name, figure) -> System.out.printf(
                        "%-48s %12.3f %12.3f %12.3f %7d %s%n",
                        name, figure.median(), figure.p90(), figure.p99(), figure.runs(), figure.unit()));
        System.out.printf("%n%-64s %10s %8s%n", "ratios of medians of this run", "value", "target");
        outcomes.forEach(outcome -> System.out.printf(
                "%-64s %10.3f %8s %s%n",
                outcome.name(), outcome.value(), outcome.target(), outcome.met() ? "met" : "MISSED"));
        figures.skipped().forEach(why -> System.out.println("skipped: " + why));
    }
}
