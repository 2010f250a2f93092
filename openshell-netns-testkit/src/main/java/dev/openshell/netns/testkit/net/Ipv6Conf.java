package dev.openshell.netns.testkit.net;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** IPv6's settings per interface (Documentation/networking/ip-sysctl.rst). */
final class Ipv6Conf {
    /** Settings with rules of their own, which nobody has needed to write yet. */
    static final Set<String> UNKNOWN_RULES = Set.of(
            "accept_untracked_na",
            "accept_ra_min_lft",
            "ioam6_enabled",
            "ioam6_id",
            "ioam6_id_wide",
            "keep_addr_on_down",
            "ignore_routes_with_linkdown",
            "max_addresses",
            "mc_forwarding",
            "ndisc_tclass",
            "ra_defrtr_metric",
            "ra_honor_pio_life",
            "ra_honor_pio_pflag",
            "regen_min_advance",
            "router_solicitations",
            "rpl_seg_enabled",
            "seg6_enabled",
            "seg6_require_hmac");

    private static final Map<String, Long> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put("accept_dad", 1L);
        DEFAULTS.put("accept_ra", 1L);
        DEFAULTS.put("accept_ra_defrtr", 1L);
        DEFAULTS.put("accept_ra_from_local", 0L);
        DEFAULTS.put("accept_ra_min_hop_limit", 1L);
        DEFAULTS.put("accept_ra_min_lft", 0L);
        DEFAULTS.put("accept_ra_mtu", 1L);
        DEFAULTS.put("accept_ra_pinfo", 1L);
        DEFAULTS.put("accept_ra_rt_info_max_plen", 0L);
        DEFAULTS.put("accept_ra_rt_info_min_plen", 0L);
        DEFAULTS.put("accept_ra_rtr_pref", 1L);
        DEFAULTS.put("accept_redirects", 1L);
        DEFAULTS.put("accept_source_route", 0L);
        DEFAULTS.put("accept_untracked_na", 0L);
        DEFAULTS.put("addr_gen_mode", 0L);
        DEFAULTS.put("autoconf", 1L);
        DEFAULTS.put("dad_transmits", 1L);
        DEFAULTS.put("disable_ipv6", 0L);
        DEFAULTS.put("disable_policy", 0L);
        DEFAULTS.put("drop_unicast_in_l2_multicast", 0L);
        DEFAULTS.put("drop_unsolicited_na", 0L);
        DEFAULTS.put("enhanced_dad", 1L);
        DEFAULTS.put("force_forwarding", 0L);
        DEFAULTS.put("force_mld_version", 0L);
        DEFAULTS.put("force_tllao", 0L);
        DEFAULTS.put("forwarding", 0L);
        DEFAULTS.put("hop_limit", 64L);
        DEFAULTS.put("ignore_routes_with_linkdown", 0L);
        DEFAULTS.put("ioam6_enabled", 0L);
        DEFAULTS.put("ioam6_id", 65535L);
        DEFAULTS.put("ioam6_id_wide", 4294967295L);
        DEFAULTS.put("keep_addr_on_down", 0L);
        DEFAULTS.put("max_addresses", 16L);
        DEFAULTS.put("max_desync_factor", 600L);
        DEFAULTS.put("mc_forwarding", 0L);
        DEFAULTS.put("mldv1_unsolicited_report_interval", 10000L);
        DEFAULTS.put("mldv2_unsolicited_report_interval", 1000L);
        DEFAULTS.put("mtu", 1280L);
        DEFAULTS.put("ndisc_evict_nocarrier", 1L);
        DEFAULTS.put("ndisc_notify", 0L);
        DEFAULTS.put("ndisc_tclass", 0L);
        DEFAULTS.put("optimistic_dad", 0L);
        DEFAULTS.put("proxy_ndp", 0L);
        DEFAULTS.put("ra_defrtr_metric", 1024L);
        DEFAULTS.put("ra_honor_pio_life", 0L);
        DEFAULTS.put("ra_honor_pio_pflag", 0L);
        DEFAULTS.put("regen_max_retry", 3L);
        DEFAULTS.put("regen_min_advance", 2L);
        DEFAULTS.put("router_probe_interval", 60L);
        DEFAULTS.put("router_solicitation_delay", 1L);
        DEFAULTS.put("router_solicitation_interval", 4L);
        DEFAULTS.put("router_solicitation_max_interval", 3600L);
        DEFAULTS.put("router_solicitations", -1L);
        DEFAULTS.put("rpl_seg_enabled", 0L);
        DEFAULTS.put("seg6_enabled", 0L);
        DEFAULTS.put("seg6_require_hmac", 0L);
        DEFAULTS.put("suppress_frag_ndisc", 1L);
        DEFAULTS.put("temp_prefered_lft", 86400L);
        DEFAULTS.put("temp_valid_lft", 604800L);
        DEFAULTS.put("use_oif_addrs_only", 0L);
        DEFAULTS.put("use_optimistic", 0L);
        DEFAULTS.put("use_tempaddr", 0L);
    }

    private Ipv6Conf() {}

    /** Returns the values that interfaces to come get in a new namespace. */
    static Map<String, Long> defaults() {
        return DEFAULTS;
    }

    /** Returns the values that hold for all in a new namespace. */
    static Map<String, Long> all() {
        Map<String, Long> all = new LinkedHashMap<>(DEFAULTS);
        all.put("accept_dad", 0L);
        return all;
    }
}
