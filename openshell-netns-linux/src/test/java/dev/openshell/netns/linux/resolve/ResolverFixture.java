package dev.openshell.netns.linux.resolve;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Type;

/** What the tests of the resolver share. */
final class ResolverFixture {
    static final Path NO_HOSTS = Path.of("/nonexistent/hosts");
    static final Duration LONG = Duration.ofMinutes(1);
    /** Has no addresses for any name. */
    static final ScriptedDns.Script NXDOMAIN = query -> query.error(Rcode.NXDOMAIN);

    static final ScriptedDns.Script SILENT = query -> List.of();

    private ResolverFixture() {}

    /** Returns a resolver that asks the first {@code servers} addresses from 127.0.0.1 on, once and for one second. */
    static SystemResolver resolver(ScriptedDns dns, int servers, String lines) {
        StringBuilder conf = new StringBuilder("options timeout:1 attempts:1\n");
        for (int i = 1; i <= servers; i++) {
            conf.append("nameserver 127.0.0.").append(i).append('\n');
        }
        return SystemResolver.of(
                ChannelOpener.direct(), ResolvConf.parse(conf + lines), NO_HOSTS, Deadline.in(LONG), dns.port());
    }

    static List<String> resolve(ScriptedDns dns, int servers, String lines, String name) throws IOException {
        return shown(resolver(dns, servers, lines), name);
    }

    static List<String> resolve(ScriptedDns dns, String name) throws IOException {
        return resolve(dns, 1, "", name);
    }

    static List<String> shown(SystemResolver resolver, String name) throws IOException {
        return resolver.resolve(name).stream().map(InetAddresses::toAddrString).toList();
    }

    /** Answers A for {@code name} with 198.51.100.LAST, has no AAAA for it, and no other name. */
    static ScriptedDns.Script only(String name, int last) {
        return query -> {
            if (!query.name().equals(ScriptedDns.name(name))) {
                return query.error(Rcode.NXDOMAIN);
            }
            return query.type() == Type.A ? query.address(last) : query.error(Rcode.NOERROR);
        };
    }

    /** Says nothing until both questions are there, and then answers both: a second round trip would never end. */
    static ScriptedDns.Script bothAtOnce() {
        BlockingQueue<byte[]> held = new LinkedBlockingQueue<>();
        return query -> {
            byte[] own = query.address(1).get(0);
            byte[] other = held.poll();
            if (other == null) {
                held.add(own);
                return List.of();
            }
            return List.of(own, other);
        };
    }
}
