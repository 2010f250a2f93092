package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.NetException;
import java.util.HashMap;
import java.util.Map;

/** What values the attributes of one kind of message may have (struct nla_policy). */
final class Policy {
    static final String FAILED = "Attribute failed policy validation";

    private enum Kind {
        ANY,
        NUMBER,
        STRING,
        BINARY,
        NESTED,
        REJECT
    }

    private record Rule(Kind kind, int length) {}

    private final Map<Integer, Rule> rules = new HashMap<>();
    final int last;

    Policy(int last) {
        this.last = last;
    }

    /** At least {@code length} bytes. */
    Policy atLeast(int length, int... types) {
        return put(new Rule(Kind.ANY, length), types);
    }

    Policy number(int length, int... types) {
        return put(new Rule(Kind.NUMBER, length), types);
    }

    /** At most {@code length} bytes, a NUL at the end not counted; 0 for no limit. */
    Policy string(int length, int... types) {
        return put(new Rule(Kind.STRING, length), types);
    }

    Policy binary(int length, int... types) {
        return put(new Rule(Kind.BINARY, length), types);
    }

    Policy nested(int... types) {
        return put(new Rule(Kind.NESTED, 0), types);
    }

    Policy reject(int... types) {
        return put(new Rule(Kind.REJECT, 0), types);
    }

    private Policy put(Rule rule, int... types) {
        for (int type : types) {
            rules.put(type, rule);
        }
        return this;
    }

    void check(int type, byte[] value) {
        Rule rule = rules.get(type);
        if (rule == null) {
            return;
        }
        int length = value.length;
        boolean fits =
                switch (rule.kind) {
                    case ANY, NUMBER -> length >= rule.length;
                    case STRING -> length >= 1 && (rule.length == 0 || withoutNul(value) <= rule.length);
                    case BINARY -> length <= rule.length;
                    case NESTED -> length == 0 || length >= 4;
                    case REJECT -> throw new NetException(NetException.EINVAL, FAILED);
                };
        if (!fits) {
            throw new NetException(NetException.ERANGE, FAILED);
        }
    }

    private static int withoutNul(byte[] value) {
        return value[value.length - 1] == 0 ? value.length - 1 : value.length;
    }
}
