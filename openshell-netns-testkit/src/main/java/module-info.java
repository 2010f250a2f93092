/** For those who test with openshell-netns: a kernel in memory, a packet tracer, generators, and contract tests. */
module dev.openshell.netns.testkit {
    requires transitive dev.openshell.netns;
    requires transitive dev.openshell.netns.linux;
    requires transitive net.jqwik.api;
    requires transitive org.junit.jupiter.api;
    requires org.junit.jupiter.params;
    requires org.assertj.core;
    requires com.google.common;
    requires static org.jspecify;

    exports dev.openshell.netns.testkit;
}
