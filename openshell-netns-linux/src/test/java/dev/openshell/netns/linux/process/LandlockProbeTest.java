package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Landlock;
import dev.openshell.netns.Landlock.State;
import org.junit.jupiter.api.Test;

class LandlockProbeTest {
    @Test
    void eachErrorHasItsMeaning() {
        assertThat(LandlockProbe.stateOf(38)).isEqualTo(State.NOT_IMPLEMENTED);
        assertThat(LandlockProbe.stateOf(95)).isEqualTo(State.NOT_ENABLED);
        assertThat(LandlockProbe.stateOf(1)).isEqualTo(State.BLOCKED);
        assertThat(LandlockProbe.stateOf(22)).isEqualTo(State.BLOCKED);
    }

    @Test
    void anAbiMeansAvailable() {
        Landlock landlock = LandlockProbe.probe();
        assertThat(landlock.abi() > 0).isEqualTo(landlock.state() == State.AVAILABLE);
    }
}
