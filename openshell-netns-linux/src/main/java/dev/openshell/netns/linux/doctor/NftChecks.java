package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Nftables;
import dev.openshell.netns.linux.netlink.Request;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the backend nftables needs of the kernel, and what is in its way; it needs no program. */
final class NftChecks {
    /** A chain that asks sets, with one sandbox and its limits in them. */
    private static final String SETS =
            """
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :OPENSHELL-FROM - [0:0]
            :osh-probe-from - [0:0]
            -A osh-probe-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
            -A osh-probe-from -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 256/sec --hashlimit-burst 512 \
            --hashlimit-mode dstip,dstport --hashlimit-name osh-probe-256 --hashlimit-htable-size 256 \
            --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -j DROP
            -A osh-probe-from -m conntrack --ctstate NEW -m connlimit --connlimit-above 1024 --connlimit-mask %2$d \
            --connlimit-daddr -j DROP
            -A OPENSHELL-FROM -s %1$s -i osh-probe -j osh-probe-from
            COMMIT
            """;

    private static final String LOAD = "modprobe -a nf_tables nf_tables_set  # on the host, where this is a container";

    private final Place place;
    private boolean there;

    NftChecks(Place place) {
        this.place = place;
    }

    void addTo(Checks checks) {
        checks.add("nftables", () -> place.privileged() ? there() : place.notEntered());
        checks.add("nftables.sets", () -> place.privileged() ? sets() : place.notEntered());
        checks.add("nftables.legacy", () -> place.entered() ? legacy() : place.notEntered());
    }

    /** Returns how the checks of rules are to name what is tried, empty where nothing can be. */
    Optional<IptablesVariant> variant() {
        return there ? Optional.of(IptablesVariant.NFT) : Optional.empty();
    }

    private Finding there() {
        Request tables = Nftables.dumpTables();
        int namespace = place.kernel().createNamespace();
        try {
            List<Answers.Failure> failures = Answers.parse(
                            tables, place.kernel().netfilter(namespace, tables.toBytes()))
                    .failures();
            there = failures.isEmpty();
            return there
                    ? Finding.ok("the kernel has nf_tables; no program of iptables is needed")
                    : Finding.failure("nf_tables: " + Errno.name(failures.get(0).errno()), LOAD);
        } finally {
            place.kernel().close(namespace);
        }
    }

    private Finding sets() {
        if (!there) {
            return Finding.notChecked("the kernel has no nf_tables", LOAD);
        }
        int namespace = place.kernel().createNamespace();
        try {
            for (Family family : Family.values()) {
                String source = family == Family.IPV4 ? "10.200.0.2/32" : "2001:db8::2/128";
                place.kernel()
                        .restore(
                                namespace,
                                family,
                                IptablesVariant.NFT,
                                SETS.formatted(source, family.bits()),
                                false,
                                place.deadline());
            }
            return Finding.ok("sets by interface and address, with limits, were made in a namespace of its own");
        } finally {
            place.kernel().close(namespace);
        }
    }

    private Finding legacy() {
        Set<String> tables = place.kernel().legacyTables(place.namespace());
        String evidence = "iptables-legacy has " + (tables.isEmpty() ? "no tables" : "tables " + tables);
        return tables.contains("filter")
                ? Finding.failure(
                        evidence + ": what its filter drops stays dropped, so that apply refuses",
                        "openshell-netns doctor --backend iptables  # and take that backend")
                : Finding.ok(evidence);
    }
}
