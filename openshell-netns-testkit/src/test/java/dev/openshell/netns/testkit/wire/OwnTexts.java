package dev.openshell.netns.testkit.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Backend;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.nft.NftKernel;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import dev.openshell.netns.testkit.FakeKernel;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.nftables.Nftables;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The messages by which this library itself loads a sandbox's rules, where the sandbox is the host 2 in the west of {@link
 * NftDifferentialIT}'s world.
 */
record OwnTexts(String name, boolean counting, List<byte[]> messages) {
    private static final int IFNAMSIZ = 16;
    private static final String OWN6 = "2001:db8:1::2";
    private static final String HOST6 = "2001:db8:1::1";

    /** Those of the host's end and of the inner end, with limits and without. */
    static List<OwnTexts> all() {
        List<OwnTexts> all = new ArrayList<>();
        for (boolean limited : new boolean[] {false, true}) {
            FakeKernel kernel = FakeKernel.create();
            NetnsSandbox.Builder builder = NetnsSandbox.builder(kernel)
                    .backend(Backend.NFTABLES)
                    .linkPool("10.200.1.0/30")
                    .allowDns("203.0.113.2", "2001:db8:2::2")
                    .directTcp("203.0.113.3")
                    .directTcp("[2001:db8:2::3]:443")
                    .directTcp("[2001:db8:2::4]:22")
                    .unlimited();
            if (limited) {
                // Linux answers for ports that nobody listens at, which ends flows that are counted: none is one too
                // many.
                builder.maxConnections(1000).maxConnectionsPerSecond(1000);
            } else {
                // Linux answers for the port that nobody listens at, which ends the flow that would be counted.
                builder.proxy(53);
            }
            try (NetnsSandbox sandbox = builder.apply()) {
                String suffix = limited ? ", limited" : "";
                String link = sandbox.veth().hostInterface();
                all.add(of("host" + suffix, limited, link, family -> placed(sandbox, saved(kernel, family))));
                IptablesCompiler compiler = new IptablesCompiler();
                all.add(of(
                        "inside" + suffix,
                        limited,
                        link,
                        family -> placed(sandbox, compiler.sandbox(sandbox.ruleSet(), family))));
            }
        }
        return all;
    }

    private static String saved(FakeKernel kernel, Family family) {
        int host = kernel.openNamespace(Optional.empty());
        try {
            return new NftKernel(kernel).save(host, family, IptablesVariant.NFT, soon());
        } finally {
            kernel.close(host);
        }
    }

    /** Returns messages about that world's links: a sandbox's own chains are named after its link, so not in the text. */
    private static byte[] linked(byte[] message, String link) {
        String own = link + "\0".repeat(IFNAMSIZ - link.length());
        String west = "west" + "\0".repeat(IFNAMSIZ - 4);
        return new String(message, ISO_8859_1)
                .replace(own, west)
                .replace("osh-", "west")
                .replace("eth0\0", "east\0")
                .getBytes(ISO_8859_1);
    }

    /** Writes a text about that world's addresses. */
    private static String placed(NetnsSandbox sandbox, String text) {
        VethPair veth = sandbox.veth();
        return text.replace(address(veth.sandboxAddress(Family.IPV6)), OWN6)
                .replace(address(veth.hostAddress(Family.IPV6)), HOST6);
    }

    private static String address(Optional<InetAddress> address) {
        return InetAddresses.toAddrString(address.orElseThrow());
    }

    private static OwnTexts of(String name, boolean counting, String link, Function<Family, String> texts) {
        List<byte[]> messages = new ArrayList<>();
        FakeKernel kernel = FakeKernel.create();
        NftKernel loading = new NftKernel(listening(kernel, messages));
        int namespace = kernel.createNamespace();
        for (Family family : Family.values()) {
            loading.restore(namespace, family, IptablesVariant.NFT, texts.apply(family), false, soon());
        }
        return new OwnTexts(
                name,
                counting,
                messages.stream().map(each -> linked(each, link)).toList());
    }

    private static Kernel listening(Kernel kernel, List<byte[]> messages) {
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    boolean asks = method.getName().equals("netfilter")
                            || method.getName().equals("exchange");
                    if (asks && Nftables.isBatch(Message.split((byte[]) arguments[1]))) {
                        messages.add((byte[]) arguments[1]);
                    }
                    try {
                        return method.invoke(kernel, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    @Override
    public String toString() {
        return name;
    }
}
