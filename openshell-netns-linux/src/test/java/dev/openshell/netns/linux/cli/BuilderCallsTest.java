package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BuilderCallsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "directTcp(\"db.internal\") | --direct-tcp db.internal",
                "directTcp(\"db.internal\", 5432) | --direct-tcp db.internal:5432",
                "add directTcp(\"2001:db8::1\") to it | --direct-tcp 2001:db8::1",
                "directTcp(\"2001:db8::1\", 5432) | --direct-tcp [2001:db8::1]:5432",
                "allowDns(\"10.43.0.10\") | --dns 10.43.0.10",
                "allowDnsFromHost() | --dns auto",
                "proxy(3128) | --proxy 3128"
            })
    void areOptions(String text, String option) {
        assertThat(BuilderCalls.options(text)).containsExactly(option);
    }

    @Test
    void severalAre() {
        assertThat(BuilderCalls.options("directTcp(\"a.example\", 80, 443) + allowDns(\"10.43.0.1\", \"10.43.0.2\")"))
                .isEqualTo(List.of(
                        "--direct-tcp a.example:80",
                        "--direct-tcp a.example:443",
                        "--dns 10.43.0.1",
                        "--dns 10.43.0.2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "OPENSHELL_DNS_SERVER", "nothing can: the address is a loopback one", "directTcp(host, 443)"
            })
    void nothingElseIs(String text) {
        assertThat(BuilderCalls.options(text)).isEmpty();
    }
}
