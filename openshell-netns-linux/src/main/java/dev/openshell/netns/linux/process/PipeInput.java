package dev.openshell.netns.linux.process;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * What a process writes. When it exits, the descriptor is released, whether or not somebody reads: what is in the pipe
 * then stays readable, as with the JDK's own processes.
 */
final class PipeInput extends BufferedInputStream {
    private final Object closing = new Object();

    PipeInput(FileInputStream pipe) {
        super(new Source(pipe));
    }

    /** Returns the stream of a process whose output goes elsewhere: at its end, and never closed. */
    static InputStream none() {
        return new ByteArrayInputStream(new byte[0]);
    }

    /** Called when the process has exited. Waits for a reader, and so for the pipe's other writers if there is one. */
    synchronized void processExited() throws IOException {
        synchronized (closing) {
            InputStream pipe = in;
            if (pipe != null) {
                try {
                    in = new ByteArrayInputStream(available(pipe));
                } finally {
                    pipe.close();
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (closing) {
            super.close();
        }
    }

    private static byte[] available(InputStream pipe) throws IOException {
        byte[] bytes = new byte[0];
        int length = 0;
        int more;
        while ((more = pipe.available()) > 0) {
            bytes = Arrays.copyOf(bytes, length + more);
            length += Math.max(0, pipe.read(bytes, length, more));
        }
        return Arrays.copyOf(bytes, length);
    }

    /** Hides that it is a file: skipping and copying by position fail on a pipe. */
    private static final class Source extends InputStream {
        private final FileInputStream pipe;

        Source(FileInputStream pipe) {
            this.pipe = pipe;
        }

        @Override
        public int read() throws IOException {
            return pipe.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return pipe.read(bytes, offset, length);
        }

        @Override
        public int available() throws IOException {
            return pipe.available();
        }

        @Override
        public void close() throws IOException {
            pipe.close();
        }
    }
}
