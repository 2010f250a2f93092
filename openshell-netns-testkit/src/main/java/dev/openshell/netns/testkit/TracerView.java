package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.ruleset.SetContents;
import dev.openshell.netns.testkit.ruleset.View;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What rules ask about beyond the packet. */
record TracerView(Map<Ip, String> addresses, Set<Ip> broadcasts, SetContents contents, InstantSource clock)
        implements View {
    @Override
    public String addressType(Ip address, String link) {
        String owner = addresses.get(address);
        if (owner != null && (link.isEmpty() || link.equals(owner))) {
            return "LOCAL";
        }
        boolean four = address.family() == Family.IPV4;
        long first = four ? address.low() >>> 24 : address.high() >>> 56;
        if (four && first == 127 || address.equals(Ip.parse("::1"))) {
            return "LOCAL";
        }
        if (four && (first == 0 || address.low() == 0xffff_ffffL || broadcasts.contains(address))) {
            return "BROADCAST";
        }
        return (four ? first >= 224 && first < 240 : first == 0xff) ? "MULTICAST" : "UNICAST";
    }

    @Override
    public SetContents sets() {
        return contents;
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    Optional<Ip> of(String link, Family family) {
        return addresses.entrySet().stream()
                .filter(entry -> entry.getValue().equals(link) && entry.getKey().family() == family)
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
