package dev.openshell.netns.linux.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.resolve.ChannelOpener;
import dev.openshell.netns.linux.resolve.NameFacts;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyResolverFactsTest {
    private static final ResolvConf CONF = ResolvConf.parse("");

    private static ResolvedPolicy resolve(HostResolver names) {
        Deadline deadline = Deadline.in(Duration.ofMinutes(1));
        return new PolicyResolver(names, CONF, address -> false, address -> true, deadline)
                .resolve(NetnsSandbox.builder()
                        .directTcp("db.example.")
                        .directTcp("203.0.113.7")
                        .policy());
    }

    @Test
    void whatTheOwnResolverLearntIsKeptByListedName(@TempDir Path dir) throws IOException {
        Path hosts = Files.writeString(dir.resolve("hosts"), "203.0.113.1 db.example.\n");
        ResolvedPolicy resolved =
                resolve(SystemResolver.of(ChannelOpener.direct(), CONF, hosts, Deadline.in(Duration.ofMinutes(1))));
        assertThat(resolved.facts()).isEqualTo(Map.of("db.example.", NameFacts.none("db.example")));
        assertThat(resolved.hosts()).containsOnlyKeys("203.0.113.7", "db.example.");
    }

    @Test
    void anotherResolverTellsAddressesAlone() {
        ResolvedPolicy resolved = resolve(name -> List.of(InetAddresses.forString("203.0.113.1")));
        assertThat(resolved.facts()).isEmpty();
        assertThat(resolved.hosts()).containsOnlyKeys("203.0.113.7", "db.example.");
    }
}
