package dev.openshell.netns.linux.cli;

import com.google.gson.JsonObject;
import dev.openshell.netns.Family;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** {@code verify}: whether rules admit exactly what a policy allows. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Proves that the rules of a policy admit exactly what it allows, over all packets. Needs no privilege.",
            "With --rules it says what rules from elsewhere admit, and compares that with the policy.",
            "The last line is 'equal', 'counterexample FLOW admitted|refused' or 'unknown WORD'."
        },
        footer = {
            "",
            PolicyOptions.ENVIRONMENT,
            "Exit status: 0 equal; 1 counterexample; 2 bad usage; 3 unknown; 125 a name or a nameserver can't be found."
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int MOST_LINES = 50;
    private static final int MOST_IN_JSON = 1000;

    @Mixin
    private PolicyOptions policy;

    @Mixin
    private ForeignOptions foreign;

    @Mixin
    private Output output;

    @ParentCommand
    private Main main;

    @Override
    public Integer call() {
        List<String> lines = new ArrayList<>();
        JsonObject admitted = new JsonObject();
        Verification result;
        try {
            result = Verification.of(
                    foreign.given() ? ofForeign(lines, admitted) : inspect().verify());
        } catch (VerificationException e) {
            result = Verification.of(e);
        }
        JsonObject json = result.json();
        admitted.entrySet().forEach(field -> json.add(field.getKey(), field.getValue()));
        lines.addAll(result.lines());
        output.print(lines, () -> json);
        return result.status();
    }

    private PolicyInspection inspect() {
        return main.engine().inspect(policy.builder().policy());
    }

    private Verified ofForeign(List<String> lines, JsonObject json) {
        Engine.Foreign rules = foreign.read(main.engine());
        long regions = rules.regions();
        List<String> admits = rules.admits(output.json() ? MOST_IN_JSON : MOST_LINES);
        lines.add(foreign.chain() + (regions == 0 ? " admits nothing" : " admits:"));
        lines.addAll(admits.stream().map(region -> "  " + region).toList());
        if (regions > admits.size()) {
            lines.add("  … " + (regions - admits.size()) + " more regions");
        }
        json.add("admits", Json.strings(admits));
        json.addProperty("admittedRegions", regions);
        RuleSet policy = inspect().ruleSet();
        for (Family other : Family.values()) {
            int left = policy.rules(other).size();
            if (other != foreign.family() && left > 0) {
                lines.add("not compared, being of the other family: " + left + " of the policy's destinations");
            }
        }
        return rules.verify(policy);
    }
}
