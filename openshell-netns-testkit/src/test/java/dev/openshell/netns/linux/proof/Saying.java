package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.ConnState;
import dev.openshell.netns.testkit.HookPacket;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What a policy says of one packet at one hook, rule by rule and without any diagram. */
final class Saying {
    private static final int TCP = 6;
    private static final Set<Rule.Kind> FORWARDED = EnumSet.of(Rule.Kind.DNS, Rule.Kind.DIRECT);

    private final RuleSet rules;
    private final Family family;
    private final Set<String> guarded;
    private final String link;
    private final Optional<Ip> own;

    /** Makes one; {@code guarded} are the interfaces that forward for sandboxes alone, an empty name all. */
    Saying(RuleSet rules, Family family, Set<String> guarded) {
        this.rules = rules;
        this.family = family;
        this.guarded = guarded;
        this.link = rules.veth().hostInterface();
        this.own = rules.veth().sandboxAddress(family).map(Ip::of);
    }

    private static boolean isLink(String name) {
        return name.startsWith(VethPair.HOST_PREFIX);
    }

    private boolean isOwn(Ip ip) {
        return own.filter(ip::equals).isPresent();
    }

    /** Returns whether the hook has a say about the packet; {@code other} is a link that no rule names. */
    boolean asks(String place, HookPacket packet, String other) {
        boolean in = packet.in().equals(link) || packet.in().equals(other);
        boolean out = packet.out().equals(link) || packet.out().equals(other);
        boolean comes = !packet.in().isEmpty();
        boolean leaves = !packet.out().isEmpty();
        return switch (hook(place)) {
            case "sandbox filter OUTPUT" -> !comes && leaves;
            case "sandbox filter INPUT" -> comes && !leaves;
            case "sandbox filter FORWARD" -> comes && leaves;
            case "host raw PREROUTING" -> in && !leaves && packet.state() == ConnState.INVALID;
            case "host filter FORWARD" -> comes && leaves && (in || out || guards(packet));
            case "host filter INPUT" -> in && !leaves;
            case "host filter OUTPUT" -> !comes && out;
            case "host nat POSTROUTING" ->
                packet.in().equals(link)
                        && leaves
                        && !isLink(packet.out())
                        && packet.state() == ConnState.NEW
                        && isOwn(packet.source());
            default -> throw new IllegalArgumentException(place);
        };
    }

    private boolean guards(HookPacket packet) {
        return guarded.contains(packet.in()) && !isLink(packet.out());
    }

    /** Returns a place without its family: {@code host filter FORWARD}. */
    static String hook(String place) {
        String[] words = place.split(" ");
        return words[0] + " " + words[2] + " " + words[3];
    }

    /** Returns the verdict; {@code NEXT} where it is left to others. */
    String of(String place, HookPacket packet) {
        return switch (hook(place)) {
            case "sandbox filter OUTPUT" -> output(packet);
            case "sandbox filter INPUT" -> input(packet);
            case "sandbox filter FORWARD" -> "DROP";
            case "host raw PREROUTING" -> packet.in().equals(link) && isOwn(packet.source()) ? "NEXT" : "DROP";
            case "host filter FORWARD" -> accepted(forwarded(packet) || answers(packet) && !isLink(packet.in()));
            case "host filter INPUT" -> accepted(proxied(packet));
            case "host filter OUTPUT" -> accepted(answers(packet));
            default -> listed(FORWARDED, packet) ? "MASQUERADE" : "NEXT";
        };
    }

    private static String accepted(boolean yes) {
        return yes ? "ACCEPT" : "DROP";
    }

    private String output(HookPacket packet) {
        boolean sent = packet.out().equals(rules.veth().sandboxInterface())
                && listed(
                        EnumSet.allOf(Rule.Kind.class),
                        packet.protocol(),
                        packet.destination(),
                        packet.destinationPort());
        if (sent || packet.out().equals("lo")) {
            return "ACCEPT";
        }
        String unreachable = family == Family.IPV4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
        return "REJECT " + (packet.protocol() == TCP ? "tcp-reset" : unreachable);
    }

    private String input(HookPacket packet) {
        boolean answer = own.isPresent()
                && packet.in().equals(rules.veth().sandboxInterface())
                && packet.reply()
                && (packet.state() == ConnState.ESTABLISHED || packet.state() == ConnState.RELATED);
        return accepted(answer || packet.in().equals("lo"));
    }

    private boolean forwarded(HookPacket packet) {
        return packet.in().equals(link) && !isLink(packet.out()) && begun(packet) && listed(FORWARDED, packet);
    }

    private boolean proxied(HookPacket packet) {
        return packet.in().equals(link)
                && begun(packet)
                && listed(EnumSet.of(Rule.Kind.PROXY), packet)
                && packet.destination().equals(packet.flowDestination())
                && packet.destinationPort() == packet.flowPort();
    }

    /** The first of a flow, or one that follows it the same way. */
    private boolean begun(HookPacket packet) {
        boolean syn = packet.protocol() != TCP || (packet.flags() & 0b010111) == 0b000010;
        return isOwn(packet.source())
                && !packet.reply()
                && (packet.state() == ConnState.ESTABLISHED || packet.state() == ConnState.NEW && syn);
    }

    private boolean answers(HookPacket packet) {
        return packet.out().equals(link)
                && isOwn(packet.destination())
                && isOwn(packet.flowSource())
                && packet.reply()
                && (packet.state() == ConnState.ESTABLISHED || packet.state() == ConnState.RELATED)
                && listed(EnumSet.allOf(Rule.Kind.class), packet);
    }

    private boolean listed(Set<Rule.Kind> kinds, HookPacket packet) {
        return listed(kinds, packet.flowProtocol(), packet.flowDestination(), packet.flowPort());
    }

    private boolean listed(Set<Rule.Kind> kinds, int protocol, Ip address, int port) {
        return rules.rules().stream()
                .anyMatch(rule -> kinds.contains(rule.kind())
                        && rule.protocol().number() == protocol
                        && Ip.of(rule.address()).equals(address)
                        && rule.port() == port);
    }
}
