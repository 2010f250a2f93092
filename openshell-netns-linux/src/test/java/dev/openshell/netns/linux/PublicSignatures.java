package dev.openshell.netns.linux;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** That no public method or constructor takes or returns a type of some library's. */
final class PublicSignatures extends ArchCondition<JavaClass> {
    private final String library;

    PublicSignatures(String library) {
        super("have no type of " + library + " in public signatures");
        this.library = library;
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
        for (JavaCodeUnit unit : type.getCodeUnits()) {
            boolean shown = unit.getModifiers().contains(JavaModifier.PUBLIC);
            boolean foreign = unit.getRawReturnType().getName().startsWith(library)
                    || unit.getRawParameterTypes().stream()
                            .anyMatch(parameter -> parameter.getName().startsWith(library));
            if (shown && foreign) {
                events.add(SimpleConditionEvent.violated(unit, unit.getFullName() + " shows " + library));
            }
        }
    }
}
