package dev.openshell.netns.linux.acceptance;

import java.util.ArrayList;
import java.util.List;

/** Sockets that answer, and that know what came. */
final class Listeners implements AutoCloseable {
    private final Service service;

    Listeners(Service service) {
        this.service = service;
    }

    /** Returns what came since the last call: {@code NAMESPACE tcp|udp LOCAL PORT PEER PORT}. */
    List<String> take() {
        // Twice: the first request may have been read before what came along with it.
        List<String> came = new ArrayList<>(service.ask("", "end"::equals));
        came.addAll(service.ask("", "end"::equals));
        came.removeIf("end"::equals);
        return came;
    }

    @Override
    public void close() {
        service.close();
    }
}
