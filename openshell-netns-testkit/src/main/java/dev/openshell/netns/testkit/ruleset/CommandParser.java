package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.ruleset.Getopt.Takes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads a whole command: options in any order, as do_parse() of iptables does. */
final class CommandParser {
    private static final List<Getopt.Long> LONGS =
            longs("append -A 1 delete -D 1 check -C 1 insert -I 1 replace -R 1 list -L 2 list-rules -S 2 flush -F 2"
                    + " zero -Z 2 new-chain -N 1 delete-chain -X 2 rename-chain -E 1 policy -P 1 source -s 1"
                    + " destination -d 1 src -s 1 dst -d 1 protocol -p 1 in-interface -i 1 jump -j 1 table -t 1"
                    + " match -m 1 numeric -n 0 out-interface -o 1 verbose -v 0 wait -w 2 wait-interval -W 2"
                    + " exact -x 0 fragments -f 0 version -V 0 help -h 2 line-numbers -0 0 modprobe -M 1"
                    + " set-counters -c 1 goto -g 1 ipv4 -4 0 ipv6 -6 0");
    private static final String NEED_RULES = "ACDIR";

    private final Family family;
    private final TableKind table;
    private final Getopt words;
    private final RuleParser rule;
    private char letter;
    /** A line for the other family is passed over. */
    private boolean otherFamily;

    private Optional<String> chain = Optional.empty();
    private OptionalInt number = OptionalInt.empty();
    private Optional<String> policy = Optional.empty();

    private CommandParser(Family family, IptablesVariant variant, TableKind table, List<String> words) {
        this.family = family;
        this.table = table;
        this.words = new Getopt(words);
        this.rule = new RuleParser(family, variant, table);
    }

    private static List<Getopt.Long> longs(String text) {
        String[] words = text.split(" ");
        List<Getopt.Long> longs = new ArrayList<>();
        for (int i = 0; i < words.length; i += 3) {
            longs.add(new Getopt.Long(words[i], words[i + 1], Takes.values()[Integer.parseInt(words[i + 2])]));
        }
        return List.copyOf(longs);
    }

    static Command parse(Family family, IptablesVariant variant, TableKind table, List<String> words) {
        return new CommandParser(family, variant, table, words).parse();
    }

    private List<Getopt.Long> allLongs() {
        List<Getopt.Long> all = new ArrayList<>(LONGS);
        all.addAll(rule.longs());
        return all;
    }

    private Command parse() {
        boolean not = false;
        for (Optional<Getopt.Found> next = words.next(this::allLongs);
                next.isPresent();
                next = words.next(this::allLongs)) {
            Getopt.Found found = next.get();
            String value = found.value().orElse("");
            if (found.option().equals(Getopt.WORD)) {
                if (!value.equals("!") || not) {
                    throw RuleProblem.refused(value, "bad argument");
                }
                not = true;
                continue;
            }
            if (found.option().equals(Getopt.BAD)) {
                if (!rule.loadProtocol()) {
                    throw RuleProblem.refused(value, "unknown option, or it needs a value");
                }
                words.again();
                continue;
            }
            option(found.option(), not, value);
            if (otherFamily) {
                return Command.NONE;
            }
            not = false;
        }
        if (words.left() || letter == 0 || not) {
            throw RuleProblem.refused(not ? "!" : "", letter == 0 ? "no command specified" : "words left over");
        }
        return command();
    }

    private void option(String option, boolean not, String value) {
        switch (option) {
            case "-A", "-C" -> set(option, not, value);
            case "-D", "-I" -> {
                set(option, not, value);
                number = words.argument().map(CommandParser::number).orElse(OptionalInt.empty());
            }
            case "-R" -> {
                set(option, not, value);
                number = number(words.argument().orElseThrow(() -> RuleProblem.refused("-R", "needs a rule number")));
            }
            case "-N" -> set(option, not, Names.chain(value, family));
            case "-P" -> {
                set(option, not, value);
                policy = words.argument();
                policy.orElseThrow(() -> RuleProblem.refused("-P", "needs a policy"));
            }
            case "-F", "-X", "-Z" -> {
                set(option, not, value);
                chain = value.isEmpty() ? words.argument() : chain;
                number = option.equals("-Z")
                        ? words.argument().map(CommandParser::number).orElse(number)
                        : number;
            }
            case "-v" -> {
                if (not) {
                    throw RuleProblem.refused(option, "can't be negated");
                }
            }
            case "-4", "-6" -> {
                otherFamily |= option.equals("-4") != (family == Family.IPV4);
            }
            case "-n", "-x", "-0", "-t", "-w", "-W", "-b" -> throw RuleProblem.refused(option, "not in restore input");
            case "-c" -> {
                Numbers.upTo(value, Long.MAX_VALUE, "counter");
                Numbers.upTo(
                        words.argument().orElseThrow(() -> RuleProblem.refused("-c", "needs two counters")),
                        Long.MAX_VALUE,
                        "counter");
            }
            case "-E", "-L", "-S", "-h", "-V", "-M" -> throw RuleProblem.unknown(option, "option");
            default -> rule.option(option, not, value, words);
        }
    }

    private void set(String option, boolean not, String value) {
        if (not || letter != 0) {
            throw RuleProblem.refused(option, "unexpected command, or ! before it");
        }
        letter = option.charAt(1);
        chain = Optional.of(value);
    }

    private static OptionalInt number(String word) {
        return OptionalInt.of((int) Numbers.between(word, 1, Integer.MAX_VALUE, "rule number"));
    }

    private Command command() {
        boolean numbered = letter == 'D' && number.isPresent();
        boolean rules = NEED_RULES.indexOf(letter) >= 0 && !numbered;
        if (!rules && !rule.first().isEmpty()) {
            throw RuleProblem.refused(rule.first(), "illegal option with -" + letter);
        }
        if (chain.orElse("").length() > Names.LONGEST) {
            throw RuleProblem.refused(chain.orElse(""), "chain name is too long");
        }
        List<Rule> made = rule.rules(chain.orElse(""));
        if (letter == 'R' && made.size() != 1) {
            throw RuleProblem.refused("-R", "can't replace with several rules");
        }
        if (table == TableKind.NAT && policy.equals(Optional.of("DROP"))) {
            throw RuleProblem.refused("DROP", "the nat table is not for filtering");
        }
        return new Command(letter, chain, number, policy, rules ? made : List.of());
    }
}
