package dev.openshell.netns.testkit.nftables;

import java.util.List;

/** One instruction of a rule (struct nft_expr). */
interface Expression {
    /** Runs it: CONTINUE goes on, BREAK leaves the rule, anything else is the rule's verdict. */
    Verdict run(Registers registers, Context context);

    /** Returns the chains that it may go to. */
    default List<String> chains() {
        return List.of();
    }

    /** Checks that a way from this base chain may lead here; EOPNOTSUPP. */
    default void check(NfChain.Base base) {}

    /** Returns whether the set that it holds may have verdicts that it goes by. */
    default boolean decides() {
        return false;
    }

    /** Returns the set that it holds, empty for none. */
    default String set() {
        return "";
    }
}
