package dev.openshell.netns.testkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a {@link FakeKernel} of its own as a parameter, and fails the test that leaves a sandbox behind.
 *
 * <pre>
 * &#64;ExtendWith(FakeKernelExtension.class)
 * class AgentTest {
 *     &#64;Test
 *     void theAgentReachesItsApi(FakeKernel kernel) { ... }
 * }
 * </pre>
 *
 * <p>For another world than {@link FakeKernel#create()}'s, register it with
 * {@code @RegisterExtension static FakeKernelExtension kernels = new FakeKernelExtension(() -> ...)}.
 *
 * @since 0.1
 */
public final class FakeKernelExtension implements ParameterResolver, AfterEachCallback {
    private static final ExtensionContext.Namespace STORE =
            ExtensionContext.Namespace.create(FakeKernelExtension.class);
    private static final Pattern WHERE = Pattern.compile("net:\\[(\\d+)] .*");

    private final Supplier<FakeKernel> kernels;

    /** A kernel, and the state that it began with. */
    private record Given(FakeKernel kernel, List<String> state) {}

    /** Gives out kernels that {@link FakeKernel#create()} makes. */
    public FakeKernelExtension() {
        this(FakeKernel::create);
    }

    /** Gives out kernels that {@code kernels} makes. */
    public FakeKernelExtension(Supplier<FakeKernel> kernels) {
        this.kernels = Objects.requireNonNull(kernels, "kernels");
    }

    /** Returns the scope in which a test class's constructor gets the kernel of its test. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    /** Returns whether the parameter is a FakeKernel, of something that belongs to one test. */
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == FakeKernel.class
                && context.getTestMethod().isPresent();
    }

    /** Returns the kernel of this test. */
    @Override
    public FakeKernel resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(STORE)
                .getOrComputeIfAbsent(Given.class, key -> given(), Given.class)
                .kernel();
    }

    private Given given() {
        FakeKernel kernel = kernels.get();
        return new Given(kernel, kernel.state());
    }

    /** Fails the test when its kernel is not as it was at the start. */
    @Override
    public void afterEach(ExtensionContext context) {
        Given given = context.getStore(STORE).remove(Given.class, Given.class);
        if (given != null) {
            try {
                requireSame(given);
            } finally {
                given.kernel().programs().killAll();
            }
        }
    }

    private static void requireSame(Given given) {
        List<String> now = given.kernel().state();
        List<String> left = new ArrayList<>(now);
        given.state().forEach(left::remove);
        List<String> gone = new ArrayList<>(given.state());
        now.forEach(gone::remove);
        if (left.isEmpty() && gone.isEmpty()) {
            return;
        }
        StringBuilder text = new StringBuilder("the test left something of a sandbox behind; close each sandbox, as"
                + " with try (NetnsSandbox sandbox = ...), and each socket inside");
        Set<String> before = new HashSet<>();
        given.state().forEach(line -> namespace(line).ifPresent(before::add));
        Set<String> more = new LinkedHashSet<>();
        for (String line : left) {
            Optional<String> added = namespace(line).filter(inode -> !before.contains(inode));
            added.ifPresent(more::add);
            if (added.isEmpty()) {
                text.append("\n  left: ").append(line);
            }
        }
        for (String inode : more) {
            List<String> inside = given.kernel().userland().inside(Long.parseLong(inode));
            text.append("\n  left: namespace net:[").append(inode).append(']');
            text.append(inside.isEmpty() ? "" : ", used by " + String.join(", ", inside));
        }
        gone.forEach(line -> text.append("\n  gone: ").append(line));
        throw new AssertionError(text.toString());
    }

    private static Optional<String> namespace(String line) {
        Matcher where = WHERE.matcher(line);
        return where.matches() ? Optional.of(where.group(1)) : Optional.empty();
    }
}
