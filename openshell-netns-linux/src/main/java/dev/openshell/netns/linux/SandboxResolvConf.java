package dev.openshell.netns.linux;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.linux.resolve.ResolvConf;
import java.net.InetAddress;
import java.util.List;

/** The resolv.conf that programs in a sandbox see: its own nameservers, the host's search list and options. */
final class SandboxResolvConf {
    private SandboxResolvConf() {}

    static String text(List<InetAddress> nameservers, ResolvConf host) {
        StringBuilder text = new StringBuilder("# The nameservers that this sandbox may ask.\n");
        if (nameservers.isEmpty()) {
            return text.append("# None.\n").toString();
        }
        if (!host.search().isEmpty()) {
            text.append("search ").append(String.join(" ", host.search())).append('\n');
        }
        for (InetAddress nameserver : nameservers) {
            text.append("nameserver ")
                    .append(InetAddresses.toAddrString(nameserver))
                    .append('\n');
        }
        return text.append("options ndots:")
                .append(host.ndots())
                .append(" timeout:")
                .append(host.timeout().toSeconds())
                .append(" attempts:")
                .append(host.attempts())
                .append('\n')
                .toString();
    }
}
