package dev.openshell.netns.linux.acceptance;

/** Commands of {@code nft} on this library's own tables, for tests that change what the backend nftables has loaded. */
final class Nft {
    private Nft() {}

    /** Returns the command that puts {@code rule} before all rules of {@code chain}. */
    static String insert(String table, String chain, String rule) {
        return "nft insert rule " + table + " " + chain + " '" + rule + "'";
    }

    /** Returns the command that takes out the first rule of {@code chain} which has {@code text} in it. */
    static String delete(String table, String chain, String text) {
        String handle = "nft -a list chain " + table + " " + chain + " | sed -n '/^\t\t.*# handle/p' | grep -m1 -F -- '"
                + text + "' | sed 's/.*# handle //'";
        return "nft delete rule " + table + " " + chain + " handle $(" + handle + ")";
    }

    static String[] shell(String line) {
        return new String[] {"sh", "-ec", line};
    }
}
