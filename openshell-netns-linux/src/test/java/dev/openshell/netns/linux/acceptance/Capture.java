package dev.openshell.netns.linux.acceptance;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** All packets that leave a pod; what is left out says capture.py. */
final class Capture implements AutoCloseable {
    private final Service service;
    private int marks;

    Capture(Service service) {
        this.service = service;
    }

    /** Returns what left since the last call, with nothing that was sent before this one still under way. */
    synchronized List<CapturedPacket> take() {
        String mark = "mark " + ++marks + " ";
        List<String> lines = service.ask(Integer.toString(marks), line -> line.startsWith(mark));
        String last = lines.get(lines.size() - 1);
        if (!last.equals(mark + "0")) {
            throw new IllegalStateException("the capture lost packets: " + last);
        }
        List<CapturedPacket> packets = new ArrayList<>();
        for (String line : lines.subList(0, lines.size() - 1)) {
            packets.add(CapturedPacket.parse(line));
        }
        return packets;
    }

    /** Returns the distinct flows of {@link #take()}, sorted. */
    TreeSet<String> takeFlows() {
        TreeSet<String> flows = new TreeSet<>();
        take().forEach(packet -> flows.add(packet.flow()));
        return flows;
    }

    @Override
    public void close() {
        service.close();
    }
}
