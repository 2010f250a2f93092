package dev.openshell.netns.linux.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Outcome REACHED = new Outcome(true, "reached (2 ms)");
    private static final Outcome REFUSED = new Outcome(false, "refused (0 ms)");

    @Test
    void isATableWithItsSumBelow() {
        Report report = new Report(List.of(
                new Report.Row("listed", true, REFUSED, REACHED),
                new Report.Row("an unlisted one", false, REACHED, REFUSED)));
        assertThat(report.ok()).isTrue();
        assertThat(report.text())
                .isEqualTo(
                        """
                        what             allowed by the policy?  before          after
                        listed           yes                     refused (0 ms)  reached (2 ms)
                        an unlisted one  no                      reached (2 ms)  refused (0 ms)

                        after: 2 of 2 as the policy says; before: 0 of 2
                        """);
    }

    @Test
    void oneRowThatIsNotAsThePolicySaysIsTooMany() {
        Report denied = new Report(
                List.of(new Report.Row("a", true, REACHED, REACHED), new Report.Row("b", true, REACHED, REFUSED)));
        Report leaked = new Report(
                List.of(new Report.Row("a", true, REACHED, REACHED), new Report.Row("b", false, REFUSED, REACHED)));
        assertThat(denied.ok()).isFalse();
        assertThat(leaked.ok()).isFalse();
        assertThat(leaked.text()).endsWith("after: 1 of 2 as the policy says; before: 2 of 2\n");
    }
}
