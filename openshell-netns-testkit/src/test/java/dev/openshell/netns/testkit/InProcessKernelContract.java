package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.KernelException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A kernel whose rules are loaded in this process: the same contract, of the texts that this library writes. */
abstract class InProcessKernelContract extends KernelContract {
    private static final String TEXT =
            """
            *raw
            :PREROUTING ACCEPT [0:0]
            :OPENSHELL-SOURCE - [0:0]
            -A PREROUTING -i osh-+ -j OPENSHELL-SOURCE
            -A OPENSHELL-SOURCE -s %1$s -i osh-one -m comment --comment "openshell-netns 0 0.0 1 1" -j RETURN
            -A OPENSHELL-SOURCE -j DROP
            COMMIT
            *nat
            :POSTROUTING ACCEPT [0:0]
            :OPENSHELL-POSTROUTING - [0:0]
            :osh-one-nat - [0:0]
            -A POSTROUTING -j OPENSHELL-POSTROUTING
            -A OPENSHELL-POSTROUTING -s %1$s -j osh-one-nat
            -A osh-one-nat -m conntrack --ctproto 17 --ctorigsrc %4$s --ctorigdst %3$s --ctorigdstport 53 -j MASQUERADE
            COMMIT
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD DROP [0:0]
            :OPENSHELL-FROM - [0:0]
            :OPENSHELL-TO - [0:0]
            :osh-one-from - [0:0]
            :osh-one-to - [0:0]
            -A INPUT -m comment --comment "first of all" -j DROP
            -A FORWARD -i osh-+ -o osh-+ -j DROP
            -A FORWARD -i osh-+ -j OPENSHELL-FROM
            -A FORWARD -o osh-+ -j OPENSHELL-TO
            -A OPENSHELL-FROM -s %1$s -i osh-one -j osh-one-from
            -A OPENSHELL-TO -d %1$s -o osh-one -j osh-one-to
            -A osh-one-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
            -A osh-one-from -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 5/sec --hashlimit-burst 10 --hashlimit-mode dstip,dstport --hashlimit-name osh-one-5 --hashlimit-htable-size 256 --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -m comment --comment "maxConnectionsPerSecond(5)" -j DROP
            -A osh-one-from -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 20/sec --hashlimit-burst 40 --hashlimit-name osh-one-all-20 --hashlimit-htable-size 256 --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -j DROP
            -A osh-one-from -m conntrack --ctstate NEW -m connlimit --connlimit-above 7 --connlimit-mask %2$s --connlimit-daddr -j DROP
            -A osh-one-from -p udp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 17 --ctorigsrc %4$s --ctorigdst %3$s --ctorigdstport 53 --ctdir ORIGINAL -m comment --comment allowDns -j ACCEPT
            -A osh-one-to -m conntrack --ctstate RELATED,ESTABLISHED --ctproto 17 --ctorigsrc %4$s --ctorigdst %3$s --ctorigdstport 53 --ctdir REPLY -j ACCEPT
            COMMIT
            """;

    @Override
    protected IptablesVariant variant() {
        return IptablesVariant.NFT;
    }

    private static String text(Family family) {
        String own = family == Family.IPV4 ? "10.200.0.6" : "2001:db8::6";
        String server = family == Family.IPV4 ? "10.43.0.10" : "2001:db8:1::10";
        return String.format(
                java.util.Locale.ROOT, TEXT, own + "/" + family.bits(), Integer.toString(family.bits()), server, own);
    }

    private String saved(Family family) {
        return kernel.save(namespace, family, variant(), soon());
    }

    private void load(String text) {
        kernel.restore(namespace, Family.IPV4, variant(), text, true, soon());
    }

    @ParameterizedTest
    @EnumSource(Family.class)
    void allThatThisLibraryWritesIsReadBackAsItWas(Family family) {
        for (int round = 0; round < 2; round++) {
            kernel.restore(namespace, family, variant(), text(family), false, soon());
            assertThat(saved(family)).isEqualTo(text(family));
        }
        kernel.restore(namespace, family, variant(), saved(family), false, soon());
        assertThat(saved(family)).isEqualTo(text(family));
    }

    /** A sandbox beside another one, and away again, each in one text. */
    @Test
    void aSandboxOfSeveralComesAndGoes() {
        kernel.restore(namespace, Family.IPV4, variant(), text(Family.IPV4), false, soon());
        load(
                """
                *raw
                -I OPENSHELL-SOURCE 1 -s 10.200.0.10/32 -i osh-two -j RETURN
                COMMIT
                *filter
                :osh-two-from - [0:0]
                -A OPENSHELL-FROM -s 10.200.0.10/32 -i osh-two -j osh-two-from
                -A osh-two-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
                -A osh-two-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.10 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT
                COMMIT
                """);
        assertThat(saved(Family.IPV4).lines())
                .contains(
                        "-A OPENSHELL-SOURCE -s 10.200.0.10/32 -i osh-two -j RETURN",
                        "-A osh-two-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
                        "-A osh-two-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.10 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT")
                .containsSequence("-A OPENSHELL-SOURCE -j DROP", "COMMIT");
        load(
                """
                *raw
                -D OPENSHELL-SOURCE -s 10.200.0.10/32 -i osh-two -j RETURN
                COMMIT
                *filter
                -D OPENSHELL-FROM -s 10.200.0.10/32 -i osh-two -j osh-two-from
                -F osh-two-from
                -X osh-two-from
                COMMIT
                """);
        assertThat(saved(Family.IPV4)).isEqualTo(text(Family.IPV4));
    }

