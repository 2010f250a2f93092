package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/** Sandboxes whose rules on the host nobody watches, for tests that change them and look at what comes of it. */
final class Unwatched {
    private Unwatched() {}

    static NetnsSandbox apply(SandboxPolicy policy) {
        return new LinuxProvider(kernel(new JnaKernel())).apply(policy);
    }

    private static Kernel kernel(Kernel real) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("watch")) {
                        return new Never();
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Tells of nothing, until it is woken. */
    static final class Never implements Kernel.RuleWatch {
        private final Semaphore woken = new Semaphore(0);

        @Override
        public boolean await(Duration limit) {
            woken.acquireUninterruptibly();
            return false;
        }

        @Override
        public void wake() {
            woken.release();
        }

        @Override
        public void close() {
            // It holds nothing.
        }
    }
}
