package dev.openshell.netns.testkit.packet;

/**
 * A tracked flow (struct nf_conn): its two directions, and what is known of it. NAT changes {@link #reply}. The
 * fields are as the kernel has them; whoever holds a flow may change it.
 */
public final class Ct {
    public final Tuple original;
    public Tuple reply;
    public int mark;
    /** IPS_SEEN_REPLY: from then on its packets are ESTABLISHED. */
    public boolean seenReply;
    /** IPS_ASSURED. */
    public boolean assured;
    /** IPS_CONFIRMED: its first packet got through, and it is in the table. */
    public boolean confirmed;
    /** IPS_DYING: it is no more in the table. */
    public boolean dying;
    /** IPS_SRC_NAT_DONE: the nat table was asked about the source. */
    public boolean sourceNatDone;
    /** IPS_DST_NAT_DONE: the nat table was asked about the destination. */
    public boolean destinationNatDone;
    /** IPS_SRC_NAT: replies get another destination back. */
    public boolean sourceNat;
    /** IPS_DST_NAT: replies get another source back. */
    public boolean destinationNat;
    /** Whether Linux would have drawn one of its ports, or its ICMP identifier, at random. */
    public boolean drawn;
    /** The TCP state of the flow, an ordinal of the tracker's own. */
    public int tcpState;
    /** Which direction the last packet that the TCP tracker ignored came from, and what it was. */
    public int lastIndex;

    public boolean lastReply;
    /** IP_CT_TCP_FLAG_CLOSE_INIT: one side began to close it. */
    public boolean closeInit;
    /** IP_CT_EXP_CHALLENGE_ACK: the next ACK from the other side may answer an ignored SYN. */
    public boolean challengeAck;
    /** IP_CT_TCP_SIMULTANEOUS_OPEN: both sides sent a SYN. */
    public boolean simultaneousOpen;

    public Ct(Tuple original, Tuple reply) {
        this.original = original;
        this.reply = reply;
    }
}
