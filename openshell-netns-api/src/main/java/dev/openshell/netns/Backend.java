package dev.openshell.netns;

/**
 * What loads a sandbox's rules.
 *
 * @since 0.1
 */
@Incubating
public enum Backend {
    /** {@code iptables-restore}, beside the rules that others have in iptables' tables, and before them. */
    IPTABLES,
    /**
     * nf_tables itself, in tables of this library's own and without starting a program. What others' tables drop stays
     * dropped: an accept goes first in iptables-nft's filter, and where iptables-legacy has a filter {@code apply()} fails.
     */
    NFTABLES
}
