package dev.openshell.netns.linux.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Changes one thing or several in a text of rules, at random; iptables would still take most of what comes out. */
final class Damage {
    private static final List<String> MATCHES = List.of("-s", "-d", "-i", "-o", "-p", "-m");

    private final Random random;
    private final RandomRule rule;
    private final List<String> lines;

    private Damage(String text, RandomRule rule, Random random) {
        this.random = random;
        this.rule = rule;
        this.lines = new ArrayList<>(text.lines().toList());
    }

    /** Returns {@code text}, as iptables-save prints it, with one change or with up to four. */
    static String of(String text, RandomRule rule, Random random) {
        Damage damage = new Damage(text, rule, random);
        for (int i = random.nextBoolean() ? 1 : 1 + random.nextInt(4); i > 0; i--) {
            damage.change();
        }
        return String.join("\n", damage.lines) + "\n";
    }

    private void change() {
        List<Integer> rules = IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).startsWith("-A "))
                .boxed()
                .toList();
        int at = rules.get(random.nextInt(rules.size()));
        String line = lines.get(at);
        String chain = line.split(" ")[1];
        switch (random.nextInt(16)) {
            case 0 -> lines.remove(at);
            case 1 -> {
                lines.remove(at);
                lines.add(anywhere(chain, at), line);
            }
            case 2 -> lines.add(anywhere(chain, at), line);
            case 3, 4, 5 -> lines.set(at, value(line));
            case 6 -> lines.set(at, negated(line));
            case 7 -> lines.set(at, without(line));
            case 8 -> lines.set(at, target(line, at));
            case 9 -> policy();
            case 10, 11 -> lines.set(at, more(line));
            case 12 -> userChain(at, chain);
            default -> lines.add(anywhere(chain, at), "-A " + chain + rule.matches() + rule.target(users(at)));
        }
    }

    /** Returns where a rule of {@code chain} can stand, in the table of line {@code near}. */
    private int anywhere(String chain, int near) {
        int first = Math.min(near, lines.size() - 1);
        while (first > 0
                && !lines.get(first - 1).startsWith("*")
                && !lines.get(first - 1).startsWith(":")) {
            first--;
        }
        int last = first;
        List<Integer> places = new ArrayList<>();
        while (!lines.get(last).equals("COMMIT")) {
            if (lines.get(last).startsWith("-A " + chain + " ")) {
                places.add(last);
            }
            last++;
        }
        places.add(last);
        return random.nextInt(4) == 0 ? places.get(0) : places.get(random.nextInt(places.size()));
    }

    /** Returns the user chains of the table that line {@code at} is in. */
    private List<String> users(int at) {
        List<String> users = new ArrayList<>();
        int first = at;
        while (!lines.get(first).startsWith("*")) {
            first--;
        }
        for (int i = first; !lines.get(i).equals("COMMIT"); i++) {
            if (lines.get(i).startsWith(":") && lines.get(i).contains(" - ")) {
                users.add(lines.get(i).substring(1).split(" ")[0]);
            }
        }
        return users;
    }

    private void userChain(int at, String chain) {
        int first = at;
        while (!lines.get(first).startsWith("*")) {
            first--;
        }
        String name = "extra" + random.nextInt(1000);
        List<String> others = users(at);
        lines.add(anywhere(chain, at), "-A " + chain + rule.matches() + rule.lead(name));
        for (int i = random.nextInt(4); i > 0; i--) {
            lines.add(anywhere(name, at), "-A " + name + rule.matches() + rule.target(others));
        }
        lines.add(first + 1, ":" + name + " - [0:0]");
    }

    private void policy() {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith(":") && !lines.get(i).contains(" - ") && random.nextInt(3) == 0) {
                String[] words = lines.get(i).split(" ");
                lines.set(i, words[0] + (words[1].equals("DROP") ? " ACCEPT" : " DROP") + " [0:0]");
            }
        }
    }

    /** Returns the line with one of its values replaced by one that is near, or of the same sort. */
    private String value(String line) {
        String[] words = line.split(" ");
        List<Integer> values = IntStream.range(2, words.length)
                .filter(i -> words[i - 1].startsWith("-") && !words[i].startsWith("-"))
                .boxed()
                .toList();
        if (values.isEmpty()) {
            return line;
        }
        int at = values.get(random.nextInt(values.size()));
        String other =
                switch (words[at - 1]) {
                    case "-s", "-d", "--ctorigsrc", "--ctorigdst" -> rule.near(words[at]);
                    case "--dport", "--ctorigdstport", "--sport" -> rule.ports(words[at]);
                    case "-i", "-o" -> rule.link();
                    case "-p" -> words[at].equals("tcp") ? "udp" : "tcp";
                    case "--ctproto" -> rule.protocol();
                    case "--ctstate" -> rule.states();
                    case "--ctdir" -> words[at].equals("REPLY") ? "ORIGINAL" : "REPLY";
                    case "--tcp-flags" -> rule.flags();
                    default -> words[at];
                };
        String old = words[at];
        words[at] = other;
        if (words[at - 1].equals("-p") && line.contains("-m " + old + " ")) {
            for (int i = at; i + 1 < words.length; i++) {
                words[i + 1] = words[i].equals("-m") && words[i + 1].equals(old) ? other : words[i + 1];
            }
        }
        return String.join(" ", words);
    }

    private String negated(String line) {
        String[] words = line.split(" ");
        List<Integer> options = IntStream.range(2, words.length)
                .filter(i ->
                        words[i].startsWith("-") && !List.of("-m", "-j", "-g").contains(words[i]))
                .boxed()
                .toList();
        if (options.isEmpty()) {
            return line;
        }
        int at = options.get(random.nextInt(options.size()));
        List<String> changed = new ArrayList<>(List.of(words));
        if (changed.get(at - 1).equals("!")) {
            changed.remove(at - 1);
        } else {
            changed.add(at, "!");
        }
        return String.join(" ", changed);
    }

    /** Returns the line without one of its options; without a match goes all that belongs to it. */
    private String without(String line) {
        List<String> words = new ArrayList<>(List.of(line.split(" ")));
        List<Integer> options = IntStream.range(2, words.size())
                .filter(i -> words.get(i).startsWith("-") && !words.get(i).equals("--tcp-flags"))
                .boxed()
                .toList();
        if (options.isEmpty()) {
            return line;
        }
        int from = options.get(random.nextInt(options.size()));
        int to = from + 1;
        boolean match = words.get(from).equals("-m");
        while (to < words.size()
                && !MATCHES.contains(words.get(to))
                && !List.of("-j", "-g").contains(words.get(to))
                && (match || !words.get(to).startsWith("-") && !words.get(to).equals("!"))) {
            to++;
        }
        from -= words.get(from - 1).equals("!") ? 1 : 0;
        words.subList(from, to).clear();
        return String.join(" ", words);
    }

    private String target(String line, int at) {
        int jump = Math.max(line.lastIndexOf(" -j "), line.lastIndexOf(" -g "));
        return (jump < 0 ? line : line.substring(0, jump)) + rule.target(users(at));
    }

    /** Returns the line with one more match before its target. */
    private String more(String line) {
        int jump = Math.max(line.lastIndexOf(" -j "), line.lastIndexOf(" -g "));
        return jump < 0 ? line : line.substring(0, jump) + rule.tracked() + line.substring(jump);
    }
}
