package dev.openshell.netns.testkit;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import org.junit.jupiter.api.Tag;

@Tag("real-kernel")
class LegacyKernelContractIT extends KernelContract {
    @Override
    protected Kernel kernel() {
        return new JnaKernel();
    }

    @Override
    protected IptablesVariant variant() {
        return IptablesVariant.LEGACY;
    }
}
