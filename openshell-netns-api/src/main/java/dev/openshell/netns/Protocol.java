package dev.openshell.netns;

import java.util.Locale;

/**
 * A transport protocol that a rule can allow. Everything else (ICMP, SCTP, GRE, …) is always denied.
 *
 * @since 0.1
 */
public enum Protocol {
    /** TCP, protocol number 6. */
    TCP(6),
    /** UDP, protocol number 17. */
    UDP(17);

    private final int number;

    Protocol(int number) {
        this.number = number;
    }

    /** Returns the number in the IP header, as assigned by IANA. */
    public int number() {
        return number;
    }

    /** Returns {@code tcp} or {@code udp}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
