package dev.openshell.netns.linux.acceptance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Many flows to one place, begun at once from ports of their own, and held until they are closed together. */
final class Flows implements AutoCloseable {
    /** Prints how many of them were answered within three seconds; ends when its standard input does. */
    private static final String SCRIPT =
            """
            import select, socket, struct, sys, time
            kind, host, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            query = struct.pack("!6H", 7, 256, 1, 0, 0, 0) + b"\\2db\\10internal\\0\\0\\1\\0\\1"
            poll, opened = select.poll(), {}
            for _ in range(count):
                made = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
                made.setblocking(False)
                made.connect_ex((host, port))
                if kind == "udp":
                    try:
                        made.send(query)
                    except PermissionError:
                        pass  # what OUTPUT drops inside
                poll.register(made, select.POLLOUT if kind == "tcp" else select.POLLIN)
                opened[made.fileno()] = made
            answered, end = 0, time.monotonic() + 3
            while time.monotonic() < end and answered < count:
                for number, _ in poll.poll(100):
                    poll.unregister(number)
                    answered += opened[number].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            print(answered, flush=True)
            sys.stdin.read()
            """;

    private final Process process;
    private final int open;

    private Flows(Probes.Starter starter, String kind, String host, int port, int count) {
        try {
            process = starter.start(new ProcessBuilder(
                            PodWorld.python(),
                            "-c",
                            SCRIPT,
                            kind,
                            host,
                            Integer.toString(port),
                            Integer.toString(count))
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
            BufferedReader out =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
            String line = out.readLine();
            if (line == null) {
                throw new IOException("the process with the flows ended");
            }
            open = Integer.parseInt(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Begins connections. */
    static Flows tcp(Probes.Starter starter, String host, int port, int count) {
        return new Flows(starter, "tcp", host, port, count);
    }

    /** Asks a nameserver. */
    static Flows udp(Probes.Starter starter, String host, int port, int count) {
        return new Flows(starter, "udp", host, port, count);
    }

    /** Returns how many were answered. */
    int open() {
        return open;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            process.waitFor();
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
