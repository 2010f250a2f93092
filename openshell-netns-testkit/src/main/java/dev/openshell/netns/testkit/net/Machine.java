package dev.openshell.netns.testkit.net;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** A machine's network namespaces. Not safe for use by several threads at once. */
public final class Machine {
    private static final long FIRST_INODE = 4026532000L;

    private final List<Netns> namespaces = new ArrayList<>();
    private final Links links = new Links();
    private long nextInode = FIRST_INODE;

    /** One end of a veth pair that is to be made; index 0 and no MAC address leave the choice to the kernel. */
    public record End(Netns netns, String name, int index, Optional<byte[]> mac) {}

    /** Makes a network namespace, which has {@code lo} and nothing else. */
    public Netns create() {
        Netns netns = new Netns(nextInode++, links);
        links.register(netns, "lo", 0, Optional.empty(), Link.Kind.LOOPBACK);
        namespaces.add(netns);
        return netns;
    }

    /** Returns the namespaces that are there. */
    public Collection<Netns> namespaces() {
        return List.copyOf(namespaces);
    }

    /** Ends a namespace: its interfaces go, and with a veth its other end, wherever that is. */
    public void destroy(Netns netns) {
        if (!namespaces.remove(netns)) {
            throw new IllegalArgumentException(netns + " is not there");
        }
        Links.all(netns).forEach(links::delete);
    }

    /** Makes a veth pair, both ends down; the first end's index has to be given for the second's to count. */
    public Link[] addVeth(Netns a, String nameA, Netns b, String nameB) {
        return addVeth(new End(a, nameA, 0, Optional.empty()), new End(b, nameB, 0, Optional.empty()));
    }

    /** Makes a veth pair, both ends down. The peer is made first, as Linux does. */
    public Link[] addVeth(End end, End peer) {
        int peerIndex = end.index() == 0 ? 0 : peer.index();
        Link other = links.register(peer.netns(), peer.name(), peerIndex, peer.mac(), Link.Kind.VETH);
        Link link;
        try {
            link = links.register(end.netns(), end.name(), end.index(), end.mac(), Link.Kind.VETH);
        } catch (NetException e) {
            links.delete(other);
            throw e;
        }
        link.peer = other;
        other.peer = link;
        return new Link[] {link, other};
    }

    /** Deletes an interface, and with a veth its other end. */
    public void delete(Link link) {
        if (link.kind() == Link.Kind.LOOPBACK) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        links.delete(link);
    }

    /** Renames an interface. */
    public void rename(Link link, String to) {
        links.rename(link, to);
    }

    /** Moves an interface; where its name is taken there it becomes {@code pattern}. It arrives down and bare. */
    public void move(Link link, Netns to, Optional<String> pattern) {
        links.move(link, to, pattern);
    }
}
