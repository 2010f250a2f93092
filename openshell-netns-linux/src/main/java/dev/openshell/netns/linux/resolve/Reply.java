package dev.openshell.netns.linux.resolve;

import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;

/** What came of asking one server one question; {@code said} completes the sentence that begins with the server. */
record Reply(Kind kind, @Nullable Message message, String said) {
    enum Kind {
        /** The name's data, or that there are none: NOERROR or NXDOMAIN. */
        ANSWER,
        /** An answer too long for UDP. */
        TRUNCATED,
        /** The server does not understand the query: RFC 6891 section 7, a server without EDNS. */
        FORMAT_ERROR,
        /** The server can't or won't answer. */
        REFUSAL,
        /** Nothing can be sent there. */
        UNREACHABLE,
        /** Nothing came in time. */
        SILENCE
    }

    static Reply answer(Message message) {
        return new Reply(Kind.ANSWER, message, "answered");
    }

    static Reply of(Kind kind, String said) {
        return new Reply(kind, null, said);
    }
}
