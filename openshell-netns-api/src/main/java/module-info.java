/** The model, the builder, the sandbox handle and the provider SPI. */
module dev.openshell.netns {
    requires com.google.common;
    requires static com.google.errorprone.annotations;
    requires static java.compiler;
    requires static org.immutables.value.annotations;
    requires static transitive org.jspecify;

    exports dev.openshell.netns;

    uses dev.openshell.netns.NetnsProvider;
}
