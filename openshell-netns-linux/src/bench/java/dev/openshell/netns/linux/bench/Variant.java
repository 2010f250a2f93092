package dev.openshell.netns.linux.bench;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** What makes the rules of a sandbox, and the policy that is measured. */
public enum Variant {
    /** The iptables-nft programs. */
    NFT(builder -> builder.iptables(IptablesVariant.NFT)),
    /** The iptables-legacy programs. */
    LEGACY(builder -> builder.iptables(IptablesVariant.LEGACY)),
    /** No programs. */
    NFTABLES(builder -> builder.backend(Backend.NFTABLES));

    private final UnaryOperator<NetnsSandbox.Builder> choice;

    Variant(UnaryOperator<NetnsSandbox.Builder> choice) {
        this.choice = choice;
    }

    /** Makes a sandbox with a proxy, one resolver and three hosts in the namespace {@code host}. */
    NetnsSandbox apply(NetnsProvider provider, Path host) {
        return apply(provider, host, builder -> builder);
    }

    /** Makes one without limits on its connections, for measurements that open many. */
    NetnsSandbox applyUnlimited(NetnsProvider provider, Path host) {
        return apply(provider, host, NetnsSandbox.Builder::unlimited);
    }

    private NetnsSandbox apply(NetnsProvider provider, Path host, UnaryOperator<NetnsSandbox.Builder> more) {
        NetnsSandbox.Builder builder = NetnsSandbox.builder(provider)
                .hostNamespace(host)
                .proxy(3128)
                .allowDns("10.43.0.10")
                .directTcp(Pod.HOST)
                .directTcp("203.0.113.11")
                .directTcp(Pod.BULK_HOST, Pod.BULK_PORT);
        return more.apply(choice.apply(builder)).apply();
    }
}
