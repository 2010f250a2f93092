package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.Rule;
import dev.openshell.netns.linux.ruleset.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Packets at the corners and edges of what policy and rules tell apart: each address, port, protocol and interface that
 * either names, and those on both sides of it.
 */
final class Corners {
    private static final Pattern NETWORK = Pattern.compile("([0-9a-f.:]*[.:][0-9a-f.:]*)(?:/([0-9]{1,3}))?");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,5}");
    private static final Pattern TYPE = Pattern.compile("([0-9]{1,3})/([0-9]{1,3})");
    private static final long[] FLAGS = {2, 18, 16, 0, 63, 10, 34, 3, 6, 4, 17, 42, 58};
    private static final long[] TYPES = {8 << 8, 0, 13 << 8, 3 << 8 | 1, 8 << 8 | 1};
    private static final long[] TYPES6 = {128 << 8, 129 << 8, 139 << 8, 1 << 8, 128 << 8 | 1};
    private static final int TCP = 6;

    private final Space space;
    private final Ruled ruled;
    private final Random random;
    private final String uplink;
    private final List<Ip> addresses = new ArrayList<>();
    private final List<Long> ports = new ArrayList<>();
    private final List<Long> protocols = new ArrayList<>();
    private final List<Long> interfaces;

    Corners(Ends ends, Ruled ruled, Random random) {
        this.space = ends.space();
        this.ruled = ruled;
        this.random = random;
        this.uplink = ends.uplink();
        this.interfaces = new ArrayList<>(
                ruled.interfaces(space).stream().map(space::interfaceIndex).toList());
        interfaces.add(space.interfaceIndex(uplink));
        ruled.rules().rules(ruled.family()).forEach(rule -> {
            address(Ip.of(rule.address()));
            ports.add((long) rule.port());
        });
        ruled.rules().veth().network(ruled.family()).ifPresent(network -> {
            address(Ip.of(network.at(1)));
            address(Ip.of(network.at(2)));
        });
        boolean four = ruled.family() == Family.IPV4;
        address(new Ip(0, 0));
        address(new Ip(four ? 0 : -1L, four ? 0xffffffffL : -1L));
        address(new Ip(four ? 0 : random.nextLong(), four ? random.nextLong() >>> 32 : random.nextLong()));
        ports.addAll(List.of(0L, 65535L, 40000L, (long) random.nextInt(65536)));
        protocols.addAll(List.of(6L, 17L, 6L, 17L, (long) space.icmp(), 132L, 33L, 136L, 47L, 0L, 255L));
        protocols.add((long) random.nextInt(256));
    }

    private void address(Ip ip) {
        addresses.add(ip);
    }

    /** Adds what a text of rules names. */
    Corners named(String text) {
        for (String word : new TreeSet<>(List.of(text.split("[ ,\n]|(?<=[0-9])-|(?<=[0-9]):(?=[0-9]+ )")))) {
            Matcher network = NETWORK.matcher(word);
            Matcher type = TYPE.matcher(word);
            if (type.matches()) {
                ports.add(Long.parseLong(type.group(1)) << 8 | Long.parseLong(type.group(2)));
            } else if (NUMBER.matcher(word).matches()) {
                long number = Long.parseLong(word);
                ports.add(Math.min(number, 65535));
                if (number < 256) {
                    ports.add(number << 8);
                    protocols.add(number);
                }
            } else if (network.matches()) {
                network(network.group(1), network.group(2));
            }
        }
        return this;
    }

    private void network(String address, String prefix) {
        Optional<dev.openshell.netns.testkit.packet.Ip> parsed =
                dev.openshell.netns.testkit.packet.Ip.parse(ruled.family(), address);
        if (parsed.isPresent()) {
            Ip ip = new Ip(parsed.get().high(), parsed.get().low());
            int bits = prefix == null ? ruled.family().bits() : Integer.parseInt(prefix);
            if (bits <= ruled.family().bits()) {
                addresses.addAll(List.of(ip.network(ruled.family(), bits)));
            }
        }
    }

    /** Returns packets at a hook that one of the policy's flows, or a made-up one, has there. */
    List<long[]> allowed(Obligation hook, Optional<Rule> rule) {
        Ip to = rule.map(Rule::address).map(Ip::of).orElse(any(addresses));
        long port = rule.map(each -> (long) each.port()).orElse(443L);
        int protocol = rule.map(each -> each.protocol().number()).orElse(TCP);
        String link = ruled.rules().veth().hostInterface();
        String inside = ruled.rules().veth().sandboxInterface();
        boolean back = ruled.rules().veth().network(ruled.family()).isPresent();
        List<long[]> packets = new ArrayList<>();
        switch (Saying.hook(hook.place())) {
            case "sandbox filter OUTPUT" -> packets.add(sent("", inside, to, port, protocol));
            case "sandbox filter INPUT" -> packets.add(answer(inside, "", to, port, protocol, false));
            case "sandbox filter FORWARD" -> packets.add(sent(inside, "lo", to, port, protocol));
            case "host raw PREROUTING" -> {
                long[] packet = sent(link, "", to, port, protocol);
                packet[Field.KIND] = Kind.INVALID.ordinal();
                packets.add(packet);
            }
            case "host filter FORWARD" -> {
                packets.add(sent(link, uplink, to, port, protocol));
                if (back) {
                    packets.add(answer(uplink, link, to, port, protocol, true));
                    packets.add(error(uplink, link, to, port, protocol));
                }
            }
            case "host filter INPUT" -> packets.add(sent(link, "", to, port, protocol));
            case "host filter OUTPUT" -> {
                packets.add(answer("", link, to, port, protocol, true));
                packets.add(error("", link, to, port, protocol));
            }
            default -> packets.add(sent(link, uplink, to, port, protocol));
        }
        packets.forEach(packet -> fit(packet, hook.meaning().translated()));
        return packets;
    }

    private long[] sent(String in, String out, Ip to, long port, int protocol) {
        long[] packet = new long[Field.COUNT];
        packet[Field.IN] = space.interfaceIndex(in);
        packet[Field.OUT] = space.interfaceIndex(out);
        put(packet, Field.DESTINATION, to);
        put(packet, Field.SOURCE, own());
        put(packet, Field.NOW, to);
        packet[Field.DESTINATION_PORT] = port;
        packet[Field.NOW_PORT] = port;
        packet[Field.SOURCE_PORT] = 40000;
        packet[Field.PROTOCOL] = protocol;
        packet[Field.FLAGS] = 2;
        return packet;
    }

    private long[] answer(String in, String out, Ip from, long port, int protocol, boolean translated) {
        long[] packet = sent(in, out, from, port, protocol);
        put(packet, Field.SOURCE, from);
        put(packet, translated ? Field.NOW : Field.DESTINATION, own());
        packet[Field.SOURCE_PORT] = port;
        packet[translated ? Field.NOW_PORT : Field.DESTINATION_PORT] = 40000;
        packet[Field.FLAGS] = 18;
        packet[Field.KIND] = Kind.REPLY.ordinal();
        return packet;
    }

    private long[] error(String in, String out, Ip to, long port, int protocol) {
        long[] packet = answer(in, out, to, port, protocol, true);
        put(packet, Field.SOURCE, any(addresses));
        put(packet, Field.FLOW_SOURCE, own());
        packet[Field.FLOW_PROTOCOL] = protocol;
        packet[Field.PROTOCOL] = space.icmp();
        packet[Field.NOW_PORT] = space.icmp() == 1 ? 3 << 8 | 1 : 1 << 8;
        packet[Field.KIND] = Kind.RELATED_REPLY.ordinal();
        return packet;
    }

    private Ip own() {
        return ruled.rules().veth().sandboxAddress(ruled.family()).map(Ip::of).orElse(any(addresses));
    }

    /** Returns a packet that differs from {@code packet} in some of its fields, by a step or by a jump. */
    long[] beside(long[] packet, boolean translated) {
        long[] other = packet.clone();
        for (int i = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1; i > 0; i--) {
            change(other, random.nextInt(13));
        }
        fit(other, translated);
        return other;
    }

    private void change(long[] packet, int which) {
        switch (which) {
            case 0 -> packet[Field.IN] = any(interfaces);
            case 1 -> packet[Field.OUT] = any(interfaces);
            case 2 -> put(packet, Field.DESTINATION, near(packet, Field.DESTINATION));
            case 3 -> put(packet, Field.SOURCE, near(packet, Field.SOURCE));
            case 4 -> put(packet, Field.NOW, near(packet, Field.NOW));
            case 5 -> put(packet, Field.FLOW_SOURCE, near(packet, Field.FLOW_SOURCE));
            case 6 -> packet[Field.DESTINATION_PORT] = port(packet[Field.DESTINATION_PORT]);
            case 7 -> packet[Field.SOURCE_PORT] = port(packet[Field.SOURCE_PORT]);
            case 8 -> packet[Field.NOW_PORT] = port(packet[Field.NOW_PORT]);
            case 9 -> packet[Field.PROTOCOL] = any(protocols);
            case 10 -> packet[Field.FLOW_PROTOCOL] = any(protocols);
            case 11 -> packet[Field.FLAGS] = FLAGS[random.nextInt(FLAGS.length)];
            default -> packet[Field.KIND] = random.nextInt(Kind.values().length);
        }
    }

    private long port(long now) {
        long port = random.nextInt(3) == 0 ? now : any(ports);
        return Math.min(Math.max(port + random.nextInt(3) - 1, 0), 65535);
    }

    private Ip near(long[] packet, int field) {
        Ip ip = random.nextInt(3) == 0 ? new Ip(packet[field], packet[field + 1]) : any(addresses);
        int step = random.nextInt(3) - 1;
        if (ruled.family() == Family.IPV4) {
            return new Ip(0, ip.low() + step & 0xffffffffL);
        }
        boolean carry = step > 0 && ip.low() == -1L || step < 0 && ip.low() == 0;
        return new Ip(carry ? ip.high() + step : ip.high(), ip.low() + step);
    }

    /** Makes it a packet that can be: most fields are of some protocols and states alone. */
    private void fit(long[] packet, boolean translated) {
        Kind kind = Kind.values()[(int) packet[Field.KIND]];
        boolean error = kind == Kind.RELATED || kind == Kind.RELATED_REPLY;
        int protocol = (int) packet[Field.PROTOCOL];
        boolean ports = Flow.hasPorts(protocol);
        boolean icmp = protocol == space.icmp();
        int flowPort = translated ? Field.DESTINATION_PORT : Field.NOW_PORT;
        int headerPort = translated ? Field.NOW_PORT : Field.DESTINATION_PORT;
        packet[Field.SOURCE_PORT] = ports ? packet[Field.SOURCE_PORT] : 0;
        packet[Field.FLAGS] = protocol == TCP ? packet[Field.FLAGS] : 0;
        if (!ports) {
            packet[Field.NOW_PORT] = error || icmp ? packet[Field.NOW_PORT] : 0;
            packet[Field.DESTINATION_PORT] = error || icmp ? packet[Field.DESTINATION_PORT] : 0;
        }
        if (icmp && !error && random.nextInt(4) > 0) {
            long[] types = space.icmp() == 1 ? TYPES : TYPES6;
            int type = random.nextInt(2);
            packet[flowPort] = types[type];
            packet[headerPort] = kind == Kind.REPLY ? types[1 - type] : types[type];
        }
        if (error && !icmp) {
            packet[headerPort] = ports ? packet[headerPort] : 0;
            packet[Field.FLOW_PROTOCOL] = protocol;
            boolean reply = kind == Kind.RELATED_REPLY;
            int header = translated ? Field.NOW : Field.DESTINATION;
            put(
                    packet,
                    Field.FLOW_SOURCE,
                    new Ip(packet[reply ? header : Field.SOURCE], packet[Field.low(reply ? header : Field.SOURCE)]));
        }
        if (error && !Flow.hasPorts((int) packet[Field.FLOW_PROTOCOL])) {
            packet[flowPort] = packet[Field.FLOW_PROTOCOL] == space.icmp() ? (space.icmp() == 1 ? 8 : 128) << 8 : 0;
        }
        if (!error) {
            put(packet, Field.FLOW_SOURCE, new Ip(0, 0));
            packet[Field.FLOW_PROTOCOL] = 0;
        }
        boolean forward = !error && kind != Kind.REPLY;
        if (!translated && forward) {
            put(packet, Field.NOW, new Ip(0, 0));
            packet[Field.NOW_PORT] = 0;
        }
    }

    private static void put(long[] packet, int field, Ip ip) {
        packet[field] = ip.high();
        packet[Field.low(field)] = ip.low();
    }

    private <T> T any(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }
}
