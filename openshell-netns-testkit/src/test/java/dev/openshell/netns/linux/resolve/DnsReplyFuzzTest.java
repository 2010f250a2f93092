package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a DNS server answers, as bytes: anything at all is an answer or none, and what comes of it belongs to the
 * question. The types of dnsjava are not named here, since the library's jar has them under names of its own.
 */
public final class DnsReplyFuzzTest {
    private static final int A = 1;
    private static final int AAAA = 28;

    /** A query for {@code db.internal}. */
    private static final byte[] QUERY = {
        0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 'd', 'b', 8, 'i', 'n', 't', 'e', 'r', 'n', 'a', 'l', 0, 0, 1, 0, 1
    };

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(DnsReplyFuzzTest.class, DnsReplyFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        read(input, A, Family.IPV4);
        read(input, AAAA, Family.IPV6);
    }

    private static void read(byte[] input, int type, Family family) {
        var asked = Codec.decode(QUERY).orElseThrow().getSection(0).get(0);
        Question question = new Question(asked.getName(), type);
        var message = Codec.decode(input);
        if (message.isEmpty()) {
            return;
        }
        boolean answers = Codec.answers(message.get(), 7, question);
        Reply reply = Codec.reply(message.get());
        assertThat(reply.said()).isNotEmpty();
        assertThat(reply.message() != null).isEqualTo(reply.kind() == Reply.Kind.ANSWER);
        Chain chain = Chain.of(message.get(), question);
        assertThat(chain.ttl()).isNotNegative();
        assertThat(chain.addresses()).doesNotHaveDuplicates().allSatisfy(address -> assertThat(
                        Optional.of(address).filter(one -> one.toString().startsWith("/")))
                .as("no name in it")
                .isPresent());
        if (type == A) {
            assertThat(chain.addresses()).allMatch(address -> Family.of(address) == family);
        }
        if (chain.broken() || chain.next().isPresent()) {
            assertThat(chain.addresses()).isEmpty();
        }
        assertThat(answers && reply.kind() == Reply.Kind.SILENCE).isFalse();
    }
}
