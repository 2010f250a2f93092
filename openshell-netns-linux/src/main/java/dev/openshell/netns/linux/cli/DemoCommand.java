package dev.openshell.netns.linux.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code demo}. */
@Command(name = "demo", mixinStandardHelpOptions = true, description = "Shows the difference.")
final class DemoCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return 0;
    }
}
