package dev.openshell.netns.testkit;

import java.util.function.Consumer;

/**
 * Something that goes wrong in a {@link FakeKernel}, scripted ahead. Calls are counted from 1, from the moment at which
 * the script was given.
 *
 * @since 0.1
 */
public sealed interface Fault {
    /** The {@code call}th call fails with {@code errno} and does nothing. */
    record ErrnoAt(int call, int errno) implements Fault {}

    /** The {@code call}th call does what it does, and then fails with {@code errno}. */
    record ErrnoAfter(int call, int errno) implements Fault {}

    /** Every call of one kind fails with {@code errno}. */
    record ErrnoAlways(KernelCall kind, int errno) implements Fault {}

    /** The answers to the {@code nth} rtnetlink datagram end after {@code bytes} bytes; it took effect. */
    record CutAnswer(int nth, int bytes) implements Fault {}

    /** The answers to the {@code nth} request for tracked flows end after {@code bytes} bytes. */
    record CutFlows(int nth, int bytes) implements Fault {}

    /** The {@code nth} restore dies: the first {@code tables} tables took effect, the others did not. */
    record RestoreDies(int nth, int tables) implements Fault {}

    /**
     * The process dies before the {@code call}th call: its descriptors close, and namespaces that nothing else holds go.
     * The call, and each one after it, throws {@link FakeKernel.Died}.
     */
    record Death(int call) implements Fault {}

    /**
     * Before the {@code call}th call another program, handed its own view of the same machine, does {@code deed}. Nobody
     * else gets to the machine meanwhile, so that it must not wait for what the caller holds, such as a lock.
     */
    record Meanwhile(int call, Consumer<FakeKernel> deed) implements Fault {}
}
