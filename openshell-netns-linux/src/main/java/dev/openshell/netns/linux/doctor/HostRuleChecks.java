package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.RestoreLines;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Nftables;
import dev.openshell.netns.linux.netlink.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Whether the host's rules can be read, and whether others' rules decide before or beside the library's. */
final class HostRuleChecks {
    private final Place place;
    private final Optional<IptablesVariant> variant;

    HostRuleChecks(Place place, Optional<IptablesVariant> variant) {
        this.place = place;
        this.variant = variant;
    }

    void addTo(Checks checks) {
        checks.add(place.isNft() ? "nftables.readable" : "iptables.readable", () -> withVariant(this::readable));
        if (!place.isNft()) {
            checks.add("forward-policy", () -> withVariant(this::forwardPolicy));
        }
        checks.add("nftables.base-chains", () -> place.entered() ? baseChains() : place.notEntered());
    }

    private Finding withVariant(Callable<Finding> probe) throws Exception {
        if (!place.entered()) {
            return place.notEntered();
        }
        return variant.isPresent() ? probe.call() : place.unknownVariant();
    }

    private Finding readable() {
        List<String> seen = new ArrayList<>();
        for (Family family : Family.values()) {
            long rules = RestoreLines.of(saved(family)).stream()
                    .filter(line -> line.startsWith("-A "))
                    .count();
            seen.add(rules + " rules of " + word(family));
        }
        String shown = String.join(" and ", seen);
        return Finding.ok(
                place.isNft()
                        ? "the library's own tables have " + shown
                        : "iptables-" + ToolChecks.word(variant.orElseThrow()) + "-save shows " + shown);
    }

    private String saved(Family family) {
        return place.kernel().save(place.namespace(), family, variant.orElseThrow(), place.deadline());
    }

    private Finding forwardPolicy() {
        List<String> seen = new ArrayList<>();
        boolean drops = false;
        for (Family family : Family.values()) {
            String policy = policy(saved(family), "FORWARD").orElse("ACCEPT (no such chain yet)");
            drops |= policy.equals("DROP");
            seen.add(word(family) + " " + policy);
        }
        String evidence = "filter FORWARD: " + String.join(", ", seen);
        return Finding.ok(
                drops
                        ? evidence + "; a DROP, such as Docker's, is fine: the library's jump is the first rule of this"
                                + " chain, and what it accepts never comes to the policy"
                        : evidence);
    }

    /** Returns the policy of a built-in chain of table filter. */
    static Optional<String> policy(String saved, String chain) {
        boolean filter = false;
        for (String line : RestoreLines.of(saved)) {
            if (line.startsWith("*")) {
                filter = line.strip().equals("*filter");
            } else if (filter && line.startsWith(":" + chain + " ")) {
                return Optional.of(line.split(" ")[1]);
            }
        }
        return Optional.empty();
    }

    private Finding baseChains() {
        List<byte[]> answers = new ArrayList<>();
        for (Request request : List.of(Nftables.dumpTables(), Nftables.dumpChains(), Nftables.dumpRules())) {
            byte[] answer = dump(request);
            List<Answers.Failure> failures = Answers.parse(request, answer).failures();
            if (!failures.isEmpty()) {
                int errno = failures.get(0).errno();
                return errno == Errno.EINVAL
                        ? Finding.ok("the kernel has no nf_tables")
                        : Finding.notChecked(
                                failures.get(0).name() + ": " + Errno.name(errno), "nft list ruleset  # look yourself");
            }
            answers.add(answer);
        }
        return ForeignChains.judge(Nftables.baseChains(answers), variant, place.isNft());
    }

    /** Takes it again where things changed meanwhile. */
    private byte[] dump(Request request) {
        while (true) {
            byte[] answer = place.kernel().netfilter(place.namespace(), request.toBytes());
            if (!Answers.parse(request, answer).inconsistent()) {
                return answer;
            }
            place.deadline().check("nfnetlink dump", "host namespace");
        }
    }

    private static String word(Family family) {
        return family.name().toLowerCase(Locale.ROOT);
    }
}
