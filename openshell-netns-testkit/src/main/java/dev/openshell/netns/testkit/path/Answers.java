package dev.openshell.netns.testkit.path;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the kernel sends back to the sender of a packet that it refuses. */
public final class Answers {
    /** Type and code of each answer that is an ICMP or ICMPv6 error. */
    private static final Map<String, int[]> ERRORS = Map.ofEntries(
            Map.entry("icmp-net-unreachable", new int[] {3, 0}),
            Map.entry("icmp-host-unreachable", new int[] {3, 1}),
            Map.entry("icmp-proto-unreachable", new int[] {3, 2}),
            Map.entry("icmp-port-unreachable", new int[] {3, 3}),
            Map.entry("icmp-net-prohibited", new int[] {3, 9}),
            Map.entry("icmp-host-prohibited", new int[] {3, 10}),
            Map.entry("icmp-admin-prohibited", new int[] {3, 13}),
            Map.entry("icmp6-no-route", new int[] {1, 0}),
            Map.entry("icmp6-adm-prohibited", new int[] {1, 1}),
            Map.entry("icmp6-addr-unreachable", new int[] {1, 3}),
            Map.entry("icmp6-port-unreachable", new int[] {1, 4}),
            Map.entry("icmp6-policy-fail", new int[] {1, 5}),
            Map.entry("icmp6-reject-route", new int[] {1, 6}));

    private Answers() {}

    /** The protocols about which REJECT sends an ICMPv6 error. */
    private static final Set<Integer> CHECKED6 =
            Set.of(Header.TCP, Header.UDP, Header.SCTP, Header.UDPLITE, Header.DCCP, Header.ICMPV6, 47, 50);

    /** Returns whether {@code with} answers with a TCP reset. */
    static boolean isReset(String with) {
        return with.equals("tcp-reset");
    }

    /** Returns the segment that resets {@code refused}; a reset is not answered (nf_send_reset). */
    static Optional<Header> reset(Header refused) {
        if (refused.protocol() != Header.TCP || (refused.tcpFlags() & Header.RST) != 0) {
            return Optional.empty();
        }
        int flags = (refused.tcpFlags() & Header.ACK) != 0 ? Header.RST : Header.RST | Header.ACK;
        return Optional.of(Header.ports(
                refused.destination(),
                refused.destinationPort(),
                refused.source(),
                refused.sourcePort(),
                Header.TCP,
                flags));
    }

    /**
     * Returns whether REJECT finds the checksum that it takes the packet to have (nf_reject_verify_csum): without it no
     * error is sent. Of a protocol that has none it depends on the payload, which is taken to be zeros; NAT leaves
     * DCCP's as it was.
     */
    static boolean checked(Skb refused) {
        int protocol = refused.header.protocol();
        return refused.header.family() == Family.IPV4
                ? protocol != Header.DCCP
                : CHECKED6.contains(protocol) && !(protocol == Header.DCCP && !refused.header.equals(refused.first));
    }

    /**
     * Returns the error about {@code refused} from {@code source}. Errors, and what no single host sent, are not answered
     * (RFC 1122 3.2.2, RFC 4443 2.4).
     */
    static Optional<Header> error(String with, Header refused, Ip source) {
        int[] error = ERRORS.get(with);
        if (error == null) {
            throw new IllegalArgumentException("--reject-with " + with);
        }
        if (isError(refused) || !single(refused.source())) {
            return Optional.empty();
        }
        return Optional.of(Header.icmp(source, refused.source(), error[0], error[1], 0, refused));
    }

    /** Returns whether nothing is ever answered to this message. */
    static boolean isError(Header header) {
        if (!header.isIcmp()) {
            return false;
        }
        int type = header.icmpType();
        if (header.family() == Family.IPV6) {
            return type < 128 || type == 137;
        }
        // NR_ICMP_TYPES is 18: what lies above is taken for an error.
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12 || type > 18;
    }

    /** Returns whether {@code ip} is the address of one host. */
    static boolean single(Ip ip) {
        if (ip.family() == Family.IPV6) {
            return ip.high() >>> 56 != 0xff && (ip.high() != 0 || ip.low() != 0);
        }
        long first = ip.low() >>> 24;
        return first != 0 && (first < 224 || first >= 240) && ip.low() != 0xffff_ffffL;
    }
}
