package dev.openshell.netns.linux.process;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** What a process reads. When it exits, the descriptor is released, and what is written then is an IOException. */
final class PipeOutput extends BufferedOutputStream {
    PipeOutput(FileOutputStream pipe) {
        super(pipe);
    }

    /** Returns the stream of a process which reads something else. */
    static OutputStream none() {
        return new Closed();
    }

    /** Called when the process has exited. */
    synchronized void processExited() throws IOException {
        OutputStream pipe = out;
        out = none();
        pipe.close();
    }

    /** Takes no byte, and can be closed any number of times. */
    private static final class Closed extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            throw new IOException("Stream closed");
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            throw new IOException("Stream closed");
        }
    }
}
