package dev.openshell.netns.linux.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CdnsTest {
    @ParameterizedTest
    @CsvSource({
        "104.16.0.0, 104.16.0.0/13",
        "104.27.255.255, 104.24.0.0/14",
        "2606:4700::1111, 2606:4700::/32",
        "2a06:98c7:ffff::1, 2a06:98c0::/29",
        "151.101.1.1, 151.101.0.0/16",
        "199.232.255.255, 199.232.0.0/16",
        "104.28.0.0,",
        "2a06:98c8::1,",
        "151.102.0.0,",
        "203.0.113.1,",
        "2001:db8::1,"
    })
    void rangesAreReadFromTheTable(String address, String range) {
        assertThat(Cdns.range(InetAddresses.forString(address))
                        .map(found -> found.cidr().toString())
                        .orElse(null))
                .isEqualTo(range);
    }

    @ParameterizedTest
    @CsvSource({
        "x.map.fastly.net, Fastly",
        "www.example.com.cdn.cloudflare.net, Cloudflare",
        "e1.dscb.akamaiedge.net, Akamai",
        "cloudflare.net,",
        "fastly.net,",
        "xfastly.net,",
        "fastly.net.example,"
    })
    void namesAreThoseBelowADomain(String name, String network) {
        assertThat(Cdns.network(name).orElse(null)).isEqualTo(network);
    }
}
