package dev.openshell.netns.testkit;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.path.Journey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** A limit lets exactly so much through to each endpoint, and neither end keeps more flows than it should. */
final class Limited {
    private static final int MOST = 3;
    /** Twice the limit of each of four endpoints. */
    private static final int MOST_INSIDE = 2 * MOST * 4;

    private static final Ip LISTED = Ip.parse("203.0.113.10");
    private static final Ip RESOLVER = Ip.parse("10.43.0.10");

    private final Opened opened;
    private final String what;
    private final List<String> findings = new ArrayList<>();
    private int port = 20_000;

    private Limited(Opened opened, String what) {
        this.opened = opened;
        this.what = what;
    }

    static List<String> check(Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        findings.addAll(each(builder().maxConnections(MOST).policy(), "connections", MOST, providers));
        // The bucket holds twice as many as come in a second, and this takes less than one.
        findings.addAll(each(builder().maxConnectionsPerSecond(1).policy(), "new connections", 2, providers));
        findings.addAll(inside(providers));
        return findings;
    }

    private static NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder()
                .proxy(3128)
                .allowDns(RESOLVER.toString())
                .directTcp(LISTED.toString())
                .unlimited();
    }

    private static List<String> each(SandboxPolicy policy, String what, int most, Opened.Providers providers) {
        try (Opened opened = Opened.of(Opened.host(InstantSource.fixed(Instant.EPOCH)), policy, providers)) {
            Limited limited = new Limited(opened, what);
            limited.exactly(LISTED, 443, Header.TCP, most);
            limited.exactly(RESOLVER, 53, Header.UDP, most);
            limited.exactly(Ip.of(opened.sandbox().veth().hostAddress()), 3128, Header.TCP, most);
            return limited.findings;
        }
    }

    private void exactly(Ip to, int at, int protocol, int most) {
        int left = 0;
        for (int i = 0; i < most + 2; i++) {
            left += Opened.leaves(send(to, at, protocol), opened.inside()) ? 1 : 0;
        }
        if (left != most) {
            findings.add(what + ": " + left + " of " + most + " to " + to);
        }
    }

    private Journey send(Ip to, int at, int protocol) {
        Ip own = opened.sources().stream()
                .filter(source -> source.family() == to.family())
                .findFirst()
                .orElseThrow();
        return opened.send(Header.ports(own, port++, to, at, protocol, protocol == Header.TCP ? Header.SYN : 0));
    }

    /** What the host drops the sandbox has let out, and tracks: not without end. */
    private static List<String> inside(Opened.Providers providers) {
        SandboxPolicy policy = builder().maxConnections(MOST).policy();
        try (Opened opened = Opened.of(Opened.host(InstantSource.fixed(Instant.EPOCH)), policy, providers)) {
            Limited limited = new Limited(opened, "inside");
            int out = 0;
            for (int i = 0; i < MOST_INSIDE + 2; i++) {
                Journey journey = limited.send(LISTED, 443, Header.TCP);
                out += journey.namespace() == opened.inside().inode() ? 0 : 1;
            }
            return out == MOST_INSIDE
                    ? List.of()
                    : List.of("inside: " + out + " let out, not " + MOST_INSIDE + " of " + (MOST_INSIDE + 2));
        }
    }
}
