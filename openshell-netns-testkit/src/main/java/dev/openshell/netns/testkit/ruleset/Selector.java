package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Skb;

/**
 * What a rule says before its matches: addresses, interfaces, protocol, fragments. An empty interface and protocol 0
 * mean any.
 */
record Selector(
        Network source,
        boolean notSource,
        Network destination,
        boolean notDestination,
        String in,
        boolean notIn,
        String out,
        boolean notOut,
        int protocol,
        boolean notProtocol,
        Fragments fragments) {
    enum Fragments {
        ANY,
        FURTHER,
        FIRST
    }

    static Selector any(Family family) {
        Network all = Network.any(family);
        return new Selector(all, false, all, false, "", false, "", false, 0, false, Fragments.ANY);
    }

    Selector source(Network network, boolean not) {
        return new Selector(
                network, not, destination, notDestination, in, notIn, out, notOut, protocol, notProtocol, fragments);
    }

    Selector destination(Network network, boolean not) {
        return new Selector(source, notSource, network, not, in, notIn, out, notOut, protocol, notProtocol, fragments);
    }

    Selector in(String link, boolean not) {
        return new Selector(
                source,
                notSource,
                destination,
                notDestination,
                link,
                not,
                out,
                notOut,
                protocol,
                notProtocol,
                fragments);
    }

    Selector out(String link, boolean not) {
        return new Selector(
                source, notSource, destination, notDestination, in, notIn, link, not, protocol, notProtocol, fragments);
    }

    Selector protocol(int number, boolean not) {
        return new Selector(
                source, notSource, destination, notDestination, in, notIn, out, notOut, number, not, fragments);
    }

    Selector fragments(Fragments which) {
        return new Selector(
                source, notSource, destination, notDestination, in, notIn, out, notOut, protocol, notProtocol, which);
    }

    /** Returns whether the protocol is this one, and not merely another one excluded. */
    boolean is(int number) {
        return protocol == number && !notProtocol;
    }

    /** Packets here are whole: no fragment but the first is ever seen behind connection tracking. */
    boolean matches(Skb skb) {
        return source.contains(skb.header.source()) != notSource
                && destination.contains(skb.header.destination()) != notDestination
                && link(in, skb.in) != notIn
                && link(out, skb.out) != notOut
                && (protocol == 0 || (skb.header.protocol() == protocol) != notProtocol)
                && fragments != Fragments.FURTHER;
    }

    private static boolean link(String pattern, String name) {
        return pattern.endsWith("+")
                ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                : pattern.isEmpty() || name.equals(pattern);
    }

    /** Returns it as iptables-save prints it, and the legacy one prints no {@code ! -i +}. */
    String text(boolean nft) {
        Words words = new Words();
        if (!source.isAll() || notSource) {
            words.option(notSource, "-s", source);
        }
        if (!destination.isAll() || notDestination) {
            words.option(notDestination, "-d", destination);
        }
        if (!in.isEmpty() && (!in.equals("+") || (notIn && nft))) {
            words.option(notIn, "-i", in);
        }
        if (!out.isEmpty() && (!out.equals("+") || (notOut && nft))) {
            words.option(notOut, "-o", out);
        }
        if (protocol != 0) {
            words.option(notProtocol, "-p", Protocols.name(protocol));
        }
        if (fragments != Fragments.ANY) {
            words.option(fragments == Fragments.FIRST, "-f");
        }
        return words.toString();
    }
}
