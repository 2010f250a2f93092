package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.testkit.FakeKernel;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The library's own engine for rules from elsewhere. What it says of a policy is one policy's, on a fake machine, and
 * found out once: it is the arguments that are tried, and what is printed. All else is done on a machine, and not here.
 */
final class FuzzEngine {
    private final PolicyInspection fixed = FakeKernel.builder()
            .name("db.internal", "203.0.113.5")
            .build()
            .inspect(NetnsSandbox.builder()
                    .proxy(3128)
                    .directTcp("db.internal", 5432)
                    .directTcp("203.0.113.10")
                    .policy());

    private final Map<String, Object> found = new ConcurrentHashMap<>();

    private FuzzEngine() {}

    /** Returns an engine. */
    static Engine create() {
        FuzzEngine answers = new FuzzEngine();
        PolicyInspection inspection = (PolicyInspection) Proxy.newProxyInstance(
                FuzzEngine.class.getClassLoader(),
                new Class<?>[] {PolicyInspection.class},
                (proxy, method, arguments) -> answers.found.computeIfAbsent(method.getName(), answers::find));
        return (Engine) Proxy.newProxyInstance(
                FuzzEngine.class.getClassLoader(),
                new Class<?>[] {Engine.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "inspect" -> inspection;
                    case "live" -> answers.found.computeIfAbsent("diff", answers::find);
                    case "foreign" ->
                        new LinuxEngine().foreign((Family) arguments[0], (String) arguments[1], (String) arguments[2]);
                    default -> throw new IllegalStateException(method.getName() + " is done on a machine");
                });
    }

    private Object find(String method) {
        return switch (method) {
            case "policy" -> fixed.policy();
            case "ruleSet" -> fixed.ruleSet();
            case "plan" -> fixed.plan();
            case "verify" -> fixed.verify();
            case "explain" -> fixed.explain(Flow.parse("tcp:db.internal:5432"));
            case "diff" -> fixed.diff(NetnsSandbox.builder().policy());
            case "svg" -> fixed.svg();
            case "report" -> fixed.report();
            default -> throw new IllegalStateException(method + " is done on a machine");
        };
    }
}
