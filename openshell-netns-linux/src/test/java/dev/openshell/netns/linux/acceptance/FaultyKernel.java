package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;

/** The real kernel, of which one call fails: before it does anything, or after it has done it. */
final class FaultyKernel {
    /** EIO, which nothing here ever gets from a kernel that works. */
    static final int ERRNO = 5;

    /** Calls that can fail after they have done something: what they do is known to the kernel alone. */
    private static final Set<String> HALF_DONE = Set.of("netlink", "restore", "writeSysctl");

    /** Calls that can't fail. */
    private static final Set<String> NEVER = Set.of("close", "landlock", "unpublish");

    private final Kernel real;
    private int failing;
    private final boolean after;
    private int calls;
    private String always = "";
    private String failed = "";

    FaultyKernel(Kernel real, int failing, boolean after) {
        this.real = real;
        this.failing = failing;
        this.after = after;
    }

    /** Lets the {@code call}th call from now fail; 0 for none. */
    void arm(int call) {
        failing = call;
        calls = 0;
    }

    /** Lets every call of {@code name} fail from now on. */
    void failAll(String name) {
        always = name;
    }

    /** Returns the call that failed, or an empty string. */
    String failed() {
        return failed;
    }

    Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("watch")) {
                        // Its thread would make calls of its own.
                        return new Unwatched.Never();
                    }
                    Object[] given = arguments == null ? new Object[0] : arguments;
                    boolean counts =
                            !NEVER.contains(method.getName()) && (!after || HALF_DONE.contains(method.getName()));
                    if (!method.getName().equals(always) && (!counts || ++calls != failing)) {
                        return invoke(method, given);
                    }
                    failed = method.getName() + " "
                            + List.of(given).stream()
                                    .filter(argument -> argument instanceof String || argument instanceof Enum)
                                    .toList();
                    if (after) {
                        invoke(method, given);
                    }
                    throw new KernelException(ERRNO, "forced at call " + failing + ", " + failed);
                });
    }

    private Object invoke(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
