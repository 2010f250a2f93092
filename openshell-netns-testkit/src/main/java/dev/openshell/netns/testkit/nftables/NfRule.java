package dev.openshell.netns.testkit.nftables;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A rule as it was sent, and what it does. */
record NfRule(long handle, byte[] raw, byte[] userdata, List<Expression> expressions) {
    private static final int COMMENT = 0;

    /** Returns its comment as nft(8) keeps it (type, length, text), else its handle. */
    String label() {
        for (int at = 0; at + 2 <= userdata.length; ) {
            int length = userdata[at + 1] & 0xff;
            int end = at + 2 + length;
            if (end > userdata.length) {
                break;
            }
            if (userdata[at] == COMMENT && length > 0) {
                byte[] text = Arrays.copyOfRange(userdata, at + 2, end);
                return new String(text, StandardCharsets.UTF_8).replace("\0", "");
            }
            at = end;
        }
        return "handle " + handle;
    }
}
