package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Settings of the host namespace that decide whether a sandbox's packets get anywhere. */
final class SettingChecks {
    private static final String STRICT = "1";

    private final Place place;

    SettingChecks(Place place) {
        this.place = place;
    }

    void addTo(Checks checks) {
        add(checks, "rp-filter", this::rpFilter);
        add(checks, "bridge-netfilter", this::bridge);
        add(checks, "forwarding.ipv4", this::forwarding);
        add(checks, "forwarding.ipv6", this::forwarding6);
        add(checks, "accept-ra", this::acceptRa);
    }

    private void add(Checks checks, String name, Callable<Finding> probe) {
        checks.add(name, () -> place.visible() ? probe.call() : place.notEntered());
    }

    private Finding rpFilter() throws Exception {
        String all = rpFilter("all");
        String standard = rpFilter("default");
        List<String> strict = new ArrayList<>();
        for (String link : place.interfaces(Family.IPV4)) {
            if (effective(all, rpFilter(link)).equals(STRICT) && !link.equals("lo")) {
                strict.add(link);
            }
        }
        String link = effective(all, standard);
        String evidence = "all=" + all + ", default=" + standard + ", so " + link + " on a new link";
        if (!link.equals(STRICT) && strict.isEmpty()) {
            return Finding.ok(evidence);
        }
        return Finding.warning(
                evidence + (strict.isEmpty() ? "" : ", strict on " + String.join(", ", strict))
                        + ": a reply is dropped that comes in on another interface than its route leaves by",
                "sysctl -w net.ipv4.conf.all.rp_filter=2");
    }

    /** Returns the larger one, which counts: 0 none, 1 strict, 2 loose. */
    static String effective(String all, String own) {
        return all.compareTo(own) >= 0 ? all : own;
    }

    private String rpFilter(String link) throws IOException {
        return place.sysctl("net/ipv4/conf/" + link + "/rp_filter").orElse("0");
    }

    private Finding bridge() throws IOException {
        List<String> seen = new ArrayList<>();
        boolean on = false;
        for (String tool : List.of("iptables", "ip6tables")) {
            Optional<String> value = place.sysctl("net/bridge/bridge-nf-call-" + tool);
            value.ifPresent(number -> seen.add("bridge-nf-call-" + tool + "=" + number));
            on |= value.equals(Optional.of("1"));
        }
        if (!on) {
            return Finding.ok(seen.isEmpty() ? "br_netfilter is not loaded" : String.join(", ", seen));
        }
        return Finding.warning(
                String.join(", ", seen)
                        + ": frames between the ports of a bridge pass FORWARD too, and what leaves by a"
                        + " bridge is seen twice",
                "sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0"
                        + "  # unless Docker or Kubernetes need it");
    }

    private Finding forwarding() throws IOException {
        String value = place.sysctl("net/ipv4/ip_forward").orElse("(none)");
        return Finding.ok("net.ipv4.ip_forward=" + value
                + (value.equals("0") ? ": switched on for single interfaces while a sandbox is open" : ""));
    }

    private boolean hasIpv6() throws IOException {
        return place.sysctl("net/ipv6/conf/all/disable_ipv6").isPresent();
    }

    private boolean forwardsOneByOne() throws IOException {
        return place.sysctl("net/ipv6/conf/all/force_forwarding").isPresent();
    }

    private Finding forwarding6() throws IOException {
        if (!hasIpv6()) {
            return Finding.ok("the kernel has no IPv6");
        }
        String all = place.sysctl("net/ipv6/conf/all/forwarding").orElse("0");
        String evidence = "net.ipv6.conf.all.forwarding=" + all;
        if (forwardsOneByOne()) {
            return Finding.ok(evidence + "; force_forwarding is there and is switched on for single interfaces");
        }
        return all.equals("1")
                ? Finding.ok(evidence + ", no force_forwarding")
                : Finding.warning(
                        evidence
                                + ", no force_forwarding (Linux 6.17): for IPv6 destinations all.forwarding is switched"
                                + " on while a sandbox is open",
                        "sysctl -w net.ipv6.conf.all.forwarding=1  # or list no IPv6 destination");
    }

    private Finding acceptRa() throws Exception {
        if (!hasIpv6()) {
            return Finding.ok("the kernel has no IPv6");
        }
        List<String> listening = new ArrayList<>();
        for (String link : place.interfaces(Family.IPV6)) {
            if (place.sysctl("net/ipv6/conf/" + link + "/accept_ra").equals(Optional.of("1")) && !link.equals("lo")) {
                listening.add(link);
            }
        }
        String standard = place.sysctl("net/ipv6/conf/default/accept_ra").orElse("(none)");
        String evidence = "default=" + standard + ", 1 on "
                + (listening.isEmpty() ? "no interface" : String.join(", ", listening));
        if (listening.isEmpty() || forwardsOneByOne()) {
            return Finding.ok(evidence);
        }
        return Finding.warning(
                evidence + ": without force_forwarding it is 2 there while a sandbox with IPv6 destinations is open",
                "sysctl -w net.ipv6.conf." + listening.get(0) + ".accept_ra=2");
    }
}
