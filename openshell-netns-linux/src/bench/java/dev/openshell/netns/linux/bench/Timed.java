package dev.openshell.netns.linux.bench;

import dev.openshell.netns.linux.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A kernel whose calls are counted and timed, from whatever thread. */
final class Timed {
    private final Kernel real;
    private final Map<String, Spent> calls = new TreeMap<>();

    /** How often a call was made, and what all of them took. */
    record Spent(long calls, long nanos) {
        Spent and(Spent other) {
            return new Spent(calls + other.calls, nanos + other.nanos);
        }
    }

    Timed(Kernel real) {
        this.real = real;
    }

    /** Returns what was spent since the last time, by call. */
    synchronized Map<String, Spent> take() {
        Map<String, Spent> taken = new TreeMap<>(calls);
        calls.clear();
        return taken;
    }

    private synchronized void spent(String call, long nanos) {
        calls.merge(call, new Spent(1, nanos), Spent::and);
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
                        spent(name(method, arguments), System.nanoTime() - start);
                    }
                });
    }

    /** Loads differ too much to be one line: by families, and those that keep what is there (the host's) apart. */
    private static String name(Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "restore" ->
                "restore " + families(arguments[1]) + (List.of(arguments).contains(true) ? " keep" : " new");
            case "save", "saveCounted" -> method.getName() + " " + families(arguments[1]);
            case "readSysctl", "writeSysctl" -> method.getName() + " " + key((String) arguments[1]);
            default -> method.getName();
        };
    }

    /** One, or those that are loaded or read side by side. */
    private static Object families(Object argument) {
        return argument instanceof Map<?, ?> texts ? texts.keySet() : argument;
    }

    /** The last part of a key: the name of a link differs each time. */
    private static String key(String key) {
        return key.substring(key.lastIndexOf('/') + 1);
    }
}
