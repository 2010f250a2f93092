package dev.openshell.netns.linux.netlink;

import dev.openshell.netns.linux.netlink.Nftables.BaseChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tables, chains and rules of nf_tables as they come in: of the rules, no more than the verdicts that are in them. */
final class NftRuleset {
    static final int NFTA_TABLE_NAME = 1;
    static final int NFTA_TABLE_FLAGS = 2;
    private static final int NFT_TABLE_F_DORMANT = 1;
    static final int NFTA_CHAIN_TABLE = 1;
    static final int NFTA_CHAIN_NAME = 3;
    static final int NFTA_CHAIN_HOOK = 4;
    static final int NFTA_CHAIN_POLICY = 5;
    static final int NFTA_HOOK_HOOKNUM = 1;
    static final int NFTA_HOOK_PRIORITY = 2;
    private static final int NFTA_RULE_TABLE = 1;
    private static final int NFTA_RULE_CHAIN = 2;
    private static final int NFTA_RULE_EXPRESSIONS = 4;
    private static final int NFTA_EXPR_NAME = 1;
    private static final int NFTA_EXPR_DATA = 2;
    private static final int NFTA_IMMEDIATE_DREG = 1;
    private static final int NFTA_IMMEDIATE_DATA = 2;
    private static final int NFTA_LOOKUP_DREG = 3;
    private static final int NFTA_DATA_VERDICT = 2;
    private static final int NFTA_VERDICT_CODE = 1;
    private static final int NFTA_VERDICT_CHAIN = 2;
    private static final int NFTA_TARGET_NAME = 1;
    private static final int NFT_REG_VERDICT = 0;
    private static final int NF_DROP = 0;
    private static final int NF_ACCEPT = 1;
    private static final int NONE = -1;

    private record Key(byte family, String table, String chain) {}

    private record Base(Key key, int hook, int priority, boolean policyDrop) {}

    /** What the rules of a chain can do. */
    private static final class Verdicts {
        private boolean drops;
        private boolean maps;
        private final Set<String> jumps = new HashSet<>();
    }

    private final Set<Key> dormant = new HashSet<>();
    private final List<Base> bases = new ArrayList<>();
    private final Map<Key, Verdicts> rules = new HashMap<>();

    void table(byte family, Map<Integer, byte[]> attributes) {
        if ((number(attributes.get(NFTA_TABLE_FLAGS), 0) & NFT_TABLE_F_DORMANT) != 0) {
            dormant.add(new Key(family, text(attributes.get(NFTA_TABLE_NAME)), ""));
        }
    }

    void chain(byte family, Map<Integer, byte[]> attributes) {
        byte[] hook = attributes.get(NFTA_CHAIN_HOOK);
        if (hook == null) {
            return;
        }
        Map<Integer, byte[]> place = map(hook);
        bases.add(new Base(
                new Key(family, text(attributes.get(NFTA_CHAIN_TABLE)), text(attributes.get(NFTA_CHAIN_NAME))),
                number(place.get(NFTA_HOOK_HOOKNUM), NONE),
                number(place.get(NFTA_HOOK_PRIORITY), 0),
                number(attributes.get(NFTA_CHAIN_POLICY), NF_ACCEPT) == NF_DROP));
    }

    void rule(byte family, Map<Integer, byte[]> attributes) {
        byte[] expressions = attributes.get(NFTA_RULE_EXPRESSIONS);
        if (expressions == null) {
            return;
        }
        Key key = new Key(family, text(attributes.get(NFTA_RULE_TABLE)), text(attributes.get(NFTA_RULE_CHAIN)));
        Verdicts verdicts = rules.computeIfAbsent(key, chain -> new Verdicts());
        for (byte[] expression : Nftables.list(expressions)) {
            Map<Integer, byte[]> parts = map(expression);
            byte[] data = parts.get(NFTA_EXPR_DATA);
            expression(text(parts.get(NFTA_EXPR_NAME)), data == null ? Map.of() : map(data), verdicts);
        }
    }

    private static void expression(String name, Map<Integer, byte[]> data, Verdicts verdicts) {
        switch (name) {
            case "reject" -> verdicts.drops = true;
            // A target of iptables' own.
            case "target" -> verdicts.drops |= text(data.get(NFTA_TARGET_NAME)).matches("REJECT|DROP");
            case "lookup" -> verdicts.maps |= number(data.get(NFTA_LOOKUP_DREG), NONE) == NFT_REG_VERDICT;
            case "immediate" -> {
                byte[] value = data.get(NFTA_IMMEDIATE_DATA);
                if (value != null && number(data.get(NFTA_IMMEDIATE_DREG), NONE) == NFT_REG_VERDICT) {
                    verdict(map(value).get(NFTA_DATA_VERDICT), verdicts);
                }
            }
            default -> {
                return;
            }
        }
    }

    private static void verdict(byte @Nullable [] nested, Verdicts verdicts) {
        if (nested == null) {
            return;
        }
        Map<Integer, byte[]> verdict = map(nested);
        verdicts.drops |= number(verdict.get(NFTA_VERDICT_CODE), NONE) == NF_DROP;
        byte[] chain = verdict.get(NFTA_VERDICT_CHAIN);
        if (chain != null) {
            verdicts.jumps.add(text(chain));
        }
    }

    List<BaseChain> baseChains() {
        return bases.stream()
                .filter(base -> !dormant.contains(new Key(base.key.family(), base.key.table(), "")))
                .map(this::baseChain)
                .toList();
    }

    private BaseChain baseChain(Base base) {
        boolean drops = false;
        boolean maps = false;
        Set<Key> seen = new HashSet<>(Set.of(base.key));
        Deque<Key> left = new ArrayDeque<>(seen);
        while (!left.isEmpty()) {
            Key key = left.pop();
            Verdicts verdicts = rules.getOrDefault(key, new Verdicts());
            drops |= verdicts.drops;
            maps |= verdicts.maps;
            for (String jump : verdicts.jumps) {
                Key next = new Key(key.family(), key.table(), jump);
                if (seen.add(next)) {
                    left.push(next);
                }
            }
        }
        Key key = base.key;
        return new BaseChain(
                family(key.family()), key.table(), key.chain(), base.hook, base.priority, base.policyDrop, drops, maps);
    }

    private static String family(byte family) {
        return switch (family) {
            case 1 -> "inet";
            case 2 -> "ip";
            case 10 -> "ip6";
            default -> Integer.toString(family);
        };
    }

    private static Map<Integer, byte[]> map(byte[] nested) {
        return AttributeMap.read(ByteBuffer.wrap(nested).order(ByteOrder.nativeOrder()), 0);
    }

    private static int number(byte @Nullable [] value, int otherwise) {
        return value == null || value.length != 4
                ? otherwise
                : ByteBuffer.wrap(value).getInt();
    }

    private static String text(byte @Nullable [] value) {
        return value == null ? "" : new String(value, StandardCharsets.UTF_8).replaceFirst("\0.*", "");
    }
}
