package dev.openshell.netns.linux.plan;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Remembers what was proved. Rules that differ from those only in the name and the addresses of the link are proved with
 * them: whoever renames these everywhere gets from the one packet to the other, as long as nothing else in the rules, a
 * network or the beginning of an interface's name, tells the old ones from the new. Where that can't be said the proof is
 * done.
 */
final class Proved {
    private static final int MOST = 16;

    private final Map<String, Verified> proofs = new LinkedHashMap<>(MOST, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Verified> eldest) {
            return size() > MOST;
        }
    };

    /** Returns what {@code proof} finds about the rules that there are when {@code plan} is carried out on {@code host}. */
    Verified of(RuleSet rules, Plan plan, HostState host, Supplier<Verified> proof) {
        Optional<String> key = new Renaming(rules.veth()).of(text(rules, plan, host));
        if (key.isEmpty()) {
            return proof.get();
        }
        Verified known;
        synchronized (proofs) {
            known = proofs.get(key.get());
        }
        if (known == null) {
            known = proof.get();
            synchronized (proofs) {
                proofs.put(key.get(), known);
            }
        }
        return known;
    }

    /** All that the proof is about, in the order in which it gets to see it. */
    private static String text(RuleSet rules, Plan plan, HostState host) {
        StringBuilder text = new StringBuilder(1 << 14);
        for (Rule rule : rules.rules()) {
            text.append(rule.kind()).append(' ').append(rule.protocol()).append(' ');
            text.append(InetAddresses.toAddrString(rule.address())).append(' ');
            text.append(rule.port()).append('\n');
        }
        text.append(rules.limits()).append(rules.veth().network6().isPresent()).append('\n');
        host.rules().forEach((family, each) -> text.append(family).append('\n').append(each.text()));
        for (Plan.Step step : plan.steps()) {
            if (step.name().equals(Planner.LINK_UP)) {
                text.append("up\n");
            } else if (step.action() instanceof Action.Load load) {
                text.append(load.where())
                        .append(' ')
                        .append(load.family())
                        .append('\n')
                        .append(load.text());
            }
        }
        return text.append(plan.forwarding()).toString();
    }

    /** Takes a link's name and addresses out of a text. */
    private static final class Renaming {
        private final String link;
        private final List<InetAddress> addresses = new ArrayList<>();
        private final Map<String, String> names = new TreeMap<>();
        /** What could tell one link from another, and whether it means this one. */
        private final Map<String, String> others = new TreeMap<>();

        private boolean possible = true;

        Renaming(VethPair veth) {
            link = veth.hostInterface();
            for (Family family : Family.values()) {
                veth.sandboxAddress(family).ifPresent(address -> add(address, "S" + family));
                veth.hostAddress(family).ifPresent(address -> add(address, "H" + family));
            }
        }

        private void add(InetAddress address, String name) {
            addresses.add(address);
            String text = InetAddresses.toAddrString(address);
            names.put(text, "<" + name + ">");
            names.put(text + "/" + Family.of(address).bits(), "<" + name + "/>");
        }

        /** Returns the text without them, empty where something stands in the way. */
        Optional<String> of(String text) {
            StringBuilder renamed = new StringBuilder(text.length());
            int at = 0;
            while (at < text.length() && possible) {
                int end = at;
                while (end < text.length() && isPart(text.charAt(end))) {
                    end++;
                }
                if (end > at) {
                    renamed.append(word(text.substring(at, end)));
                }
                if (end < text.length()) {
                    renamed.append(text.charAt(end));
                }
                at = end + 1;
            }
            return possible ? Optional.of(renamed.append(others).toString()) : Optional.empty();
        }

        private static boolean isPart(char each) {
            return each >= 'a' && each <= 'z'
                    || each >= '0' && each <= '9'
                    || each >= 'A' && each <= 'Z'
                    || ":./+-_".indexOf(each) >= 0;
        }

        private String word(String word) {
            String name = names.get(word);
            if (name != null) {
                return name;
            }
            if (word.contains(link)) {
                return word.replace(link, "<link>");
            }
            if (word.endsWith("+")) {
                String beginning = word.substring(0, word.length() - 1);
                others.put(word, Boolean.toString(link.startsWith(beginning)));
            } else if (mayHoldAddress(word)) {
                address(word);
            }
            return word;
        }

        private static boolean mayHoldAddress(String word) {
            int dots = 0;
            int colons = 0;
            for (int i = 0; i < word.length(); i++) {
                dots += word.charAt(i) == '.' ? 1 : 0;
                colons += word.charAt(i) == ':' ? 1 : 0;
            }
            return dots >= 3 || colons >= 2;
        }

        /** Something with an address in it, or that looks like it. */
        private void address(String word) {
            if (InetAddresses.isInetAddress(word)) {
                // In another form than it is known by it would be taken for another one.
                possible &= !addresses.contains(InetAddresses.forString(word));
                return;
            }
            try {
                Cidr network = Cidr.parse(word);
                StringBuilder inside = new StringBuilder();
                addresses.forEach(each -> inside.append(network.contains(each) ? '1' : '0'));
                others.put(word, inside.toString());
            } catch (IllegalArgumentException e) {
                // A range, a mask, an address with a port: as it is, unless it is about the link's own.
                possible &= !word.matches(".*[0-9a-f][-/].*")
                        && names.keySet().stream().noneMatch(word::contains);
            }
        }
    }
}
