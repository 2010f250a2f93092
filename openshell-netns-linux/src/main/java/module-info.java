/** The Linux implementation and its command line. */
module dev.openshell.netns.linux {
    requires dev.openshell.netns;
    requires com.google.common;
    requires com.sun.jna;
    requires info.picocli;
    requires static org.dnsjava;
    requires static org.jspecify;
}
