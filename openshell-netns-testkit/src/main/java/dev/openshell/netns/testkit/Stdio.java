package dev.openshell.netns.testkit;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/** The standard streams of a process that runs in this JVM, as a {@link ProcessBuilder} redirects them: both sides. */
final class Stdio {
    private static final Logger LOG = System.getLogger(Stdio.class.getName());

    private final List<Closeable> own = new ArrayList<>();
    private final InputStream in;
    private final OutputStream out;
    private final OutputStream err;
    private OutputStream stdin = closedOutput();
    private InputStream stdout = InputStream.nullInputStream();
    private InputStream stderr = InputStream.nullInputStream();

    private Stdio(ProcessBuilder builder) throws IOException {
        try {
            in = own(input(builder.redirectInput()));
            Sink first = output(builder.redirectOutput(), System.out);
            out = own(first.stream);
            stdout = first.parent;
            Sink second = builder.redirectErrorStream()
                    ? new Sink(out, InputStream.nullInputStream())
                    : output(builder.redirectError(), System.err);
            err = own(second.stream);
            stderr = second.parent;
        } catch (IOException | RuntimeException e) {
            exited();
            throw e;
        }
    }

    /** Opens what {@code builder} says. */
    static Stdio open(ProcessBuilder builder) throws IOException {
        return new Stdio(builder);
    }

    private <T extends Closeable> T own(T stream) {
        own.add(stream);
        return stream;
    }

    private InputStream input(Redirect redirect) throws IOException {
        return switch (redirect.type()) {
            case PIPE -> {
                Pipe pipe = new Pipe();
                stdin = new Pipe.Output(pipe);
                yield new Pipe.Input(pipe, true);
            }
            case INHERIT -> new SharedInput();
            default -> new FileInputStream(redirect.file());
        };
    }

    /** Where a process writes to, and what its parent reads of it. */
    private record Sink(OutputStream stream, InputStream parent) {}

    private static Sink output(Redirect redirect, OutputStream inherited) throws IOException {
        return switch (redirect.type()) {
            case PIPE -> {
                Pipe pipe = new Pipe();
                yield new Sink(new Pipe.Output(pipe), new Pipe.Input(pipe, false));
            }
            case INHERIT -> new Sink(new SharedOutput(inherited), InputStream.nullInputStream());
            default ->
                new Sink(
                        redirect == Redirect.DISCARD
                                ? OutputStream.nullOutputStream()
                                : new FileOutputStream(redirect.file(), redirect.type() == Redirect.Type.APPEND),
                        InputStream.nullInputStream());
        };
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    OutputStream err() {
        return err;
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

    /** Closes the process's side, and what the parent would write to. */
    void exited() {
        own.forEach(Stdio::close);
        close(stdin);
    }

    /** Closes the parent's side. */
    void destroyed() {
        close(stdin);
        close(stdout);
        close(stderr);
    }

    private static void close(Closeable stream) {
        try {
            stream.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "stream of a fake process", e);
        }
    }

    private static OutputStream closedOutput() {
        Pipe.Output output = new Pipe.Output(new Pipe());
        output.close();
        return output;
    }

    /** The JVM's own input: a process that closes it closes it for itself. */
    private static final class SharedInput extends InputStream {
        private volatile boolean closed;

        @Override
        public int read() throws IOException {
            return open().read();
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            return open().read(to, offset, length);
        }

        private InputStream open() throws IOException {
            if (closed) {
                throw new IOException("Stream closed");
            }
            return System.in;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** A stream of the JVM's own: a process that closes it closes it for itself. */
    private static final class SharedOutput extends OutputStream {
        private final OutputStream stream;
        private volatile boolean closed;

        SharedOutput(OutputStream stream) {
            this.stream = stream;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (closed) {
                throw new IOException("Stream closed");
            }
            stream.write(bytes, offset, length);
            stream.flush();
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
