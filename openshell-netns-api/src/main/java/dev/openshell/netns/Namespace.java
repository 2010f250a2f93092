package dev.openshell.netns;

import java.nio.file.Path;
import org.immutables.value.Value;

/**
 * A sandbox's network namespace. It is anonymous, held by a descriptor of this process, and goes with it.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class Namespace {
    Namespace() {}

    /** Returns the name that was given or generated. */
    @Value.Parameter
    public abstract String name();

    /** Returns the inode number, as {@code stat -L -c %i /proc/PID/ns/net} prints it for a process inside. */
    @Value.Parameter
    public abstract long inode();

    /**
     * Returns a path that {@code nsenter --net=PATH} takes while the sandbox lives: {@code /run/netns/NAME} for a
     * published one, else {@code /proc/PID/fd/N}.
     */
    @Value.Parameter
    public abstract Path path();

    /** Returns a namespace of these parts. */
    public static Namespace of(String name, long inode, Path path) {
        return ImmutableNamespace.of(name, inode, path);
    }
}
