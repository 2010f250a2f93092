package dev.openshell.netns.linux.cli;

/** What this process, which is our own, settles before picocli and JNA are loaded, to be ready sooner. */
final class Startup {
    private Startup() {}

    static void prepare() {
        // Options here are texts and flags: picocli need not look for the classes of times, files and databases.
        System.setProperty("picocli.converters.excludes", "java.*");
        // JNA brings its own library, and C's functions are in this process: nothing is to be searched for.
        System.setProperty("jna.nosys", "true");
        System.setProperty("jna.platform.library.path", "");
    }
}
