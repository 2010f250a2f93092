package dev.openshell.netns.linux.rules;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * One rule in iptables-save's canonical form: options in the order in which iptables prints them. Only tokens that need
 * no quoting get in; a comment is reduced to a safe set of characters.
 */
final class Line {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_.:,/+-]+");
    private static final Pattern UNQUOTED = Pattern.compile("[A-Za-z0-9_-]+");
    private static final int COMMENT_LIMIT = 200;

    private final List<String> tokens = new ArrayList<>();

    private Line(String chain) {
        add("-A", chain);
    }

    static Line in(String chain) {
        return new Line(chain);
    }

    Line source(InetAddress address) {
        return add("-s", host(address));
    }

    Line destination(InetAddress address) {
        return add("-d", host(address));
    }

    Line incoming(String link) {
        return add("-i", link);
    }

    Line outgoing(String link) {
        return add("-o", link);
    }

    Line protocol(String name) {
        return add("-p", name);
    }

    Line match(String... options) {
        return add("-m").add(options);
    }

    /** {@code text} with whatever is not a letter, a digit or one of {@code ._:,()/ -} left out, cut to 200 bytes. */
    Line comment(String text) {
        String safe = text.replaceAll("[^A-Za-z0-9._:,()/ -]", "");
        String cut = safe.substring(0, Math.min(safe.length(), COMMENT_LIMIT)).strip();
        if (!cut.isEmpty()) {
            add("-m", "comment", "--comment");
            tokens.add(UNQUOTED.matcher(cut).matches() ? cut : '"' + cut + '"');
        }
        return this;
    }

    String jump(String target, String... options) {
        add("-j", target).add(options);
        StringJoiner line = new StringJoiner(" ");
        tokens.forEach(line::add);
        return line.toString();
    }

    private Line add(String... words) {
        for (String word : words) {
            // "!" negates the option that follows it.
            if (!word.equals("!") && !TOKEN.matcher(word).matches()) {
                throw new IllegalArgumentException("unsafe token in a rule: '" + word + "'");
            }
            tokens.add(word);
        }
        return this;
    }

    private static String host(InetAddress address) {
        return InetAddresses.toAddrString(address) + "/" + address.getAddress().length * 8;
    }
}
