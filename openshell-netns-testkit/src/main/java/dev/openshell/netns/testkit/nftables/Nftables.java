package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Answer;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The nf_tables of one namespace: all tables, by the netlink bytes that make them. */
public final class Nftables {
    /** NFNL_SUBSYS_NFTABLES. */
    public static final int SUBSYSTEM = 10;

    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NFGENMSG = 4;
    private static final int LAST_TYPE = 30;

    private final InstantSource clock;
    private final AtomicLong handles = new AtomicLong();
    private Map<String, NfTable> tables = new LinkedHashMap<>();
    private int generation = 1;

    /** Makes one without tables. */
    public Nftables(InstantSource clock) {
        this.clock = clock;
    }

    /** Returns whether {@code request} begins a batch. */
    public static boolean isBatch(List<Message> request) {
        return !request.isEmpty() && request.get(0).type() == BATCH_BEGIN;
    }

    /** Does a batch as a whole or not at all, for the socket of that number. */
    public synchronized void batch(Answer answer, List<Message> request, long socket) {
        Message begin = request.get(0);
        if (begin.payload().length < NFGENMSG || subsystem(begin) != SUBSYSTEM) {
            throw new UnsupportedOperationException("a batch for another subsystem than nf_tables");
        }
        Attempt attempt = attempt(answer, request, socket, false);
        if (attempt.good && !attempt.transaction.isUnbound() && !attempt.transaction.isValid()) {
            // Linux does it all over and checks after each message, to tell whose fault it is.
            attempt = attempt(answer, request, socket, true);
        }
        boolean unbound = attempt.good && attempt.transaction.isUnbound();
        if (unbound) {
            // Linux has read past the beginning by then, and blames the first message behind it.
            answer.refuse(request.get(1), new NetException(NetException.EINVAL, ""));
        }
        attempt.answers.forEach(Runnable::run);
        if (attempt.good && !unbound) {
            tables = attempt.transaction.tables();
            generation += attempt.empty ? 0 : 1;
        }
    }

    /** Whether all messages were {@code good}, and what is to be said then. */
    private record Attempt(Transaction transaction, List<Runnable> answers, boolean good, boolean empty) {}

    private Attempt attempt(Answer answer, List<Message> request, long socket, boolean checking) {
        Transaction transaction = new Transaction(tables, handles, socket, clock.instant(), checking);
        List<Runnable> answers = new ArrayList<>();
        boolean failed = false;
        boolean ended = false;
        boolean empty = true;
        for (Message message : request) {
            boolean last = message.type() == BATCH_END;
            try {
                if (!last && message.type() != BATCH_BEGIN) {
                    empty = false;
                    perform(transaction, message);
                }
                if (message.flag(Message.NLM_F_ACK) && !(last && failed)) {
                    answers.add(() -> answer.acknowledge(message));
                }
            } catch (NetException e) {
                failed = true;
                answers.add(() -> answer.refuse(message, e));
            }
            if (last) {
                ended = true;
                break;
            }
        }
        return new Attempt(transaction, answers, ended && !failed, empty);
    }

    private static int subsystem(Message begin) {
        return (begin.payload()[2] & 0xff) << 8 | begin.payload()[3] & 0xff;
    }

    private static void perform(Transaction transaction, Message message) {
        int type = message.type() & 0xff;
        boolean get = type == 1 || type == 4 || type == 7 || type == 10 || type == 13 || type == 16;
        boolean ours = message.type() >>> 8 == SUBSYSTEM && type <= LAST_TYPE && !get;
        if (!ours || !message.flag(Message.NLM_F_REQUEST) || message.payload().length < NFGENMSG) {
            throw new NetException(NetException.EINVAL, "");
        }
        transaction.perform(message, type);
    }

    /** Answers a message outside of a batch and returns whether it was a dump. */
    public synchronized boolean answer(Answer answer, Message message) {
        return new Reads(tables.values(), new Dumps(generation, clock.instant()), clock.instant())
                .answer(answer, message);
    }

    /** Returns how many batches were done. */
    public synchronized int generation() {
        return generation;
    }

    /** Returns all there is, a line each, to be compared; what packets change is left out. */
    public synchronized List<String> state() {
        return tables.values().stream()
                .flatMap(table -> StateLines.of(table).stream())
                .toList();
    }

    /** Deletes all tables, as {@code nft flush ruleset} does, and returns what puts them back. */
    public synchronized Runnable flush() {
        Map<String, NfTable> flushed = tables;
        tables = new LinkedHashMap<>();
        generation++;
        return () -> putBack(flushed);
    }

    private synchronized void putBack(Map<String, NfTable> flushed) {
        tables = flushed;
        generation++;
    }

    /** Deletes the tables that a socket owned, which is closed now. */
    public synchronized void closed(long socket) {
        Map<String, NfTable> left = new LinkedHashMap<>(tables);
        if (left.values().removeIf(table -> table.owner == socket)) {
            // For Linux this is no new generation, and it tells nobody.
            tables = left;
        }
    }

    /**
     * A chain that netfilter calls.
     *
     * @param nat whether it is asked about the first packet of a flow only
     */
    public record Hooked(String table, String chain, int priority, boolean nat, Run run) {}

    /** Runs a chain. */
    public interface Run {
        /** Returns ACCEPT, DROP, a refusal or NAT; adds the rules that decided to {@code matched}. */
        Outcome run(Skb skb, List<String> matched);
    }

    /** Returns the chains at {@code hook} for packets of {@code family}, in the order in which they are called. */
    public synchronized List<Hooked> at(Hook hook, Family family) {
        record Found(NfTable table, NfChain chain, NfChain.Base base) {}
        List<Found> found = new ArrayList<>();
        int number = family == Family.IPV4 ? 2 : 10;
        for (NfTable table : tables.values()) {
            if ((table.family != NfTable.INET && table.family != number) || (table.flags & NfTable.DORMANT) != 0) {
                continue;
            }
            for (NfChain chain : table.chains.values()) {
                if (chain.base != null && chain.base.hook() == hook) {
                    found.add(new Found(table, chain, chain.base));
                }
            }
        }
        // Of two with the same priority the one that came last is called first (nf_hook_entries_grow).
        found.sort(Comparator.<Found>comparingInt(f -> f.base.priority())
                .thenComparing(f -> f.base.order(), Comparator.reverseOrder()));
        return found.stream()
                .map(f -> new Hooked(
                        f.table.name,
                        f.chain.name,
                        f.base.priority(),
                        f.base.type().equals("nat"),
                        (skb, matched) -> Chains.run(f.table, f.chain, hook, skb, clock.instant(), matched)))
                .toList();
    }
}
