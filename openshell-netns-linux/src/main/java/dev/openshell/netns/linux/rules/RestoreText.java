package dev.openshell.netns.linux.rules;

import dev.openshell.netns.linux.base.RestoreLines;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Restore input as text. */
public final class RestoreText {
    private RestoreText() {}

    /** Returns one text that does what {@code first} and then {@code second} do, with each table once. */
    public static String merge(String first, String second) {
        Map<String, List<String>> chains = new LinkedHashMap<>();
        Map<String, List<String>> rules = new LinkedHashMap<>();
        String table = "";
        for (String line : RestoreLines.of(first + second)) {
            if (line.startsWith("*")) {
                table = line;
                chains.putIfAbsent(table, new ArrayList<>());
                rules.putIfAbsent(table, new ArrayList<>());
            } else if (line.startsWith(":")) {
                chains.get(table).add(line);
            } else if (!line.equals("COMMIT")) {
                rules.get(table).add(line);
            }
        }
        StringBuilder text = new StringBuilder();
        chains.forEach((name, declared) -> {
            text.append(name).append('\n');
            declared.forEach(line -> text.append(line).append('\n'));
            rules.get(name).forEach(line -> text.append(line).append('\n'));
            text.append("COMMIT\n");
        });
        return text.toString();
    }
}
