package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.netlink.Request;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** One thing that is done to the kernel. */
sealed interface Action {
    /** In which of the two namespaces. */
    enum Where {
        HOST,
        SANDBOX
    }

    /**
     * A sandbox's namespace that was made: its descriptor and inode, and the process that made it.
     */
    record Made(int descriptor, long inode, Owner owner) {
        /** Returns what is written on all that is made outside of it. */
        Mark mark(boolean detached) {
            return new Mark(owner, inode, detached);
        }
    }

    /** Makes the sandbox's namespace; from then on its descriptor is known. */
    record CreateNamespace() implements Action {}

    /** Closes the descriptor: the kernel frees the namespace and its link, soon, once nothing else holds it. */
    record CloseNamespace() implements Action {}

    /** Loads rules, in the host namespace beside those that are there, in the sandbox in place of them. */
    record Load(Where where, Family family, String text) implements Action {}

    /** Sends rtnetlink messages; their bytes may carry the sandbox's descriptor and its mark. */
    record Configure(Where where, Function<Made, Request> request) implements Action {}

    /** The same, where the interface may be gone already. */
    record ConfigureIfThere(Where where, Function<Made, Request> request) implements Action {}

    /** Writes a sysctl. */
    record SetSysctl(Where where, String key, String value) implements Action {}

    /**
     * Takes away the rules of a link, and with the last one of all links the standing ones and the forwarding. {@code
     * guards} are the notes of the guards by family and link, should others have taken these away.
     */
    record Release(String link, Map<Family, Map<String, Set<String>>> guards) implements Action {}

    /** Binds the namespace to a file. */
    record Publish(Path path, boolean detached) implements Action {}

    /** Undoes that. */
    record Unpublish(Path path) implements Action {}
}
