package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** An engine that answers with values of the test's, and notes what it was asked. */
final class ScriptedEngine implements Engine {
    /** What it was asked, in order. */
    final List<String> asked = new ArrayList<>();

    final List<SandboxPolicy> policies = new ArrayList<>();
    List<String> admits = Samples.ADMITS;
    PolicyDiff diff = Samples.NO_DIFF;
    Explanation explanation = Samples.ALLOWED;
    Preflight preflight = new Preflight(List.of());
    List<Leftover> leftovers = List.of();

    @Nullable
    RuntimeException failure;

    @Nullable
    VerificationException unproved;

    @Override
    public PolicyInspection inspect(SandboxPolicy policy) {
        policies.add(policy);
        if (failure != null) {
            throw failure;
        }
        return new Inspection(policy);
    }

    @Override
    public PolicyDiff live(String name, SandboxPolicy to) {
        asked.add("live " + name);
        policies.add(to);
        return diff;
    }

    @Override
    public Preflight preflight(SandboxPolicy policy) {
        policies.add(policy);
        if (failure != null) {
            throw failure;
        }
        return preflight;
    }

    @Override
    public List<Leftover> gc(boolean dryRun) {
        asked.add("gc " + dryRun);
        if (failure != null) {
            throw failure;
        }
        return leftovers;
    }

    @Override
    public Foreign foreign(Family family, String savedText, String chain) {
        asked.add("foreign " + family + " " + chain + " " + savedText);
        if (failure != null) {
            throw failure;
        }
        return new Rules();
    }

    private Verified proof() {
        if (unproved != null) {
            throw unproved;
        }
        return Samples.VERIFIED;
    }

    private final class Rules implements Foreign {
        @Override
        public List<String> admits(int limit) {
            return admits.stream().limit(limit).toList();
        }

        @Override
        public long regions() {
            return admits.size();
        }

        @Override
        public Verified verify(RuleSet rules) {
            asked.add("verify " + rules.rules());
            return proof();
        }

        @Override
        public Explanation.Way explain(int protocol, InetAddress address, OptionalInt port) {
            asked.add("explain " + protocol + " " + address.getHostAddress() + " " + port);
            return explanation.ways().get(0);
        }
    }

    private final class Inspection implements PolicyInspection {
        private final SandboxPolicy policy;

        Inspection(SandboxPolicy policy) {
            this.policy = policy;
        }

        @Override
        public SandboxPolicy policy() {
            return policy;
        }

        @Override
        public RuleSet ruleSet() {
            return Samples.RULE_SET;
        }

        @Override
        public SandboxPlan plan() {
            return Samples.PLAN;
        }

        @Override
        public Verified verify() {
            return proof();
        }

        @Override
        public Explanation explain(Flow flow) {
            asked.add("explain " + flow);
            return explanation;
        }

        @Override
        public PolicyDiff diff(SandboxPolicy other) {
            policies.add(other);
            return diff;
        }

        @Override
        public PolicyReport report() {
            return Samples.REPORT;
        }

        @Override
        public String svg() {
            return "<svg>é</svg>\n";
        }
    }
}
