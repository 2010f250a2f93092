package dev.openshell.netns.testkit;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.kernel.Kernel;

class FakeLegacyKernelContractTest extends KernelContract {
    @Override
    protected Kernel kernel() {
        return FakeKernel.create();
    }

    @Override
    protected IptablesVariant variant() {
        return IptablesVariant.LEGACY;
    }
}
