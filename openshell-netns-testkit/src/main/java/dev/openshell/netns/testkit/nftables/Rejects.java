package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import java.util.Map;

/** The expression {@code reject}, with the names that iptables has for its answers. */
final class Rejects {
    private static final int RESET = 1;
    private static final int ICMPX = 2;
    private static final Map<Integer, String> CODES = Map.of(
            0, "icmp-net-unreachable",
            1, "icmp-host-unreachable",
            2, "icmp-proto-unreachable",
            3, "icmp-port-unreachable",
            9, "icmp-net-prohibited",
            10, "icmp-host-prohibited",
            13, "icmp-admin-prohibited");
    private static final Map<Integer, String> CODES6 = Map.of(
            0, "icmp6-no-route",
            1, "icmp6-adm-prohibited",
            3, "icmp6-addr-unreachable",
            4, "icmp6-port-unreachable",
            5, "icmp6-policy-fail",
            6, "icmp6-reject-route");
    /** By enum nft_reject_inet_code. */
    private static final int[] FOUR = {0, 3, 1, 13};

    private static final int[] SIX = {0, 4, 3, 1};

    private Rejects() {}

    static Expression of(Attrs data, int family) {
        int type = data.u32(1);
        int code = type == RESET ? 0 : data.u8(2, -1);
        if (type < 0 || type > ICMPX || type == ICMPX && (family != NfTable.INET || code > 3) || code < 0) {
            throw new NetException(NetException.EINVAL, "");
        }
        return new Expression() {
            @Override
            public Verdict run(Registers registers, Context context) {
                return answer(type, code, context.skb().header);
            }

            @Override
            public void check(NfChain.Base base) {
                if (base.hook() == Hook.POSTROUTING) {
                    throw new NetException(NetException.EOPNOTSUPP, "");
                }
            }
        };
    }

    private static Verdict answer(int type, int code, Header header) {
        boolean four = header.family() == Family.IPV4;
        if (type == RESET) {
            // Linux has no reset for what is not TCP, or is one itself: it is dropped.
            boolean answers = header.protocol() == Header.TCP && (header.tcpFlags() & Header.RST) == 0;
            return answers ? Verdict.of(new Outcome.Reject("tcp-reset")) : Verdict.DROP;
        }
        int sent = type == ICMPX ? (four ? FOUR : SIX)[code] : code;
        String name = (four ? CODES : CODES6).get(sent);
        if (name == null) {
            throw new UnsupportedOperationException("reject with ICMP code " + sent);
        }
        return Verdict.of(new Outcome.Reject(name));
    }
}
