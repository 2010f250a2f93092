package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process whose program is a body in this JVM. It behaves as the JDK's do. */
final class FakeProcess extends Process {
    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;
    private static final int SIGNALLED = 128;

    /** What a process is made of. */
    record Image(List<String> command, Map<String, String> environment, Path directory, String resolvConf) {}

    private final Userland userland;
    private final FakeKernel kernel;
    private final Netns netns;
    private final long pid;
    private final Image image;
    private final Stdio stdio;
    private final Instant started = Instant.now();
    private final CompletableFuture<Integer> exited = new CompletableFuture<>();
    private volatile boolean terminating;
    private volatile boolean dead;
    private volatile Thread thread = Thread.currentThread();

    FakeProcess(Userland userland, FakeKernel kernel, Netns netns, long pid, Image image, Stdio stdio) {
        this.userland = userland;
        this.kernel = kernel;
        this.netns = netns;
        this.pid = pid;
        this.image = image;
        this.stdio = stdio;
    }

    void begin(FakeProgram program) {
        Runnable body = () -> kernel.enter(netns, () -> run(program));
        thread = new Thread(null, body, image.command().get(0) + "-" + pid, 0, false);
        thread.setDaemon(true);
        thread.start();
    }

    private void run(FakeProgram program) {
        PrintStream err = print(stdio.err());
        int status;
        try {
            status = program.run(new ProcessContext(userland, this, print(stdio.out()), err)) & 0xff;
        } catch (Throwable t) {
            status = terminating ? SIGNALLED + SIGTERM : 1;
            if (!terminating) {
                t.printStackTrace(err);
            }
        }
        exit(status);
    }

    private static PrintStream print(OutputStream stream) {
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    private void exit(int status) {
        dead = true;
        if (userland.programs.remove(this, netns)) {
            stdio.exited();
            exited.complete(status);
        }
    }

    Netns netns() {
        return netns;
    }

    Image image() {
        return image;
    }

    InputStream in() {
        return stdio.in();
    }

    void requireAlive() {
        if (dead) {
            throw new FakeKernel.Died();
        }
    }

    /** SIGTERM. */
    void terminate() {
        terminating = true;
        thread.interrupt();
    }

    /** SIGKILL: nothing ends a thread that does not listen, but nothing that it does counts any more. */
    void kill() {
        terminating = true;
        exit(SIGNALLED + SIGKILL);
        thread.interrupt();
    }

    /** Waits for the end until {@code deadline} and returns whether the calling thread was interrupted meanwhile. */
    boolean await(long deadline) {
        boolean interrupted = false;
        while (true) {
            try {
                waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    @Override
    public OutputStream getOutputStream() {
        return stdio.stdin();
    }

    @Override
    public InputStream getInputStream() {
        return stdio.stdout();
    }

    @Override
    public InputStream getErrorStream() {
        return stdio.stderr();
    }

    @Override
    public int waitFor() throws InterruptedException {
        try {
            return exited.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
        if (exited.isDone() || timeout <= 0) {
            return exited.isDone();
        }
        try {
            exited.get(timeout, unit);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public int exitValue() {
        if (!exited.isDone()) {
            throw new IllegalThreadStateException("process hasn't exited");
        }
        return exited.join();
    }

    @Override
    public boolean isAlive() {
        return !exited.isDone();
    }

    @Override
    public void destroy() {
        terminate();
        stdio.destroyed();
    }

    @Override
    public Process destroyForcibly() {
        kill();
        stdio.destroyed();
        return this;
    }

    @Override
    public boolean supportsNormalTermination() {
        return true;
    }

    @Override
    public long pid() {
        return pid;
    }

    /** Not supported: no process of this machine has this number. */
    @Override
    public ProcessHandle toHandle() {
        throw new UnsupportedOperationException("process " + pid + " of a fake kernel has no handle");
    }

    @Override
    public CompletableFuture<Process> onExit() {
        return exited.handleAsync((status, failure) -> this);
    }

    @Override
    public ProcessHandle.Info info() {
        return new Info(image, started);
    }

    @Override
    public String toString() {
        return "Process[pid=" + pid + ", exitValue=" + (exited.isDone() ? exited.join() : "\"not exited\"") + "]";
    }

    private record Info(Image image, Instant started) implements ProcessHandle.Info {
        @Override
        public Optional<String> command() {
            return Optional.of(image.command().get(0));
        }

        @Override
        public Optional<String> commandLine() {
            return Optional.of(String.join(" ", image.command()));
        }

        @Override
        public Optional<String[]> arguments() {
            List<String> words = image.command();
            return Optional.of(words.subList(1, words.size()).toArray(String[]::new));
        }

        @Override
        public Optional<Instant> startInstant() {
            return Optional.of(started);
        }

        @Override
        public Optional<Duration> totalCpuDuration() {
            return Optional.empty();
        }

        @Override
        public Optional<String> user() {
            return Optional.empty();
        }
    }
}
