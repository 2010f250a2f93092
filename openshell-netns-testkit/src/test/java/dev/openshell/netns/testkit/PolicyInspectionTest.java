package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Flow;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What is said of a policy, in force or not, on a fake kernel. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PolicyInspectionTest {
    private final FakeKernel kernel = FakeKernel.builder()
            .name("db.internal", "203.0.113.5")
            .name("other.example", "203.0.113.77", "2001:db8::77")
            .build();

    private NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder(kernel)
                .proxy(3128)
                .allowDns("10.43.0.10")
                .directTcp("203.0.113.10")
                .directTcp("db.internal", 5432);
    }

    private static Explanation explain(PolicyInspection inspection, String flow) {
        return inspection.explain(Flow.parse(flow));
    }

    @Test
    void inspectingTouchesNothing() {
        List<String> before = kernel.state();
        kernel.script();
        PolicyInspection inspection = builder().inspect();
        inspection.plan();
        inspection.verify();
        explain(inspection, "tcp:other.example:443");
        inspection.diff(builder().proxy(1).policy());
        inspection.svg();
        assertThat(kernel.calls())
                .doesNotContain(
                        KernelCall.RESTORE, KernelCall.CREATE_NAMESPACE, KernelCall.WRITE_SYSCTL, KernelCall.LOCK);
        assertThat(inspection.policy()).isEqualTo(builder().policy());
        // What can be logged is tried, in a namespace that is gone afterwards.
        inspection.report();
        assertThat(kernel.state()).isEqualTo(before);
    }

    @Test
    void aPlanIsItsStepsAndItsText() {
        SandboxPlan plan = builder().name("agent").named().inspect().plan();
        assertThat(plan.steps().get(0)).isEqualTo(new SandboxPlan.Step("create the namespace", "unshare"));
        assertThat(plan.steps())
                .contains(new SandboxPlan.Step("make the link", "osh-plan"))
                .endsWith(
                        new SandboxPlan.Step("allow on the host", "IPV4 rules"),
                        new SandboxPlan.Step("publish the namespace", "/run/netns/agent"));
        assertThat(plan.inputs())
                .extracting(input -> input.namespace() + " " + input.family())
                .containsExactly("sandbox IPV4", "sandbox IPV6", "host IPV4", "host IPV6");
        assertThat(plan.toString())
                .startsWith(
                        """
                        # link osh-plan - eth0
                        # host 10.200.0.1 sandbox 10.200.0.2 network 10.200.0.0/30
                        # namespace=sandbox family=ipv4
                        *filter
                        """)
                .contains("# namespace=host family=ipv6\n*raw\n")
                .endsWith("COMMIT\n");
    }

    /** Where the host adds nothing, the plan of the live sandbox is the one that was shown, on its own link. */
    @Test
    void aPlanIsWhatIsDone() {
        FakeKernel router = Opened.router();
        NetnsSandbox.Builder builder = NetnsSandbox.builder(router)
                .proxy(3128)
                .allowDns("10.43.0.10", "2001:db8::53")
                .directTcp("203.0.113.10");
        try (NetnsSandbox sandbox = builder.apply()) {
            PolicyInspection live = sandbox.inspect();
            assertThat(onExample(live.plan().toString(), sandbox.veth()))
                    .isEqualTo(builder.inspect().plan().toString());
            assertThat(live.ruleSet()).isEqualTo(sandbox.ruleSet());
        }
    }

    private static String onExample(String text, VethPair veth) {
        // Whose the rules are stands beside those that are loaded alone.
        String other = text.replaceAll(" -m comment --comment \"openshell-netns [^\"]*\"", "")
                .replace(veth.hostInterface(), "osh-plan");
        for (String[] own : new String[][] {
            {veth.network().toString(), "10.200.0.0/30"},
            {veth.hostAddress().getHostAddress(), "10.200.0.1"},
            {veth.sandboxAddress().getHostAddress(), "10.200.0.2"},
            {veth.network6().orElseThrow().toString(), "fd00:6f73:6800::/126"},
            {InetAddresses.toAddrString(veth.network6().orElseThrow().at(1)), "fd00:6f73:6800::1"},
            {InetAddresses.toAddrString(veth.network6().orElseThrow().at(2)), "fd00:6f73:6800::2"}
        }) {
            other = other.replaceAll("(?<![0-9a-f.:])" + own[0].replace(".", "\\.") + "(?![0-9a-f.:])", own[1]);
        }
        return other;
    }

    @Test
    void theProofHasItsFigures() {
        Verified verified = builder().inspect().verify();
        assertThat(verified.packets().bitLength()).isGreaterThan(300);
        assertThat(verified.regions()).isGreaterThan(100);
        assertThat(verified.time()).isPositive();
        assertThat(verified.toString()).matches("2\\^\\d+\\.\\d packets in \\d+ regions, \\d+ µs");
        try (NetnsSandbox sandbox = builder().apply()) {
            assertThat(sandbox.inspect().verify().packets().bitLength()).isGreaterThan(300);
        }
    }

    @Test
    void aFlowIsExplainedBeforeAndAfter() {
        for (String flow : List.of("tcp:203.0.113.10:443", "tcp:db.internal:5432", "udp:10.43.0.10:53")) {
            assertThat(explain(builder().inspect(), flow).allowed()).as(flow).isTrue();
        }
        try (NetnsSandbox sandbox = builder().apply()) {
            String link = sandbox.veth().hostInterface();
            Explanation denied = sandbox.explain(Flow.parse("tcp:other.example:443"));
            assertThat(denied.allowed()).isFalse();
            assertThat(denied.ways())
                    .extracting(Explanation.Way::address)
                    .containsExactly(InetAddresses.forString("203.0.113.77"), InetAddresses.forString("2001:db8::77"));
            assertThat(denied.toString())
                    .startsWith(
                            "denied tcp:other.example:443\n  203.0.113.77 denied\n    sandbox filter OUTPUT: REJECT by")
                    .contains("-i " + link + " -m comment --comment \"openshell-netns ")
                    .contains("advice: directTcp(\"other.example\")");
            Explanation allowed = explain(sandbox.inspect(), "tcp:db.internal:5432");
            assertThat(allowed.toString())
                    .startsWith(
                            "allowed tcp:db.internal:5432\n  203.0.113.5 allowed by directTcp(\"db.internal\", 5432)\n")
                    .contains("host filter FORWARD: ACCEPT by -A " + link + "-from");
            String end = sandbox.veth().hostAddress().getHostAddress();
            assertThat(sandbox.explain(Flow.parse("tcp:" + end + ":3128")).allowed())
                    .isTrue();
            assertThat(sandbox.explain(Flow.parse("tcp:198.51.100.2:3128"))
                            .ways()
                            .get(0)
                            .advice())
                    .startsWith("nothing can: of the host itself");
            assertThatThrownBy(() -> sandbox.explain(Flow.parse("tcp:nosuch.example:443")))
                    .isInstanceOf(NetnsException.class)
                    .hasMessageContaining("nosuch.example");
        }
    }

    /** What was opened is what counts, not what the name's server says now. */
    @Test
    void aNameThatRotates() {
        List<List<InetAddress>> answers = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            answers.add(List.of(InetAddresses.forString("203.0.113." + i)));
        }
        HostResolver rotating = name -> answers.remove(0);
        NetnsSandbox.Builder builder =
                NetnsSandbox.builder(kernel).resolver(rotating).directTcp("turning.example");
        PolicyInspection inspection = builder.inspect();
        for (int i = 0; i < 3; i++) {
            Explanation first = explain(inspection, "tcp:turning.example:443");
            assertThat(first.allowed()).isTrue();
            assertThat(first.ways().get(0).address()).isEqualTo(InetAddresses.forString("203.0.113.1"));
        }
        assertThat(inspection.ruleSet().rules()).hasToString("[tcp:203.0.113.1:443]");
        assertThat(inspection.plan()).isEqualTo(inspection.plan());
        try (NetnsSandbox sandbox = builder.apply()) {
            assertThat(sandbox.ruleSet().rules()).hasToString("[tcp:203.0.113.2:443]");
            assertThat(sandbox.explain(Flow.parse("tcp:turning.example:443")).allowed())
                    .isTrue();
            assertThat(sandbox.explain(Flow.parse("tcp:203.0.113.1:443")).allowed())
                    .isFalse();
            assertThat(sandbox.verifyLoaded().regions()).isPositive();
            // The policy is the same, and yet what it opens is not.
            assertThat(sandbox.inspect().diff(builder.policy()).toString())
                    .isEqualTo("+ tcp:203.0.113.3:443 directTcp(\"turning.example\")\n"
                            + "- tcp:203.0.113.2:443 directTcp(\"turning.example\")\n");
        }
    }

    @Test
    void aDifferenceIsSeenFromBothSides() {
        PolicyInspection one = builder().inspect();
        NetnsSandbox.Builder other = NetnsSandbox.builder(kernel)
                .proxy(8080)
                .allowDns("10.43.0.10")
                .directTcp("203.0.113.10")
                .directTcp("203.0.113.11", 80);
        PolicyDiff there = one.diff(other.policy());
        assertThat(there.toString())
                .isEqualTo(
                        """
                        + tcp:10.200.0.1:8080 proxy(8080)
                        + tcp:203.0.113.11:80 directTcp("203.0.113.11", 80)
                        - tcp:10.200.0.1:3128 proxy(3128)
                        - tcp:203.0.113.5:5432 directTcp("db.internal", 5432)
                        """);
        PolicyDiff back = other.inspect().diff(builder().policy());
        assertThat(back.opened()).isEqualTo(there.closed());
        assertThat(back.closed()).isEqualTo(there.opened());
        assertThat(there.cut()).isEmpty();
        assertThat(one.diff(builder().policy()).isEmpty()).isTrue();
        assertThat(one.diff(builder().name("x").linkPool("10.201.0.0/16").policy())
                        .isEmpty())
                .isTrue();
        assertThatThrownBy(() -> one.diff(builder().directTcp("nosuch.example").policy()))
                .isInstanceOf(NetnsException.class)
                .hasMessageContaining("nosuch.example");
    }

    @Test
    void liveFlowsThatAChangeWouldCut() throws Exception {
        kernel.services().tcp("203.0.113.10", 443, connection -> connection
                .getInputStream()
                .read());
        kernel.services().tcp("203.0.113.5", 5432, connection -> connection
                .getInputStream()
                .read());
        try (NetnsSandbox sandbox = builder().apply();
                Socket kept = sandbox.sockets().socketFactory().createSocket("203.0.113.10", 443);
                Socket cut = sandbox.sockets().socketFactory().createSocket("db.internal", 5432)) {
            assertThat(kept.isConnected()).isTrue();
            NetnsSandbox.Builder less = NetnsSandbox.builder(kernel)
                    .proxy(3128)
                    .allowDns("10.43.0.10")
                    .directTcp("203.0.113.10");
            PolicyDiff diff = sandbox.inspect().diff(less.policy());
            assertThat(diff.toString())
                    .isEqualTo("- tcp:203.0.113.5:5432 directTcp(\"db.internal\", 5432)\n"
                            + "cut tcp:203.0.113.5:5432 from port " + cut.getLocalPort() + ", ESTABLISHED\n");
            assertThat(sandbox.inspect().diff(builder().policy()).isEmpty()).isTrue();
            assertThat(sandbox.inspect()
                            .diff(builder().directTcp("203.0.113.99").policy())
                            .cut())
                    .isEmpty();
            // Before it is applied a policy has no flows.
            assertThat(builder().inspect().diff(less.policy()).cut()).isEmpty();
        }
    }

    @Test
    void theReportNamesWhatRemains() {
        PolicyReport before = builder().inspect().report();
        assertThat(before.findings())
                .extracting(finding -> finding.kind() + " " + finding.subject())
                .contains("OPEN_RESOLVER 10.43.0.10", "PROXY proxy(3128)", "IPTABLES nft", "LOGGING NFLOG");
        try (NetnsSandbox sandbox = builder().apply()) {
            assertThat(sandbox.inspect().report().toString())
                    .contains("open-resolver 10.43.0.10: ", "iptables nft: ", "logging NFLOG: Available");
        }
    }

    @Test
    void thePictureIsAnSvgDocument() throws Exception {
        try (NetnsSandbox sandbox = builder().apply()) {
            for (PolicyInspection inspection : List.of(builder().inspect(), sandbox.inspect())) {
                Document svg = DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader(inspection.svg())));
                assertThat(
                                svg.getDocumentElement().getLocalName() == null
                                        ? svg.getDocumentElement().getTagName()
                                        : svg.getDocumentElement().getLocalName())
                        .isEqualTo("svg");
                assertThat(svg.getDocumentElement().getTextContent())
                        .contains(
                                "203.0.113.10",
                                "db.internal",
                                inspection.ruleSet().veth().hostInterface());
            }
        }
    }

    @Test
    void afterCloseTheHandleSaysNothing() {
        NetnsSandbox sandbox = builder().apply();
        PolicyInspection before = sandbox.inspect();
        sandbox.close();
        assertThatThrownBy(sandbox::inspect).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::verifyLoaded).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sandbox.explain(Flow.parse("tcp:203.0.113.10:443")))
                .isInstanceOf(IllegalStateException.class);
        // What was read before is a value; what has to look again can't.
        assertThat(before.plan().steps()).isNotEmpty();
        assertThat(before.verify().regions()).isPositive();
        assertThatThrownBy(before::report).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> before.diff(builder().proxy(1).policy())).isInstanceOf(IllegalStateException.class);
    }
}
