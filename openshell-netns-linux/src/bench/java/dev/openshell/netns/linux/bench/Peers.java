package dev.openshell.netns.linux.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What others take for the same sandbox, on the same machine in the same run. */
final class Peers {
    static final String SEQUENCE = "ip and iptables one at a time";
    static final String BATCH = "ip -batch and iptables-restore";
    static final String CNI = "CNI ptp and firewall";
    private static final int WARM_UP = 5;
    private static final List<Path> PLUGINS = List.of(Path.of("/usr/lib/cni"), Path.of("/opt/cni/bin"));

    private final Figures figures;
    private final int rounds;

    Peers(Figures figures, int rounds) {
        this.figures = figures;
        this.rounds = rounds;
    }

    void measure() throws Exception {
        List<String> missing = Programs.missing("bash", "unshare", "ip", "iptables", "ip6tables", "iptables-restore");
        if (!missing.isEmpty()) {
            figures.skip(
                    "peers: no " + String.join(", ", missing) + " (apt-get install bash util-linux iproute2 iptables)");
            return;
        }
        measure(SEQUENCE, "sequence", "");
        measure(BATCH, "batch", "");
        Optional<Path> plugins = PLUGINS.stream()
                .filter(directory -> Files.isExecutable(directory.resolve("ptp"))
                        && Files.isExecutable(directory.resolve("firewall")))
                .findFirst();
        if (plugins.isPresent()) {
            measure(CNI, "cni", plugins.get().toString());
        } else {
            figures.skip(CNI + ": no plugins in " + PLUGINS + " (apt-get install containernetworking-plugins)");
        }
    }

    private void measure(String name, String way, String plugins) throws Exception {
        ProcessBuilder command = new ProcessBuilder(
                "unshare",
                "--net",
                "--mount",
                "--propagation",
                "private",
                "bash",
                "-s",
                way,
                Integer.toString(rounds),
                Integer.toString(WARM_UP));
        command.environment().put("CNI", plugins);
        Programs.Run run = Programs.run(command, script());
        if (run.status() != 0) {
            figures.skip(name + ": exit status " + run.status() + ": " + run.lastLine());
            return;
        }
        List<Double> create = new ArrayList<>();
        List<Double> remove = new ArrayList<>();
        for (String line : run.output().lines().toList()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "create" -> create.add(Double.parseDouble(words[1]) / 1000);
                case "remove" -> remove.add(Double.parseDouble(words[1]) / 1000);
                case "processes" ->
                    System.out.println(name + ": " + words[1] + " processes to create, " + words[2] + " to remove");
                default -> {}
            }
        }
        figures.add("create, " + name, "ms", toArray(create));
        figures.add("remove, " + name, "ms", toArray(remove));
    }

    private static double[] toArray(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static String script() throws IOException {
        try (var in = Objects.requireNonNull(Peers.class.getResourceAsStream("peers.sh"), "peers.sh")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
