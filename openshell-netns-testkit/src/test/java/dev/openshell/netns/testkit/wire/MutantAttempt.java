package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.wire.MutantPod.From;
import dev.openshell.netns.testkit.wire.MutantPod.Where;
import java.util.List;

/**
 * Sends a counterexample's packet where its hook is passed next, and looks for it where what is let through there comes
 * by next. What its hook takes for granted is made so: that the packet is for the host itself, or leaves by a certain
 * interface, and that its flow was let through before.
 */
final class MutantAttempt {
    private final MutantPod pod;
    private final CounterexamplePacket packet;
    private Header header;

    MutantAttempt(MutantPod pod, CounterexamplePacket packet) throws Exception {
        this.pod = pod;
        this.packet = packet;
        this.header = packet.header();
        String destination = packet.header().destination().toString();
        boolean itself =
                pod.veth().network().at(1).equals(packet.header().destination().toInetAddress());
        if (packet.onHost() && packet.hook().equals("filter INPUT") && !itself) {
            pod.ip("addr", "add", destination, "dev", "lo");
        } else if (packet.onHost() && List.of("uplink0", "osh-").contains(packet.out())) {
            pod.ip("route", "add", destination, "dev", packet.out());
        } else if (packet.hook().equals("raw PREROUTING")) {
            pod.router();
        }
        if (!packet.begins()) {
            begin();
        }
    }

    /** Returns whether the packet gets through. */
    boolean passes() {
        Header seen = pod.send(from(packet.in()), header).get(where());
        return seen != null && same(seen);
    }

    private From from(String in) {
        if (!packet.onHost()) {
            return packet.hook().equals("filter OUTPUT") ? From.INSIDE : From.PAST_HOST;
        }
        return switch (in) {
            case "" -> From.HOST;
            case "eth0" -> From.ETH0;
            case "uplink0" -> From.UPLINK0;
            default -> From.PAST_INSIDE;
        };
    }

    private Where where() {
        if (!packet.onHost()) {
            return packet.hook().equals("filter OUTPUT") ? Where.HOST_END : Where.INSIDE_LOCAL;
        }
        if (packet.hook().equals("filter INPUT")) {
            return Where.HOST_LOCAL;
        }
        return switch (packet.out()) {
            case "", "eth0" -> Where.ETH0;
            case "uplink0" -> Where.UPLINK0;
            case "osh-" -> Where.OTHER_SANDBOX;
            default -> Where.INSIDE;
        };
    }

    /** Where it has left the host, the source may be the host's. */
    private boolean same(Header seen) {
        Header wanted = packet.header();
        boolean source = List.of(Where.ETH0, Where.OTHER_SANDBOX).contains(where())
                || seen.source().equals(wanted.source());
        return source
                && seen.destination().equals(wanted.destination())
                && seen.protocol() == wanted.protocol()
                && seen.sourcePort() == wanted.sourcePort()
                && seen.destinationPort() == wanted.destinationPort()
                && seen.tcpFlags() == wanted.tcpFlags()
                && seen.icmpType() == wanted.icmpType()
                && seen.icmpCode() == wanted.icmpCode();
    }

    /** Lets the packet's flow begin, whatever the rules say of it. */
    private void begin() {
        String chain = packet.onHost() ? "FORWARD" : "OUTPUT";
        pod.letting(packet.onHost(), header.family(), chain, () -> {
            Header first = packet.first();
            Header left = packet.onHost()
                    ? pod.send(From.PAST_INSIDE, first).get(Where.ETH0)
                    : pod.send(From.INSIDE, first).get(Where.HOST_END);
            if (left == null) {
                throw new IllegalStateException("its flow does not begin: " + first);
            }
            if (packet.onHost() && packet.forward()) {
                pod.send(From.ETH0, CounterexamplePacket.answer(left));
            }
            header = packet.onHost() ? packet.outside(left) : packet.header();
        });
    }
}
