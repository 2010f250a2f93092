package dev.openshell.netns.testkit.net;

/** What Linux refuses: an errno and, where Linux gives one, the text of its extended acknowledgement. */
public final class NetException extends RuntimeException {
    public static final int ENOENT = 2;
    public static final int EBADF = 9;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ERANGE = 34;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int EHOSTUNREACH = 113;
    public static final int ESRCH = 3;
    public static final int ENXIO = 6;
    public static final int EAGAIN = 11;

    private static final long serialVersionUID = 1;

    private final int errno;

    public NetException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /** Returns the errno. */
    public int errno() {
        return errno;
    }

    /** Returns Linux's text, empty where it gives none. */
    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? "" : message;
    }

    @Override
    public String toString() {
        return "errno " + errno + (getMessage().isEmpty() ? "" : " " + getMessage());
    }
}
