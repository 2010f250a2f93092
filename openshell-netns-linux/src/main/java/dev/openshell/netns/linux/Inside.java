package dev.openshell.netns.linux;

import java.io.IOException;
import java.util.concurrent.Callable;

/** Calls that cross into a namespace and, as sockets do, fail with an {@link IOException} only. */
final class Inside {
    private Inside() {}

    static <T> T io(Callable<T> body) throws IOException {
        try {
            return body.call();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
