package dev.openshell.netns;

/**
 * Which of the two iptables a sandbox's rules are loaded with, on both ends and for its whole life.
 *
 * @since 0.1
 */
@Incubating
public enum IptablesVariant {
    /**
     * The one whose rules the host namespace has, else the one behind {@code iptables-restore}. Refused where both have
     * rules there.
     */
    AUTO,
    /** {@code iptables-nft-restore}. */
    NFT,
    /** {@code iptables-legacy-restore}. */
    LEGACY
}
