package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.base.Errno;

/** The operating system refused. Whoever asked says which step it was, and of what. */
public final class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String remedy;

    /** A system call's errno. */
    public KernelException(int errno, String detail) {
        this(errno, Errno.name(errno) + (detail.isEmpty() ? "" : " " + detail), Errno.remedy(errno));
    }

    /** A refusal with a reason and a remedy of its own; {@code errno} is 0 where no system call failed. */
    public KernelException(int errno, String reason, String remedy) {
        super(reason);
        this.errno = errno;
        this.remedy = remedy;
    }

    /** Returns the errno, or 0. */
    public int errno() {
        return errno;
    }

    /** Returns what to do about it. */
    public String remedy() {
        return remedy;
    }
}
