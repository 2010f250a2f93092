package dev.openshell.netns.linux.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was measured, by name, and what could not be. */
final class Figures {
    private final Map<String, Figure> all = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();

    /** Percentiles of some runs. */
    record Figure(String unit, double median, double p90, double p99, long runs) {}

    void add(String name, String unit, double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        add(name, new Figure(unit, at(sorted, 50), at(sorted, 90), at(sorted, 99), sorted.length));
    }

    void add(String name, Figure figure) {
        all.put(name, figure);
    }

    /** The smallest value that is not below {@code percent} of all. */
    private static double at(double[] sorted, int percent) {
        return sorted[Math.max(0, (int) Math.ceil(sorted.length * percent / 100.0) - 1)];
    }

    void skip(String why) {
        System.out.println("skipped: " + why);
        skipped.add(why);
    }

    Optional<Figure> get(String name) {
        return Optional.ofNullable(all.get(name));
    }

    /** Returns all but the parts of a breakdown, which have tables of their own. */
    Map<String, Figure> whole() {
        Map<String, Figure> whole = new LinkedHashMap<>(all);
        whole.keySet().removeIf(name -> name.startsWith("part of "));
        return whole;
    }

    List<String> skipped() {
        return skipped;
    }

    void write(Path file, List<Targets.Outcome> outcomes) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("figures", all);
        json.put("targets", outcomes);
        json.put("skipped", skipped);
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(
                file,
                new GsonBuilder()
                                .setPrettyPrinting()
                                .disableHtmlEscaping()
                                .create()
                                .toJson(json) + "\n");
    }
}
