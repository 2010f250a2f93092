package dev.openshell.netns;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox could not be made, or could not be removed wholly. When {@code apply()} throws it nothing is left behind;
 * what went wrong while undoing is attached as suppressed.
 *
 * @since 0.1
 */
public class NetnsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String step;
    private final String object;
    private final int errno;
    private final String remedy;

    /**
     * Makes an exception whose message is {@code STEP OBJECT: REASON (REMEDY)}.
     *
     * @param step what was being done, such as {@code rtnetlink RTM_NEWLINK}
     * @param object what it was done to, such as {@code veth osh-1a2b3c4d}
     * @param errno the system call's errno, 0 where no system call failed
     * @param reason what went wrong
     * @param remedy what to do about it
     * @param cause the cause, or null
     */
    public NetnsException(
            String step, String object, int errno, String reason, String remedy, @Nullable Throwable cause) {
        super(step + " " + object + ": " + reason + " (" + remedy + ")", cause);
        this.step = Objects.requireNonNull(step, "step");
        this.object = Objects.requireNonNull(object, "object");
        this.errno = errno;
        this.remedy = Objects.requireNonNull(remedy, "remedy");
    }

    /** Returns what was being done. */
    public String step() {
        return step;
    }

    /** Returns what it was done to: an interface, a namespace, a file, a name. */
    public String object() {
        return object;
    }

    /** Returns the errno of the system call that failed (errno(3), of the machine's own numbering), or 0. */
    public int errno() {
        return errno;
    }

    /** Returns what to do about it. */
    public String remedy() {
        return remedy;
    }
}
