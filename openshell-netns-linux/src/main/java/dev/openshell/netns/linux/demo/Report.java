package dev.openshell.netns.linux.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * What was measured.
 *
 * @param rows one for each probe
 */
public record Report(List<Row> rows) {
    private static final String GAP = "  ";

    /** One probe, before and after. */
    record Row(String what, boolean allowed, Outcome before, Outcome after) {}

    static Report of(List<Probe> probes, List<Outcome> before, List<Outcome> after) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < probes.size(); i++) {
            Probe probe = probes.get(i);
            rows.add(new Row(probe.what(), probe.allowed(), before.get(i), after.get(i)));
        }
        return new Report(List.copyOf(rows));
    }

    /** Returns whether all is as the policy says now. */
    public boolean ok() {
        return asAllowedAfter() == rows.size();
    }

    private long asAllowedAfter() {
        return rows.stream().filter(row -> row.after.asAllowed(row.allowed)).count();
    }

    private long asAllowedBefore() {
        return rows.stream().filter(row -> row.before.asAllowed(row.allowed)).count();
    }

    /** Returns the table and, as its last line, the count of rows that are as the policy says. */
    public String text() {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("what", "allowed by the policy?", "before", "after"));
        for (Row row : rows) {
            cells.add(List.of(row.what, row.allowed ? "yes" : "no", row.before.text(), row.after.text()));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : cells) {
            StringBuilder padded = new StringBuilder();
            for (int column = 0; column < line.size(); column++) {
                padded.append(padded(line.get(column), width(cells, column))).append(GAP);
            }
            text.append(padded.toString().stripTrailing()).append('\n');
        }
        return text.append("\nafter: ")
                .append(asAllowedAfter() + " of " + rows.size() + " as the policy says; before: ")
                .append(asAllowedBefore() + " of " + rows.size() + "\n")
                .toString();
    }

    private static int width(List<List<String>> cells, int column) {
        return cells.stream().mapToInt(line -> line.get(column).length()).max().orElse(0);
    }

    private static String padded(String cell, int width) {
        return cell + " ".repeat(width - cell.length());
    }
}
