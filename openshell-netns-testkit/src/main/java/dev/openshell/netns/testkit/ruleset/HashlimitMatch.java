package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code hashlimit} of packets, revision 3: a bucket for each address, port or both. */
final class HashlimitMatch implements Match {
    /** In the order in which they are printed. */
    private static final List<String> MODES = List.of("srcip", "srcport", "dstip", "dstport");

    private static final String UPTO = "--hashlimit-upto";
    private static final String ABOVE = "--hashlimit-above";
    private static final String SIZE = "--hashlimit-htable-size";
    private static final String MOST = "--hashlimit-htable-max";
    private static final String INTERVAL = "--hashlimit-htable-gcinterval";
    private static final String EXPIRE = "--hashlimit-htable-expire";
    /** XT_HASHLIMIT_SCALE_v2. */
    private static final long SCALE = 1_000_000;

    /** What the kernel counts in: HZ times CREDITS_PER_JIFFY, as much at 250 as at 1000 Hz. */
    private static final long CREDITS_PER_SECOND = 250L << 39;

    private static final long DEFAULT_BURST = 5;
    private static final long MOST_BURST = 1_000_000;
    private static final long DEFAULT_INTERVAL = 1000;
    private static final long UINT32 = 0xffff_ffffL;
    private static final int LONGEST_NAME = 254;
    private static final Pattern BYTES = Pattern.compile("[0-9]+[a-z]*b/s.*", Pattern.CASE_INSENSITIVE);

    private final boolean above;
    private final Rate rate;
    private final long burst;
    private final List<String> modes;
    private final String name;
    private final Map<String, Long> sizes = new HashMap<>();
    private final int bits;
    private final int sourcePrefix;
    private final int destinationPrefix;
    private @Nullable RateTable table;

