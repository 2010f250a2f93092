/** The Linux implementation and its command line. */
module dev.openshell.netns.linux {
    requires transitive dev.openshell.netns;
    requires com.google.common;
    requires com.sun.jna;
    requires info.picocli;
    requires jdk.unsupported;
    // Relocated into this module's own jar, so that it needs no logging library and meets no other version.
    requires static com.google.gson;
    requires static org.dnsjava;
    requires static org.jspecify;

    opens dev.openshell.netns.linux.cli to
            info.picocli;

    exports dev.openshell.netns.linux;
    exports dev.openshell.netns.linux.base to
            dev.openshell.netns.testkit;
    exports dev.openshell.netns.linux.kernel;
    exports dev.openshell.netns.linux.netlink to
            dev.openshell.netns.testkit;

    provides dev.openshell.netns.NetnsProvider with
            dev.openshell.netns.linux.LinuxProvider;
}
