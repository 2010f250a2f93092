package dev.openshell.netns.linux.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs probe.py somewhere: each probe is one of its lines, such as {@code tcp 203.0.113.10 443}. */
final class Probes {
    /** Longer than a refusal may take. */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final int WORKERS = 64;

    private final Place place;

    private Probes(Place place) {
        this.place = place;
    }

    /** How a probe ended: {@code ok}, {@code timeout} or an error's name; after how long; with what received. */
    record Outcome(String probe, String outcome, long millis, String detail) {
        boolean ok() {
            return outcome.equals("ok");
        }

        boolean refusedInTime() {
            return !ok() && !outcome.equals("timeout") && millis < 1000;
        }
    }

    /** Somewhere a command can be run. */
    @FunctionalInterface
    interface Place {
        /** Returns how {@code command}, given {@code input}, ends there. */
        Shell.Result run(String input, String... command);
    }

    /** Starts processes there. */
    @FunctionalInterface
    interface Starter {
        /** Starts a process. */
        Process start(ProcessBuilder command) throws IOException;
    }

    /** Returns the probes of {@code world}'s script, run at {@code place}. */
    static Probes at(PodWorld world, Place place) {
        return new Probes((input, command) -> {
            String[] all = new String[command.length + 2];
            all[0] = PodWorld.python();
            all[1] = world.script("probe.py");
            System.arraycopy(command, 0, all, 2, command.length);
            return place.run(input, all);
        });
    }

    /** Returns the place that {@code starter} starts processes in. */
    static Place place(Starter starter) {
        return (input, command) -> {
            try {
                return Shell.finish(starter.start(new ProcessBuilder(command).redirectErrorStream(true)), input);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** Returns how one probe ended. */
    Outcome one(String probe) {
        return all(PATIENCE, List.of(probe)).get(probe);
    }

    /** Returns how each probe ended, all tried side by side. */
    Map<String, Outcome> all(List<String> probes) {
        return all(PATIENCE, probes);
    }

    /** Returns how each probe ended, each given up after {@code patience}. */
    Map<String, Outcome> all(Duration patience, List<String> probes) {
        Shell.Result result = place.run(
                String.join("\n", probes) + "\n", Long.toString(patience.toMillis()), Integer.toString(WORKERS));
        List<String> lines = result.lines();
        if (result.status() != 0 || lines.size() != probes.size()) {
            throw new IllegalStateException("probe.py: exit status " + result.status() + ": " + result.output());
        }
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String[] words = lines.get(i).split(" ", 3);
            String detail = words.length > 2 ? words[2] : "";
            outcomes.put(probes.get(i), new Outcome(probes.get(i), words[0], Long.parseLong(words[1]), detail));
        }
        return outcomes;
    }

    /** Returns those of {@code probes} that got through. */
    List<String> reached(Duration patience, List<String> probes) {
        List<String> reached = new ArrayList<>();
        all(patience, probes).forEach((probe, outcome) -> {
            if (outcome.ok()) {
                reached.add(probe + ": " + outcome.detail());
            }
        });
        return reached;
    }
}
