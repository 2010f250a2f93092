package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.proof.ForeignRules;
import java.net.InetAddress;
import java.util.List;
import java.util.OptionalInt;

/** The engine of this library. */
final class LinuxEngine implements Engine {
    @Override
    public PolicyInspection inspect(SandboxPolicy policy) {
        return policy.toBuilder().inspect();
    }

    @Override
    public PolicyDiff live(String name, SandboxPolicy to) {
        return new LinuxProvider().diff(name, to);
    }

    @Override
    public Preflight preflight(SandboxPolicy policy) {
        return policy.toBuilder().preflight();
    }

    @Override
    public List<Leftover> gc(boolean dryRun) {
        return new LinuxProvider().sweep(dryRun);
    }

    @Override
    public Foreign foreign(Family family, String savedText, String chain) {
        return new Parsed(ForeignRules.parse(family, savedText, chain));
    }

    private record Parsed(ForeignRules rules) implements Foreign {
        @Override
        public List<String> admits(int limit) {
            return rules.admits(limit);
        }

        @Override
        public long regions() {
            return rules.regions();
        }

        @Override
        public Verified verify(RuleSet policy) {
            return rules.verify(policy);
        }

        @Override
        public Explanation.Way explain(int protocol, InetAddress address, OptionalInt port) {
            return rules.explain(protocol, address, port);
        }
    }
}
