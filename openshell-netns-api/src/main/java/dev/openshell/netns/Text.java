package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Pattern;

/** Checks of the strings that callers hand in, with errors that name the value and the remedy. */
final class Text {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");
    private static final Pattern NAMESPACE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}");

    private Text() {}

    /** Returns {@code text} with all that is not printable ASCII escaped, cut at 80 characters. */
    static String printable(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.substring(0, Math.min(text.length(), 80)).toCharArray()) {
            if (c < ' ' || c > '~') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return text.length() > 80 ? out + "…" : out.toString();
    }

    /** Returns the DNS name in lower case, or the literal address in its shortest form, of what can be listed. */
    static String host(String text) {
        String host = anyHost(text);
        if (InetAddresses.isInetAddress(host)) {
            destination(text, InetAddresses.forString(host));
        }
        return host;
    }

    /** Returns the DNS name in lower case, or the literal address in its shortest form, whatever it is good for. */
    static String anyHost(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty host; give a DNS name or an address");
        }
        if (text.startsWith("[") && text.endsWith("]")) {
            String inner = text.substring(1, text.length() - 1);
            if (inner.indexOf(':') >= 0 && InetAddresses.isInetAddress(inner)) {
                return anyHost(inner);
            }
            throw badHost(text, "brackets are for IPv6 addresses");
        }
        if (text.indexOf('%') >= 0) {
            throw badHost(text, "an address with a zone can't be reached from another namespace");
        }
        if (InetAddresses.isInetAddress(text)) {
            return InetAddresses.toAddrString(InetAddresses.forString(text));
        }
        return dnsName(text);
    }

    private static String dnsName(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        if (bare.length() > 253) {
            throw badHost(text, "a DNS name has at most 253 characters, this one has " + bare.length());
        }
        if (bare.startsWith("*")) {
            throw badHost(text, "wildcards can't be resolved to addresses; list each name");
        }
        String[] labels = bare.split("\\.", -1);
        for (String label : labels) {
            if (label.length() > 63) {
                throw badHost(text, "a label has at most 63 characters, one has " + label.length());
            }
            if (!LABEL.matcher(label).matches()) {
                throw badHost(text, "labels are letters, digits, '_' and inner '-'; write others as xn--…");
            }
        }
        if (NUMBER.matcher(labels[labels.length - 1]).matches()) {
            throw badHost(text, "it ends like an address but is none");
        }
        return name;
    }

    private static IllegalArgumentException badHost(String text, String why) {
        return new IllegalArgumentException("'" + printable(text) + "' is not a host: " + why);
    }

    /** Returns {@code address}, or fails where nothing can ever be reached under it from another namespace. */
    static InetAddress destination(String text, InetAddress address) {
        AddressKind kind = AddressKind.of(address);
        if (!kind.listable()) {
            throw new IllegalArgumentException("'" + text + "' is a " + kindName(kind)
                    + " address and can't be a destination; give a unicast address outside the host");
        }
        return address;
    }

    static InetAddress nameserver(String text) {
        if (text.indexOf('%') >= 0 || !InetAddresses.isInetAddress(text)) {
            throw new IllegalArgumentException(
                    "nameserver '" + printable(text) + "' is not a literal IPv4 or IPv6 address");
        }
        InetAddress address = InetAddresses.forString(text);
        if (!AddressKind.of(address).listable()) {
            throw new IllegalArgumentException("nameserver " + text + " is a " + kindName(AddressKind.of(address))
                    + " address, which a sandbox can't reach; give the upstream server's address");
        }
        return address;
    }

    static String kindName(AddressKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static int port(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is out of range; ports are 1 to 65535");
        }
        return port;
    }

    static int port(String text) {
        if (!text.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("'" + printable(text) + "' is not a port; ports are 1 to 65535");
        }
        return port(Integer.parseInt(text));
    }

    static String namespaceName(String text) {
        if (!NAMESPACE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'" + printable(text) + "' is not a namespace name; use up to 64 letters,"
                            + " digits, '_', '-' and '.', the first a letter, a digit or '_'");
        }
        return text;
    }
}