    /** What counts goes with the chain that it counted for. */
    @Test
    void aChainIsEmptiedWithItsSets() {
        kernel.restore(namespace, Family.IPV4, variant(), text(Family.IPV4), false, soon());
        load("*filter\n-D OPENSHELL-FROM -s 10.200.0.6/32 -i osh-one -j osh-one-from\n-F osh-one-from\n"
                + "-X osh-one-from\nCOMMIT\n");
        assertThat(saved(Family.IPV4)).doesNotContain("osh-one-from").contains("osh-one-to");
        load("*filter\n:osh-one-from - [0:0]\n"
                + text(Family.IPV4)
                        .lines()
                        .filter(line -> line.startsWith("-A osh-one-from") || line.endsWith("-j osh-one-from"))
                        .reduce("", (one, other) -> one + other + "\n")
                + "COMMIT\n");
        List<String> rules = text(Family.IPV4).lines().sorted().toList();
        assertThat(saved(Family.IPV4).lines().sorted()).containsExactlyElementsOf(rules);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-D FORWARD -j ACCEPT",
                "-D OPENSHELL-FROM -s 10.200.0.7/32 -i osh-one -j osh-one-from",
                "-D OPENSHELL-FROM -s 10.200.0.6/32 -i osh-two -j osh-one-from",
                "-I FORWARD 9 -j DROP",
                "-A FORWARD -j osh-two-from",
            })
    void whatIsNotThereIsNoEntry(String line) {
        kernel.restore(namespace, Family.IPV4, variant(), text(Family.IPV4), false, soon());
        assertThatThrownBy(() -> load("*filter\n-A FORWARD -j DROP\n" + line + "\nCOMMIT\n"))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
        assertThat(saved(Family.IPV4)).isEqualTo(text(Family.IPV4));
    }

    /** What iptables-restore does table by table is one change here. */
    @Test
    void aTextIsLoadedWhollyOrNotAtAll() {
        assertThatThrownBy(
                        () -> load(
                                "*raw\n-A PREROUTING -j DROP\nCOMMIT\n*filter\n-A FORWARD -j DROP\n-A FORWARD -j NONE\nCOMMIT\n"))
                .isInstanceOf(KernelException.class);
        assertThat(saved(Family.IPV4)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*filter\n-A OPENSHELL-FROM -j ACCEPT\nCOMMIT\n",
                "*filter\n-A osh-two-from -j DROP\nCOMMIT\n",
                "*filter\n-A osh-two-from -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n",
                "*filter\n-A INPUT -j DROP\n",
                "*filter\n-A INPUT -j DROP\n*raw\nCOMMIT\n",
                "-A INPUT -j DROP\n",
                "*mangle\nCOMMIT\n",
                "*filter\n:INPUT BAD [0:0]\nCOMMIT\n",
            })
    void whatHasNoLikeChangesNothing(String text) {
        kernel.restore(namespace, Family.IPV4, variant(), text(Family.IPV4), false, soon());
        assertThatThrownBy(() -> load(text)).isInstanceOf(KernelException.class);
        assertThat(saved(Family.IPV4)).isEqualTo(text(Family.IPV4));
    }

    @Override
    @ParameterizedTest
    @ValueSource(
            strings = {
                "*filter\n-A NOSUCH -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -j NOSUCH\nCOMMIT\n",
                "*filter\n:u - [0:0]\n-A u -j u\n-A INPUT -j u\nCOMMIT\n",
                "*filter\n-A INPUT -p tcp -m tcp --dport 70000 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -p tcp -m tcp --dport -1 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -m conntrack --ctproto 256 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT --dport 70 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -s 10.0.0.0/33 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -s 10.0.0.0/24 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -j DROP -j ACCEPT\nCOMMIT\n",
                "*filter\n-A INPUT -p udp -j REJECT --reject-with tcp-reset\nCOMMIT\n",
                "*filter\n-A INPUT -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT ! -i eth0 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -j\nCOMMIT\n",
                "*filter\n-A INPUT -p tcp\nCOMMIT\n",
                "*nat\n-A PREROUTING -j MASQUERADE\nCOMMIT\n",
                "*filter\n-D INPUT -j ACCEPT\nCOMMIT\n",
                "*filter\n-I INPUT 7 -j ACCEPT\nCOMMIT\n",
                "*filter\n-A INPUT ! -j DROP\nCOMMIT\n",
                "*filter\n-A IN\0PUT -j DROP\nCOMMIT\n",
            })
    void whatTheToolRefusesChangesNothing(String text) {
        super.whatTheToolRefusesChangesNothing(text);
    }
}
