package dev.openshell.netns.testkit.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.conntrack.Settings;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits count real packets as they count the interpreter's: each rule's counter says so. */
@Tag("real-kernel")
@Tag("differential")
class LimitsDifferentialIT {
    private static final int CASES = Math.max(2, Integer.getInteger("differential.cases", 30) / 10);
    private static final int SEED = Integer.getInteger("differential.seed", 1);
    private static final int PACKETS = 120;

    /** Rules, addresses of lo, and a line for each datagram; the kernel sweeps what it counts once a tick, and what
     * another processor counted only later. */
    private static final String SCRIPT =
            """
            set -e
            ip link set lo up
            for address in $2; do ip address add "$address" dev lo $3; done
            printf '%s' "$1" | "$0-restore" -w 5
            python3 -c '
            import os, socket, sys, time
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            for line in sys.argv[1].splitlines():
                source, port, to, at = line.split()
                family = socket.AF_INET6 if ":" in to else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as made:
                    made.bind((source, int(port)))
                    try:
                        made.sendto(b"x", (to, int(at)))
                    except OSError:
                        pass
                time.sleep(0.005)
            ' "$4"
            "$0-save" -c
            """;

    private static final Pattern COUNTED = Pattern.compile("(?m)^\\[([0-9]+):[0-9]+\\] (-A OUTPUT .*)$");

    private record Datagram(Ip source, int sourcePort, Ip destination, int port) {
        @Override
        public String toString() {
            return source + " " + sourcePort + " " + destination + " " + port;
        }
    }

    static Stream<Arguments> tools() {
        return Stream.of(Family.values()).flatMap(family -> Stream.of(IptablesVariant.NFT, IptablesVariant.LEGACY)
                .map(variant -> Arguments.of(family, variant)));
    }

    @ParameterizedTest
    @MethodSource("tools")
    void countersAgree(Family family, IptablesVariant variant) throws Exception {
        Random random = new Random(SEED);
        long hits = 0;
        for (int i = 0; i < CASES; i++) {
            List<Ip> hosts = hosts(family);
            String rules = rules(random, family);
            List<Datagram> datagrams = new ArrayList<>();
            for (int each = 0; each < PACKETS; each++) {
                datagrams.add(new Datagram(
                        any(random, hosts), 4000 + random.nextInt(16), any(random, hosts), 5000 + random.nextInt(3)));
            }
            List<String> fake = fake(family, variant, rules, datagrams);
            assertThat(linux(family, variant, rules, datagrams)).as(rules).isEqualTo(fake);
            hits += fake.stream().filter(line -> !line.startsWith("0 ")).count();
        }
        assertThat(hits).isGreaterThan(CASES * 2L);
    }

    private static Ip any(Random random, List<Ip> hosts) {
        return hosts.get(random.nextInt(hosts.size()));
    }

    private static List<Ip> hosts(Family family) {
        return Stream.of("1", "2", "130")
                .map(last -> Ip.parse((family == Family.IPV4 ? "10.43.7." : "2001:db8::") + last))
                .toList();
    }

    /** None gets a token back while this takes place: a period is an hour. */
    private static String rules(Random random, Family family) {
        StringBuilder text = new StringBuilder("*filter\n");
        for (int i = 0; i < 4; i++) {
            String what = random.nextBoolean()
                    ? "-m connlimit " + pick(random, "--connlimit-above ", "--connlimit-upto ")
                            + random.nextInt(12) + " --connlimit-mask "
                            + pick(random, "0", "25", Integer.toString(family.bits()))
                            + pick(random, " --connlimit-saddr", " --connlimit-daddr")
                    : "-m hashlimit " + pick(random, "--hashlimit-above", "--hashlimit-upto")
                            + " 1/hour --hashlimit-burst " + (1 + random.nextInt(9))
                            + pick(
                                    random,
                                    "",
                                    " --hashlimit-mode dstip,dstport",
                                    " --hashlimit-mode srcip",
                                    " --hashlimit-mode srcport,dstip")
                            + " --hashlimit-name " + pick(random, "a", "b");
            text.append("-A OUTPUT -p udp -m conntrack --ctstate NEW ").append(what);
            text.append(pick(random, " -j DROP", "", "")).append('\n');
        }
        return text.append("COMMIT\n").toString();
    }

    private static String pick(Random random, String... words) {
        return words[random.nextInt(words.length)];
    }

    private static List<String> fake(Family family, IptablesVariant variant, String rules, List<Datagram> datagrams) {
        Ruleset ruleset = new Ruleset(family, variant);
        ruleset.restore(rules, false);
        Conntrack conntrack = new Conntrack(new Settings() {
            @Override
            public boolean tcpLoose() {
                return true;
            }

            @Override
            public boolean tcpLiberal() {
                return false;
            }
        });
        for (Datagram each : datagrams) {
            Skb skb = new Skb(
                    Header.ports(each.source(), each.sourcePort(), each.destination(), each.port(), Header.UDP, 0));
            skb.out = "lo";
            conntrack.track(skb);
            Outcome outcome = ruleset.run(TableKind.FILTER, Hook.OUTPUT, skb, new Still(), new ArrayList<>());
            if (outcome.equals(Outcome.ACCEPT)) {
                conntrack.confirm(skb);
            }
        }
        return ruleset.counted().stream()
                .map(line -> line.replace(" filter -A", " -A"))
                .toList();
    }

    private static List<String> linux(Family family, IptablesVariant variant, String rules, List<Datagram> datagrams)
            throws IOException, InterruptedException {
        String tool = (family == Family.IPV4 ? "iptables-" : "ip6tables-")
                + (variant == IptablesVariant.NFT ? "nft" : "legacy");
        String addresses = String.join(
                " ",
                hosts(family).stream().map(host -> host + "/" + family.bits()).toList());
        String lines =
                String.join("\n", datagrams.stream().map(Datagram::toString).toList());
        Process process = new ProcessBuilder(
                        "unshare",
                        "--net",
                        "bash",
                        "-c",
                        SCRIPT,
                        tool,
                        rules,
                        addresses,
                        family == Family.IPV4 ? "" : "nodad",
                        lines)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        List<String> counted = new ArrayList<>();
        for (Matcher line = COUNTED.matcher(out); line.find(); ) {
            counted.add(line.group(1) + " " + line.group(2));
        }
        return counted;
    }

    /** A world in which no time passes. */
    private static final class Still implements View {
        @Override
        public String addressType(Ip address, String link) {
            return "LOCAL";
        }

        @Override
        public SetContents sets() {
            return SetContents.none();
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }
    }
}
