package dev.openshell.netns.linux.cli;

import com.google.gson.JsonObject;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import java.util.List;

/**
 * What became of a proof.
 *
 * @param status the exit status
 * @param lines for people; the last one is for scripts
 * @param json the same for scripts
 */
record Verification(int status, List<String> lines, JsonObject json) {
    private static final int DIFFERENT = 1;
    private static final int UNKNOWN = 3;

    static Verification of(Verified verified) {
        JsonObject json = new JsonObject();
        json.addProperty("result", "equal");
        // A number of this size is rounded by what reads JSON.
        json.addProperty("packets", verified.packets().toString());
        json.addProperty("regions", verified.regions());
        json.addProperty("micros", verified.time().toNanos() / 1000);
        return new Verification(0, List.of(verified.toString(), "equal"), json);
    }

    /** Returns the counterexample, or the word that is not understood; throws what has neither. */
    static Verification of(VerificationException e) {
        if (e.counterexample().isPresent()) {
            return of(e.counterexample().get());
        }
        return unknown(e.unknown().orElseThrow(() -> e), e);
    }

    private static Verification of(Counterexample found) {
        JsonObject json = new JsonObject();
        json.addProperty("result", "counterexample");
        json.addProperty("flow", found.flow().toString());
        json.addProperty("verdict", found.admitted() ? "admitted" : "refused");
        json.addProperty("place", found.place());
        json.addProperty("packet", found.packet());
        json.addProperty("rule", found.rule());
        json.addProperty("expected", found.expected());
        json.addProperty("found", found.found());
        List<String> lines = List.of(
                "packet: " + found.packet(),
                "place: " + found.place(),
                "the policy says: " + found.expected(),
                "the rules say: " + found.found(),
                "by the rule: " + found.rule(),
                "counterexample " + found);
        return new Verification(DIFFERENT, lines, json);
    }

    private static Verification unknown(String token, VerificationException e) {
        JsonObject json = new JsonObject();
        json.addProperty("result", "unknown");
        json.addProperty("token", token);
        json.addProperty("place", e.object());
        json.addProperty("reason", e.getMessage());
        return new Verification(UNKNOWN, List.of(String.valueOf(e.getMessage()), "unknown " + token), json);
    }
}
