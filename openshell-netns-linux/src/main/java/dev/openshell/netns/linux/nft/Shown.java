package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.netlink.AttributeMap;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads a rule from the expressions that the kernel shows. It takes the shortest way to what the rule may be; that it is
 * that, and nothing else, is then found out by writing it again and comparing.
 */
final class Shown {
    private static final Set<String> IGNORED = Set.of("counter");

    private final Family family;
    private final NftRule rule = new NftRule();
    private final List<String> loads = new ArrayList<>();
    private byte[] mask = new byte[0];
    private int states;
    private int flowProtocol = -1;
    private InetAddress flowSource;
    private InetAddress flowDestination;
    private int flowPort = -1;
    private int flowDirection = -1;
    private boolean flow;
    private long packets;
    private long bytes;

    private record Expression(String name, Map<Integer, byte[]> data) {}

    private final String chain;

    private Shown(String chain, Family family) {
        this.chain = chain;
        this.family = family;
    }

    /** A rule, and how many packets and bytes it has counted. */
    record Counted(NftRule rule, long packets, long bytes) {}

    /**
     * Returns the rule of {@code chain} that {@code expressions} are.
     *
     * @throws IllegalArgumentException where they are none that this library writes
     */
    static Counted read(byte[] expressions, String comment, String chain, Family family) {
        Shown shown = new Shown(chain, family);
        for (Expression each : list(expressions)) {
            shown.expression(each);
        }
        NftRule rule = shown.rule;
        if (shown.flow) {
            rule.tracked = new NftRule.Tracked(
                    shown.states,
                    shown.flowProtocol,
                    shown.flowSource,
                    shown.flowDestination,
                    shown.flowPort,
                    shown.flowDirection);
        }
        rule.comment = comment;
        if (!same(expressions, Expressions.of(rule, family))) {
            throw new IllegalArgumentException("a rule of chain " + chain + " that is none of this library's");
        }
        return new Counted(rule, shown.packets, shown.bytes);
    }

    /** Returns whether both are the same but for what was counted. */
    static boolean same(byte[] one, byte[] other) {
        return texts(one).equals(texts(other));
    }

    private static List<String> texts(byte[] expressions) {
        return list(expressions).stream()
                .map(each -> {
                    Map<Integer, String> data = new TreeMap<>();
                    if (!IGNORED.contains(each.name)) {
                        each.data.forEach((type, value) -> data.put(type, Arrays.toString(value)));
                    }
                    if (each.name.equals("dynset")) {
                        // What the kernel adds: no timeout of its own, padding, and no flags.
                        data.remove(6, Arrays.toString(new byte[8]));
                        data.remove(8);
                        data.remove(9, Arrays.toString(new byte[4]));
                    }
                    return each.name + data;
                })
                .toList();
    }

    private static List<Expression> list(byte[] nested) {
        List<Expression> expressions = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(nested).order(ByteOrder.nativeOrder());
        for (int at = 0; at + 4 <= in.limit(); ) {
            int length = in.getShort(at) & 0xffff;
            if (length < 4 || length > in.limit() - at) {
                throw new IllegalArgumentException("expression of " + length + " bytes at " + at);
            }
            Map<Integer, byte[]> parts = AttributeMap.nested(Arrays.copyOfRange(nested, at + 4, at + length));
            byte[] data = parts.getOrDefault(2, new byte[0]);
            expressions.add(new Expression(text(parts.get(1)), AttributeMap.nested(data)));
            at += length + 3 & ~3;
        }
        return expressions;
    }

    private void expression(Expression each) {
        Map<Integer, byte[]> data = each.data;
        switch (each.name) {
            case "meta" -> loads.add("meta " + number(data.get(2)));
            case "ct" -> loads.add("ct " + number(data.get(2)));
            case "payload" -> loads.add("payload " + number(data.get(2)) + " " + number(data.get(3)));
            case "bitwise" -> mask = value(data.get(4));
            case "cmp" -> compared(value(data.get(3)));
            case "counter" -> {
                bytes = longer(data.get(1));
                packets = longer(data.get(2));
            }
            case "limit" -> rate(data);
            case "connlimit" -> rule.connections = new NftRule.Connections(number(data.get(1)), false, 0);
            case "masq" -> rule.target = "MASQUERADE";
            case "reject" -> rule.target = "REJECT --reject-with " + refusal(data);
            case "immediate" -> verdict(data);
            default -> throw new IllegalArgumentException("expression " + each.name);
        }
    }

