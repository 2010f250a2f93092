package dev.openshell.netns.linux.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.PolicyReport.Kind;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.plan.LinkAllocator;
import dev.openshell.netns.linux.plan.PolicyResolver;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.report.MachineFacts.Logging;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import dev.openshell.netns.linux.resolve.NameFacts;
import dev.openshell.netns.linux.resolve.ResolvConf;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReporterTest {
    private static final String CLOUDFLARE = "104.16.0.1";
    private static final String FASTLY = "2a04:4e42::1";

    private final Map<String, List<InetAddress>> addresses = new HashMap<>();
    private final Map<String, NameFacts> facts = new HashMap<>();
    private NetnsSandbox.Builder builder = NetnsSandbox.builder();
    private MachineFacts machine = machine(IptablesVariant.NFT, Landlock.State.AVAILABLE, 6, State.AVAILABLE);

    private static MachineFacts machine(IptablesVariant variant, Landlock.State landlock, int abi, State logging) {
        Logging both = new Logging(logging, "tried");
        return new MachineFacts(Optional.ofNullable(variant), Landlock.of(landlock, abi), both, both);
    }

    /** Lists {@code name}, whose addresses these are. */
    private void list(String name, String... its) {
        builder = builder.directTcp(name);
        addresses.put(
                name,
                List.of(its).stream().<InetAddress>map(InetAddresses::forString).toList());
    }

    private void learn(String name, String full, long ttl, String canonical) {
        facts.put(name, new NameFacts(full, OptionalLong.of(ttl), Optional.ofNullable(canonical)));
    }

    private PolicyReport report() {
        PolicyResolver resolver = new PolicyResolver(
                addresses::get,
                ResolvConf.parse(""),
                address -> false,
                address -> true,
                Deadline.in(Duration.ofMinutes(1)));
        ResolvedPolicy plain = resolver.resolve(builder.policy());
        assertThat(plain.facts()).as("another resolver tells addresses alone").isEmpty();
        ResolvedPolicy resolved = new ResolvedPolicy(plain.policy(), plain.forwarded(), plain.hosts(), facts);
        return Reporter.of(resolved, resolved.on(LinkAllocator.example(resolved)), machine);
    }

    private List<Finding> findings(Kind kind) {
        return report().findings().stream()
                .filter(finding -> finding.kind() == kind)
                .toList();
    }

    private Finding only(Kind kind) {
        List<Finding> findings = findings(kind);
        assertThat(findings).hasSize(1);
        return findings.get(0);
    }

    @Test
    void anEmptyPolicyHasTheMachinesFindingsAlone() {
        assertThat(report().findings())
                .extracting(Finding::kind)
                .containsExactly(Kind.LOGGING, Kind.LOGGING, Kind.IPTABLES, Kind.LANDLOCK);
    }

    @Test
    void policyFirstMachineLastInAnOrderThatStays() {
        builder = builder.proxy(3128).allowDns("198.51.100.53", "10.43.0.10");
        list("b.example", "203.0.113.1", "203.0.113.2");
        list("a.example", "203.0.113.2", CLOUDFLARE);
        learn("b.example", "b.example", 60, "b.other.test");
        List<String> order = report().findings().stream()
                .map(finding -> finding.kind() + " " + finding.subject())
                .toList();
        assertThat(order)
                .containsExactly(
                        "OPEN_RESOLVER 10.43.0.10",
                        "OPEN_RESOLVER 198.51.100.53",
                        "PROXY proxy(3128)",
                        "SHARED_ADDRESS 203.0.113.2",
                        "SHARED_ADDRESS " + CLOUDFLARE,
                        "SHARED_ADDRESS b.example",
                        "ROTATING_NAME a.example",
                        "ROTATING_NAME b.example",
                        "PRIVATE_ADDRESS 10.43.0.10",
                        "LOGGING LOG",
                        "LOGGING NFLOG",
                        "IPTABLES nft",
                        "LANDLOCK ABI 6");
        assertThat(report().toString().lines()).hasSize(order.size());
    }

    @Test
    void aResolverIsReportedOnceThoughItHasTwoProtocols() {
        builder = builder.allowDns("198.51.100.53");
        assertThat(only(Kind.OPEN_RESOLVER).toString())
                .startsWith("open-resolver 198.51.100.53: ")
                .contains("data can be carried out");
        builder = NetnsSandbox.builder().directTcp("203.0.113.1", 53);
        assertThat(findings(Kind.OPEN_RESOLVER)).isEmpty();
    }

    @Test
    void aProxyIsReported() {
        builder = builder.proxy(3128);
        assertThat(only(Kind.PROXY).subject()).isEqualTo("proxy(3128)");
        builder = NetnsSandbox.builder().directTcp("203.0.113.1", 3128);
        assertThat(findings(Kind.PROXY)).isEmpty();
    }

    @Test
    void aPrivateAddressIsReportedWithAllThatOpensIt() {
        builder = builder.allowDns("10.43.0.10");
        list("db.internal", "10.43.0.10", "203.0.113.1");
        list("cache.internal", "10.43.0.10");
        assertThat(only(Kind.PRIVATE_ADDRESS).toString())
                .startsWith("private-address 10.43.0.10: Opened by allowDns(\"10.43.0.10\") and directTcp of"
                        + " cache.internal and directTcp of db.internal, ")
                .contains("publicOnly()");
    }

    @Test
    void aPrivateNameserverAloneIsNotForPublicOnly() {
        builder = builder.allowDns("10.43.0.10").publicOnly();
        assertThat(only(Kind.PRIVATE_ADDRESS).text()).doesNotContain("publicOnly()");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.43.0.7", "100.64.0.1", "fd00::7", "64:ff9b::a00:1"})
    void aPrivateLiteralIsReported(String address) {
        builder = builder.directTcp(address);
        assertThat(only(Kind.PRIVATE_ADDRESS).subject()).isEqualTo(address);
    }

    @Test
    void publicAddressesAreNotPrivate() {
        builder = builder.allowDns("198.51.100.53").directTcp("203.0.113.1").directTcp("2001:db8::1");
        assertThat(findings(Kind.PRIVATE_ADDRESS)).isEmpty();
    }

    @Test
    void namesThatShareAnAddressAreReported() {
        list("a.example", "203.0.113.1", "2001:db8::1");
        list("b.example", "203.0.113.2", "2001:db8:0::1");
        assertThat(only(Kind.SHARED_ADDRESS).toString())
                .startsWith("shared-address 2001:db8::1: a.example and b.example share this address");
    }

    @Test
    void oneNameInTwoSpellingsOrWithItsAddressSharesNothing() {
        list("a.example", "203.0.113.1");
        list("a.example.", "203.0.113.1");
        builder = builder.directTcp("203.0.113.1");
        assertThat(findings(Kind.SHARED_ADDRESS)).isEmpty();
        assertThat(findings(Kind.ROTATING_NAME)).isEmpty();
    }

    @Test
    void anAddressInARangeOfANetworkIsShared() {
        list("a.example", CLOUDFLARE);
        list("b.example", FASTLY);
        assertThat(findings(Kind.SHARED_ADDRESS))
                .extracting(Finding::toString)
                .satisfiesExactly(
                        one -> assertThat(one)
                                .startsWith("shared-address 104.16.0.1: An address of a.example in 104.16.0.0/13, from"
                                        + " which Cloudflare serves"),
                        other -> assertThat(other)
                                .startsWith("shared-address 2a04:4e42::1: An address of b.example in 2a04:4e42::/32,"
                                        + " from which Fastly serves"));
    }

    @Test
    void theAddressesBesideARangeAreNot() {
        list("a.example", "104.15.255.255");
        list("b.example", "104.28.0.0");
        list("c.example", "2a04:4e41::1");
        assertThat(findings(Kind.SHARED_ADDRESS)).isEmpty();
    }

    @Test
    void aLiteralAddressIsNeitherSharedNorRotating() {
        builder = builder.directTcp(CLOUDFLARE).directTcp(CLOUDFLARE, 80);
        assertThat(findings(Kind.SHARED_ADDRESS)).isEmpty();
        assertThat(findings(Kind.ROTATING_NAME)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "db.example.co.uk, lb7.hosting.test",
        "db.example.co.uk, other.co.uk",
        "db.example.test, a\\.example.test",
        "db, db.hosting.test"
    })
    void aNameThatIsServedByAnotherDomainIsShared(String name, String canonical) {
        list(name, "203.0.113.1");
        learn(name, name, 3600, canonical);
        assertThat(only(Kind.SHARED_ADDRESS).toString())
                .startsWith("shared-address " + name + ": It is served by " + canonical + ", ");
    }

    @Test
    void aNameThatIsServedByItsOwnDomainIsNot() {
        list("db.example.co.uk", "203.0.113.1");
        learn("db.example.co.uk", "db.example.co.uk", 3600, "x.y.example.co.uk");
        list("db.internal", "203.0.113.2");
        learn("db.internal", "db.internal", 3600, "db7.db.internal");
        list("web", "203.0.113.3");
        learn("web", "web.corp.test", 3600, "web7.corp.test");
        list("plain.example", "203.0.113.4");
        assertThat(findings(Kind.SHARED_ADDRESS)).isEmpty();
    }

    @Test
    void aNameWithSeveralAddressesOfOneFamilyRotates() {
        list("a.example", "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2", "2001:db8::3");
        list("b.example", "203.0.113.3", "2001:db8::4");
        assertThat(only(Kind.ROTATING_NAME).toString())
                .startsWith("rotating-name a.example: It has 2 IPv4 addresses, has 3 IPv6 addresses. Names are");
    }

    @Test
    void aNameWithAShortTtlRotates() {
        list("a.example", "203.0.113.1");
        learn("a.example", "a.example", 300, null);
        list("b.example", "203.0.113.2");
        learn("b.example", "b.example", 301, null);
        assertThat(only(Kind.ROTATING_NAME).toString())
                .startsWith("rotating-name a.example: It was answered with a TTL of 300 s. ");
    }

    @Test
    void aNameFromTheHostsFileDoesNotRotate() {
        list("a.example", "203.0.113.1");
        facts.put("a.example", new NameFacts("a.example", OptionalLong.empty(), Optional.empty()));
        assertThat(findings(Kind.ROTATING_NAME)).isEmpty();
    }

    @Test
    void anAliasIntoANetworkRotates() {
        list("a.example", "203.0.113.1");
        learn("a.example", "a.example", 3600, "d1.cloudfront.net");
        list("b.example", "203.0.113.2");
        learn("b.example", "b.example", 3600, "notfastly.net");
        assertThat(only(Kind.ROTATING_NAME).toString())
                .startsWith("rotating-name a.example: It is an alias of CloudFront's d1.cloudfront.net. ");
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void bothTargetsThatLogAreReported(State state) {
        machine = machine(IptablesVariant.NFT, Landlock.State.AVAILABLE, 6, state);
        assertThat(findings(Kind.LOGGING)).extracting(Finding::subject).containsExactly("LOG", "NFLOG");
        String word = state.name().charAt(0) + state.name().substring(1).toLowerCase(Locale.ROOT);
        assertThat(findings(Kind.LOGGING))
                .extracting(Finding::text)
                .allSatisfy(text -> assertThat(text).startsWith(word).endsWith(" (tried)."));
    }

    @Test
    void theVariantIsReported() {
        assertThat(only(Kind.IPTABLES).toString()).startsWith("iptables nft: The rules are iptables-nft's");
        machine = machine(IptablesVariant.LEGACY, Landlock.State.AVAILABLE, 6, State.AVAILABLE);
        assertThat(only(Kind.IPTABLES).toString()).startsWith("iptables legacy: The rules are iptables-legacy's");
        machine = machine(null, Landlock.State.AVAILABLE, 6, State.AVAILABLE);
        assertThat(only(Kind.IPTABLES).toString()).startsWith("iptables unknown: ");
        builder = builder.iptables(IptablesVariant.LEGACY);
        assertThat(only(Kind.IPTABLES).subject()).as("pinned").isEqualTo("legacy");
    }

    @ParameterizedTest
    @EnumSource(Landlock.State.class)
    void landlockIsReportedWithWhatItsLackMeans(Landlock.State state) {
        boolean available = state == Landlock.State.AVAILABLE;
        machine = machine(IptablesVariant.NFT, state, available ? 6 : 0, State.AVAILABLE);
        Finding finding = only(Kind.LANDLOCK);
        assertThat(finding.text().contains("Processes of one user can trace and signal each other"))
                .isNotEqualTo(available);
        assertThat(finding.subject())
                .isEqualTo(
                        available
                                ? "ABI 6"
                                : state.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }

    @Test
    void signalsBeforeAbi6AreReported() {
        machine = machine(IptablesVariant.NFT, Landlock.State.AVAILABLE, 5, State.AVAILABLE);
        assertThat(only(Kind.LANDLOCK).text()).contains("can signal each other").doesNotContain("trace and signal");
    }
}
