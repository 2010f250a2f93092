package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.testkit.net.Netns;
import java.io.IOException;

final class FakeSockets {
    static <T> T open(FakeKernel kernel, Netns netns, SocketType<T> type) throws IOException {
        throw new UnsupportedOperationException();
    }
}
