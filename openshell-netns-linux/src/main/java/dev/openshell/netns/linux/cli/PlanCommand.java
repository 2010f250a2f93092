package dev.openshell.netns.linux.cli;

import dev.openshell.netns.linux.plan.PlanText;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code plan}: what would be loaded. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = "Prints the iptables-restore input of a sandbox, without making it. Needs no privilege.",
        footer = {"", "OPENSHELL_DNS_SERVER and OPENSHELL_DIRECT_TCP_HOSTS count as --dns and --direct-tcp."})
final class PlanCommand implements Callable<Integer> {
    @Mixin
    private PolicyOptions policy;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        out.print(PlanText.of(policy.builder().policy()));
        out.flush();
        return 0;
    }
}
