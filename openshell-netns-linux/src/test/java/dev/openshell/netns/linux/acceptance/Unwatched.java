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
import java.util.function.UnaryOperator;

/** Sandboxes whose rules on the host nobody watches, for tests that change them and look at what comes of it. */
final class Unwatched {
    private Unwatched() {}

    static NetnsSandbox apply(SandboxPolicy policy) {
        return apply(policy, real -> {
            real.close();
            return new Never();
        });
    }

    /** Applies {@code policy} with what {@code watch} makes of the real watch in its place. */
    static NetnsSandbox apply(SandboxPolicy policy, UnaryOperator<Kernel.RuleWatch> watch) {
        return new LinuxProvider(kernel(new JnaKernel(), watch)).apply(policy);
    }

    private static Kernel kernel(Kernel real, UnaryOperator<Kernel.RuleWatch> watch) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(real, arguments);
                        return result instanceof Kernel.RuleWatch made ? watch.apply(made) : result;
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
