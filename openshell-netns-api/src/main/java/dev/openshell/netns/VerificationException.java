package dev.openshell.netns;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rules are not proved to admit exactly what the policy allows. From {@code apply()}: nothing was loaded.
 *
 * @since 0.1
 */
@Incubating
public class VerificationException extends NetnsException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Counterexample counterexample;
    private final @Nullable String unknown;

    private VerificationException(
            String object, String reason, String remedy, @Nullable Counterexample found, @Nullable String unknown) {
        super("verify", object, 0, reason, remedy, null);
        this.counterexample = found;
        this.unknown = unknown;
    }

    /** Returns the exception for rules that differ from the policy. */
    public static VerificationException of(Counterexample found, String remedy) {
        return new VerificationException(
                found.place(),
                found + ", " + found.packet() + ": the policy says " + found.expected() + ", the rules say "
                        + found.found() + " by " + found.rule(),
                remedy,
                found,
                null);
    }

    /** Returns the exception for rules with {@code token}, whose meaning is not known here. */
    public static VerificationException unknown(String place, String token, String line, String remedy) {
        return new VerificationException(
                place, "'" + token + "' in '" + line + "' can't be decided", remedy, null, token);
    }

    /** Returns the exception for rules that are not those that were sent. */
    public static VerificationException changed(String place, String difference, String remedy) {
        return new VerificationException(place, difference, remedy, null, null);
    }

    /** Returns the packet about which rules and policy differ, empty where none was found. */
    public Optional<Counterexample> counterexample() {
        return Optional.ofNullable(counterexample);
    }

    /** Returns the word of the rules whose meaning is not known, empty where all were understood. */
    public Optional<String> unknown() {
        return Optional.ofNullable(unknown);
    }
}
