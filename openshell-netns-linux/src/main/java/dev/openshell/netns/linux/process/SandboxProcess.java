package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import dev.openshell.netns.linux.sys.Libc;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A process that this library started. It behaves as the JDK's own, and differs in who waits for it: a thread of its
 * own, which {@link #SandboxProcess} starts and which therefore lives in the caller's namespaces.
 */
final class SandboxProcess extends Process {
    private static final long STACK_BYTES = 256 * 1024;
    private static final int EINTR = 4;
    private static final int SIGNALLED = 0x80;
    private static final int SIGINFO_BYTES = 128;
    private static final int SI_CODE = 8;
    private static final int SI_STATUS = 24;
    private static final int CLD_EXITED = 1;

    private final OutputStream stdin;
    private final InputStream stdout;
    private final InputStream stderr;
    private final CompletableFuture<OptionalInt> spawned = new CompletableFuture<>();
    private final CompletableFuture<Integer> exited = new CompletableFuture<>();
    /** Held for every signal and for reaping, so that no signal goes to a number that is somebody else's by now. */
    private final ReentrantLock reaping = new ReentrantLock();

    private boolean reaped;
    private volatile int pid;
    private Optional<ProcessHandle> handle = Optional.empty();

    /** Makes the process's thread, before there is a process: what can fail has not started anything then. */
    SandboxProcess(Stdio stdio) {
        stdin = stdio.stdin();
        stdout = stdio.stdout();
        stderr = stdio.stderr();
        Thread reaper = new Thread(null, this::reap, "openshell-netns-reaper", STACK_BYTES, false);
        reaper.setDaemon(true);
        reaper.setContextClassLoader(null);
        reaper.start();
    }

    /** Takes over the child {@code pid}, which nobody has reaped. */
    void spawned(int pid) {
        this.pid = pid;
        try {
            handle = ProcessHandle.of(pid);
        } finally {
            spawned.complete(OptionalInt.of(pid));
        }
    }

    /** Ends the thread if nothing was spawned; after {@link #spawned(int)} it does nothing. */
    void abandon() {
        spawned.complete(OptionalInt.empty());
    }

    @Override
    public OutputStream getOutputStream() {
        return stdin;
    }

    @Override
    public InputStream getInputStream() {
        return stdout;
    }

    @Override
    public InputStream getErrorStream() {
        return stderr;
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
        if (exited.isDone()) {
            return true;
        }
        if (timeout <= 0) {
            return false;
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
        destroy(Libc.SIGTERM);
    }

    @Override
    public Process destroyForcibly() {
        destroy(Libc.SIGKILL);
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

    @Override
    public ProcessHandle toHandle() {
        return handle.orElseThrow(() -> new UnsupportedOperationException("/proc does not show process " + pid));
    }

    /** Each call has a future of its own, so that completing or cancelling one means nothing to the others. */
    @Override
    public CompletableFuture<Process> onExit() {
        return exited.handleAsync((status, failure) -> this);
    }

    @Override
    public String toString() {
        return "Process[pid=" + pid + ", exitValue=" + (exited.isDone() ? exited.join() : "\"not exited\"") + "]";
    }

    private void destroy(int signal) {
        reaping.lock();
        try {
            if (!reaped) {
                Libc.kill(pid, signal);
            }
        } catch (LastErrorException e) {
            log().log(Level.DEBUG, () -> "kill " + pid + ": " + Libc.strerror(e.getErrorCode()));
        } finally {
            reaping.unlock();
        }
        close(stdin);
        close(stdout);
        close(stderr);
    }

    private void reap() {
        OptionalInt child = spawned.join();
        if (child.isEmpty()) {
            return;
        }
        int status = -1;
        try (Memory info = new Memory(SIGINFO_BYTES)) {
            await(child.getAsInt(), info, Libc.WEXITED | Libc.WNOWAIT);
            reaping.lock();
            try {
                reaped = true;
                await(child.getAsInt(), info, Libc.WEXITED);
            } finally {
                reaping.unlock();
            }
            status = info.getInt(SI_STATUS) + (info.getInt(SI_CODE) == CLD_EXITED ? 0 : SIGNALLED);
        } catch (LastErrorException e) {
            // somebody else in the JVM has reaped it, or ignores SIGCHLD: gone, and its status with it, as in the JDK
            log().log(Level.DEBUG, () -> "waitid " + pid + ": " + Libc.strerror(e.getErrorCode()));
        } finally {
            exited.complete(status);
            release();
        }
    }

    private static void await(int pid, Memory info, int options) {
        while (true) {
            try {
                Libc.waitid(Libc.P_PID, pid, info, options);
                return;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != EINTR) {
                    throw e;
                }
            }
        }
    }

    private void release() {
        try {
            if (stdout instanceof PipeInput pipe) {
                pipe.processExited();
            }
            if (stderr instanceof PipeInput pipe) {
                pipe.processExited();
            }
            if (stdin instanceof PipeOutput pipe) {
                pipe.processExited();
            }
        } catch (IOException e) {
            log().log(Level.DEBUG, "streams of process " + pid, e);
        }
    }

    private static void close(Closeable stream) {
        try {
            stream.close();
        } catch (IOException e) {
            log().log(Level.DEBUG, "stream of a process that is destroyed", e);
        }
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static Logger log() {
        return System.getLogger(SandboxProcess.class.getName());
    }
}
