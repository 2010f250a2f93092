package dev.openshell.netns.linux.resolve;

import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The lines of a resolv.conf(5). A keyword stands in the first column with a blank after it, or the line is ignored;
 * comments are whole lines. The one thing that glibc does not do: a carriage return ends a line as well, where glibc
 * takes it for a part of the address, which it then ignores.
 */
final class ResolvConfParser {
    private static final Pattern BLANK = Pattern.compile("[ \t]+");
    private static final Pattern INTEGER = Pattern.compile("[ \t]*([+-]?[0-9]{1,9})");
    /** RES_MAXNDOTS, RES_MAXRETRANS and RES_MAXRETRY of resolv/resolv-internal.h. */
    private static final int MAX_NDOTS = 15;

    private static final int MAX_TIMEOUT = 30;
    private static final int MAX_ATTEMPTS = 5;

    private final List<Nameserver> servers = new ArrayList<>();
    private List<String> search = List.of();
    private int ndots = 1;
    private int timeout = 5;
    private int attempts = 2;
    private boolean rotate;

    ResolvConfParser(String text, String source) {
        for (String line : text.split("[\r\n]+")) {
            if (line.startsWith("nameserver")) {
                words(line, "nameserver").stream().findFirst().ifPresent(word -> nameserver(word, source));
            } else if (line.startsWith("search")) {
                search(words(line, "search"));
            } else if (line.startsWith("domain")) {
                search(words(line, "domain").stream().limit(1).toList());
            } else if (line.startsWith("options")) {
                words(line, "options").forEach(this::option);
            }
        }
    }

    /** Returns the words after {@code keyword}, none if no blank follows it. */
    private static List<String> words(String line, String keyword) {
        String rest = line.substring(keyword.length());
        if (!rest.startsWith(" ") && !rest.startsWith("\t")) {
            return List.of();
        }
        return BLANK.splitAsStream(rest).filter(word -> !word.isEmpty()).toList();
    }

    private void nameserver(String word, String source) {
        int percent = word.indexOf('%');
        String address = percent < 0 ? word : word.substring(0, percent);
        Optional<InetAddress> parsed = Literals.aton(word);
        if (parsed.isEmpty() && address.indexOf(':') >= 0) {
            parsed = Literals.pton(address);
        }
        if (parsed.isEmpty()) {
            log().log(Level.DEBUG, "{0}: nameserver \"{1}\" is no address, ignored", source, word);
            return;
        }
        servers.add(new Nameserver(parsed.get(), percent < 0 ? "" : word.substring(percent + 1)));
    }

    private void search(List<String> domains) {
        // An empty line leaves what was there, as in glibc.
        if (!domains.isEmpty()) {
            search = domains;
        }
    }

    private void option(String word) {
        if (word.startsWith("ndots:")) {
            ndots = number(word, 0, MAX_NDOTS);
        } else if (word.startsWith("timeout:")) {
            timeout = number(word, 1, MAX_TIMEOUT);
        } else if (word.startsWith("attempts:")) {
            // glibc takes 0 at its word and then asks nobody.
            attempts = number(word, 1, MAX_ATTEMPTS);
        } else if (word.startsWith("rotate")) {
            rotate = true;
        }
    }

    /** Returns the number after the colon as atoi(3) reads it, within the bounds. */
    private static int number(String word, int least, int most) {
        Matcher number = INTEGER.matcher(word.substring(word.indexOf(':') + 1));
        int value = number.lookingAt() ? Integer.parseInt(number.group(1)) : 0;
        return Math.max(least, Math.min(most, value));
    }

    List<Nameserver> servers() {
        return List.copyOf(servers);
    }

    List<String> search() {
        return search;
    }

    int ndots() {
        return ndots;
    }

    int timeout() {
        return timeout;
    }

    int attempts() {
        return attempts;
    }

    boolean rotate() {
        return rotate;
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger("dev.openshell.netns");
    }
}
