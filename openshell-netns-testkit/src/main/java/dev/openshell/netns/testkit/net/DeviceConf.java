package dev.openshell.netns.testkit.net;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The settings of one family for an interface, for all, or for those to come. */
final class DeviceConf {
    private final Map<String, Long> values;
    private final Set<String> chosen;

    DeviceConf(Map<String, Long> values) {
        this.values = new HashMap<>(values);
        this.chosen = new HashSet<>();
    }

    private DeviceConf(DeviceConf other) {
        this.values = new HashMap<>(other.values);
        this.chosen = new HashSet<>(other.chosen);
    }

    DeviceConf copy() {
        return new DeviceConf(this);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    int get(String name) {
        return (int) getLong(name);
    }

    long getLong(String name) {
        Long value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no setting " + name);
        }
        return value;
    }

    /** Changes a value without noting that somebody chose it. */
    void put(String name, long value) {
        values.put(name, value);
    }

    /** Changes a value that somebody chose: what is written to the default no longer reaches it. */
    void set(String name, long value) {
        put(name, value);
        chosen.add(name);
    }

    boolean chosen(String name) {
        return chosen.contains(name);
    }

    /** Notes all values as chosen, as the first address of an interface does (ipv4_devconf_setall). */
    void chooseAll() {
        chosen.addAll(values.keySet());
    }
}
