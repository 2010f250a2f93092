package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import org.junit.jupiter.api.Test;

/** Where the two variants of iptables 1.8.9 let different packets through. */
class VariantCasesTest {
    private static final String TWO_PORTS_EXCLUDED =
            "*filter\n-A FORWARD -p tcp -m tcp ! --sport 79 ! --dport 442 -j DROP\nCOMMIT\n";

    private static boolean passes(IptablesVariant variant, int from, int to) {
        Header syn = Header.ports(Ip.parse("10.200.1.9"), from, Ip.parse("203.0.113.9"), to, Header.TCP, Header.SYN);
        FakeWires wires = new FakeWires(variant, false, Family.IPV4, TWO_PORTS_EXCLUDED);
        return !FakeWires.sights(wires.journey(new Sending(Way.WEST, syn))).isEmpty();
    }

    /** iptables-nft makes one comparison of the two: it excludes the pair, not each. */
    @Test
    void twoExcludedPortsAreOneComparisonToTheNftVariant() {
        assertThat(passes(IptablesVariant.LEGACY, 79, 1)).isTrue();
        assertThat(passes(IptablesVariant.LEGACY, 1, 442)).isTrue();
        assertThat(passes(IptablesVariant.LEGACY, 1, 1)).isFalse();
        assertThat(passes(IptablesVariant.NFT, 79, 1)).isFalse();
        assertThat(passes(IptablesVariant.NFT, 1, 442)).isFalse();
        assertThat(passes(IptablesVariant.NFT, 79, 442)).isTrue();
    }
}
