package dev.openshell.netns.linux.diagram;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lays many functions over one another. Long lists are those of rules that differ in one field alone, each with a value
 * of its own: such a run becomes one diagram at once. All else is merged by halves, since laying one after the other
 * over what there is would go through an ever wider diagram each time.
 */
final class Layers {
    private final Diagrams diagrams;
    private final int hole;
    private final Diagram nothing;

    Layers(Diagrams diagrams, int hole) {
        this.diagrams = diagrams;
        this.hole = hole;
        this.nothing = diagrams.always(hole);
    }

    /** What a function is in one range of a field; elsewhere it is the hole. */
    private record Patch(int field, long from, long to, Diagram inside) {}

    Diagram of(List<Diagram> layers) {
        List<Diagram> merged = new ArrayList<>();
        List<Patch> run = new ArrayList<>();
        for (Diagram layer : layers) {
            Patch patch = patch(layer);
            if (!run.isEmpty() && (patch == null || patch.field() != run.get(0).field())) {
                merged.add(run(run));
                run = new ArrayList<>();
            }
            if (patch == null) {
                merged.add(layer);
            } else {
                run.add(patch);
            }
        }
        if (!run.isEmpty()) {
            merged.add(run(run));
        }
        return halves(merged);
    }

    private @Nullable Patch patch(Diagram layer) {
        Patch patch = null;
        for (int i = 0; i < layer.branches.length; i++) {
            if (layer.branches[i] != nothing) {
                if (patch != null) {
                    return null;
                }
                long from = i == 0 ? 0 : layer.upTo[i - 1] + 1;
                patch = new Patch(layer.field, from, layer.upTo[i], layer.branches[i]);
            }
        }
        return patch;
    }

    private Diagram run(List<Patch> run) {
        List<Diagram> insides = new ArrayList<>(run.size());
        Patch first = run.get(0);
        for (Patch patch : run) {
            if (patch.from() == first.from() && patch.to() == first.to()) {
                insides.add(patch.inside());
            }
        }
        if (insides.size() == run.size()) {
            Diagram inside = insides.size() == 1 ? first.inside() : of(insides);
            return diagrams.where(first.field(), Ranges.of(first.from(), first.to()), inside, nothing);
        }
        List<Patch> sorted = new ArrayList<>(run);
        sorted.sort((one, other) -> Long.compareUnsigned(one.from(), other.from()));
        for (int i = 1; i < sorted.size(); i++) {
            if (Long.compareUnsigned(sorted.get(i - 1).to(), sorted.get(i).from()) >= 0) {
                return halves(run.stream().map(this::side).toList());
            }
        }
        return side(sorted);
    }

    private Diagram side(Patch patch) {
        return side(List.of(patch));
    }

    /** Returns the function of patches that lie side by side. */
    private Diagram side(List<Patch> sorted) {
        Diagrams.Builder node = diagrams.builder(sorted.get(0).field(), 2 * sorted.size() + 1);
        for (Patch patch : sorted) {
            if (patch.from() != 0) {
                node.add(patch.from() - 1, nothing);
            }
            node.add(patch.to(), patch.inside());
        }
        return node.end(nothing);
    }

    private Diagram halves(List<Diagram> layers) {
        if (layers.size() < 2) {
            return layers.isEmpty() ? nothing : layers.get(0);
        }
        int half = layers.size() / 2;
        return diagrams.over(halves(layers.subList(0, half)), halves(layers.subList(half, layers.size())), hole);
    }
}
