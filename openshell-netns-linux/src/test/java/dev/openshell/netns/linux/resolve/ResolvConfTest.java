package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResolvConfTest {
    @TempDir
    Path dir;

    private static List<String> servers(String text) {
        return shown(ResolvConf.parse(text).nameservers());
    }

    private static List<String> shown(List<InetAddress> addresses) {
        return addresses.stream().map(InetAddresses::toAddrString).toList();
    }

    @Test
    void nameserversKeepTheirOrderAndTheFirstThreeAreAsked() {
        ResolvConf conf = ResolvConf.parse("nameserver 203.0.113.1\nnameserver 2001:db8::1\nnameserver\t203.0.113.2\n"
                + "nameserver   203.0.113.3");
        assertThat(shown(conf.nameservers()))
                .containsExactly("203.0.113.1", "2001:db8::1", "203.0.113.2", "203.0.113.3");
        assertThat(shown(conf.queriedNameservers())).containsExactly("203.0.113.1", "2001:db8::1", "203.0.113.2");
    }

    @Test
    void withoutANameserverTheLocalOneIsAsked() {
        ResolvConf conf = ResolvConf.parse("");
        assertThat(conf.nameservers()).isEmpty();
        assertThat(shown(conf.queriedNameservers())).containsExactly("127.0.0.1");
        assertThat(conf.usableNameserver()).isEmpty();
    }

    @Test
    void commentsIndentationCaseAndUnknownLinesAreIgnored() {
        assertThat(servers("# nameserver 203.0.113.1\n;nameserver 203.0.113.2\n nameserver 203.0.113.3\n"
                        + "NAMESERVER 203.0.113.4\nnameserver203.0.113.5\nsortlist 203.0.113.0/24\nfoo bar\n\n"
                        + "nameserver\nnameserver \nnameserver 203.0.113.6"))
                .containsExactly("203.0.113.6");
    }

    @Test
    void whatFollowsAnAddressIsIgnoredAndCarriageReturnsEndALine() {
        assertThat(servers("nameserver 203.0.113.1 # eth0\r\nnameserver 203.0.113.2\r\nsearch a.example\r\n"))
                .containsExactly("203.0.113.1", "203.0.113.2");
        assertThat(ResolvConf.parse("search a.example\r\n").search()).containsExactly("a.example");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dns.example",
                "203.0.113.256",
                "1.2.3.4.5",
                "203.0.113.1#x",
                "2001:db8::1::2",
                "[2001:db8::1]",
                "203.0.113.1%eth0",
                "09.0.0.1",
                "-1",
                "0x",
                "4294967296",
                "1..2",
                "\u0662.0.0.1",
                "%eth0"
            })
    void whatIsNoAddressIsIgnored(String address) {
        assertThat(servers("nameserver " + address + "\nnameserver 203.0.113.9"))
                .containsExactly("203.0.113.9");
    }

    @ParameterizedTest
    @CsvSource({
        "10.1, 10.0.0.1",
        "010.0.0.1, 8.0.0.1",
        "0xa.0x2b.0.10, 10.43.0.10",
        "169738250, 10.30.0.10",
        "10.43.10, 10.43.0.10",
        "4294967295, 255.255.255.255",
        "::ffff:203.0.113.1, 203.0.113.1",
        "2001:DB8:0:0::1, 2001:db8::1"
    })
    void addressesAreReadAsTheCLibraryReadsThem(String text, String address) {
        assertThat(servers("nameserver " + text)).containsExactly(address);
    }

    @Test
    void zonesAreKept() throws IOException {
        ResolvConf conf = ResolvConf.parse("nameserver fe80::1%7\nnameserver fe80::2%lo\nnameserver 2001:db8::1%eth9\n"
                + "nameserver fe80::3%osh-none");
        assertThat(shown(conf.nameservers())).containsExactly("fe80::1", "fe80::2", "2001:db8::1", "fe80::3");
        assertThat(conf.servers().get(0)).hasToString("fe80::1%7");
        assertThat(conf.servers().get(0).at(53).toString()).contains("%7");
        assertThat(conf.servers().get(2).at(53).toString()).doesNotContain("%");
        Nameserver gone = new Nameserver(InetAddresses.forString("fe80::3"), "osh-none");
        assertThatThrownBy(() -> gone.at(53)).isInstanceOf(IOException.class).hasMessageContaining("osh-none");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "search a.example b.example|a.example,b.example",
                "search a.example\\nsearch b.example c|b.example,c",
                "domain a.example\\nsearch b.example|b.example",
                "search b.example c\\ndomain a.example junk|a.example",
                "search a.example\\nsearch|a.example",
                "search a.example\\ndomain  |a.example",
                "search\\t a.example \\t b.example \\t|a.example,b.example",
                "search .|.",
                "searching a.example|"
            })
    void theLastSearchListCounts(String text, String search) {
        List<String> expected = search == null ? List.of() : List.of(search.split(","));
        assertThat(ResolvConf.parse(text.replace("\\n", "\n").replace("\\t", "\t"))
                        .search())
                .isEqualTo(expected);
    }

    @Test
    void longSearchListsAreKeptWhole() {
        String list = "a b c d e f g h i j";
        assertThat(ResolvConf.parse("search " + list).search()).containsExactly(list.split(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "|1|5|2|false",
                "options ndots:5 timeout:3 attempts:4 rotate|5|3|4|true",
                "options ndots:99 timeout:99 attempts:99|15|30|5|false",
                "options ndots:0 timeout:0 attempts:0|0|1|1|false",
                "options ndots:-1 timeout:-5 attempts:x|0|1|1|false",
                "options ndots: timeout:7s|0|7|2|false",
                "options ndots:2\\noptions timeout:9\\noptions ndots:3|3|9|2|false",
                "options use-vc single-request edns0 trust-ad unknown:7 rotate inet6|1|5|2|true",
                "options\\tndots:4\\t\\trotate|4|5|2|true",
                "optionsndots:4|1|5|2|false",
                "# options ndots:4|1|5|2|false"
            })
    void optionsAreReadAndCapped(String text, int ndots, int timeout, int attempts, boolean rotate) {
        ResolvConf conf =
                ResolvConf.parse(text == null ? "" : text.replace("\\n", "\n").replace("\\t", "\t"));
        assertThat(conf.ndots()).isEqualTo(ndots);
        assertThat(conf.timeout()).isEqualTo(Duration.ofSeconds(timeout));
        assertThat(conf.attempts()).isEqualTo(attempts);
        assertThat(conf.rotate()).isEqualTo(rotate);
    }

    @Test
    void theFirstReachableServerIsUsable() {
        assertThat(ResolvConf.parse("nameserver 127.0.0.53\nnameserver fe80::1%2\nnameserver 10.43.0.10")
                        .usableNameserver())
                .contains(InetAddresses.forString("10.43.0.10"));
        assertThat(ResolvConf.parse("nameserver 2001:db8::53\nnameserver 10.43.0.10")
                        .usableNameserver())
                .contains(InetAddresses.forString("2001:db8::53"));
        ResolvConf none = ResolvConf.parse("nameserver 127.0.0.53\nnameserver 169.254.169.254");
        assertThat(none.usableNameserver()).isEmpty();
        assertThat(none.whyNoneUsable())
                .isEqualTo("resolv.conf has only 127.0.0.53 (loopback), 169.254.169.254 (link-local)");
    }

    @Test
    void readsAFileWhateverItsEncodingAndFailsWithoutIt() throws IOException {
        Path file = Files.write(
                dir.resolve("resolv.conf"),
                "# caf\u00e9\nnameserver 10.43.0.10\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(shown(ResolvConf.read(file).nameservers())).containsExactly("10.43.0.10");
        assertThatThrownBy(() -> ResolvConf.read(dir.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nameserver 127.0.0.53\noptions ndots:3", "nameserver 127.0.0.11\nnameserver ::1", ""})
    void theUpstreamFileIsAskedForWhereAllServersAreStubs(String stub) throws IOException {
        Path upstream = Files.writeString(dir.resolve("upstream"), "nameserver fe80::1%2\nnameserver 10.43.0.10\n");
        Path system = Files.writeString(dir.resolve("system"), stub);
        ResolvConf conf = ResolvConf.ofHost(Optional.empty(), system, upstream);
        assertThat(conf.usableNameserver()).contains(InetAddresses.forString("10.43.0.10"));
        // The host itself goes on asking its stub.
        assertThat(conf.queriedNameservers()).allMatch(InetAddress::isLoopbackAddress);
        assertThat(ResolvConf.ofHost(Optional.of(system), dir.resolve("none"), upstream)
                        .usableNameserver())
                .isPresent();
    }

    @Test
    void theUpstreamFileIsNotAskedForOtherwise() throws IOException {
        Path upstream = Files.writeString(dir.resolve("upstream"), "nameserver 10.43.0.99\n");
        Path system = Files.writeString(dir.resolve("system"), "nameserver 127.0.0.53\nnameserver 10.43.0.10\n");
        assertThat(ResolvConf.ofHost(Optional.empty(), system, upstream).usableNameserver())
                .contains(InetAddresses.forString("10.43.0.10"));
        Path override = Files.writeString(dir.resolve("override"), "nameserver 169.254.169.253\n");
        ResolvConf linkLocal = ResolvConf.ofHost(Optional.of(override), system, upstream);
        assertThat(linkLocal.usableNameserver()).isEmpty();
        assertThat(linkLocal.whyNoneUsable()).isEqualTo(override + " has only 169.254.169.253 (link-local)");
    }

    @Test
    void saysWhyThereIsNoUsableServer() throws IOException {
        Path system = Files.writeString(dir.resolve("system"), "nameserver 127.0.0.53\n");
        Path none = dir.resolve("none");
        ResolvConf alone = ResolvConf.ofHost(Optional.empty(), system, none);
        assertThat(alone.usableNameserver()).isEmpty();
        assertThat(alone.whyNoneUsable())
                .isEqualTo(system + " has only 127.0.0.53 (loopback), and there is no " + none);
        Path upstream = Files.writeString(dir.resolve("upstream"), "# nothing\n");
        assertThat(ResolvConf.ofHost(Optional.empty(), system, upstream).whyNoneUsable())
                .isEqualTo(system + " has only 127.0.0.53 (loopback), and " + upstream + " has no nameserver");
    }

    @Test
    void theSystemFileMayBeMissingButNotTheOverride() throws IOException {
        Path none = dir.resolve("none");
        ResolvConf conf = ResolvConf.ofHost(Optional.empty(), none, dir.resolve("none either"));
        assertThat(shown(conf.queriedNameservers())).containsExactly("127.0.0.1");
        assertThatThrownBy(() -> ResolvConf.ofHost(Optional.of(none))).isInstanceOf(NoSuchFileException.class);
    }
}
