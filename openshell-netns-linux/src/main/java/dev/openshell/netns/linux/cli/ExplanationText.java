package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Explanation;
import java.util.ArrayList;
import java.util.List;

/** An explanation for people. */
final class ExplanationText {
    private ExplanationText() {}

    /** Returns the verdict, the hooks with the rules that decide, and the options that allow the flow or would. */
    static List<String> lines(Explanation explanation) {
        List<String> lines = new ArrayList<>(explanation.toString().lines().toList());
        explanation.ways().stream()
                .flatMap(way -> options(way).stream())
                .distinct()
                .forEach(option -> lines.add("  as an option: " + option));
        return lines;
    }

    /** Returns the options that allow a way, or would. */
    static List<String> options(Explanation.Way way) {
        return BuilderCalls.options(way.allowed() ? way.origin().orElse("") : way.advice());
    }
}
