package dev.openshell.netns.linux.demo;

import dev.openshell.netns.linux.kernel.Kernel;
import java.util.concurrent.Callable;

/** A namespace in which descriptors are opened: they stay in it, on whichever thread they are used. */
interface Place {
    /** Returns what {@code body} returns, run on a thread inside. */
    <T> T call(Callable<T> body) throws Exception;

    /** Returns the namespace of descriptor {@code namespace}. */
    static Place of(Kernel kernel, int namespace) {
        return new Place() {
            @Override
            public <T> T call(Callable<T> body) throws Exception {
                return kernel.call(namespace, body);
            }
        };
    }
}
