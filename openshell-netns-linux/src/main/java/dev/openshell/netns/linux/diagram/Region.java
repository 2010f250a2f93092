package dev.openshell.netns.linux.diagram;

import java.util.ArrayList;
import java.util.List;

/**
 * A box of values of some fields, and what holds in it.
 *
 * @param from the least value of each field
 * @param to the greatest value of each field
 */
public record Region(long[] from, long[] to, Diagram rest) {
    static List<Region> split(Diagrams diagrams, Diagram diagram, int first, int last) {
        List<Region> regions = new ArrayList<>();
        int fields = last - first + 1;
        split(diagrams, diagram, first, 0, new Region(new long[fields], new long[fields], diagram), regions);
        return regions;
    }

    private static void split(
            Diagrams diagrams, Diagram diagram, int first, int index, Region box, List<Region> regions) {
        if (diagram == diagrams.always(0)) {
            return;
        }
        if (index == box.from().length) {
            regions.add(new Region(box.from().clone(), box.to().clone(), diagram));
            return;
        }
        boolean asks = diagram.field == first + index;
        long from = 0;
        for (int i = 0; i < (asks ? diagram.branches.length : 1); i++) {
            box.from()[index] = from;
            box.to()[index] = asks ? diagram.upTo[i] : diagrams.greatest(first + index);
            split(diagrams, asks ? diagram.branches[i] : diagram, first, index + 1, box, regions);
            from = box.to()[index] + 1;
        }
    }
}
