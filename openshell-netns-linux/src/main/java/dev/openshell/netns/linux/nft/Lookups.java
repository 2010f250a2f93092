package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import java.util.List;
import java.util.OptionalLong;

/** Whether nf_tables has a table or a chain of a name: one question each, however much else there is. */
final class Lookups {
    private static final int GETTABLE = Batch.SUBSYSTEM << 8 | 1;
    private static final int GETCHAIN = Batch.SUBSYSTEM << 8 | 4;

    private static final int GETGEN = Batch.SUBSYSTEM << 8 | 16;

    private static final int GEN_ID = 1;

    private final Kernel kernel;
    private final int namespace;

    Lookups(Kernel kernel, int namespace) {
        this.kernel = kernel;
        this.namespace = namespace;
    }

    /** Returns whether the kernel has nf_tables. */
    boolean isThere() {
        return generation().isPresent();
    }

    /** Returns the number of the generation of all rules: each change makes the next one. */
    OptionalLong generation() {
        return ask(new Request().add("NFT_MSG_GETGEN", "", GETGEN, Request.NLM_F_ACK, Batch.header(Family.IPV4)))
                .stream()
                .filter(each -> each.attributes().containsKey(GEN_ID))
                .mapToLong(each -> Shown.number(each.attributes().get(GEN_ID)) & 0xffffffffL)
                .findFirst();
    }

    /** Returns whether there is {@code table}; a kernel without nf_tables has none. */
    boolean hasTable(Family family, String table) {
        return !ask(new Request()
                        .add(
                                "NFT_MSG_GETTABLE",
                                table,
                                GETTABLE,
                                Request.NLM_F_ACK,
                                Batch.header(family).string(1, table)))
                .isEmpty();
    }

    /** Returns whether {@code table} has {@code chain}. */
    boolean hasChain(Family family, String table, String chain) {
        return !ask(new Request()
                        .add(
                                "NFT_MSG_GETCHAIN",
                                table + " " + chain,
                                GETCHAIN,
                                Request.NLM_F_ACK,
                                Batch.header(family).string(1, table).string(3, chain)))
                .isEmpty();
    }

    private List<Answers.Netfilter> ask(Request request) {
        Answers answers =
                NftTables.parsed(() -> Answers.parse(request, kernel.netfilter(namespace, request.toBytes())));
        for (Answers.Failure failure : answers.failures()) {
            // EINVAL: the kernel has no nf_tables.
            if (failure.errno() != Errno.ENOENT && failure.errno() != Errno.EINVAL) {
                throw new KernelException(failure.errno(), failure.name() + " " + failure.object());
            }
        }
        return answers.netfilter();
    }
}
