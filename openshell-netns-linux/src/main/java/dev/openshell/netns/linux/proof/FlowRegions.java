package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.diagram.Region;
import dev.openshell.netns.linux.ruleset.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A set of flows as lines: {@code PROTOCOL:ADDRESSES[:PORTS]}. */
final class FlowRegions {
    private static final int PROTOCOLS = 256;
    private static final Ranges ALL_PORTS = Ranges.of(0, 65535);

    private final Space space;
    private final Diagrams diagrams;
    private final Diagram flows;

    FlowRegions(Space space, Diagram flows) {
        this.space = space;
        this.diagrams = space.diagrams();
        this.flows = flows;
    }

    List<String> lines(int limit) {
        List<String> lines = new ArrayList<>();
        for (Region region : diagrams.split(flows, Field.DESTINATION, Field.low(Field.DESTINATION))) {
            if (lines.size() >= limit) {
                break;
            }
            lines.addAll(lines(addresses(region), region.rest()));
        }
        return List.copyOf(lines.subList(0, Math.min(limit, lines.size())));
    }

    private List<String> lines(String addresses, Diagram ports) {
        Map<Integer, Ranges> byProtocol = new TreeMap<>();
        for (Region region : diagrams.split(ports, Field.DESTINATION_PORT, Field.PROTOCOL)) {
            for (long protocol = region.from()[1]; protocol <= region.to()[1]; protocol++) {
                byProtocol.merge((int) protocol, Ranges.of(region.from()[0], region.to()[0]), Ranges::or);
            }
        }
        List<String> lines = new ArrayList<>();
        List<Integer> portless = new ArrayList<>();
        byProtocol.forEach((protocol, range) -> {
            if (!Flow.hasPorts(protocol)) {
                portless.add(protocol);
            } else if (range.equals(ALL_PORTS)) {
                lines.add(Flow.protocolName(protocol) + ":" + addresses);
            } else {
                lines.add(Flow.protocolName(protocol) + ":" + addresses + ":" + range);
            }
        });
        boolean allPorts = byProtocol.entrySet().stream()
                .allMatch(
                        each -> !Flow.hasPorts(each.getKey()) || each.getValue().equals(ALL_PORTS));
        if (byProtocol.size() == PROTOCOLS && allPorts) {
            return List.of("any:" + addresses);
        }
        long all = IntStream.range(0, PROTOCOLS)
                .filter(protocol -> !Flow.hasPorts(protocol))
                .count();
        if (portless.size() == all) {
            lines.add("other:" + addresses);
        } else {
            portless.forEach(protocol -> lines.add(Flow.protocolName(protocol) + ":" + addresses));
        }
        return lines;
    }

    /** A network where the range is one, else its two ends. */
    private String addresses(Region region) {
        Ip from = new Ip(region.from()[0], region.from()[1]);
        Ip to = new Ip(region.to()[0], region.to()[1]);
        Family family = space.family();
        InetAddress first = from.address(family);
        if (from.equals(to)) {
            return InetAddresses.toUriString(first);
        }
        for (int prefix = 0; prefix < family.bits(); prefix++) {
            if (from.network(family, prefix)[0].equals(from) && from.network(family, prefix)[1].equals(to)) {
                return bracketed(InetAddresses.toAddrString(first) + "/" + prefix);
            }
        }
        return bracketed(InetAddresses.toAddrString(first) + "-" + InetAddresses.toAddrString(to.address(family)));
    }

    private String bracketed(String text) {
        return space.family() == Family.IPV6 ? "[" + text + "]" : text;
    }
}