    private void compared(byte[] with) {
        String load = loads.isEmpty() ? "" : loads.remove(loads.size() - 1);
        boolean ipv4 = family == Family.IPV4;
        String source = ipv4 ? "payload 1 12" : "payload 1 8";
        String destination = ipv4 ? "payload 1 16" : "payload 1 24";
        if (load.startsWith("ct ")) {
            flow = true;
        }
        if (load.equals(source)) {
            rule.source = address(with);
        } else if (load.equals(destination)) {
            rule.destination = address(with);
        } else {
            switch (load) {
                case "meta 6" -> rule.incoming = name(with);
                case "meta 7" -> rule.outgoing = name(with);
                case "meta 16" -> rule.protocol = with[0] & 0xff;
                case "payload 2 2" -> rule.port = port(with);
                case "payload 2 13" -> rule.noSyn = true;
                case "ct 0" ->
                    states =
                            ByteBuffer.wrap(mask).order(ByteOrder.nativeOrder()).getInt();
                case "ct 1" -> flowDirection = with[0];
                case "ct 10" -> flowProtocol = with[0] & 0xff;
                case "ct 12" -> flowPort = port(with);
                case "ct 19", "ct 21" -> flowSource = address(with);
                case "ct 20", "ct 22" -> flowDestination = address(with);
                default -> throw new IllegalArgumentException("comparison of " + load);
            }
        }
    }

    private void rate(Map<Integer, byte[]> data) {
        int above = (int) longer(data.get(1));
        rule.rate = new NftRule.Rate(above, number(data.get(3)), NftRule.shared(chain) + above, false);
    }

    private String refusal(Map<Integer, byte[]> data) {
        if (number(data.get(1)) == 1) {
            return "tcp-reset";
        }
        return family == Family.IPV4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
    }

    private void verdict(Map<Integer, byte[]> data) {
        Map<Integer, byte[]> value = AttributeMap.nested(data.getOrDefault(2, new byte[0]));
        Map<Integer, byte[]> verdict = AttributeMap.nested(value.getOrDefault(2, new byte[0]));
        int code = number(verdict.get(1));
        rule.target = switch (code) {
            case Expressions.ACCEPT -> "ACCEPT";
            case Expressions.DROP -> "DROP";
            case Expressions.RETURN -> "RETURN";
            case Expressions.JUMP -> text(verdict.get(2));
            default -> throw new IllegalArgumentException("verdict " + code);
        };
    }

    private static byte[] value(byte[] nested) {
        return AttributeMap.nested(nested == null ? new byte[0] : nested).getOrDefault(1, new byte[0]);
    }

    private static String name(byte[] raw) {
        String name = text(raw);
        return raw.length < Expressions.IFNAMSIZ ? name + "+" : name;
    }

    private static int port(byte[] raw) {
        return ByteBuffer.wrap(raw).getShort() & 0xffff;
    }

    private static InetAddress address(byte[] raw) {
        try {
            return InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + raw.length + " bytes", e);
        }
    }

    static int number(byte[] raw) {
        if (raw == null || raw.length != 4) {
            throw new IllegalArgumentException("no number where one is to be");
        }
        return ByteBuffer.wrap(raw).getInt();
    }

    static long longer(byte[] raw) {
        if (raw == null || raw.length != 8) {
            throw new IllegalArgumentException("no number where one is to be");
        }
        return ByteBuffer.wrap(raw).getLong();
    }

    static String text(byte[] raw) {
        return raw == null ? "" : new String(raw, StandardCharsets.US_ASCII).replaceFirst("\0(?s:.*)", "");
    }
}
