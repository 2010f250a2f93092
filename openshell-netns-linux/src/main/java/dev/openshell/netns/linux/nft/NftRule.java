package dev.openshell.netns.linux.nft;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** What one rule of this library's asks of a packet and does with it: read from text or from expressions. */
final class NftRule {
    /** A name that ends with {@code +} is what names begin with. */
    String incoming = "";

    String outgoing = "";

    @Nullable
    InetAddress source;

    @Nullable
    InetAddress destination;

    /** −1 for any. */
    int protocol = -1;

    int port = -1;

    @Nullable
    Tracked tracked;

    /** Whether only TCP packets that aren't the first of a flow are meant: of FIN, SYN, RST and ACK not just SYN. */
    boolean noSyn;

    @Nullable
    Rate rate;

    @Nullable
    Connections connections;

    String comment = "";

    /** A chain, {@code ACCEPT}, {@code DROP}, {@code RETURN}, {@code MASQUERADE}, or {@code REJECT} and with what. */
    String target = "";

    /**
     * What is asked of the packet's flow; −1, null or 0 where nothing is.
     *
     * @param states bits of {@link States}
     * @param direction 0 for that of its first packet, 1 for the other
     */
    record Tracked(
            int states,
            int protocol,
            @Nullable InetAddress source,
            @Nullable InetAddress destination,
            int port,
            int direction) {}

    /**
     * More than so many first packets a second.
     *
     * @param name what is counted under it
     * @param each whether for each destination address and port on its own
     */
    record Rate(int above, int burst, String name, boolean each) {}

    /**
     * More than so many flows.
     *
     * @param each whether to each destination address on its own
     * @param bits the length of an address
     */
    record Connections(int above, boolean each, int bits) {}

    /** Returns what the name of a rate begins with that all destinations of {@code chain} have together. */
    static String shared(String chain) {
        int dash = chain.lastIndexOf('-');
        return dash < 0 ? "inside-" : chain.substring(0, dash) + "-all-";
    }

    /** Returns whether it has counters: those that tell how often a limit was met. */
    boolean counts() {
        return rate != null || connections != null;
    }
}
