package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostsFileTest {
    private static List<String> addresses(String text, String name) {
        return HostsFile.parse(text).addresses(name).stream()
                .map(InetAddresses::toAddrString)
                .toList();
    }

    @Test
    void namesAndAliasesAreFoundWhateverTheirCase() {
        String text = "203.0.113.1\tDB.internal  db\tPrimary\n";
        assertThat(addresses(text, "db.internal")).containsExactly("203.0.113.1");
        assertThat(addresses(text, "DB")).containsExactly("203.0.113.1");
        assertThat(addresses(text, "primary")).containsExactly("203.0.113.1");
        assertThat(addresses(text, "internal")).isEmpty();
        assertThat(addresses(text, "203.0.113.1")).isEmpty();
    }

    @Test
    void severalLinesOfOneNameAddUpInTheirOrderWithoutDuplicates() {
        String text = "203.0.113.2 db\n2001:db8::1 x db\n203.0.113.1 db\n203.0.113.2 db\n";
        assertThat(addresses(text, "db")).containsExactly("203.0.113.2", "2001:db8::1", "203.0.113.1");
        assertThat(addresses(text, "x")).containsExactly("2001:db8::1");
    }

    @Test
    void commentsBlankLinesAndLeadingBlanksAreSkipped() {
        String text = "# 203.0.113.1 a\n\n   \n \t203.0.113.2 b # c d\n203.0.113.3#e\n203.0.113.4 f#g\n";
        assertThat(addresses(text, "a")).isEmpty();
        assertThat(addresses(text, "b")).containsExactly("203.0.113.2");
        assertThat(addresses(text, "c")).isEmpty();
        assertThat(addresses(text, "#")).isEmpty();
        assertThat(addresses(text, "e")).isEmpty();
        assertThat(addresses(text, "f")).containsExactly("203.0.113.4");
    }

    @Test
    void malformedLinesAreSkippedAndTheOthersStay() {
        String text = "db 203.0.113.1\n203.0.113.256 db\n203.0.113 db\n010.0.0.1 db\nfe80::1%eth0 db\n203.0.113.9\n"
                + "2001:db8::1::2 db\n\u0662.0.0.1 db\n203.0.113.7 db";
        assertThat(addresses(text, "db")).containsExactly("203.0.113.7");
        assertThat(addresses(text, "203.0.113.1")).isEmpty();
    }

    @Test
    void carriageReturnsEndALine() {
        assertThat(addresses("203.0.113.1 a\r\n203.0.113.2 b\r\n", "a")).containsExactly("203.0.113.1");
        assertThat(addresses("203.0.113.1 a\r\n203.0.113.2 b\r\n", "b")).containsExactly("203.0.113.2");
    }

    @Test
    void aTrailingDotIsAnotherName() {
        assertThat(addresses("203.0.113.1 db\n", "db.")).isEmpty();
        assertThat(addresses("203.0.113.1 db.\n", "db.")).containsExactly("203.0.113.1");
    }

    @Test
    void aMissingFileSaysNothingAndAnUnreadableOneFails(@TempDir Path dir) throws IOException {
        assertThat(HostsFile.read(dir.resolve("none")).addresses("localhost")).isEmpty();
        assertThatThrownBy(() -> HostsFile.read(dir)).isInstanceOf(IOException.class);
    }

    @Test
    void bytesThatAreNoTextDoNotHideTheRest(@TempDir Path dir) throws IOException {
        Path file = Files.write(
                dir.resolve("hosts"), "# caf\u00e9\n203.0.113.1 db\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(HostsFile.read(file).addresses("db")).hasSize(1);
    }
}
