package dev.openshell.netns.linux.resolve;

import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.Type;

/** Asks the servers in turn for both kinds of address of one absolute name, and for the target of its alias. */
final class Lookup {
    private static final int MAX_TARGETS = 8;

    private final Exchange exchange;
    private final List<Nameserver> servers;
    private final int attempts;

    /** What each server said that was no answer, in the order in which they were asked. */
    private final Map<Nameserver, Set<String>> said = new LinkedHashMap<>();

    private final Set<InetAddress> addresses = new LinkedHashSet<>();

    /** The smallest TTL so far on the way to the addresses of each type. */
    private final Map<Integer, Long> ttls = new HashMap<>();

    private long ttl = Chain.NO_TTL;
    private @Nullable Name end;
    private boolean failed;
    private boolean heard;

    private Lookup(Exchange exchange, List<Nameserver> servers, int attempts) {
        this.exchange = exchange;
        this.servers = servers;
        this.attempts = attempts;
    }

    /**
     * What is known about a name afterwards.
     *
     * @param addresses of both families, without duplicates
     * @param ttl the smallest TTL of the records that led to them, in seconds
     * @param end the name that they are those of, at the end of the aliases; that of the first answer where they differ
     * @param failed whether one question or more had no answer from any server
     * @param heard whether any server said anything
     * @param said what the servers said that was no answer
     */
    record Outcome(List<InetAddress> addresses, long ttl, Name end, boolean failed, boolean heard, String said) {}

    static Outcome of(Name name, Exchange exchange, List<Nameserver> servers, int attempts) {
        Lookup lookup = new Lookup(exchange, servers, attempts);
        lookup.follow(name);
        String said = lookup.said.entrySet().stream()
                .map(one -> one.getKey() + " " + String.join(", then ", one.getValue()))
                .collect(Collectors.joining("; "));
        if (lookup.failed && !lookup.addresses.isEmpty()) {
            log().log(Level.DEBUG, "{0}: only one family''s addresses could be had: {1}", name, said);
        }
        Name end = lookup.end == null ? name : lookup.end;
        return new Outcome(List.copyOf(lookup.addresses), lookup.ttl, end, lookup.failed, lookup.heard, said);
    }

    private void follow(Name name) {
        Set<Question> asked = new HashSet<>();
        List<Question> questions = List.of(new Question(name, Type.A), new Question(name, Type.AAAA));
        for (int round = 0; !questions.isEmpty(); round++) {
            asked.addAll(questions);
            List<Question> targets = new ArrayList<>();
            for (Map.Entry<Question, Chain> answer : answers(questions).entrySet()) {
                int type = answer.getKey().type();
                take(answer.getValue(), type);
                answer.getValue().next().ifPresent(target -> targets.add(new Question(target, type)));
            }
            if (round == MAX_TARGETS && !targets.isEmpty() || targets.stream().anyMatch(asked::contains)) {
                fail(servers.get(0), "leads through more aliases than " + MAX_TARGETS + ", or in a circle");
                return;
            }
            questions = targets;
        }
    }

    private void take(Chain chain, int type) {
        long soFar = ttls.merge(type, chain.ttl(), Math::min);
        if (!chain.addresses().isEmpty()) {
            addresses.addAll(chain.addresses());
            ttl = Math.min(ttl, soFar);
            end = end == null ? chain.end() : end;
        }
    }

    /** Returns the answers of the first servers that have one, in the order of the questions. */
    private Map<Question, Chain> answers(List<Question> questions) {
        Map<Question, Chain> answers = new HashMap<>();
        for (int attempt = 0; attempt < attempts; attempt++) {
            for (Nameserver server : servers) {
                // The second time without EDNS: there are firewalls that let nothing with it through.
                boolean silent = ask(server, questions, answers, attempt == 0);
                if (silent && partial(questions, answers)) {
                    // As glibc does: servers and firewalls that mishandle two questions at once get one of them alone.
                    ask(server, questions, answers, attempt == 0);
                }
                if (answers.size() == questions.size() || partial(questions, answers)) {
                    failed |= answers.size() < questions.size();
                    return inOrder(questions, answers);
                }
            }
        }
        failed = true;
        return inOrder(questions, answers);
    }

    /** Asks for what has no answer yet; returns whether the server was silent about some of it. */
    private boolean ask(Nameserver server, List<Question> questions, Map<Question, Chain> answers, boolean edns) {
        List<Question> open =
                questions.stream().filter(one -> !answers.containsKey(one)).toList();
        boolean silent = false;
        for (Map.Entry<Question, Reply> one : exchange.ask(server, open, edns).entrySet()) {
            Reply reply = one.getValue();
            silent |= reply.kind() == Reply.Kind.SILENCE;
            heard |= reply.kind() != Reply.Kind.SILENCE && reply.kind() != Reply.Kind.UNREACHABLE;
            Chain chain = reply.message() == null ? null : Chain.of(reply.message(), one.getKey());
            if (chain == null) {
                note(server, reply.said());
            } else if (chain.broken()) {
                note(server, "answered with aliases in a circle, or too many");
            } else {
                answers.put(one.getKey(), chain);
            }
        }
        return silent;
    }

    /** Returns whether there are addresses of one family while the other one's question is still open. */
    private static boolean partial(List<Question> questions, Map<Question, Chain> answers) {
        return answers.size() < questions.size()
                && answers.values().stream()
                        .anyMatch(chain -> !chain.addresses().isEmpty());
    }

    private static Map<Question, Chain> inOrder(List<Question> questions, Map<Question, Chain> answers) {
        Map<Question, Chain> ordered = new LinkedHashMap<>();
        for (Question question : questions) {
            Chain chain = answers.get(question);
            if (chain != null) {
                ordered.put(question, chain);
            }
        }
        return ordered;
    }

    private void fail(Nameserver server, String what) {
        note(server, what);
        failed = true;
    }

    private void note(Nameserver server, String what) {
        said.computeIfAbsent(server, key -> new LinkedHashSet<>()).add(what);
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger("dev.openshell.netns");
    }
}
