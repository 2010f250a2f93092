package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link Answers} to four requests, {@link AttributeMap} and {@link TrackedFlow} with them: messages cut and changed at
 * will are read or refused, and no request counts as answered that was not.
 */
public final class AnswersFuzzTest {
    private static final Request REQUEST = Rtnetlink.dumpLinks()
            .and(Rtnetlink.dumpAddresses())
            .and(Rtnetlink.getRoute(InetAddresses.forString("203.0.113.10")))
            .and(Ctnetlink.dumpFlows(Family.IPV4));

    private static final List<Function<Answers, List<?>>> VIEWS =
            List.of(Answers::links, Answers::addresses, Answers::routes, Answers::outgoing, Answers::flows);

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(AnswersFuzzTest.class, AnswersFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        for (Request request : List.of(new Request(), Rtnetlink.dumpLinks(), REQUEST)) {
            Answers answers;
            try {
                answers = Answers.parse(request, input);
            } catch (IllegalArgumentException e) {
                Input.refusal(e, IllegalArgumentException.class);
                continue;
            }
            assertThat(input.length)
                    .isGreaterThanOrEqualTo(Request.HEADER * request.messages().size());
            answers.failures().forEach(failure -> assertThat(failure.errno()).isNotZero());
            answers.inconsistent();
            VIEWS.forEach(view -> view(answers, view));
        }
    }

    private static void view(Answers answers, Function<Answers, List<?>> view) {
        try {
            // Everything in it can be printed.
            assertThat(view.apply(answers).toString()).isNotNull();
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
        }
    }
}
