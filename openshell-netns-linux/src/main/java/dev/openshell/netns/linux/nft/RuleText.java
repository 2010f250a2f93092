package dev.openshell.netns.linux.nft;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.linux.kernel.KernelException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes a rule as iptables-save prints it, behind {@code -A CHAIN}; only such as this library writes. */
final class RuleText {
    private static final Pattern COMMENT = Pattern.compile("(?:^| )-m comment --comment (?:\"([^\"\\\\]*)\"|(\\S+))");
    private static final Pattern UNQUOTED = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern TARGET =
            Pattern.compile("[A-Za-z0-9_-]+|REJECT --reject-with (?:tcp-reset|icmp6?-port-unreachable)");
    private static final int MOST = 0xffff;
    private static final Map<String, Integer> PROTOCOLS = Map.of("tcp", 6, "udp", 17);
    private static final List<String> TABLE = List.of(
            "--hashlimit-htable-size",
            "256",
            "--hashlimit-htable-max",
            "16384",
            "--hashlimit-htable-gcinterval",
            "10000",
            "--hashlimit-htable-expire",
            "10000");

    private final Deque<String> words;
    private final String text;
    private final NftRule rule = new NftRule();

    private RuleText(String text) {
        this.text = text;
        Matcher comment = COMMENT.matcher(text);
        String rest = text;
        if (comment.find()) {
            rule.comment = comment.group(1) != null ? comment.group(1) : comment.group(2);
            rest = text.substring(0, comment.start()) + text.substring(comment.end());
        }
        this.words = new ArrayDeque<>(Arrays.asList(rest.strip().split(" ")));
    }

