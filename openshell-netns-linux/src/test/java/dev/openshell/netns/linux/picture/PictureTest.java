package dev.openshell.netns.linux.picture;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

class PictureTest {
    private static final VethPair IPV4_ONLY = VethPair.builder()
            .hostInterface("osh-abcd1234")
            .network(Cidr.parse("10.200.0.4/30"))
            .build();
    private static final VethPair BOTH = VethPair.builder()
            .from(IPV4_ONLY)
            .network6(Cidr.parse("fd00:6f73:6800::/126"))
            .build();
    private static final VethPair LONGEST = VethPair.builder()
            .hostInterface("osh-abcdefgh123")
            .sandboxInterface("<eth0>\u0001" + "e".repeat(300))
            .network(Cidr.parse("100.200.100.200/30"))
            .network6(Cidr.parse("fd12:3456:789a:bcde:f012:3456:789a:bcdc/126"))
            .build();
    private static final Rule PROXY = rule(Rule.Kind.PROXY, Protocol.TCP, "10.200.0.5", 3128, "proxy(3128)");
    private static final Rule DNS_TCP = rule(Rule.Kind.DNS, Protocol.TCP, "10.43.0.10", 53, "allowDns(\"10.43.0.10\")");
    private static final Rule DNS_UDP = rule(Rule.Kind.DNS, Protocol.UDP, "10.43.0.10", 53, "allowDns(\"10.43.0.10\")");
    private static final Rule DIRECT =
            rule(Rule.Kind.DIRECT, Protocol.TCP, "203.0.113.10", 443, "directTcp(\"a.example\")");
    private static final Rule DIRECT6 =
            rule(Rule.Kind.DIRECT, Protocol.TCP, "2001:db8::10", 443, "directTcp(\"a.example\")");
    private static final List<Rule> EACH = List.of(PROXY, DNS_TCP, DNS_UDP, DIRECT, DIRECT6);

    private static Rule rule(Rule.Kind kind, Protocol protocol, String address, int port, String origin) {
        return Rule.of(kind, protocol, InetAddresses.forString(address), port, origin);
    }

    /** Returns a proxy, a nameserver and so many hosts, each third with two addresses. */
    private static RuleSet hosts(int count) {
        List<Rule> rules = new ArrayList<>(List.of(PROXY, DNS_TCP, DNS_UDP));
        for (int i = 0; i < count; i++) {
            String origin = "directTcp(\"service-" + i + ".example\", " + (1000 + i) + ")";
            rules.add(rule(Rule.Kind.DIRECT, Protocol.TCP, "203.0.113." + i % 250, 1000 + i, origin));
            if (i % 3 == 0) {
                rules.add(rule(Rule.Kind.DIRECT, Protocol.TCP, "2001:db8::" + i, 1000 + i, origin));
            }
        }
        return RuleSet.of(BOTH, rules);
    }

    private static RuleSet hostile() {
        List<Rule> rules = new ArrayList<>();
        List<String> origins = List.of(
                "<script>alert('x')</script>",
                "\"'><image href=\"http://example.com/\"/>",
                "]]>&amp;&#0;&nope;",
                "W".repeat(300),
                "\u0000\u0001\u001b\r\n\t\u007f\ufffe\ud800",
                "\u202eä漢字",
                "");
        String address = "2001:db8:1111:2222:3333:4444:5555:666";
        for (int i = 0; i < origins.size(); i++) {
            for (Rule.Kind kind : Rule.Kind.values()) {
                for (Protocol protocol : Protocol.values()) {
                    rules.add(rule(kind, protocol, address + i, 65000 + kind.ordinal(), origins.get(i)));
                }
            }
        }
        return RuleSet.of(LONGEST, rules);
    }

    private static List<RuleSet> policies() {
        return List.of(
                RuleSet.of(IPV4_ONLY, List.of()),
                RuleSet.of(IPV4_ONLY, List.of(PROXY)),
                RuleSet.of(IPV4_ONLY, List.of(DIRECT)),
                RuleSet.of(BOTH, EACH),
                hosts(50),
                hosts(300),
                hostile());
    }

