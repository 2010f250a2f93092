package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.NetnsSandbox;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whether tests that leave something behind fail, and no others do. */
class FakeKernelExtensionTest {
    @RegisterExtension
    static final FakeKernelExtension KERNELS = new FakeKernelExtension(
            () -> FakeKernel.builder().uplink("wan0", "198.51.100.7/24").build());

    private final FakeKernelExtension extension = new FakeKernelExtension();
    private final ExtensionContext context = context(Optional.of(method("takes")));

    private static Method method(String name) {
        for (Method method : FakeKernelExtensionTest.class.getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                return method;
            }
        }
        throw new IllegalArgumentException(name);
    }

    static void takes(FakeKernel kernel, String other) {
        assertThat(kernel).isNotNull();
        assertThat(other).isNotNull();
    }

    /** A context with a store that is a map. */
    private static ExtensionContext context(Optional<Method> test) {
        Map<Object, Object> values = new HashMap<>();
        Object store = proxy(ExtensionContext.Store.class, (name, arguments) -> switch (name) {
            case "getOrComputeIfAbsent" -> values.computeIfAbsent(arguments[0], computing(arguments[1]));
            case "remove" -> values.remove(arguments[0]);
            default -> throw new UnsupportedOperationException(name);
        });
        return (ExtensionContext) proxy(ExtensionContext.class, (name, arguments) -> switch (name) {
            case "getStore" -> store;
            case "getTestMethod" -> test;
            default -> throw new UnsupportedOperationException(name);
        });
    }

    @SuppressWarnings("unchecked")
    private static Function<Object, Object> computing(Object argument) {
        return (Function<Object, Object>) argument;
    }

    private interface Answer {
        Object to(String method, Object[] arguments);
    }

    private static Object proxy(Class<?> type, Answer answer) {
        return Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answer.to(method.getName(), arguments));
    }

    private static ParameterContext parameter(int index) {
        Parameter parameter = method("takes").getParameters()[index];
        return (ParameterContext) proxy(ParameterContext.class, (name, arguments) -> parameter);
    }

    private FakeKernel kernel() {
        return extension.resolveParameter(parameter(0), context);
    }

    @Test
    void aTestGetsAKernelOfItsOwn() {
        assertThat(extension.supportsParameter(parameter(0), context)).isTrue();
        assertThat(extension.supportsParameter(parameter(1), context)).isFalse();
        assertThat(extension.supportsParameter(parameter(0), context(Optional.empty())))
                .isFalse();
        FakeKernel first = kernel();
        assertThat(kernel()).isSameAs(first);
        extension.afterEach(context);
        assertThat(kernel()).isNotSameAs(first);
    }

    @Test
    void aSupplierMakesTheKernels(FakeKernel kernel) {
        assertThat(kernel.state()).anyMatch(line -> line.contains("wan0"));
    }

    @Test
    void aClosedSandboxIsFineAndAnOpenOneIsNot() {
        NetnsSandbox.builder(kernel()).directTcp("203.0.113.10").apply().close();
        assertThatCode(() -> extension.afterEach(context)).doesNotThrowAnyException();

        NetnsSandbox sandbox =
                NetnsSandbox.builder(kernel()).directTcp("203.0.113.10").named().apply();
        assertThatThrownBy(() -> extension.afterEach(context))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("close each sandbox")
                .hasMessageContaining("left: published " + sandbox.namespace().path())
                .hasMessageContaining(
                        "left: namespace net:[" + sandbox.namespace().inode() + "]")
                .hasMessageContaining(sandbox.veth().hostInterface())
                .hasMessageContaining("forwarding = 1");
    }

    @Test
    void whoeverHoldsANamespaceIsNamed() throws Exception {
        FakeKernel kernel = kernel();
        kernel.services().tcp("203.0.113.10", 443, connection -> {});
        CountDownLatch never = new CountDownLatch(1);
        kernel.programs().add("node", program -> {
            never.await();
            return 0;
        });
        NetnsSandbox sandbox =
                NetnsSandbox.builder(kernel).directTcp("203.0.113.10").apply();
        Process process = sandbox.start(new ProcessBuilder("node"));
        Socket socket = sandbox.sockets().socketFactory().createSocket(InetAddresses.forString("203.0.113.10"), 443);
        assertThatThrownBy(() -> extension.afterEach(context))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("left: namespace net:["
                        + sandbox.namespace().inode() + "], used by process 1000 (node), 1 open socket");
        assertThat(process.waitFor()).isEqualTo(137);
        socket.close();
    }

    @Test
    void aTestWithoutAKernelIsFine() {
        assertThatCode(() -> extension.afterEach(context)).doesNotThrowAnyException();
    }
}
