package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;

/** What chains and targets may be called. */
final class Names {
    /** XT_EXTENSION_MAXNAMELEN without its NUL. */
    static final int LONGEST = 28;

    private static final String SPACE = ".*[ \t\n\u000b\f\r].*";

    private Names() {}

    static boolean hasSpace(String name) {
        return name.matches("(?s)" + SPACE);
    }

    /** Returns {@code name} if it can stand behind {@code -j}. */
    static String target(String name) {
        if (name.isEmpty() || name.length() > LONGEST || hasSpace(name)) {
            throw RuleProblem.refused(name, "invalid target name");
        }
        return name;
    }

    /** Returns {@code name} if a chain may be made under it by {@code -N}. */
    static String chain(String name, Family family) {
        boolean sign = name.isEmpty() || name.startsWith("-") || name.startsWith("!");
        if (sign || name.length() > LONGEST || hasSpace(name) || Modules.isTarget(name, family)) {
            throw RuleProblem.refused(name, "invalid chain name");
        }
        return name;
    }
}
