package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.RestoreLines;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Nftables;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.sys.Libc;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The filter table of a namespace that has none: its base chains are made with their policies at once. iptables-nft makes
 * them first and changes their policies then, for which it waits for an RCU grace period at its end, 16 ms.
 */
final class FreshFilter {
    private static final Pattern POLICY = Pattern.compile(":(INPUT|FORWARD|OUTPUT) (ACCEPT|DROP) \\[0:0]");
    private static final Set<String> CHAINS = Set.of("INPUT", "FORWARD", "OUTPUT");

    private FreshFilter() {}

    /**
     * Makes the base chains of {@code text} in the calling thread's namespace, and returns whether it did: not where
     * there is such a table, where the text has others or doesn't name all three, or the kernel has no nf_tables.
     */
    static boolean make(Family family, String text) {
        Map<String, Boolean> policies = new LinkedHashMap<>();
        Set<String> tables = new HashSet<>();
        for (String line : RestoreLines.of(text)) {
            Matcher policy = POLICY.matcher(line);
            if (policy.matches()) {
                policies.put(policy.group(1), policy.group(2).equals("DROP"));
            } else if (line.startsWith("*")) {
                tables.add(line);
            }
        }
        if (!policies.keySet().equals(CHAINS) || !tables.equals(Set.of("*filter"))) {
            return false;
        }
        Request request = Nftables.newFilter(family, policies);
        byte[] answers = NetlinkSocket.exchange(Libc.NETLINK_NETFILTER, request.toBytes());
        List<Answers.Failure> failures = Answers.parseBatch(request, answers).failures();
        if (failures.isEmpty()) {
            return true;
        }
        Answers.Failure failure = failures.get(0);
        // Whatever else iptables-nft itself will say better, such as that the kernel has no nf_tables.
        if (failure.errno() == Errno.EPERM) {
            throw new KernelException(failure.errno(), failure.name() + " " + failure.object());
        }
        return false;
    }

    /** Returns {@code text} without the lines that declare base chains. */
    static String withoutPolicies(String text) {
        StringBuilder rest = new StringBuilder();
        for (String line : RestoreLines.of(text)) {
            if (!POLICY.matcher(line).matches()) {
                rest.append(line).append('\n');
            }
        }
        return rest.toString();
    }
}
