package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Header;

/**
 * The states of a TCP flow in the kernel's order, and what a segment makes of them. {@link #INVALID} and {@link
 * #IGNORE} are no states: they say that the segment is invalid, or that it passes and changes nothing.
 */
enum TcpState {
    NONE("--"),
    SYN_SENT("SS"),
    SYN_RECV("SR"),
    ESTABLISHED("ES"),
    FIN_WAIT("FW"),
    CLOSE_WAIT("CW"),
    LAST_ACK("LA"),
    TIME_WAIT("TW"),
    CLOSE("CL"),
    SYN_SENT2("S2"),
    INVALID(".."),
    IGNORE("IG");

    /** What kind of segment it is, by its flags. */
    enum Segment {
        SYN,
        SYN_ACK,
        FIN,
        ACK,
        RST,
        NONE;

        static Segment of(int flags) {
            if ((flags & Header.RST) != 0) {
                return RST;
            }
            if ((flags & Header.SYN) != 0) {
                return (flags & Header.ACK) != 0 ? SYN_ACK : SYN;
            }
            if ((flags & Header.FIN) != 0) {
                return FIN;
            }
            return (flags & Header.ACK) != 0 ? ACK : NONE;
        }
    }

    /** A row for each kind of segment, a column for each state that the flow is in. */
    private static final TcpState[][] ORIGINAL = {
        //   --  SS SR ES FW CW LA TW CL S2
        row("SS SS IG IG IG IG IG SS SS S2"),
        row(".. .. SR .. .. .. .. .. .. SR"),
        row(".. .. FW FW LA LA LA TW CL .."),
        row("ES .. ES ES CW CW TW TW CL .."),
        row(".. CL CL CL CL CL CL CL CL CL"),
        row(".. .. .. .. .. .. .. .. .. ..")
    };

    private static final TcpState[][] REPLY = {
        row(".. S2 .. .. .. .. .. SS .. S2"),
        row(".. SR IG IG IG IG IG IG IG SR"),
        row(".. .. FW FW LA LA LA TW CL .."),
        row(".. IG SR ES CW CW TW TW CL IG"),
        row(".. CL CL CL CL CL CL CL CL CL"),
        row(".. .. .. .. .. .. .. .. .. ..")
    };

    private final String abbreviation;

    TcpState(String abbreviation) {
        this.abbreviation = abbreviation;
    }

    /** Returns what {@code segment} makes of a flow in this state. */
    TcpState after(Segment segment, boolean reply) {
        return (reply ? REPLY : ORIGINAL)[segment.ordinal()][ordinal()];
    }

    private static TcpState[] row(String text) {
        String[] words = text.split(" ");
        TcpState[] row = new TcpState[words.length];
        for (int i = 0; i < words.length; i++) {
            row[i] = of(words[i]);
        }
        return row;
    }

    private static TcpState of(String abbreviation) {
        for (TcpState state : values()) {
            if (state.abbreviation.equals(abbreviation)) {
                return state;
            }
        }
        throw new IllegalArgumentException(abbreviation);
    }
}
