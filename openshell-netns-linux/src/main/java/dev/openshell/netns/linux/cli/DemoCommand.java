package dev.openshell.netns.linux.cli;

import dev.openshell.netns.linux.demo.Demo;
import dev.openshell.netns.linux.demo.Report;
import dev.openshell.netns.linux.kernel.JnaKernel;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code demo}: what is reachable under OpenShell's rules, and what in a sandbox. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the difference: tries what a policy allows and what it denies, first under OpenShell's rules",
            "(before), then in a sandbox (after).",
            "All of it happens in network namespaces of its own, which no packet leaves. Needs root and iptables."
        },
        footer = {"", "Exit status: 0 all is as the policy says after; 125 it is not, or it can't be tried."})
final class DemoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Report report = Demo.run(new JnaKernel());
        PrintWriter out = spec.commandLine().getOut();
        out.print(report.text());
        out.flush();
        return report.ok() ? 0 : Main.NO_SANDBOX;
    }
}
