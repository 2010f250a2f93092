package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;
import java.util.ArrayList;
import java.util.List;

/** What all processes on one machine share above the kernel: programs, sockets, and the services of the outside. */
final class Userland {
    final FakeMachine machine;
    final Programs programs = new Programs(this);
    final Services services = new Services();
    /** Of threads that serve, whoever's call it was that needed them. */
    final ThreadGroup threads = new ThreadGroup("fake-services");

    final SocketTable sockets;
    final Wire wire;

    Userland(FakeMachine machine) {
        this.machine = machine;
        this.sockets = new SocketTable(machine);
        this.wire = new Wire(machine);
    }

    /** Returns what is alive inside of {@code inode}, such as {@code process 1000 (node)}. */
    List<String> inside(long inode) {
        List<String> users = new ArrayList<>();
        synchronized (machine) {
            for (Netns netns : machine.namespaces()) {
                if (netns.inode() == inode) {
                    users.addAll(programs.alive(netns));
                    int open = sockets.open(netns);
                    if (open > 0) {
                        users.add(open + (open == 1 ? " open socket" : " open sockets"));
                    }
                }
            }
        }
        return users;
    }
}
