package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.List;

/** {@code MARK} and {@code CONNMARK}. */
final class MarkTargets {
    private static final String[] SETTERS = {
        "--set-mark 1", "--set-xmark 1", "--and-mark 1", "--or-mark 1", "--xor-mark 1",
    };

    private MarkTargets() {}

    static List<Module<Target>> modules() {
        return List.of(
                Module.of("MARK", MarkTargets::mark, SETTERS),
                Module.of(
                        "CONNMARK",
                        MarkTargets::connmark,
                        "--set-mark 1",
                        "--set-xmark 1",
                        "--and-mark 1",
                        "--or-mark 1",
                        "--xor-mark 1",
                        "--save-mark",
                        "--restore-mark",
                        "--nfmask 1",
                        "--ctmask 1",
                        "--mask 1"));
    }

    /** Clears the bits of {@code mask} and flips those of {@code value}. */
    private record Xmark(int value, int mask) {
        int on(int mark) {
            return mark & ~mask ^ value;
        }

        static Xmark of(String option, String word) {
            if (option.equals("--set-mark") || option.equals("--set-xmark")) {
                int[] mark = Numbers.masked(word);
                return new Xmark(mark[0], option.equals("--set-mark") ? mark[0] | mark[1] : mark[1]);
            }
            int bits = (int) Numbers.upTo(word, 0xffff_ffffL, "mark");
            return switch (option) {
                case "--and-mark" -> new Xmark(0, ~bits);
                case "--or-mark" -> new Xmark(bits, bits);
                default -> new Xmark(bits, 0);
            };
        }

        @Override
        public String toString() {
            return "--set-xmark " + Words.hex(value) + "/" + Words.hex(mask);
        }
    }

    private record Mark(Xmark xmark) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            skb.mark = xmark.on(skb.mark);
            return Outcome.CONTINUE;
        }

        @Override
        public String text() {
            return "-j MARK " + xmark;
        }
    }

    private static Target mark(Given given) {
        String option = given.exactlyOne();
        return new Mark(Xmark.of(option, given.word(option).orElseThrow()));
    }

    private record Connmark(Xmark xmark) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            if (skb.ct != null) {
                skb.ct.mark = xmark.on(skb.ct.mark);
            }
            return Outcome.CONTINUE;
        }

        @Override
        public String text() {
            return "-j CONNMARK " + xmark;
        }
    }

    /** Copies the mark of the packet to its flow, or the other way round, under a mask of each. */
    private record Copy(boolean save, int packetMask, int flowMask) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            if (skb.ct != null && save) {
                skb.ct.mark = skb.ct.mark & ~flowMask ^ skb.mark & packetMask;
            } else if (skb.ct != null) {
                skb.mark = skb.mark & ~packetMask ^ skb.ct.mark & flowMask;
            }
            return Outcome.CONTINUE;
        }

        @Override
        public String text() {
            return "-j CONNMARK " + (save ? "--save-mark" : "--restore-mark") + " --nfmask " + Words.hex(packetMask)
                    + " --ctmask " + Words.hex(flowMask);
        }
    }

    private static Target connmark(Given given) {
        boolean save = given.has("--save-mark");
        if (!save && !given.has("--restore-mark")) {
            if (List.of("--nfmask", "--ctmask", "--mask").stream().anyMatch(given::has)) {
                boolean sets = List.of(SETTERS).stream().anyMatch(setter -> given.has(setter.split(" ")[0]));
                throw sets
                        ? RuleProblem.unknown("CONNMARK", "a mask with a set mark")
                        : RuleProblem.refused("CONNMARK", "no operation specified");
            }
            String option = given.exactlyOne();
            return new Connmark(Xmark.of(option, given.word(option).orElseThrow()));
        }
        if (save && given.has("--restore-mark")
                || given.has("--mask") && (given.has("--nfmask") || given.has("--ctmask"))) {
            throw RuleProblem.refused("CONNMARK", "options exclude each other");
        }
        for (String setter : SETTERS) {
            if (given.has(setter.split(" ")[0])) {
                throw RuleProblem.refused(setter.split(" ")[0], "excludes --save-mark and --restore-mark");
            }
        }
        return new Copy(save, mask(given, "--nfmask"), mask(given, "--ctmask"));
    }

    private static int mask(Given given, String option) {
        return given.word(option)
                .or(() -> given.word("--mask"))
                .map(word -> (int) Numbers.upTo(word, 0xffff_ffffL, "mask"))
                .orElse(-1);
    }
}
