package dev.openshell.netns.testkit;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Stack;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * At no point of making or removing a sandbox, nor after a death at that point, does more get out than its policy
 * allows; and what a death leaves is swept by the next sandbox.
 */
final class Prefixes {
    private final Opened.Providers providers;
    private final SandboxPolicy policy;
    private final List<String> findings = new ArrayList<>();
    /** Whether root inside has taken the inner rules away for good. */
    private boolean flushed;

    private Prefixes(Opened.Providers providers, SandboxPolicy policy) {
        this.providers = providers;
        this.policy = policy;
    }

    static List<String> check(SandboxPolicy policy, Opened.Providers providers) {
        Prefixes prefixes = new Prefixes(providers, policy);
        prefixes.eachStep();
        prefixes.eachDeath();
        return prefixes.findings;
    }

    /** Tries once, from inside of whatever sandboxes are there now, whose root has taken the inner rules away. */
    static List<String> now(FakeKernel kernel, SandboxPolicy policy, Opened.Providers providers, String when) {
        Prefixes prefixes = new Prefixes(providers, policy);
        prefixes.flushed = true;
        prefixes.probe(kernel, when);
        return prefixes.findings;
    }

    /** The same before each of the first {@code calls} calls that {@code kernel} is about to make. */
    static List<Fault> each(
            FakeKernel kernel, int calls, SandboxPolicy policy, Opened.Providers providers, List<String> findings) {
        List<Fault> probes = new ArrayList<>();
        for (int i = 1; i <= calls; i++) {
            String when = "before call " + i;
            probes.add(new Fault.Meanwhile(i, other -> findings.addAll(now(kernel, policy, providers, when))));
        }
        return probes;
    }

    /** Tries before each call of {@code apply} and of {@code close}. */
    private void eachStep() {
        FakeKernel kernel = Opened.host();
        int calls = callsOfApply();
        kernel.script(probes(kernel, calls));
        Opened opened = Opened.of(kernel, policy, providers);
        opened.flush();
        flushed = true;
        kernel.script(probes(kernel, calls));
        opened.close();
        flushed = false;
    }

    private int callsOfApply() {
        FakeKernel kernel = Opened.host();
        kernel.script();
        Opened.of(kernel, policy, providers);
        return kernel.calls().size();
    }

    private Fault[] probes(FakeKernel kernel, int calls) {
        Fault[] probes = new Fault[calls];
        for (int i = 0; i < calls; i++) {
            int call = i + 1;
            probes[i] = new Fault.Meanwhile(call, other -> probe(kernel, "before call " + call));
        }
        return probes;
    }

    private void eachDeath() {
        int calls = callsOfApply();
        for (int call = 1; call <= calls; call++) {
            FakeKernel kernel = Opened.host();
            List<String> before = kernel.state();
            kernel.script(new Fault.Death(call));
            try {
                Opened.of(kernel, policy, providers);
                findings.add("lived on after its death at call " + call);
            } catch (FakeKernel.Died | NetnsException expected) {
                probe(kernel, "after a death at call " + call);
            }
            swept(kernel, before, "a death at call " + call + " of apply");
        }
        for (int call = 1; ; call++) {
            FakeKernel kernel = Opened.host();
            List<String> before = kernel.state();
            Opened opened = Opened.of(kernel, policy, providers);
            opened.flush();
            kernel.script(new Fault.Death(call));
            try {
                opened.close();
            } catch (FakeKernel.Died | NetnsException expected) {
                // What matters is what is left.
            }
            boolean died = kernel.calls().size() >= call;
            if (!died) {
                return;
            }
            flushed = true;
            probe(kernel, "after a death at call " + call + " of close");
            flushed = false;
            swept(kernel, before, "a death at call " + call + " of close");
        }
    }

    private void swept(FakeKernel kernel, List<String> before, String what) {
        FakeKernel next = kernel.otherProcess();
        // A name that was published outlives its owner.
        next.machine().paths().forEach(path -> next.unpublish(java.nio.file.Path.of(path)));
        Opened.of(next, policy, providers).close();
        List<String> left = new ArrayList<>(next.state());
        left.removeAll(before);
        if (!left.isEmpty()) {
            findings.add(what + " left " + left);
        }
    }

    /** Sends from every namespace but the host's, as whatever may be inside could. */
    private void probe(FakeKernel kernel, String when) {
        for (Netns netns : kernel.machine().namespaces()) {
            if (netns != kernel.machine().host()
                    && netns.findLink(VethPair.SANDBOX_INTERFACE).isPresent()) {
                Stack stack = kernel.machine().stack(netns);
                if (flushed) {
                    probe(kernel, netns, when + ", inside flushed", false);
                } else {
                    probe(kernel, netns, when, true);
                    Map<Family, String> saved = new EnumMap<>(Family.class);
                    for (Family family : Family.values()) {
                        saved.put(
                                family,
                                stack.ruleset(family, IptablesVariant.NFT).save());
                    }
                    Runnable back = Opened.flush(kernel, netns);
                    probe(kernel, netns, when + ", host end alone", false);
                    back.run();
                    saved.forEach((family, text) -> Opened.rules(kernel, netns, family, text));
                }
            }
        }
    }

    private void probe(FakeKernel kernel, Netns netns, String when, boolean innerEnd) {
        Set<Ip> sources = new LinkedHashSet<>();
        netns.link(VethPair.SANDBOX_INTERFACE).addresses().forEach(address -> sources.add(address.ip()));
        Set<Ip> own = Set.copyOf(sources);
        own.forEach(ip -> sources.add(ip.plus(1)));
        Reading reading = new Reading(policy, Opened::resolve, veth(own));
        for (Header header : Attempts.of(reading, sources)) {
            Journey journey = kernel.machine().send(netns, new Skb(header));
            boolean allowed = own.contains(header.source())
                    && (innerEnd || header.protocol() != Header.TCP || header.tcpFlags() == Header.SYN)
                    && reading.allows(
                            header.source(), header.destination(), header.protocol(), header.destinationPort());
            boolean gone = innerEnd ? journey.namespace() != netns.inode() : Opened.leaves(journey, netns);
            if (gone && !allowed && (!innerEnd || own.contains(header.source()))) {
                findings.add(when + ": admitted " + Trace.of(journey));
            }
        }
    }

    /** Addresses of a link are known as soon as it has them; before that nothing has a source of its own. */
    static VethPair veth(Set<Ip> own) {
        VethPair.Builder veth = VethPair.builder().hostInterface("osh-probe");
        Cidr network = Cidr.parse("10.200.255.252/30");
        for (Ip ip : own) {
            if (ip.family() == Family.IPV4) {
                network = Cidr.of(ip.toInetAddress(), 30);
            } else {
                veth.network6(Cidr.of(ip.toInetAddress(), 126));
            }
        }
        return veth.network(network).build();
    }
}
