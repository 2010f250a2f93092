package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Ctnetlink;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.report.MachineFacts;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the kernel takes: a link, rules and questions, each tried in a namespace made for it. */
final class TrialChecks {
    private static final byte[] HOST_MAC = {2, 0, 0, 0, 0, 1};
    private static final byte[] SANDBOX_MAC = {2, 0, 0, 0, 0, 2};
    private static final int HOST_INDEX = 101;
    private static final int SANDBOX_INDEX = 102;

    private final Place place;
    private final Optional<IptablesVariant> variant;

    private interface InTrial<T> {
        T with(int namespace);
    }

    TrialChecks(Place place, Optional<IptablesVariant> variant) {
        this.place = place;
        this.variant = variant;
    }

    void addTo(Checks checks) {
        checks.add("veth", () -> place.privileged() ? inTrial(this::veth) : place.notEntered());
        checks.add("sysctl", () -> place.privileged() ? inTrial(this::sysctl) : place.notEntered());
        boolean all = variant.isPresent() && loadsAll();
        for (Feature feature : features()) {
            checks.add(feature.checkName(), () -> rules(feature, all));
        }
        checks.add("logging", this::logging);
        checks.add(
                "conntrack.netlink", () -> place.privileged() ? inTrial(this::conntrackNetlink) : place.notEntered());
    }

    /** Returns what is found in a new namespace, which ends afterwards. */
    private <T> T inTrial(InTrial<T> trial) {
        int namespace = place.kernel().createNamespace();
        try {
            return trial.with(namespace);
        } finally {
            place.kernel().close(namespace);
        }
    }

    private Finding sysctl(int namespace) {
        String key = "net/ipv4/conf/lo/forwarding";
        try {
            place.kernel().writeSysctl(namespace, key, "1");
            return Finding.ok("/proc/sys/" + key + " of a new namespace was set");
        } catch (KernelException e) {
            return Finding.failure(
                    "/proc/sys/" + key + ": " + e.getMessage(),
                    "mount -o remount,bind,rw /proc/sys  # or " + e.remedy());
        }
    }

    private Finding veth(int namespace) {
        Request pair = Rtnetlink.newVeth(
                new Rtnetlink.End("probe-host", HOST_INDEX, HOST_MAC),
                new Rtnetlink.End("probe-inside", SANDBOX_INDEX, SANDBOX_MAC),
                namespace);
        return failures(pair, place.kernel().netlink(namespace, pair.toBytes())).stream()
                .findFirst()
                .map(failure -> Finding.failure(
                        failure.name() + ": " + Errno.name(failure.errno())
                                + failure.text().map(text -> " " + text).orElse(""),
                        "modprobe veth  # on the host, where this is a container"))
                .orElseGet(() -> Finding.ok("a pair was made in a namespace of its own"));
    }

    private static List<Answers.Failure> failures(Request request, byte[] answer) {
        return Answers.parse(request, answer).failures();
    }

    /** Limits of nf_tables are more than a rule: they are tried with the sets that they need. */
    private List<Feature> features() {
        return Arrays.stream(Feature.values())
                .filter(feature -> !place.isNft() || !feature.isLimit())
                .toList();
    }

    /** Where all of it loads at once, each part does. */
    private boolean loadsAll() {
        try {
            return inTrial(namespace -> {
                for (Family family : Family.values()) {
                    load(namespace, family, Feature.all(family, features()));
                }
                return true;
            });
        } catch (RuntimeException e) {
            return false;
        }
    }

    private Finding rules(Feature feature, boolean all) {
        if (variant.isEmpty()) {
            return noVariant();
        }
        String word = ToolChecks.word(variant.get());
        List<String> refusals = all ? List.of() : refusals(feature);
        if (refusals.isEmpty()) {
            return Finding.ok(
                    place.isNft()
                            ? "nf_tables takes it for both families"
                            : "iptables-" + word + " and ip6tables-" + word + " load it");
        }
        String evidence = feature.what() + " can't be loaded: " + String.join("; ", refusals);
        return feature.isNeeded(place.policy().limits())
                ? Finding.failure(evidence, feature.module(place.isNft()))
                : Finding.warning(evidence + "; without limits it is not needed", feature.module(place.isNft()));
    }

    private List<String> refusals(Feature feature) {
        List<String> refusals = new ArrayList<>();
        for (Family family : Family.values()) {
            inTrial(namespace -> {
                try {
                    load(namespace, family, feature.text(family));
                    return true;
                } catch (KernelException e) {
                    return refusals.add(e.getMessage());
                }
            });
        }
        return refusals;
    }

    private void load(int namespace, Family family, String text) {
        place.kernel().restore(namespace, family, variant.orElseThrow(), text, false, place.deadline());
    }

    private Finding noVariant() {
        return place.entered() ? place.unknownVariant() : place.notEntered();
    }

    private Finding logging() {
        if (variant.isEmpty()) {
            return noVariant();
        }
        if (place.isNft()) {
            return Finding.ok("the backend nftables has no rules that log; their counters tell of denials");
        }
        MachineFacts facts = MachineFacts.of(place.kernel(), place.namespace(), variant.get(), place.deadline());
        String evidence = "NFLOG " + word(facts.nflog()) + "; LOG " + word(facts.log());
        return facts.nflog().state() == State.AVAILABLE
                ? Finding.ok(evidence)
                : Finding.warning(
                        evidence + "; the rules' counters alone tell of denials",
                        "modprobe -a xt_NFLOG nfnetlink_log  # on the host, where this is a container");
    }

    private static String word(MachineFacts.Logging logging) {
        return logging.state().name().toLowerCase(Locale.ROOT) + " (" + logging.evidence() + ")";
    }

    private Finding conntrackNetlink(int namespace) {
        Request flows = Ctnetlink.dumpFlows(Family.IPV4);
        return failures(flows, place.kernel().netfilter(namespace, flows.toBytes())).stream()
                .findFirst()
                .map(failure -> Finding.warning(
                        "tracked flows can't be listed: " + Errno.name(failure.errno())
                                + ", so that a diff does not say which it would cut",
                        "modprobe nf_conntrack_netlink  # on the host, where this is a container"))
                .orElseGet(() -> Finding.ok("tracked flows can be listed"));
    }
}
