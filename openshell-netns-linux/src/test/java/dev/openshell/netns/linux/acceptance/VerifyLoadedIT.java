package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VerificationException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules that somebody changed with the machine's own tools, on the host or inside. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class VerifyLoadedIT {
    /**
     * A change and what undoes it.
     *
     * @param inside whether it is made inside
     * @param change the arguments of iptables; or a command
     * @param undo what puts it right
     * @param place where it is found out
     * @param message what is said of it
     */
    private record Change(boolean inside, String change, String undo, String place, String message) {}

    private static List<Change> changes(String link, String own) {
        String loopback = "OUTPUT -o lo -j ACCEPT";
        return List.of(
                new Change(
                        false,
                        "-I " + link + "-from 1 -j ACCEPT",
                        "-D " + link + "-from 1",
                        "host ipv4 filter " + link + "-from",
                        "there is '-A " + link + "-from -j ACCEPT'"),
                new Change(false, "-I FORWARD 1 -j ACCEPT", "-D FORWARD 1", "host ipv4 filter FORWARD", "admitted"),
                new Change(
                        false,
                        "-D OPENSHELL-INPUT -i osh-+ -j DROP",
                        "-A OPENSHELL-INPUT -i osh-+ -j DROP",
                        "host ipv4 filter INPUT",
                        "admitted"),
                new Change(
                        true,
                        "-I OUTPUT 1 -d 203.0.113.66 -j ACCEPT",
                        "-D OUTPUT 1",
                        "sandbox ipv4 filter OUTPUT",
                        "there is '-A OUTPUT -d 203.0.113.66/32 -j ACCEPT'"),
                new Change(
                        true,
                        "-D " + loopback,
                        "-I " + loopback.replace("OUTPUT ", "OUTPUT 1 "),
                        "sandbox ipv4 filter OUTPUT",
                        "sent was '-A " + loopback + "'"),
                new Change(
                        true,
                        "-t nat -A OUTPUT -p tcp -j DNAT --to-destination 203.0.113.66",
                        "-t nat -F OUTPUT",
                        "sandbox ipv4 nat OUTPUT",
                        "sent was 'no rule'"),
                new Change(
                        false,
                        "-t raw -D OPENSHELL-SOURCE 1",
                        "",
                        "host ipv4 raw OPENSHELL-SOURCE",
                        "sent was '-A OPENSHELL-SOURCE -s " + own + "/32 -i " + link + " -m comment"),
                new Change(true, "-F OUTPUT", "", "sandbox ipv4 filter OUTPUT", "there is 'no rule'"));
    }

    /** The same with nft, in this library's own tables. */
    private static List<Change> nftChanges(String link, String own) {
        String filter = "ip openshell-filter";
        String nat = "ip openshell-nat";
        String flow = filter + " OPENSHELL-FROM-flows '{ \"" + link + "\" . " + own + " . 203.0.113.99 . tcp . 443 }'";
        return List.of(
                new Change(
                        false,
                        "nft add element " + flow,
                        "nft delete element " + flow,
                        "host ipv4 filter " + link + "-from",
                        "there is '-A " + link + "-from -p tcp"),
                new Change(
                        false,
                        Nft.insert(filter, "FORWARD", "accept"),
                        Nft.delete(filter, "FORWARD", "accept"),
                        "host ipv4 filter FORWARD",
                        "admitted"),
                new Change(
                        false,
                        Nft.insert(filter, "FORWARD", "meta mark 7 accept"),
                        Nft.delete(filter, "FORWARD", "accept"),
                        "host ipv4 filter FORWARD",
                        "STRANGE"),
                new Change(
                        false,
                        Nft.delete(filter, "OPENSHELL-INPUT", "drop"),
                        "nft add rule " + filter + " OPENSHELL-INPUT 'iifname \"osh-*\" drop'",
                        "host ipv4 filter INPUT",
                        "admitted"),
                new Change(
                        true,
                        Nft.insert(filter, "OUTPUT", "ip daddr 203.0.113.66 accept"),
                        Nft.delete(filter, "OUTPUT", "203.0.113.66"),
                        "sandbox ipv4 filter OUTPUT",
                        "there is '-A OUTPUT -d 203.0.113.66/32 -j ACCEPT'"),
                new Change(
                        true,
                        Nft.delete(filter, "OUTPUT", "\"lo\""),
                        Nft.insert(filter, "OUTPUT", "oifname \"lo\" accept"),
                        "sandbox ipv4 filter OUTPUT",
                        "sent was '-A OUTPUT -o lo -j ACCEPT'"),
                new Change(
                        true,
                        "nft add table " + nat + "; nft add chain " + nat + " OUTPUT '{ type nat hook output priority"
                                + " -100; }'; nft add rule " + nat + " OUTPUT tcp dport 443 dnat to 203.0.113.66",
                        "nft delete table " + nat,
                        "sandbox ipv4 nat OUTPUT",
                        "sent was 'no rule'"),
                new Change(
                        false,
                        "nft add element ip openshell-filter OPENSHELL-TO '{ \"" + link + "\" . 203.0.113.66 }'",
                        "nft delete element ip openshell-filter OPENSHELL-TO '{ \"" + link + "\" . 203.0.113.66 }'",
                        "host ipv4 filter OPENSHELL-TO",
                        "203.0.113.66"),
                new Change(
                        false,
                        "nft delete element ip openshell-raw OPENSHELL-SOURCE '{ \"" + link + "\" . " + own + " }'",
                        "",
                        "host ipv4 raw OPENSHELL-SOURCE",
                        "sent was '-A OPENSHELL-SOURCE -s " + own + "/32 -i " + link + " -m comment"),
                new Change(
                        true,
                        "nft flush chain " + filter + " OUTPUT",
                        "",
                        "sandbox ipv4 filter OUTPUT",
                        "there is 'no rule'"));
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whatIsChangedIsFoundOut(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = Unwatched.apply(setting.mainCase(world).policy())) {
            assertThat(sandbox.verifyLoaded().regions()).isPositive();
            try (NetnsSandbox beside = setting.apply(world)) {
                assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
                assertThatCode(beside::verifyLoaded).doesNotThrowAnyException();
            }
            assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
            String link = sandbox.veth().hostInterface();
            String own = Setting.inside(sandbox);
            for (Change change : setting.isNft() ? nftChanges(link, own) : changes(link, own)) {
                change(setting, world, sandbox, change.inside, change.change);
                assertThatThrownBy(sandbox::verifyLoaded)
                        .as(change.toString())
                        .isInstanceOfSatisfying(VerificationException.class, e -> {
                            assertThat(e.object()).isEqualTo(change.place);
                            assertThat(e.remedy()).startsWith("somebody changed them");
                        })
                        .hasMessageContaining(change.message);
                if (!change.undo.isEmpty()) {
                    change(setting, world, sandbox, change.inside, change.undo);
                    assertThatCode(sandbox::verifyLoaded).as(change.undo).doesNotThrowAnyException();
                }
            }
        }
    }

    private static void change(Setting setting, PodWorld world, NetnsSandbox sandbox, boolean inside, String change) {
        String[] line = setting.isNft() ? Nft.shell(change) : (setting.tool() + " " + change).split(" ");
        if (inside) {
            Shell.must(Setting.nsenter(sandbox.namespace().path(), line));
        } else {
            world.mustInPod(line);
        }
    }
}
