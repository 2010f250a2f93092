package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.report.MachineFacts;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the report says of a fake machine. */
class ReportTest {
    @ParameterizedTest
    @EnumSource(
            value = IptablesVariant.class,
            names = {"NFT", "LEGACY"})
    void theFakeIsProbedAsLinuxIsAndNothingStays(IptablesVariant variant) {
        FakeKernel kernel = FakeKernel.create();
        int host = kernel.openNamespace(Optional.empty());
        List<String> before = kernel.state();
        MachineFacts facts = MachineFacts.of(kernel, host, variant, Deadline.in(Duration.ofMinutes(1)));
        assertThat(kernel.state()).isEqualTo(before);
        assertThat(facts.nflog().state()).isEqualTo(State.AVAILABLE);
        assertThat(facts.log().state()).isEqualTo(State.SUPPRESSED);
        assertThat(facts.landlock().state()).isEqualTo(Landlock.State.NOT_IMPLEMENTED);
        kernel.close(host);
    }
}
