package dev.openshell.netns.testkit.conntrack;

/** The sysctls that connection tracking asks at each packet. */
public interface Settings {
    /** Returns nf_conntrack_tcp_loose: whether a segment in mid-stream starts a flow. */
    boolean tcpLoose();

    /** Returns nf_conntrack_tcp_be_liberal. No sequence numbers are kept here, so that it makes no difference. */
    boolean tcpLiberal();
}
