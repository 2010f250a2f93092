package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.ruleset.Hook;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A chain; one with a base is called by netfilter. */
final class NfChain {
    /** Where netfilter calls it; {@code order} tells which of two was there first. */
    record Base(Hook hook, int priority, String type, long order) {}

    final String name;
    final long handle;
    final @Nullable Base base;
    final List<NfRule> rules = new ArrayList<>();
    byte[] userdata = new byte[0];
    boolean accepts = true;

    NfChain(String name, long handle, @Nullable Base base) {
        this.name = name;
        this.handle = handle;
        this.base = base;
    }

    NfChain copy() {
        NfChain copy = new NfChain(name, handle, base);
        copy.rules.addAll(rules);
        copy.userdata = userdata;
        copy.accepts = accepts;
        return copy;
    }

    int index(long rule) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).handle() == rule) {
                return i;
            }
        }
        return -1;
    }
}
