package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import dev.openshell.netns.linux.sys.Libc;
import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The three standard streams of a process that is about to start: the numbers that become its 0, 1 and 2, all
 * close-on-exec and above 2, and this side's streams. Opened at home with the caller's privileges, as ProcessBuilder
 * does. {@link #close()} closes the process's ends, and this side's too unless they were {@link #keep() kept}.
 */
final class Stdio implements AutoCloseable {
    private static final int EISDIR = 21;

    private final int[] child = {0, 1, 2};
    private final Deque<Integer> numbers = new ArrayDeque<>();
    private final Deque<Closeable> streams = new ArrayDeque<>();
    private OutputStream stdin = PipeOutput.none();
    private InputStream stdout = PipeInput.none();
    private InputStream stderr = PipeInput.none();

    private Stdio() {}

    /** Opens what {@code builder}'s redirects say. */
    static Stdio open(ProcessBuilder builder) throws IOException {
        Stdio stdio = new Stdio();
        try {
            stdio.openInput(builder.redirectInput());
            stdio.stdout = stdio.openOutput(1, builder.redirectOutput());
            if (builder.redirectErrorStream()) {
                stdio.child[2] = stdio.child[1];
            } else {
                stdio.stderr = stdio.openOutput(2, builder.redirectError());
            }
            return stdio;
        } catch (LastErrorException e) {
            stdio.close();
            throw new IOException("error=" + e.getErrorCode() + ", " + Libc.strerror(e.getErrorCode()), e);
        } catch (IOException | RuntimeException | Error e) {
            stdio.close();
            throw e;
        }
    }

    /** Returns the number which the process shall have as {@code target}; itself if it is the JVM's own. */
    int childNumber(int target) {
        return child[target];
    }

    OutputStream stdin() {
        return stdin;
    }

    InputStream stdout() {
        return stdout;
    }

    InputStream stderr() {
        return stderr;
    }

    /** Leaves this side's streams to their process. */
    void keep() {
        streams.clear();
    }

    @Override
    public void close() throws IOException {
        numbers.forEach(Libc::close);
        numbers.clear();
        while (!streams.isEmpty()) {
            streams.pop().close();
        }
    }

    private void openInput(Redirect redirect) throws IOException {
        switch (redirect.type()) {
            case INHERIT -> child[0] = 0;
            case PIPE -> {
                int[] pipe = pipe();
                child[0] = pipe[0];
                FileOutputStream end = new FileOutputStream(path(pipe[1]));
                streams.push(end);
                stdin = new PipeOutput(end);
                closeNow(pipe[1]);
            }
            default -> child[0] = openFile(redirect.file(), Libc.O_RDONLY);
        }
    }

    private InputStream openOutput(int target, Redirect redirect) throws IOException {
        switch (redirect.type()) {
            case INHERIT -> child[target] = target;
            case PIPE -> {
                int[] pipe = pipe();
                child[target] = pipe[1];
                FileInputStream end = new FileInputStream(path(pipe[0]));
                streams.push(end);
                closeNow(pipe[0]);
                return new PipeInput(end);
            }
            default ->
                child[target] = openFile(
                        redirect.file(),
                        Libc.O_WRONLY
                                | Libc.O_CREAT
                                | (redirect.type() == Redirect.Type.APPEND ? Libc.O_APPEND : Libc.O_TRUNC));
        }
        return PipeInput.none();
    }

    private int openFile(File file, int flags) throws FileNotFoundException {
        int fd;
        if (file.getPath().indexOf('\0') >= 0) {
            throw new FileNotFoundException("Invalid file path");
        }
        try {
            fd = own(Libc.open(NativeText.terminated(file.getPath()), flags | Libc.O_CLOEXEC, 0666));
        } catch (LastErrorException e) {
            throw notFound(file, e.getErrorCode());
        }
        if (flags == Libc.O_RDONLY && file.isDirectory()) {
            throw notFound(file, EISDIR);
        }
        return fd;
    }

    private static FileNotFoundException notFound(File file, int errno) {
        return new FileNotFoundException(file + " (" + Libc.strerror(errno) + ")");
    }

    private int[] pipe() {
        int[] pipe = new int[2];
        Libc.pipe2(pipe, Libc.O_CLOEXEC);
        try {
            pipe[0] = own(pipe[0]);
        } catch (LastErrorException e) {
            Libc.close(pipe[1]);
            throw e;
        }
        pipe[1] = own(pipe[1]);
        return pipe;
    }

    /** Owns {@code fd}, or where it is a standard stream's number, which a JVM without one can get, a copy instead. */
    private int own(int fd) {
        int number = fd;
        if (fd <= 2) {
            try {
                number = Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 3);
            } finally {
                Libc.close(fd);
            }
        }
        numbers.push(number);
        return number;
    }

    /** Java opens no stream by its number; opening the pipe a second time is the same pipe. */
    private static String path(int fd) {
        return "/proc/self/fd/" + fd;
    }

    private void closeNow(int fd) {
        numbers.remove(fd);
        Libc.close(fd);
    }
}
