package dev.openshell.netns.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Bytes on their way from one thread to another. It takes any number of them: a writer never waits for a reader. */
final class Pipe {
    private static final long LOOK_MILLIS = 50;

    /** Asked from time to time by a reader that waits. */
    interface Check {
        /** Throws when nothing can come any more. */
        void stillThere() throws IOException;
    }

    private final Deque<byte[]> chunks = new ArrayDeque<>();
    private boolean ended;
    private boolean unread;
    private @Nullable IOException failure;

    /** Adds bytes and returns true, or returns false where nobody reads any more. */
    synchronized boolean put(byte[] bytes, int offset, int length) {
        if (unread) {
            return false;
        }
        if (length > 0) {
            chunks.add(Arrays.copyOfRange(bytes, offset, offset + length));
            notifyAll();
        }
        return true;
    }

    /** Lets readers see the end behind what is there. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Lets readers fail behind what is there. */
    synchronized void fail(IOException why) {
        if (failure == null) {
            failure = why;
        }
        notifyAll();
    }

    /** Throws away what is there and what will come. */
    synchronized void stopReading(IOException why) {
        unread = true;
        chunks.clear();
        failure = why;
        notifyAll();
    }

    synchronized int available() {
        return chunks.stream().mapToInt(chunk -> chunk.length).sum();
    }

    /** Returns how many bytes it read into {@code to}, -1 at the end; waits at most {@code millis}, 0 for ever. */
    int take(byte[] to, int offset, int length, long millis, Check check) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            synchronized (this) {
                if (length == 0 || !chunks.isEmpty()) {
                    return length == 0 ? 0 : copy(to, offset, length);
                }
                if (failure != null) {
                    throw failure;
                }
                if (ended) {
                    return -1;
                }
            }
            check.stillThere();
            long left = millis == 0 ? LOOK_MILLIS : millis - (System.nanoTime() - start) / 1_000_000;
            if (left <= 0) {
                throw new SocketTimeoutException("Read timed out");
            }
            synchronized (this) {
                if (chunks.isEmpty() && failure == null && !ended) {
                    wait(Math.min(left, LOOK_MILLIS));
                }
            }
        }
    }

    private int copy(byte[] to, int offset, int length) {
        byte[] chunk = chunks.remove();
        int count = Math.min(length, chunk.length);
        System.arraycopy(chunk, 0, to, offset, count);
        if (count < chunk.length) {
            chunks.addFirst(Arrays.copyOfRange(chunk, count, chunk.length));
        }
        return count;
    }

    /** The reading end: of a process, whose reads a signal interrupts, or of its parent, whose reads nothing does. */
    static final class Input extends InputStream {
        private final Pipe pipe;
        private final boolean interruptible;

        Input(Pipe pipe, boolean interruptible) {
            this.pipe = pipe;
            this.interruptible = interruptible;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            boolean interrupted = false;
            try {
                while (true) {
                    try {
                        return pipe.take(to, offset, length, 0, () -> {});
                    } catch (InterruptedException e) {
                        if (interruptible) {
                            throw new InterruptedIOException("interrupted");
                        }
                        interrupted = true;
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public int available() {
            return pipe.available();
        }

        @Override
        public void close() {
            pipe.stopReading(new IOException("Stream closed"));
        }
    }

    /** The writing end. */
    static final class Output extends OutputStream {
        private final Pipe pipe;
        private volatile boolean closed;

        Output(Pipe pipe) {
            this.pipe = pipe;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (closed) {
                throw new IOException("Stream closed");
            }
            if (!pipe.put(bytes, offset, length)) {
                throw new IOException("Broken pipe");
            }
        }

        @Override
        public void close() {
            closed = true;
            pipe.end();
        }
    }
}
