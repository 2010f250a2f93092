package dev.openshell.netns.linux.bench;

import dev.openshell.netns.linux.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A kernel whose calls are timed. */
final class Timed {
    private final Kernel real;
    private final Map<String, List<Long>> nanos = new TreeMap<>();

    Timed(Kernel real) {
        this.real = real;
    }

    void reset() {
        nanos.clear();
    }

    Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    long start = System.nanoTime();
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        nanos.computeIfAbsent(method.getName(), name -> new ArrayList<>())
                                .add(System.nanoTime() - start);
                    }
                });
    }

    /** Prints the median of each call and how often it was made. */
    void print(String title) {
        System.out.println("\nkernel calls, " + title);
        nanos.forEach((name, all) -> {
            Collections.sort(all);
            System.out.printf("  %-16s %6d calls, median %7.3f ms%n", name, all.size(), all.get(all.size() / 2) / 1e6);
        });
    }
}
