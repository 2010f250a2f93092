package dev.openshell.netns.linux.cli;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.VerificationException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code explain}: what becomes of a flow, and why. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description = {
            "Says whether a policy allows FLOW, which rule decides at each hook, and what would allow it.",
            "Needs no privilege. With --rules it asks rules from elsewhere instead of a policy."
        },
        footer = {
            "",
            PolicyOptions.ENVIRONMENT,
            "Exit status: 0 allowed; 1 denied; 2 bad usage; 3 FILE has a word that can't be decided; 125 a name or a"
                    + " nameserver can't be found."
        })
final class ExplainCommand implements Callable<Integer> {
    private static final int DENIED = 1;

    @Mixin
    private PolicyOptions policy;

    @Mixin
    private ForeignOptions foreign;

    @Mixin
    private Output output;

    @Parameters(
            paramLabel = "FLOW",
            description =
                    "PROTOCOL:HOST:PORT, or PROTOCOL:HOST without ports: tcp:db.internal:5432, icmp:203.0.113.10.")
    private String flow;

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Flow asked = Flow.parse(flow);
        Explanation explanation;
        try {
            explanation = foreign.given()
                    ? ofForeign(asked)
                    : main.engine().inspect(policy.builder().policy()).explain(asked);
        } catch (VerificationException e) {
            if (e.unknown().isEmpty()) {
                throw e;
            }
            Verification failed = Verification.of(e);
            output.print(failed.lines(), failed::json);
            return failed.status();
        }
        output.print(ExplanationText.lines(explanation), () -> Json.of(explanation));
        return explanation.allowed() ? 0 : DENIED;
    }

    private Explanation ofForeign(Flow asked) {
        Family family = foreign.family();
        policyOptions().findFirst().ifPresent(option -> {
            throw new IllegalArgumentException(option + " says what a policy allows; leave it out with --rules");
        });
        InetAddress address = asked.literal()
                .orElseThrow(() -> new IllegalArgumentException(
                        "with --rules give an address, not the name '" + asked.host() + "'"));
        if (Family.of(address) != family) {
            throw new IllegalArgumentException(
                    "--family: " + InetAddresses.toAddrString(address) + " is an address of the other family");
        }
        return new Explanation(
                asked, List.of(foreign.read(main.engine()).explain(asked.protocol(), address, asked.port())));
    }

    private Stream<String> policyOptions() {
        CommandSpec known = CommandSpec.forAnnotatedObject(new PolicyOptions());
        return spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(known.optionsMap()::containsKey);
    }
}
