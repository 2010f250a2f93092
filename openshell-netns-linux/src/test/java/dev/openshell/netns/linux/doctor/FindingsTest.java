package dev.openshell.netns.linux.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Preflight.Status;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Nftables.BaseChain;
import dev.openshell.netns.linux.process.CallProbe.Attempt;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is made of what the probes see. */
class FindingsTest {
    private static BaseChain chain(String family, String table, String name, int hook) {
        return new BaseChain(family, table, name, hook, 0, true, false, false);
    }

    private static Finding nft(BaseChain... chains) {
        return ForeignChains.judge(List.of(chains), Optional.of(IptablesVariant.NFT), false);
    }

    @Test
    void aProbeThatFailsIsAFailedCheckAndTheNextIsMade() {
        Checks checks = new Checks();
        checks.add("one", () -> {
            throw new KernelException(1, "mount");
        });
        checks.add("two", () -> {
            throw new NetnsException("rtnetlink", "veth", 95, "EOPNOTSUPP", "modprobe veth", null);
        });
        checks.add("three", () -> {
            throw new IOException("gone");
        });
        checks.add("four", () -> {
            throw new UnsatisfiedLinkError("no such symbol");
        });
        checks.add("five", () -> Finding.ok("fine"));
        Preflight report = checks.report();
        assertThat(report.checks())
                .extracting(Preflight.Check::status)
                .containsExactly(Status.FAILURE, Status.FAILURE, Status.FAILURE, Status.FAILURE, Status.OK);
        assertThat(report.check("one").orElseThrow().evidence()).isEqualTo("EPERM mount");
        assertThat(report.check("two").orElseThrow().remedy()).contains("modprobe veth");
        assertThat(report.check("three").orElseThrow().evidence()).contains("IOException: gone");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, 5.3.0-1, OK",
        "Linux, 6.18.44-fc, OK",
        "Linux, 10.0, OK",
        "Linux, 5.2.21, FAILURE",
        "Linux, 4.19.0, FAILURE",
        "Linux, odd, FAILURE",
        "Mac OS X, 14.5, FAILURE"
    })
    void theKernel(String system, String release, Status status) {
        assertThat(RuntimeChecks.linux(system, release).status()).isEqualTo(status);
    }

    @ParameterizedTest
    @EnumSource(Landlock.State.class)
    void landlock(Landlock.State state) {
        boolean there = state == Landlock.State.AVAILABLE;
        assertThat(RuntimeChecks.landlock(Landlock.of(state, there ? 7 : 0)).status())
                .isEqualTo(there ? Status.OK : Status.WARNING);
        assertThat(RuntimeChecks.landlock(Landlock.of(Landlock.State.AVAILABLE, 5))
                        .status())
                .isEqualTo(Status.WARNING);
    }

    @ParameterizedTest
    @CsvSource({"1.8.9, false", "1.8.0, false", "1.10.1, false", "2.0.0, false", "1.6.2, true", "0.9.9, true"})
    void theVersionOfIptables(String version, boolean old) {
        assertThat(ToolChecks.isOld("iptables-restore v" + version + " (legacy)"))
                .isEqualTo(old);
    }

    @Test
    void callsThatAreRefused() {
        var findings = PrivilegeChecks.findings(List.of(
                new Attempt("unshare", "CLONE_NEWNET", 0),
                new Attempt("unshare", "CLONE_NEWNS", 1),
                new Attempt("mount", "/ as a slave", 22),
                new Attempt("setns", "network namespace", 0)));
        assertThat(findings).containsOnlyKeys("unshare", "mount", "setns");
        assertThat(findings.get("unshare").status()).isEqualTo(Status.FAILURE);
        assertThat(findings.get("unshare").evidence())
                .contains("CLONE_NEWNS: EPERM")
                .doesNotContain("NEWNET");
        assertThat(findings.get("unshare").remedy()).contains("seccomp=PROFILE", "allows unshare");
        assertThat(findings.get("mount").remedy()).contains("chroot");
        assertThat(findings.get("setns").status()).isEqualTo(Status.OK);
        Finding full = PrivilegeChecks.findings(List.of(new Attempt("unshare", "CLONE_NEWNET", 28)))
                .get("unshare");
        assertThat(full.remedy()).contains("user.max_net_namespaces");
    }

    @Test
    void chainsThatTheLibrarysRulesAreInAreNotForeign() {
        assertThat(nft(chain("ip", "filter", "FORWARD", 2), chain("ip6", "raw", "PREROUTING", 0))
                        .status())
                .isEqualTo(Status.OK);
        assertThat(nft(chain("ip", "filter", "OUTPUT", 3), chain("7", "filter", "FORWARD", 2))
                        .status())
                .isEqualTo(Status.OK);
        for (BaseChain foreign : List.of(
                chain("ip", "filter", "forward", 2),
                chain("inet", "filter", "FORWARD", 2),
                chain("ip", "mangle", "FORWARD", 2),
                chain("ip", "other", "FORWARD", 1))) {
            assertThat(nft(foreign).status()).as(foreign.toString()).isEqualTo(Status.WARNING);
        }
        assertThat(ForeignChains.judge(
                                List.of(chain("ip", "filter", "FORWARD", 2)),
                                Optional.of(IptablesVariant.LEGACY),
                                false)
                        .status())
                .isEqualTo(Status.WARNING);
    }

    @ParameterizedTest
    @CsvSource({"0, true, false", "1, true, false", "2, true, true", "4, false, true"})
    void aRemedyNamesTheInterfacesThatTheHookKnows(int hook, boolean in, boolean out) {
        String remedy = nft(chain("inet", "fw", "chain", hook)).remedy();
        assertThat(remedy).startsWith("nft list ruleset; ");
        assertThat(remedy.contains("iifname '\"osh-*\"' accept")).isEqualTo(in);
        assertThat(remedy.contains("oifname '\"osh-*\"' accept")).isEqualTo(out);
    }

    @Test
    void thePolicyOfAChain() {
        String saved =
                "*mangle\n:FORWARD DROP [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [1:2]\nCOMMIT\n";
        assertThat(HostRuleChecks.policy(saved, "FORWARD")).contains("DROP");
        assertThat(HostRuleChecks.policy(saved, "INPUT")).contains("ACCEPT");
        assertThat(HostRuleChecks.policy("*mangle\n:FORWARD DROP [0:0]\nCOMMIT\n", "FORWARD"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 0, OK", "79, 100, OK", "80, 100, WARNING", "100, 100, WARNING", "262144, 262144, WARNING"})
    void aTableThatFillsUp(long count, long max, Status status) {
        assertThat(ConntrackChecks.fill(count, max).status()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "1, 0, 1", "2, 1, 2", "1, 2, 2", "0, 0, 0"})
    void theLargerReversePathFilterCounts(String all, String own, String effective) {
        assertThat(SettingChecks.effective(all, own)).isEqualTo(effective);
    }

    @Test
    void capabilities() {
        ProcessStatus status = ProcessStatus.parse("CapEff:\t0000000000201000\n");
        assertThat(status.has(ProcessStatus.NET_ADMIN)).isTrue();
        assertThat(status.has(ProcessStatus.SYS_ADMIN)).isTrue();
        assertThat(status.has(ProcessStatus.SETPCAP)).isFalse();
        assertThat(ProcessStatus.parse("CapEff:\tnone\n").capabilities()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Feature.class)
    void eachFeatureIsPartOfTheWhole(Feature feature) {
        for (Family family : Family.values()) {
            assertThat(Feature.all(family, List.of(Feature.values())).lines())
                    .containsAll(feature.text(family).lines().toList());
            assertThat(feature.text(family).lines().filter("COMMIT"::equals)).hasSize(3);
        }
        assertThat(feature.text(Family.IPV6)).doesNotContain("203.0.113").doesNotContain("mask 32");
    }
}
