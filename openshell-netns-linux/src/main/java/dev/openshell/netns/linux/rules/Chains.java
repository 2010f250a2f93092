package dev.openshell.netns.linux.rules;

import dev.openshell.netns.VethPair;
import java.util.List;

/** The names of this project's chains in the host namespace. */
public final class Chains {
    /** What a chain shared by all sandboxes begins with. */
    static final String SHARED_PREFIX = "OPENSHELL-";

    /** raw: returns what has a sandbox's own source address, drops the rest. */
    static final String SOURCE = SHARED_PREFIX + "SOURCE";
    /** filter: what FORWARD, INPUT and OUTPUT jump to; these deny. */
    static final String FORWARD = SHARED_PREFIX + "FORWARD";

    static final String INPUT = SHARED_PREFIX + "INPUT";
    static final String OUTPUT = SHARED_PREFIX + "OUTPUT";
    /** filter: the sandboxes' own rules for what they send out, send to the host, and get. */
    static final String FROM = SHARED_PREFIX + "FROM";

    static final String LOCAL = SHARED_PREFIX + "LOCAL";
    static final String TO = SHARED_PREFIX + "TO";
    /** filter: drops what comes in where forwarding was switched on for a sandbox's sake and goes elsewhere. */
    static final String UPLINK = SHARED_PREFIX + "UPLINK";
    /** nat: the sandboxes' masquerading. */
    static final String POSTROUTING = SHARED_PREFIX + "POSTROUTING";

    /** The host ends of all links, as iptables matches them. */
    static final String ALL_LINKS = VethPair.HOST_PREFIX + "+";

    private static final List<String> SUFFIXES = List.of("-from", "-local", "-to", "-nat");

    private Chains() {}

    static String from(VethPair veth) {
        return from(veth.hostInterface());
    }

    static String from(String link) {
        return link + SUFFIXES.get(0);
    }

    static String local(VethPair veth) {
        return local(veth.hostInterface());
    }

    static String local(String link) {
        return link + SUFFIXES.get(1);
    }

    static String to(VethPair veth) {
        return veth.hostInterface() + SUFFIXES.get(2);
    }

    static String nat(VethPair veth) {
        return veth.hostInterface() + SUFFIXES.get(3);
    }

    static boolean isShared(String chain) {
        return chain.startsWith(SHARED_PREFIX);
    }

    /** Returns the host end that {@code chain} belongs to, or an empty string when it is no sandbox's. */
    static String link(String chain) {
        for (String suffix : SUFFIXES) {
            if (chain.startsWith(VethPair.HOST_PREFIX) && chain.endsWith(suffix)) {
                return chain.substring(0, chain.length() - suffix.length());
            }
        }
        return "";
    }
}
