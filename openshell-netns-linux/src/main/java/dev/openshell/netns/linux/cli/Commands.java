package dev.openshell.netns.linux.cli;

import java.util.List;

/** The sub-commands. Reading the annotations of one takes milliseconds: only the one that is asked for is read. */
final class Commands {
    private Commands() {}

    /** Returns the sub-command that {@code arguments} begin with, or all of them where they begin with none. */
    static List<Class<?>> of(String... arguments) {
        return switch (arguments.length == 0 ? "" : arguments[0]) {
            case "run" -> List.of(RunCommand.class);
            case "plan" -> List.of(PlanCommand.class);
            case "explain" -> List.of(ExplainCommand.class);
            case "verify" -> List.of(VerifyCommand.class);
            case "diff" -> List.of(DiffCommand.class);
            case "report" -> List.of(ReportCommand.class);
            case "doctor" -> List.of(DoctorCommand.class);
            case "gc" -> List.of(GcCommand.class);
            case "rehearse" -> List.of(RehearseCommand.class);
            case "demo" -> List.of(DemoCommand.class);
            default -> all();
        };
    }

    /** Returns them all, in the order of the help. */
    static List<Class<?>> all() {
        return List.of(
                RunCommand.class,
                PlanCommand.class,
                ExplainCommand.class,
                VerifyCommand.class,
                DiffCommand.class,
                ReportCommand.class,
                DoctorCommand.class,
                GcCommand.class,
                RehearseCommand.class,
                DemoCommand.class);
    }
}
