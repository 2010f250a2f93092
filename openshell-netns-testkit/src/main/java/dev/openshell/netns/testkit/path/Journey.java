package dev.openshell.netns.testkit.path;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A packet's whole way. */
public final class Journey {
    /** An interface that the packet came in by, and what it was then. */
    public record Arrival(long namespace, String link, Header header) {}

    private final List<Step> steps = new ArrayList<>();
    private final List<Arrival> arrivals = new ArrayList<>();
    private End end = End.LOOP;
    private Skb skb;
    private long namespace;
    private String link = "";
    private String detail = "";
    private @Nullable Journey answer;

    Journey(Skb skb) {
        this.skb = skb;
    }

    void add(Step step) {
        steps.add(step);
    }

    void arrived(Stack where, String by, Skb as) {
        arrivals.add(new Arrival(where.net().inode(), by, as.header));
    }

    Journey end(End how, Stack where, String by, Skb last) {
        end = how;
        namespace = where.net().inode();
        link = by;
        skb = last;
        return this;
    }

    void detail(String text) {
        detail = text;
    }

    void answer(Journey way) {
        answer = way;
    }

    /** Returns the tables that it went through in which a rule matched or the packet ended, in order. */
    public List<Step> steps() {
        return List.copyOf(steps);
    }

    /** Returns the interfaces that it came in by, in order. */
    public List<Arrival> arrivals() {
        return List.copyOf(arrivals);
    }

    /** Returns how it ended. */
    public End end() {
        return end;
    }

    /** Returns the packet as it was at the end. */
    public Skb skb() {
        return skb;
    }

    /** Returns the inode of the namespace in which it ended. */
    public long namespace() {
        return namespace;
    }

    /** Returns the interface that it came to, left by, or would have; empty where none is meant. */
    public String link() {
        return link;
    }

    /** Returns what {@code --reject-with} said, or the type of the route that rejects, or an empty string. */
    public String detail() {
        return detail;
    }

    /** Returns the way of what the kernel answered. */
    public Optional<Journey> answer() {
        return Optional.ofNullable(answer);
    }
}
