package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.nft.NftKernel;
import org.junit.jupiter.api.Tag;

@Tag("real-kernel")
class InProcessKernelContractIT extends InProcessKernelContract {
    @Override
    protected Kernel kernel() {
        return new NftKernel(new JnaKernel());
    }
}