    /**
     * Returns the rule that {@code text} is.
     *
     * @throws KernelException where it is none of this library's
     */
    static NftRule read(String text) {
        RuleText reader = new RuleText(text);
        boolean same;
        try {
            reader.all();
            reader.check();
            same = write(reader.rule).equals(text.strip());
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()));
        }
        if (!same) {
            throw refused("rule '" + text + "' has no like in nf_tables here");
        }
        return reader.rule;
    }

    static KernelException refused(String what) {
        return new KernelException(0, what, "take backend(Backend.IPTABLES), and report this with the policy");
    }

    /** What the kernel would take and mean something else by, or nothing at all. */
    private void check() {
        boolean tcp = rule.protocol == PROTOCOLS.get("tcp");
        if (!TARGET.matcher(rule.target).matches() || !tcp && (rule.noSyn || rule.target.endsWith(" tcp-reset"))) {
            throw unknown(rule.target);
        }
    }

    private int number(String text, int most) {
        int number = Integer.parseInt(text);
        if (number < 0 || number > most) {
            throw unknown(text);
        }
        return number;
    }

    private void all() {
        while (!words.isEmpty()) {
            String word = words.poll();
            switch (word) {
                case "-s" -> rule.source = address(next());
                case "-d" -> rule.destination = address(next());
                case "-i" -> rule.incoming = next();
                case "-o" -> rule.outgoing = next();
                case "-p" -> rule.protocol = protocol(next());
                case "-m" -> module(next());
                case "-j" -> {
                    rule.target = String.join(" ", words);
                    words.clear();
                }
                default -> throw unknown(word);
            }
        }
    }

    private void module(String name) {
        switch (name) {
            case "tcp", "udp" -> port();
            case "conntrack" -> tracked();
            case "hashlimit" -> rate();
            case "connlimit" -> connections();
            default -> throw unknown(name);
        }
    }

    private void port() {
        if (take("!")) {
            rule.noSyn = true;
            for (String word : List.of("--tcp-flags", "FIN,SYN,RST,ACK", "SYN")) {
                expect(word);
            }
        } else {
            expect("--dport");
            rule.port = number(next(), MOST);
        }
    }

    private void tracked() {
        int states = take("--ctstate") ? States.bits(next()) : 0;
        int protocol = take("--ctproto") ? number(next(), 0xff) : -1;
        InetAddress source = take("--ctorigsrc") ? InetAddresses.forString(next()) : null;
        InetAddress destination = take("--ctorigdst") ? InetAddresses.forString(next()) : null;
        int port = take("--ctorigdstport") ? number(next(), MOST) : -1;
        int direction = take("--ctdir") ? List.of("ORIGINAL", "REPLY").indexOf(next()) : -1;
        rule.tracked = new NftRule.Tracked(states, protocol, source, destination, port, direction);
    }

    private void rate() {
        expect("--hashlimit-above");
        int above = number(next().replace("/sec", ""), Integer.MAX_VALUE);
        expect("--hashlimit-burst");
        int burst = number(next(), Integer.MAX_VALUE);
        boolean each = take("--hashlimit-mode");
        if (each) {
            expect("dstip,dstport");
        }
        expect("--hashlimit-name");
        String name = next();
        TABLE.forEach(this::expect);
        rule.rate = new NftRule.Rate(above, burst, name, each);
    }

    private void connections() {
        expect("--connlimit-above");
        int above = number(next(), Integer.MAX_VALUE);
        expect("--connlimit-mask");
        int bits = number(next(), 128);
        boolean each = bits > 0;
        expect(each ? "--connlimit-daddr" : "--connlimit-saddr");
        rule.connections = new NftRule.Connections(above, each, bits);
    }

    private static InetAddress address(String text) {
        String[] parts = text.split("/", 2);
        return InetAddresses.forString(parts[0]);
    }

    private int protocol(String name) {
        Integer number = PROTOCOLS.get(name);
        if (number == null) {
            throw unknown(name);
        }
        return number;
    }

    private String next() {
        String word = words.poll();
        if (word == null) {
            throw unknown("the end");
        }
        return word;
    }

    private boolean take(String wanted) {
        boolean is = wanted.equals(words.peek());
        if (is) {
            words.poll();
        }
        return is;
    }

    private void expect(String wanted) {
        if (!take(wanted)) {
            throw unknown(String.valueOf(words.peek()));
        }
    }

    private IllegalArgumentException unknown(String word) {
        return new IllegalArgumentException("'" + word + "' of rule '" + text + "' has no like in nf_tables here");
    }

    /** Returns the text of {@code rule}. */
    static String write(NftRule rule) {
        List<String> out = new ArrayList<>();
        network(out, "-s", rule.source);
        network(out, "-d", rule.destination);
        option(out, "-i", rule.incoming);
        option(out, "-o", rule.outgoing);
        String protocol = name(rule.protocol);
        option(out, "-p", protocol);
        if (rule.port >= 0) {
            out.addAll(List.of("-m", protocol, "--dport", Integer.toString(rule.port)));
        }
        tracked(out, rule.tracked);
        if (rule.noSyn) {
            out.addAll(List.of("-m", "tcp", "!", "--tcp-flags", "FIN,SYN,RST,ACK", "SYN"));
        }
        limits(out, rule);
        if (!rule.comment.isEmpty()) {
            boolean bare = UNQUOTED.matcher(rule.comment).matches();
            out.addAll(List.of("-m", "comment", "--comment", bare ? rule.comment : '"' + rule.comment + '"'));
        }
        option(out, "-j", rule.target);
        return String.join(" ", out);
    }

    private static void tracked(List<String> out, NftRule.Tracked flow) {
        if (flow == null) {
            return;
        }
        out.addAll(List.of("-m", "conntrack"));
        option(out, "--ctstate", flow.states() == 0 ? "" : States.names(flow.states()));
        option(out, "--ctproto", flow.protocol() < 0 ? "" : Integer.toString(flow.protocol()));
        option(out, "--ctorigsrc", flow.source() == null ? "" : InetAddresses.toAddrString(flow.source()));
        option(out, "--ctorigdst", flow.destination() == null ? "" : InetAddresses.toAddrString(flow.destination()));
        option(out, "--ctorigdstport", flow.port() < 0 ? "" : Integer.toString(flow.port()));
        option(
                out,
                "--ctdir",
                flow.direction() < 0 ? "" : List.of("ORIGINAL", "REPLY").get(flow.direction()));
    }

    private static void limits(List<String> out, NftRule rule) {
        NftRule.Rate rate = rule.rate;
        if (rate != null) {
            out.addAll(List.of("-m", "hashlimit", "--hashlimit-above", rate.above() + "/sec"));
            option(out, "--hashlimit-burst", Integer.toString(rate.burst()));
            option(out, "--hashlimit-mode", rate.each() ? "dstip,dstport" : "");
            option(out, "--hashlimit-name", rate.name());
            out.addAll(TABLE);
        }
        NftRule.Connections connections = rule.connections;
        if (connections != null) {
            out.addAll(List.of("-m", "connlimit", "--connlimit-above", Integer.toString(connections.above())));
            option(out, "--connlimit-mask", Integer.toString(connections.bits()));
            out.add(connections.each() ? "--connlimit-daddr" : "--connlimit-saddr");
        }
    }

    private static String name(int protocol) {
        return PROTOCOLS.entrySet().stream()
                .filter(each -> each.getValue() == protocol)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
    }

    private static void network(List<String> out, String option, InetAddress address) {
        if (address != null) {
            option(out, option, InetAddresses.toAddrString(address) + "/" + address.getAddress().length * 8);
        }
    }

    private static void option(List<String> out, String option, String value) {
        if (!value.isEmpty()) {
            out.add(option);
            out.add(value);
        }
    }
}
