package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code tcp}: ports and flags. */
final class TcpMatch implements Match {
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");

    private final PortMatches.Ports ports;
    private final int mask;
    private final int wanted;
    private final boolean not;

    private TcpMatch(PortMatches.Ports ports, int mask, int wanted, boolean not) {
        this.ports = ports;
        this.mask = mask;
        this.wanted = wanted;
        this.not = not;
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of(
                "tcp",
                TcpMatch::of,
                "!--sport 1",
                "!--dport 1",
                "--source-port=--sport",
                "--destination-port=--dport",
                "!--tcp-flags 2",
                "!--syn",
                "!--tcp-option 1"));
    }

    private static Match of(Given given) {
        if (given.has("--tcp-option")) {
            throw RuleProblem.unknown("--tcp-option", "option of tcp");
        }
        if (given.has("--syn") && given.has("--tcp-flags")) {
            throw RuleProblem.refused("--syn", "excludes --tcp-flags");
        }
        String option = given.has("--syn") ? "--syn" : "--tcp-flags";
        if (!given.has(option)) {
            return PortMatches.ports("tcp", given, "");
        }
        boolean not = given.negated(option);
        int mask = Header.FIN | Header.SYN | Header.RST | Header.ACK;
        int wanted = Header.SYN;
        if (option.equals("--tcp-flags")) {
            List<String> words = given.find(option).orElseThrow().words();
            mask = flags(words.get(0));
            wanted = flags(words.get(1));
        }
        String text = mask == 0 && !not
                ? ""
                : new Words()
                        .option(not, "--tcp-flags", names(mask), names(wanted))
                        .toString();
        if (given.nft() && mask == 0 && (not || wanted != 0)) {
            throw RuleProblem.unknown("--tcp-flags", "a comparison of no flags");
        }
        return new TcpMatch(PortMatches.ports("tcp", given, text), mask, wanted, not);
    }

    private static int flags(String list) {
        int flags = 0;
        for (String name : list.split(",")) {
            int bit = FLAGS.indexOf(name.toUpperCase(Locale.ROOT));
            if (bit >= 0) {
                flags |= 1 << bit;
            } else if (name.equalsIgnoreCase("ALL")) {
                flags |= (1 << FLAGS.size()) - 1;
            } else if (!name.equalsIgnoreCase("NONE") && !name.isEmpty()) {
                throw RuleProblem.refused(name, "unknown TCP flag");
            }
        }
        return flags;
    }

    private static String names(int flags) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < FLAGS.size(); bit++) {
            if ((flags >> bit & 1) != 0) {
                names.add(FLAGS.get(bit));
            }
        }
        return names.isEmpty() ? "NONE" : String.join(",", names);
    }

    @Override
    public boolean matches(Skb skb, View view) {
        return ports.matches(skb, view) && ((skb.header.tcpFlags() & mask) == wanted) != not;
    }

    @Override
    public String text() {
        return ports.text();
    }

    @Override
    public boolean merges() {
        return true;
    }
}
