package dev.openshell.netns.linux.cli;

import com.google.common.net.InetAddresses;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Rule;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.util.Collection;
import java.util.Locale;
import java.util.function.Function;

/** What the commands found as JSON. The names of the fields are a contract, see the README. */
final class Json {
    private Json() {}

    static JsonObject of(Explanation explanation) {
        JsonObject json = new JsonObject();
        json.addProperty("result", explanation.allowed() ? "allowed" : "denied");
        json.addProperty("flow", explanation.flow().toString());
        json.add("ways", array(explanation.ways(), Json::way));
        return json;
    }

    private static JsonObject way(Explanation.Way way) {
        JsonObject json = new JsonObject();
        json.addProperty("address", address(way.address()));
        json.addProperty("allowed", way.allowed());
        way.origin().ifPresent(origin -> json.addProperty("origin", origin));
        if (!way.advice().isEmpty()) {
            json.addProperty("advice", way.advice());
        }
        json.add("options", strings(ExplanationText.options(way)));
        json.add("hops", array(way.hops(), Json::hop));
        return json;
    }

    private static JsonObject hop(Explanation.Hop hop) {
        JsonObject json = new JsonObject();
        json.addProperty("namespace", hop.namespace());
        json.addProperty("hook", hop.hook());
        json.addProperty("verdict", hop.verdict().name());
        json.addProperty("rule", hop.rule());
        json.addProperty("reached", hop.reached());
        return json;
    }

    static JsonObject of(PolicyDiff diff) {
        JsonObject json = new JsonObject();
        json.addProperty("result", diff.isEmpty() ? "unchanged" : "changed");
        json.add("opened", array(diff.opened(), Json::rule));
        json.add("closed", array(diff.closed(), Json::rule));
        json.add("cut", array(diff.cut(), Json::liveFlow));
        return json;
    }

    private static JsonObject rule(Rule rule) {
        JsonObject json = new JsonObject();
        json.addProperty("flow", rule.toString());
        json.addProperty("kind", hyphenated(rule.kind()));
        json.addProperty("origin", rule.origin());
        return json;
    }

    private static JsonObject liveFlow(PolicyDiff.LiveFlow flow) {
        JsonObject json = rule(flow.rule());
        json.addProperty("sourcePort", flow.sourcePort());
        if (!flow.state().isEmpty()) {
            json.addProperty("state", flow.state());
        }
        return json;
    }

    static JsonObject of(PolicyReport report) {
        JsonObject json = new JsonObject();
        json.add("findings", array(report.findings(), finding -> {
            JsonObject found = new JsonObject();
            found.addProperty("kind", hyphenated(finding.kind()));
            found.addProperty("subject", finding.subject());
            found.addProperty("text", finding.text());
            return found;
        }));
        return json;
    }

    static JsonObject of(Preflight preflight) {
        JsonObject json = new JsonObject();
        json.addProperty("result", hyphenated(preflight.worst()));
        json.add("checks", array(preflight.checks(), check -> {
            JsonObject found = new JsonObject();
            found.addProperty("name", check.name());
            found.addProperty("status", hyphenated(check.status()));
            found.addProperty("evidence", check.evidence());
            check.remedy().ifPresent(remedy -> found.addProperty("remedy", remedy));
            return found;
        }));
        return json;
    }

    static JsonObject of(Collection<Leftover> leftovers, boolean dryRun) {
        JsonObject json = new JsonObject();
        json.addProperty("dryRun", dryRun);
        json.add("leftovers", array(leftovers, leftover -> {
            JsonObject found = new JsonObject();
            found.addProperty("kind", hyphenated(leftover.kind()));
            found.addProperty("name", leftover.name());
            if (!leftover.owner().isEmpty()) {
                found.addProperty("owner", leftover.owner());
            }
            return found;
        }));
        return json;
    }

    static JsonObject of(SandboxPlan plan) {
        JsonObject json = new JsonObject();
        json.add("link", link(plan.veth()));
        json.add("steps", array(plan.steps(), step -> {
            JsonObject done = new JsonObject();
            done.addProperty("name", step.name());
            done.addProperty("object", step.object());
            return done;
        }));
        json.add("inputs", array(plan.inputs(), input -> {
            JsonObject loaded = new JsonObject();
            loaded.addProperty("namespace", input.namespace());
            loaded.addProperty("family", hyphenated(input.family()));
            loaded.addProperty("text", input.text());
            return loaded;
        }));
        return json;
    }

    private static JsonObject link(VethPair veth) {
        JsonObject json = new JsonObject();
        json.addProperty("hostInterface", veth.hostInterface());
        json.addProperty("sandboxInterface", veth.sandboxInterface());
        JsonArray networks = new JsonArray();
        for (Family family : Family.values()) {
            veth.network(family).ifPresent(network -> {
                JsonObject one = new JsonObject();
                one.addProperty("family", hyphenated(family));
                one.addProperty("network", network.toString());
                one.addProperty("host", address(network.at(1)));
                one.addProperty("sandbox", address(network.at(2)));
                networks.add(one);
            });
        }
        json.add("networks", networks);
        return json;
    }

    static JsonArray strings(Collection<String> values) {
        return array(values, JsonPrimitive::new);
    }

    private static <T> JsonArray array(Collection<T> values, Function<T, ? extends JsonElement> element) {
        JsonArray array = new JsonArray();
        values.forEach(value -> array.add(element.apply(value)));
        return array;
    }

    private static String address(InetAddress address) {
        return InetAddresses.toAddrString(address);
    }

    private static String hyphenated(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
