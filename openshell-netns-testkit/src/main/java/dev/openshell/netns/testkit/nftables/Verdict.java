package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.ruleset.Outcome;

/**
 * What an expression decides.
 *
 * @param chain where to go to for a jump or goto, else empty
 * @param refusal what REJECT and NAT leave behind, else null
 */
record Verdict(int code, String chain, @org.jspecify.annotations.Nullable Outcome refusal) {
    static final int JUMP = -3;
    static final int GOTO = -4;
    static final int RETURN_CODE = -5;
    static final Verdict DROP = new Verdict(0, "", null);
    static final Verdict ACCEPT = new Verdict(1, "", null);
    /** On with the next expression. */
    static final Verdict CONTINUE = new Verdict(-1, "", null);
    /** On with the next rule. */
    static final Verdict BREAK = new Verdict(-2, "", null);

    static Verdict of(Outcome outcome) {
        return new Verdict(0, "", outcome);
    }

    /** Reads NFTA_DATA_VERDICT. */
    static Verdict read(Attrs verdict) {
        int code = verdict.u32(1);
        if (code == JUMP || code == GOTO) {
            if (!verdict.has(2)) {
                throw verdict.has(3)
                        ? new UnsupportedOperationException("NFTA_VERDICT_CHAIN_ID")
                        : new NetException(NetException.EINVAL, "");
            }
            return new Verdict(code, verdict.text(2), null);
        }
        return switch (code) {
            case 0 -> DROP;
            case 1 -> ACCEPT;
            case -1 -> CONTINUE;
            case -2 -> BREAK;
            case RETURN_CODE -> new Verdict(code, "", null);
            case 3 -> throw new UnsupportedOperationException("verdict queue");
            default -> throw new NetException(NetException.EINVAL, "");
        };
    }
}