    @ParameterizedTest
    @MethodSource("policies")
    void itIsAnSvgDocumentThatNeedsNothingElse(RuleSet rules) {
        Drawn drawn = Drawn.of(rules);
        Element root = drawn.document().getDocumentElement();
        assertThat(root.getAttribute("version")).isEqualTo("1.1");
        assertThat(root.getAttribute("role")).isEqualTo("img");
        assertThat(root.getAttribute("viewBox"))
                .isEqualTo("0 0 " + drawn.number("width") + " " + drawn.number("height"));
        assertThat(root.getFirstChild().getNextSibling().getNodeName()).isEqualTo("title");
        assertThat(drawn.contents("desc")).singleElement().asString().isNotBlank();
        Set<String> names = new HashSet<>();
        for (Element element : drawn.elements("*")) {
            names.add(element.getTagName());
            for (int i = 0; i < element.getAttributes().getLength(); i++) {
                assertThat(element.getAttributes().item(i).getNodeName())
                        .doesNotStartWith("on")
                        .doesNotContain("href");
                assertThat(element.getAttributes().item(i).getNodeValue()).doesNotContain("url(");
            }
        }
        assertThat(names).isSubsetOf("svg", "g", "title", "desc", "rect", "circle", "path", "text");
    }

    @ParameterizedTest
    @MethodSource("policies")
    void everyDestinationIsShownWithItsCall(RuleSet rules) {
        Drawn drawn = Drawn.of(rules);
        List<String> seen = drawn.seen();
        String description = drawn.contents("desc").get(0);
        for (Rule rule : rules.rules()) {
            String address = InetAddresses.toAddrString(rule.address());
            String port = rule.port() + "";
            assertThat(seen).contains(address).contains(Words.printable(rule.origin()));
            assertThat(seen).containsAnyOf(rule.protocol() + " " + port, "udp+tcp " + port);
            assertThat(description)
                    .containsAnyOf(
                            " " + rule.protocol() + " " + port + " " + address, " udp+tcp " + port + " " + address);
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void noTextLeavesThePictureOrMeetsAnother(RuleSet rules) {
        Drawn drawn = Drawn.of(rules);
        List<Drawn.Place> places = drawn.places();
        for (int i = 0; i < places.size(); i++) {
            Drawn.Place place = places.get(i);
            assertThat(place.left()).as(place.text()).isGreaterThanOrEqualTo(0);
            assertThat(place.top()).as(place.text()).isGreaterThanOrEqualTo(0);
            assertThat(place.right()).as(place.text()).isLessThanOrEqualTo(drawn.number("width"));
            assertThat(place.bottom()).as(place.text()).isLessThanOrEqualTo(drawn.number("height"));
            assertThat(places.subList(i + 1, places.size())).as(place.text()).noneMatch(place::overlaps);
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void everyTextStaysInTheBoxesThatItBeginsIn(RuleSet rules) {
        Drawn drawn = Drawn.of(rules);
        List<Drawn.Place> boxes =
                drawn.elements("rect").stream().map(Drawn::area).toList();
        for (Drawn.Place place : drawn.places()) {
            assertThat(boxes)
                    .as(place.text())
                    .filteredOn(place::overlaps)
                    .allMatch(box -> box.left() <= place.left()
                            && place.right() <= box.right()
                            && box.top() <= place.top()
                            && place.bottom() <= box.bottom());
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void equalRulesMakeEqualText(RuleSet rules) {
        List<Rule> reversed = new ArrayList<>(rules.rules());
        Collections.reverse(reversed);
        assertThat(Picture.svg(RuleSet.of(rules.veth(), reversed))).isEqualTo(Picture.svg(rules));
    }

    @Test
    void protocolsOfOneAddressAndAddressesOfOneCallStandTogether() {
        List<String> texts = Drawn.of(RuleSet.of(BOTH, EACH)).contents("text");
        assertThat(texts).containsOnlyOnce("udp+tcp 53", "allowDns(\"10.43.0.10\")", "directTcp(\"a.example\")");
        assertThat(texts).contains("4 destinations open, everything else denied");
        assertThat(texts).contains("203.0.113.10", "2001:db8::10");
    }

    @Test
    void kindsAreToldApartWithoutColour() {
        Drawn drawn = Drawn.of(RuleSet.of(BOTH, EACH));
        for (String kind : List.of("PROXY", "DNS", "DIRECT")) {
            // Once in the legend, once at the group.
            assertThat(drawn.contents("text")).filteredOn(kind::equals).hasSize(2);
        }
        Pattern lane = Pattern.compile("stroke='(#[0-9a-f]+)' stroke-width='2.5' stroke-dasharray='([^']+)'");
        Set<String> patterns = new HashSet<>();
        for (KindStyle kind : KindStyle.values()) {
            Set<String> own = new HashSet<>();
            for (Matcher found = lane.matcher(drawn.svg()); found.find(); ) {
                if (found.group(1).equals(kind.colour())) {
                    own.add(found.group(2));
                }
            }
            assertThat(own).as(kind.label()).hasSize(1);
            patterns.addAll(own);
        }
        assertThat(patterns).hasSize(KindStyle.values().length);
    }

    @Test
    void aProxyEndsOnTheHost() {
        Layout layout = Layout.of(Group.of(RuleSet.of(BOTH, EACH)));
        Drawn drawn = Drawn.of(RuleSet.of(BOTH, EACH));
        assertThat(drawn.places())
                .filteredOn(place -> place.text().equals("proxy(3128)"))
                .singleElement()
                .satisfies(place ->
                        assertThat(place.right()).isLessThan(layout.host().right()));
        assertThat(drawn.places())
                .filteredOn(place ->
                        place.text().startsWith("directTcp") || place.text().startsWith("allowDns"))
                .hasSize(2)
                .allMatch(place -> place.left() > layout.host().right());
    }

    @Test
    void nothingAllowedShowsJustThat() {
        Drawn drawn = Drawn.of(RuleSet.of(IPV4_ONLY, List.of()));
        assertThat(drawn.contents("text"))
                .contains("No destination open, everything is denied", "nothing passes")
                .doesNotContain("PROXY", "DNS", "DIRECT", "answers", "MASQUERADE: leaves with");
        assertThat(drawn.contents("text"))
                .filteredOn("everything: denied"::equals)
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50, 300})
    void everythingElseIsDeniedInsideOnTheHostAndBeyond(int hosts) {
        Drawn drawn = Drawn.of(hosts(hosts));
        assertThat(drawn.contents("text"))
                .filteredOn("everything else: denied"::equals)
                .hasSize(3);
        // A no-entry sign at each of them, and one in the legend.
        assertThat(drawn.elements("circle")).hasSize(4);
    }

    @Test
    void whereIpv6IsClosedItSaysSo() {
        assertThat(Drawn.of(RuleSet.of(IPV4_ONLY, List.of(DIRECT))).contents("text"))
                .contains("10.200.0.6/30", "10.200.0.5/30", "IPv6 is closed", "no IPv6");
        assertThat(Drawn.of(RuleSet.of(BOTH, List.of(DIRECT))).contents("text"))
                .contains("fd00:6f73:6800::2/126", "fd00:6f73:6800::1/126", "fd00:6f73:6800::/126")
                .doesNotContain("IPv6 is closed", "no IPv6");
    }

    @Test
    void theHeightGrowsWithTheRowsAndNoFaster() {
        int one = Drawn.of(hosts(1)).number("height");
        int fifty = Drawn.of(hosts(50)).number("height");
        assertThat(one).isLessThan(800);
        assertThat(fifty).isLessThan(50 * 30 + 500);
        assertThat(Drawn.of(hosts(300)).number("height")).isLessThan(6 * fifty + 500);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 55})
    void shortenedTextsKeepTheirEnds(int most) {
        String text = "a" + "-".repeat(200) + "z";
        assertThat(Words.shortened(text, most)).hasSize(most).startsWith("a").contains("…");
        assertThat(Words.shortened(text, 202)).isEqualTo(text);
        assertThat(Words.shortened(text, 10)).endsWith("z");
    }
}
