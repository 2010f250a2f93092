package dev.openshell.netns.linux;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The direction of the data, and who may use which library. */
class ArchitectureTest {
    private static final String BASE = "dev.openshell.netns.linux";

    /** Each package and those of ours that it may use. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("base", Set.of()),
            Map.entry("sys", Set.of()),
            Map.entry("netlink", Set.of()),
            Map.entry("rules", Set.of("base")),
            Map.entry("diagram", Set.of()),
            Map.entry("picture", Set.of()),
            Map.entry("ruleset", Set.of("base", "diagram")),
            Map.entry("proof", Set.of("base", "diagram", "ruleset")),
            Map.entry("resolve", Set.of("base")),
            Map.entry("process", Set.of("sys", "base")),
            Map.entry("kernel", Set.of("sys", "base", "netlink", "process")),
            Map.entry("plan", Set.of("base", "kernel", "netlink", "rules", "proof", "resolve")),
            Map.entry("report", Set.of("base", "kernel", "plan", "resolve")),
            Map.entry("doctor", Set.of("base", "kernel", "netlink", "process", "report", "resolve")));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.openshell.netns");

    static Set<String> packages() {
        return MAY_USE.keySet();
    }

    @ParameterizedTest
    @MethodSource("packages")
    void dataFlowsOneWay(String name) {
        Set<String> forbidden = new TreeSet<>(Set.of("cli", "demo"));
        forbidden.addAll(MAY_USE.keySet());
        forbidden.removeAll(MAY_USE.get(name));
        forbidden.remove(name);
        noClasses()
                .that()
                .resideInAPackage(BASE + "." + name)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        forbidden.stream().map(other -> BASE + "." + other).toArray(String[]::new))
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName(LinuxProvider.class.getName())
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.openshell.netns.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void theApiKnowsNoImplementation() {
        noClasses()
                .that()
                .resideInAPackage("dev.openshell.netns")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(BASE + "..", "com.sun.jna..", "org.xbill..", "picocli..")
                .check(CLASSES);
    }

    @Test
    void nativeCodeStaysInThreePackages() {
        noClasses()
                .that()
                .resideOutsideOfPackages(BASE + ".sys", BASE + ".kernel", BASE + ".process", BASE + ".demo")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineWritesJson() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE + ".cli")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.gson..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLinePrints() {
        // What picocli does for the others, this does itself.
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.openshell.netns.linux.cli.PlainRun")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(CLASSES);
    }

    @Test
    void noNameIsEverResolvedByTheJvm() {
        noClasses()
                .should()
                .callMethod(java.net.InetAddress.class, "getByName", String.class)
                .orShould()
                .callMethod(java.net.InetAddress.class, "getAllByName", String.class)
                .orShould()
                .callConstructor(java.net.InetSocketAddress.class, String.class, int.class)
                .check(CLASSES);
    }

    @Test
    void noProcessIsStartedByTheJdk() {
        noClasses()
                .should()
                .callMethod(ProcessBuilder.class, "start")
                .orShould()
                .callMethod(Runtime.class, "exec", String[].class)
                .check(CLASSES);
    }

    @Test
    void publicTypesOfTheApiHaveNoGuavaInTheirSignatures() {
        classes()
                .that()
                .resideInAPackage("dev.openshell.netns")
                .and()
                .arePublic()
                .should(new PublicSignatures("com.google.common"))
                .check(CLASSES);
    }
}
