package dev.openshell.netns.linux.plan;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.resolve.ChannelOpener;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import dev.openshell.netns.linux.rules.RestoreText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** A policy as the text that would be loaded for it, made without privilege and on any operating system. */
public final class PlanText {
    private static final int ANY_PORT = 9;

    private PlanText() {}

    /**
     * Returns the restore input, exact for the link and the addresses in its header: for each namespace and family a
     * block, headed by a line such as {@code # namespace=sandbox family=ipv4}.
     *
     * @throws dev.openshell.netns.NetnsException when a name can't be resolved
     */
    public static String of(SandboxPolicy policy) throws IOException {
        Deadline deadline = Deadline.in(policy.timeout());
        ResolvConf conf = ResolvConf.ofHost(policy.resolvConf());
        HostResolver names = policy.resolver()
                .orElseGet(() -> SystemResolver.of(ChannelOpener.direct(), conf, Path.of("/etc/hosts"), deadline));
        ResolvedPolicy resolved =
                new PolicyResolver(names, conf, ownAddresses(), PlanText::routed, deadline).resolve(policy);
        return of(resolved.on(LinkAllocator.example(resolved)));
    }

    private static String of(RuleSet rules) {
        StringBuilder text = new StringBuilder(header(rules.veth()));
        IptablesCompiler compiler = new IptablesCompiler();
        for (Family family : Family.values()) {
            text.append(heading("sandbox", family)).append(compiler.sandbox(rules, family));
        }
        for (Family family : Family.values()) {
            String standing =
                    HostRules.of("").standing(rules.veth().network(family).isPresent());
            text.append(heading("host", family)).append(RestoreText.merge(standing, compiler.host(rules, family)));
        }
        return text.toString();
    }

    private static String header(VethPair veth) {
        StringBuilder header =
                new StringBuilder("# link " + veth.hostInterface() + " - " + veth.sandboxInterface() + '\n');
        for (Family family : Family.values()) {
            veth.network(family).ifPresent(network -> header.append("# host ")
                    .append(InetAddresses.toAddrString(network.at(1)))
                    .append(" sandbox ")
                    .append(InetAddresses.toAddrString(network.at(2)))
                    .append(" network ")
                    .append(network)
                    .append('\n'));
        }
        return header.toString();
    }

    private static String heading(String namespace, Family family) {
        return "# namespace=" + namespace + " family=" + family.name().toLowerCase(Locale.ROOT) + '\n';
    }

    private static Set<InetAddress> ownAddresses() throws IOException {
        Set<InetAddress> own = new HashSet<>();
        NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .forEach(address -> own.add(withoutZone(address)));
        return own;
    }

    private static InetAddress withoutZone(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (IOException e) {
            throw new IllegalStateException("an interface's address is one", e);
        }
    }

    /** Connecting a UDP socket sends nothing and fails where there is no route. */
    private static boolean routed(InetAddress destination) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(destination, ANY_PORT));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
