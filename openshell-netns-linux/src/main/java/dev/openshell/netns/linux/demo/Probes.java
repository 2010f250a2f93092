package dev.openshell.netns.linux.demo;

import static dev.openshell.netns.linux.demo.Attempts.byName;
import static dev.openshell.netns.linux.demo.Attempts.dnsOverTcp;
import static dev.openshell.netns.linux.demo.Attempts.dnsOverUdp;
import static dev.openshell.netns.linux.demo.Attempts.ping;
import static dev.openshell.netns.linux.demo.Attempts.rawProtocol;
import static dev.openshell.netns.linux.demo.Attempts.sendUdp;
import static dev.openshell.netns.linux.demo.Attempts.tcp;
import static dev.openshell.netns.linux.demo.Attempts.udp;

import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.Name;

/** What is tried, with the names, addresses and ports of the demo's world. */
final class Probes {
    static final int DNS_PORT = 53;
    static final int HTTP_PORT = 80;
    static final int HTTPS_PORT = 443;
    static final int DB_PORT = 5432;
    static final int PROXY_PORT = 3128;
    static final int OTHER_PORT = 8080;

    static final String RESOLVER = "10.43.0.10";
    static final String OTHER_RESOLVER = "10.43.0.11";
    static final String SLACK = "203.0.113.10";
    static final String DB = "203.0.113.12";
    static final String UNLISTED = "203.0.113.66";
    static final String UNLISTED_TOO = "203.0.113.67";
    static final String SLACK6 = "2001:db8:2::10";

    static final String SLACK_NAME = "wss-primary.slack.com";
    static final String DB_NAME = "db.internal";

    private Probes() {}

    static Name name(String name) {
        return Name.fromConstantString(name + ".");
    }

    /** Returns all probes of a sandbox whose host end has {@code hostEnd}. */
    static List<Probe> of(String hostEnd, boolean ipv6) {
        Name slack = name(SLACK_NAME);
        List<Probe> probes = new ArrayList<>(List.of(
                Probe.allowed("DNS over UDP, " + RESOLVER, dnsOverUdp(RESOLVER, slack, SLACK)),
                Probe.allowed("DNS over TCP, " + RESOLVER, dnsOverTcp(RESOLVER, slack, SLACK)),
                Probe.allowed(SLACK_NAME + ":443", byName(RESOLVER, slack, SLACK, HTTPS_PORT)),
                Probe.allowed(SLACK + ":443, its address", tcp(SLACK, HTTPS_PORT)),
                Probe.allowed(DB_NAME + ":5432", byName(RESOLVER, name(DB_NAME), DB, DB_PORT)),
                Probe.allowed(DB + ":5432, its address", tcp(DB, DB_PORT)),
                Probe.allowed("proxy, port 3128 of the host end", tcp(hostEnd, PROXY_PORT)),
                Probe.denied("port 8080 of the host end", tcp(hostEnd, OTHER_PORT)),
                Probe.denied(
                        "port 80 of a listed host", tcp(SLACK, HTTP_PORT), Packet.to(Packet.TCP, SLACK, HTTP_PORT)),
                Probe.denied(
                        "port 443 of an unlisted host",
                        tcp(UNLISTED, HTTPS_PORT),
                        Packet.to(Packet.TCP, UNLISTED, HTTPS_PORT)),
                Probe.denied(
                        "UDP 443 of a listed host", udp(SLACK, HTTPS_PORT), Packet.to(Packet.UDP, SLACK, HTTPS_PORT)),
                Probe.denied(
                        "another resolver, " + OTHER_RESOLVER,
                        dnsOverUdp(OTHER_RESOLVER, slack, SLACK),
                        Packet.to(Packet.UDP, OTHER_RESOLVER, DNS_PORT)),
                Probe.denied("ping to a listed host (ICMP)", ping(SLACK), Packet.to(Packet.ICMP, SLACK, 0)),
                Probe.denied(
                        "IP protocol 253 to a listed host",
                        rawProtocol(Packet.EXPERIMENT, SLACK),
                        Packet.to(Packet.EXPERIMENT, SLACK, 0))));
        if (ipv6) {
            Packet packet = Packet.to(Packet.UDP, SLACK6, HTTPS_PORT);
            probes.add(Probe.denied("IPv6, " + SLACK6, sendUdp(SLACK6, HTTPS_PORT), packet));
        }
        // What the host end alone does.
        probes.add(Probe.allowed("listed host", tcp(SLACK, HTTPS_PORT)).onceFlushed());
        Packet flushed = Packet.to(Packet.TCP, UNLISTED_TOO, HTTPS_PORT);
        probes.add(Probe.denied("unlisted host", tcp(UNLISTED_TOO, HTTPS_PORT), flushed)
                .onceFlushed());
        return List.copyOf(probes);
    }
}
