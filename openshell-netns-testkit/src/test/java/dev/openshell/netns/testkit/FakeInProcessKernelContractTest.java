package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.nft.NftKernel;

class FakeInProcessKernelContractTest extends InProcessKernelContract {
    @Override
    protected Kernel kernel() {
        return new NftKernel(FakeKernel.create());
    }
}
