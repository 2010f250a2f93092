package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What became of a packet, and by which rules.
 *
 * @since 0.1
 */
public final class Trace {
    /** What became of a packet. */
    public enum Verdict {
        /** It got through: to a socket, or out of the machine. */
        ACCEPT,
        /** It is gone and its sender hears nothing. */
        DROP,
        /** It is gone and its sender is told. */
        REJECT
    }

    /** How a packet's way ended; of a {@link RulesetTracer} only the first four. */
    public enum Ending {
        /** All hooks that were asked let it pass. */
        PASSED,
        /** A rule or a policy dropped it. */
        DROPPED,
        /** A rule refused it. */
        REJECTED,
        /** It is delivered in {@link #namespace()}. */
        DELIVERED,
        /** It left the machine by {@link #link()}. */
        LEFT,
        /** No route leads to its destination. */
        UNREACHABLE,
        /** The namespace does not forward what comes in by {@link #link()}. */
        NOT_FORWARDED,
        /** Its source or destination is one that nothing from outside may have. */
        MARTIAN,
        /** The reverse-path filter dropped it. */
        REVERSE_PATH,
        /** It is an IPv6 packet, and {@link #link()} has {@code disable_ipv6}. */
        IPV6_DISABLED,
        /** {@link #link()} or its other end is down. */
        LINK_DOWN,
        /** Nobody on {@link #link()} has the next hop's address. */
        NO_NEIGHBOUR,
        /** It went round and round. */
        LOOP
    }

    /**
     * A table that a rule of matched, or that stopped the packet.
     *
     * @param namespace the namespace's inode; 0 of a {@link RulesetTracer}
     * @param table such as {@code filter}
     * @param chain the built-in chain, such as {@code FORWARD}
     * @param rules the rules that matched, as iptables-save prints them
     * @param stopped whether this table stopped the packet
     */
    public record Hop(long namespace, String table, String chain, List<String> rules, boolean stopped) {}

    private final Ending ending;
    private final List<Hop> hops;
    private final Packet packet;
    private final long namespace;
    private final String link;
    private final String detail;
    private final Optional<Trace> answer;

    private Trace(
            Ending ending,
            List<Hop> hops,
            Packet packet,
            long namespace,
            String link,
            String detail,
            Optional<Trace> answer) {
        this.ending = ending;
        this.hops = hops;
        this.packet = packet;
        this.namespace = namespace;
        this.link = link;
        this.detail = detail;
        this.answer = answer;
    }

    static Trace of(Ending ending, List<Step> steps, Packet packet, String detail) {
        return new Trace(ending, hops(steps), packet, 0, "", detail, Optional.empty());
    }

    static Trace of(Journey journey) {
        return new Trace(
                Ending.valueOf(journey.end().name()),
                hops(journey.steps()),
                packet(journey.skb()),
                journey.namespace(),
                journey.link(),
                journey.detail(),
                journey.answer().map(Trace::of));
    }

    private static Packet packet(Skb skb) {
        return Packet.of(skb.header).with(meta -> {
            meta.in = skb.in;
            meta.out = skb.out;
            meta.state = ConnState.valueOf(skb.state.name());
            meta.reply = skb.reply;
            meta.mark = skb.mark;
            if (skb.ct != null) {
                meta.connMark = skb.ct.mark;
                meta.originalDestination = skb.ct.original.destination();
                meta.originalPort = skb.ct.original.destinationPort();
            }
        });
    }

    private static List<Hop> hops(List<Step> steps) {
        List<Hop> hops = new ArrayList<>();
        for (Step step : steps) {
            boolean stopped = step.outcome().equals("DROP") || step.outcome().startsWith("Reject");
            hops.add(new Hop(step.namespace(), step.table(), step.chain(), step.rules(), stopped));
        }
        return List.copyOf(hops);
    }

    /** Returns what became of the packet. */
    public Verdict verdict() {
        return switch (ending) {
            case PASSED, DELIVERED, LEFT -> Verdict.ACCEPT;
            case REJECTED -> Verdict.REJECT;
            default -> Verdict.DROP;
        };
    }

    /** Returns the rules that matched, in order, each as iptables-save prints it: {@code -A CHAIN …}. */
    public List<String> rules() {
        return hops.stream().flatMap(hop -> hop.rules().stream()).toList();
    }

    /** Returns the packet as it was at the end, behind NAT and marks. */
    public Packet packet() {
        return packet;
    }

    /** Returns how its way ended. */
    public Ending ending() {
        return ending;
    }

    /** Returns the tables in which a rule matched or the packet was stopped, in order. */
    public List<Hop> hops() {
        return hops;
    }

    /** Returns the inode of the namespace in which its way ended; 0 of a {@link RulesetTracer}. */
    public long namespace() {
        return namespace;
    }

    /** Returns the interface that it came in by or left by at the end, an empty string where none is meant. */
    public String link() {
        return link;
    }

    /** Returns what stands behind {@code --reject-with} of the rule that refused it, such as {@code tcp-reset}. */
    public Optional<String> rejectedWith() {
        return ending == Ending.REJECTED ? Optional.of(detail) : Optional.empty();
    }

    /** Returns the way of the kernel's answer to a packet that it refused, empty where it gave none. */
    public Optional<Trace> answer() {
        return answer;
    }

    /** Returns the whole story, a line a rule. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(packet + ": " + ending.name().toLowerCase(Locale.ROOT));
        if (!detail.isEmpty()) {
            text.append(" (").append(detail).append(')');
        }
        if (!link.isEmpty()) {
            text.append(" at ").append(link);
        }
        if (namespace != 0) {
            text.append(" in net:[").append(namespace).append(']');
        }
        for (Hop hop : hops) {
            text.append("\n  ").append(hop.namespace() == 0 ? "" : "net:[" + hop.namespace() + "] ");
            text.append(hop.table()).append(' ').append(hop.chain()).append(hop.stopped() ? " stops it" : "");
            hop.rules().forEach(rule -> text.append("\n    ").append(rule));
        }
        answer.ifPresent(
                trace -> text.append("\n  answer: ").append(trace.toString().replace("\n", "\n  ")));
        return text.toString();
    }
}
