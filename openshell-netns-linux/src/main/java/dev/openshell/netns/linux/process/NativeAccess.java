package dev.openshell.netns.linux.process;

import com.sun.jna.Native;
import java.lang.reflect.InvocationTargetException;

/** Whether the JVM lets JNA load native code without a warning. Apart, since asking must not load it. */
public final class NativeAccess {
    private NativeAccess() {}

    /**
     * Returns the option of the JVM's that is missing, empty where none is. JDK 24 and later ask for it, and warn once:
     * after the first native call of a JVM without it there is nothing left to warn of, and nothing is missing.
     */
    public static String missing() {
        Module jna = Native.class.getModule();
        try {
            // Since JDK 22.
            boolean enabled =
                    (Boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(jna);
            return enabled ? "" : "--enable-native-access=" + (jna.isNamed() ? jna.getName() : "ALL-UNNAMED");
        } catch (NoSuchMethodException e) {
            return "";
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }
}
