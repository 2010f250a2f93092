package dev.openshell.netns.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/** The streams of a {@link FakeTcp}. Closing one closes the socket. */
final class FakeTcpStreams {
    private FakeTcpStreams() {}

    static final class Input extends InputStream {
        private final FakeTcp socket;

        Input(FakeTcp socket) {
            this.socket = socket;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            return socket.read(to, offset, length);
        }

        @Override
        public int available() throws IOException {
            return socket.available();
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    static final class Output extends OutputStream {
        private final FakeTcp socket;

        Output(FakeTcp socket) {
            this.socket = socket;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (length > 0) {
                socket.write(bytes, offset, length);
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
