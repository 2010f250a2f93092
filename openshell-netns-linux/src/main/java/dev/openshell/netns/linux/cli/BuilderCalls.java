package dev.openshell.netns.linux.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Builder calls that a text names, as options of the command line. */
final class BuilderCalls {
    private static final Pattern CALL = Pattern.compile("\\b(directTcp|allowDns|allowDnsFromHost|proxy)\\(([^()]*)\\)");
    private static final Pattern HOST = Pattern.compile("\"([^\"]+)\"");
    private static final Pattern PORT = Pattern.compile("(?:^|, ?)([0-9]+)(?=,|$)");

    private BuilderCalls() {}

    /** Returns for each call in {@code text} such as {@code --direct-tcp db.internal:5432}; others have no option. */
    static List<String> options(String text) {
        List<String> options = new ArrayList<>();
        for (Matcher call = CALL.matcher(text); call.find(); ) {
            List<String> hosts = all(HOST, call.group(2));
            List<String> ports = all(PORT, call.group(2));
            switch (call.group(1)) {
                case "allowDnsFromHost" -> options.add("--dns auto");
                case "allowDns" -> hosts.forEach(host -> options.add("--dns " + host));
                case "proxy" -> ports.forEach(port -> options.add("--proxy " + port));
                default -> hosts.forEach(host -> options.addAll(direct(host, ports)));
            }
        }
        return options;
    }

    private static List<String> direct(String host, List<String> ports) {
        if (ports.isEmpty()) {
            return List.of("--direct-tcp " + host);
        }
        boolean bare = host.indexOf(':') >= 0 && !host.startsWith("[");
        String shown = bare ? "[" + host + "]" : host;
        return ports.stream().map(port -> "--direct-tcp " + shown + ":" + port).toList();
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }
}
