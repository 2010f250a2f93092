package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Ip;
import java.util.List;
import java.util.OptionalInt;

/** What is known beside the headers. */
final class PacketMeta {
    String in = "";
    String out = "";
    ConnState state = ConnState.NEW;
    boolean reply;
    int mark;
    int connMark;
    Ip originalDestination;
    int originalPort;
    OptionalInt user = OptionalInt.empty();
    OptionalInt group = OptionalInt.empty();

    PacketMeta(Ip originalDestination, int originalPort) {
        this.originalDestination = originalDestination;
        this.originalPort = originalPort;
    }

    PacketMeta copy() {
        PacketMeta copy = new PacketMeta(originalDestination, originalPort);
        copy.in = in;
        copy.out = out;
        copy.state = state;
        copy.reply = reply;
        copy.mark = mark;
        copy.connMark = connMark;
        copy.user = user;
        copy.group = group;
        return copy;
    }

    List<Object> parts() {
        return List.of(in, out, state, reply, mark, connMark, originalDestination, originalPort, user, group);
    }
}
