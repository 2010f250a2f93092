package dev.openshell.netns.testkit.net;

import java.util.LinkedHashMap;
import java.util.Map;

/** IPv4's settings per interface, in the order of their numbers (IPV4_DEVCONF_*, include/uapi/linux/ip.h). */
final class Ipv4Conf {
    private static final Map<String, Long> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put("forwarding", 0L);
        DEFAULTS.put("mc_forwarding", 0L);
        DEFAULTS.put("proxy_arp", 0L);
        DEFAULTS.put("accept_redirects", 1L);
        DEFAULTS.put("secure_redirects", 1L);
        DEFAULTS.put("send_redirects", 1L);
        DEFAULTS.put("shared_media", 1L);
        DEFAULTS.put("rp_filter", 0L);
        DEFAULTS.put("accept_source_route", 1L);
        DEFAULTS.put("bootp_relay", 0L);
        DEFAULTS.put("log_martians", 0L);
        DEFAULTS.put("tag", 0L);
        DEFAULTS.put("arp_filter", 0L);
        DEFAULTS.put("medium_id", 0L);
        DEFAULTS.put("disable_xfrm", 0L);
        DEFAULTS.put("disable_policy", 0L);
        DEFAULTS.put("force_igmp_version", 0L);
        DEFAULTS.put("arp_announce", 0L);
        DEFAULTS.put("arp_ignore", 0L);
        DEFAULTS.put("promote_secondaries", 0L);
        DEFAULTS.put("arp_accept", 0L);
        DEFAULTS.put("arp_notify", 0L);
        DEFAULTS.put("accept_local", 0L);
        DEFAULTS.put("src_valid_mark", 0L);
        DEFAULTS.put("proxy_arp_pvlan", 0L);
        DEFAULTS.put("route_localnet", 0L);
        DEFAULTS.put("igmpv2_unsolicited_report_interval", 10000L);
        DEFAULTS.put("igmpv3_unsolicited_report_interval", 1000L);
        DEFAULTS.put("ignore_routes_with_linkdown", 0L);
        DEFAULTS.put("drop_unicast_in_l2_multicast", 0L);
        DEFAULTS.put("drop_gratuitous_arp", 0L);
        DEFAULTS.put("bc_forwarding", 0L);
        DEFAULTS.put("arp_evict_nocarrier", 1L);
    }

    private Ipv4Conf() {}

    /** Returns the values that interfaces to come get in a new namespace. */
    static Map<String, Long> defaults() {
        return DEFAULTS;
    }

    /** Returns the values that hold for all in a new namespace. */
    static Map<String, Long> all() {
        Map<String, Long> all = new LinkedHashMap<>(DEFAULTS);
        all.put("accept_source_route", 0L);
        return all;
    }

    /** Returns the name of setting {@code number}, counted from 1. */
    static String name(int number) {
        return DEFAULTS.keySet().stream().skip(number - 1L).findFirst().orElseThrow();
    }
}