    private HashlimitMatch(Given given, String option, Rate rate) {
        this.above = option.equals(ABOVE) != given.negated(option);
        this.rate = rate;
        this.burst = given.word("--hashlimit-burst")
                .map(word -> Numbers.between(word, 1, MOST_BURST, "burst"))
                .orElse(DEFAULT_BURST);
        this.modes = given.word("--hashlimit-mode").map(HashlimitMatch::modes).orElse(List.of());
        this.name = given.word("--hashlimit-name").orElseThrow(() -> given.needs("--hashlimit-name"));
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            throw RuleProblem.refused(name, "a name has 1 to " + LONGEST_NAME + " bytes");
        }
        number(given, SIZE, 0);
        number(given, MOST, 0);
        number(given, INTERVAL, DEFAULT_INTERVAL);
        number(given, EXPIRE, rate.unitSeconds() * 1000);
        this.bits = given.family().bits();
        this.sourcePrefix = prefix(given, "--hashlimit-srcmask");
        this.destinationPrefix = prefix(given, "--hashlimit-dstmask");
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of(
                "hashlimit",
                HashlimitMatch::of,
                "!--hashlimit-upto 1",
                "!--hashlimit-above 1",
                "--hashlimit-burst 1",
                "--hashlimit-mode 1",
                "--hashlimit-name 1",
                "--hashlimit-srcmask 1",
                "--hashlimit-dstmask 1",
                "--hashlimit-htable-size 1",
                "--hashlimit-htable-max 1",
                "--hashlimit-htable-expire 1",
                "--hashlimit-htable-gcinterval 1",
                "--hashlimit-rate-interval 1",
                "--hashlimit-rate-match",
                "--hashlimit=--hashlimit-upto"));
    }

    private static Match of(Given given) {
        if (given.has(ABOVE) && given.has(UPTO)) {
            throw RuleProblem.refused(ABOVE, "excludes " + UPTO);
        }
        for (String option : List.of("--hashlimit-rate-match", "--hashlimit-rate-interval")) {
            if (given.has(option)) {
                throw RuleProblem.unknown(option, "option of hashlimit");
            }
        }
        String option = given.has(ABOVE) ? ABOVE : UPTO;
        String text = given.word(option).orElseThrow(() -> given.needs(UPTO + " or " + ABOVE));
        if (BYTES.matcher(text).matches()) {
            throw RuleProblem.unknown(text, "a rate of bytes");
        }
        return new HashlimitMatch(given, option, Rate.parse(text, SCALE));
    }

    private static List<String> modes(String list) {
        // strtok(3) passes by what is empty.
        List<String> words = new ArrayList<>(List.of(list.split(",", -1)));
        words.removeIf(String::isEmpty);
        if (!MODES.containsAll(words)) {
            throw RuleProblem.refused(list, "must be of " + MODES);
        }
        return MODES.stream().filter(words::contains).toList();
    }

    private void number(Given given, String option, long usual) {
        sizes.put(
                option,
                given.word(option)
                        .map(word -> Numbers.upTo(word, UINT32, "number"))
                        .orElse(usual));
    }

    private int prefix(Given given, String option) {
        return given.word(option)
                .map(word -> (int) Numbers.upTo(word, bits, "prefix"))
                .orElse(bits);
    }

    private long size(String option) {
        return Objects.requireNonNull(sizes.get(option));
    }

    /** Returns what its table is called. */
    String table() {
        return name;
    }

    @Override
    public String problem() {
        if (name.equals(".") || name.equals("..") || name.indexOf('/') >= 0) {
            return "the kernel makes a file of that name";
        }
        if (Long.compareUnsigned(credits(rate.ticks() * burst), credits(rate.ticks())) < 0) {
            return "the kernel can't count as far";
        }
        return size(INTERVAL) == 0 || size(EXPIRE) == 0 ? "the kernel refuses no time at all" : "";
    }

    /** The kernel's counters have 64 bits, and it notices only when they wrap to less than one packet. */
    private static long credits(long ticks) {
        return Long.compareUnsigned(ticks, Long.divideUnsigned(-1, CREDITS_PER_SECOND)) > 0
                ? Long.divideUnsigned(ticks, SCALE) * CREDITS_PER_SECOND
                : Long.divideUnsigned(ticks * CREDITS_PER_SECOND, SCALE);
    }

    /** Returns the time that fills a bucket. */
    private long full() {
        long ticks = rate.ticks() * burst;
        long longest = Long.divideUnsigned(-1, CREDITS_PER_SECOND);
        long wrapped = Long.divideUnsigned(credits(ticks), CREDITS_PER_SECOND);
        return (ticks / SCALE <= longest ? ticks : wrapped * SCALE) * (1_000_000_000L / SCALE);
    }

    @Override
    public void load(Map<String, RateTable> tables) {
        long most = size(MOST) == 0 ? Long.MAX_VALUE : Math.max(size(MOST), size(SIZE));
        RateTable.Settings settings = new RateTable.Settings(
                rate.nanosPerPacket(),
                full(),
                most,
                size(EXPIRE),
                size(INTERVAL),
                modes,
                sourcePrefix,
                destinationPrefix);
        table = tables.computeIfAbsent(name, none -> new RateTable(settings));
    }

    @Override
    public boolean matches(Skb skb, View view) {
        return Objects.requireNonNull(table).take(skb.header, view.now()) != above;
    }

    @Override
    public String text() {
        Words words = new Words()
                .add("-m")
                .add("hashlimit")
                .option(false, above ? ABOVE : UPTO, rate)
                .option(false, "--hashlimit-burst", burst);
        if (!modes.isEmpty()) {
            words.option(false, "--hashlimit-mode", String.join(",", modes));
        }
        words.option(false, "--hashlimit-name", name);
        unusual(words, SIZE, size(SIZE), 0);
        unusual(words, MOST, size(MOST), 0);
        unusual(words, INTERVAL, size(INTERVAL), DEFAULT_INTERVAL);
        unusual(words, EXPIRE, size(EXPIRE), rate.printedSeconds() * 1000);
        unusual(words, "--hashlimit-srcmask", sourcePrefix, bits);
        unusual(words, "--hashlimit-dstmask", destinationPrefix, bits);
        return words.toString();
    }

    private static void unusual(Words words, String option, long value, long usual) {
        if (value != usual) {
            words.option(false, option, value);
        }
    }
}
