package dev.openshell.netns.testkit;

/**
 * What a program of a {@link FakeKernel} does, in place of a real one.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface FakeProgram {
    /**
     * Runs on a thread of its own inside of the sandbox and returns the exit status. SIGTERM interrupts the thread; a
     * body that throws afterwards has exited with 143. One that throws otherwise has exited with 1, and its stack trace
     * is on its standard error. After SIGKILL its streams are closed, and all that it sends is refused.
     *
     * @throws Exception as the body likes
     */
    int run(ProgramContext context) throws Exception;
}
