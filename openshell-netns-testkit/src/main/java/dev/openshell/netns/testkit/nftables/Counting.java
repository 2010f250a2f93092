package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.conntrack.Tuples;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The expressions that remember: counter, limit and connlimit. */
final class Counting {
    private static final int EOVERFLOW = 75;

    private Counting() {}

    static final class Counter implements Expression {
        long packets;

        Counter(Attrs data) {
            packets = data.u64(2, 0);
        }

        @Override
        public Verdict run(Registers registers, Context context) {
            packets++;
            return Verdict.CONTINUE;
        }
    }

    /** A bucket of tokens, in nanoseconds (net/netfilter/nft_limit.c). */
    static final class Limit implements Expression {
        private final long most;
        private final long cost;
        private final boolean inverted;
        private long tokens;
        private @Nullable Instant last;

        Limit(Attrs data) {
            if (data.u32(4, 0) != 0) {
                throw new UnsupportedOperationException("limit of bytes");
            }
            long rate = data.u64(1, 0);
            long unit = data.u64(2, 0);
            long burst = Integer.toUnsignedLong(data.u32(3, 0));
            if (!data.has(1) || !data.has(2) || rate == 0 || unit == 0) {
                throw new NetException(NetException.EINVAL, "");
            }
            long nanos;
            try {
                nanos = Math.multiplyExact(unit, 1_000_000_000L);
                cost = nanos / rate;
                most = Math.multiplyExact(cost, burst == 0 ? 5 : burst);
            } catch (ArithmeticException e) {
                throw new NetException(EOVERFLOW, "");
            }
            tokens = most;
            inverted = (data.u32(5, 0) & 1) != 0;
        }

        @Override
        public Verdict run(Registers registers, Context context) {
            Instant now = context.now();
            if (last != null) {
                long gone = Duration.between(last, now).toNanos();
                tokens = Math.min(most, tokens + Math.min(most, Math.max(0, gone)));
            }
            last = now;
            boolean over = tokens < cost;
            if (!over) {
                tokens -= cost;
            }
            return over != inverted ? Verdict.BREAK : Verdict.CONTINUE;
        }
    }

    /** Goes on while there are no more flows than allowed, or with inversion when there are more. */
    static final class Connlimit implements Expression {
        /** TCP_CONNTRACK_TIME_WAIT and TCP_CONNTRACK_CLOSE. */
        private static final Set<Integer> CLOSED = Set.of(7, 8);

        private final long limit;
        private final boolean inverted;
        private final List<Node> nodes = new ArrayList<>();

        /** A flow by its original ends; without one, or with one that got nowhere, it is forgotten when it is come by. */
        private record Node(Tuple ends, @Nullable Ct ct) {}

        Connlimit(Attrs data) {
            limit = Integer.toUnsignedLong(data.u32(1));
            inverted = (data.u32(2, 0) & 1) != 0;
        }

        @Override
        public Verdict run(Registers registers, Context context) {
            Ct own = context.skb().ct;
            Tuple ends = own == null ? Tuples.of(context.skb().header) : own.original;
            if (ends == null) {
                return Verdict.DROP;
            }
            if (!isThere(ends)) {
                nodes.add(new Node(ends, own));
            }
            return nodes.size() > limit != inverted ? Verdict.BREAK : Verdict.CONTINUE;
        }

        /** Looks for a flow and forgets those that are gone, but only up to where it is (__nf_conncount_add). */
        private boolean isThere(Tuple ends) {
            for (Iterator<Node> all = nodes.iterator(); all.hasNext(); ) {
                Node node = all.next();
                if (node.ct == null || isLost(node.ct)) {
                    all.remove();
                } else if (node.ends.equals(ends)) {
                    return true;
                } else if (isClosed(node.ct)) {
                    all.remove();
                }
            }
            return false;
        }

        private static boolean isLost(Ct ct) {
            return !ct.confirmed || ct.dying;
        }

        private static boolean isClosed(Ct ct) {
            return ct.original.protocol() == Header.TCP && CLOSED.contains(ct.tcpState);
        }
    }
}
