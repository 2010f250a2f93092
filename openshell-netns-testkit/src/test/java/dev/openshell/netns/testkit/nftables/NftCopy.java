package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** All tables of a namespace, read by netlink: as text to be compared, and as requests that make the same ones elsewhere. */
public final class NftCopy {
    private static final int DUMP = Message.NLM_F_DUMP;
    private static final int NFGENMSG = 4;
    private static final int ERROR = 2;
    private static final int ANONYMOUS = 1;
    private static final int FLAGS = 3;
    private static final int MASKED = -1;
    /** NFTA_SET_TYPE and NFTA_SET_COUNT, which only the newest kernels tell. */
    private static final int HIDDEN = 19;

    /** Attributes with a handle, by the message that they are in. */
    private static final Map<Integer, List<Integer>> HANDLES =
            Map.of(0, List.of(4), 3, List.of(2), 6, List.of(3, 6), 9, List.of(16, HIDDEN), 12, List.of());

    /** A message of a dump. */
    private record Read(int type, int family, byte[] raw, Attrs attrs) {
        String name(int at) {
            return attrs.text(at);
        }
    }

    private final UnaryOperator<byte[]> ask;
    private final List<String> except;

    /** {@code ask} sends a request and returns the answers; the tables {@code except} are left out. */
    public NftCopy(UnaryOperator<byte[]> ask, List<String> except) {
        this.ask = ask;
        this.except = except;
    }

    private List<Read> dump(int type, int family, byte[]... attributes) {
        List<Read> found = new ArrayList<>();
        byte[] answers = ask.apply(NftBatch.ask(type, DUMP, family, attributes));
        for (Message message : Message.split(answers)) {
            if (message.type() == ERROR) {
                throw new IllegalStateException(
                        "dump " + type + ": " + HexFormat.of().formatHex(message.payload()));
            }
            if (message.type() >>> 8 == Nftables.SUBSYSTEM) {
                byte[] raw = message.attributes(NFGENMSG);
                Attrs attrs = new Attrs(raw);
                if (!except.contains(attrs.text(1))) {
                    found.add(new Read(message.type() & 0xff, message.family(), raw, attrs));
                }
            }
        }
        return found;
    }

    private List<Read> all() {
        List<Read> all = new ArrayList<>();
        all.addAll(dump(1, 0));
        all.addAll(dump(4, 0));
        List<Read> sets = dump(10, 0);
        all.addAll(sets);
        for (Read set : sets) {
            all.addAll(dump(13, set.family(), NftExpr.text(1, set.name(1)), NftExpr.text(2, set.name(2))));
        }
        all.addAll(dump(7, 0));
        return all;
    }

    /** Returns a line for each thing; handles are left out, and the elements of a set are sorted. */
    public List<String> text() {
        List<String> lines = new ArrayList<>();
        Map<String, TreeSet<String>> elements = new TreeMap<>();
        for (Read read : all()) {
            String line = read.type() + " family " + read.family();
            if (read.type() == 12) {
                // However many messages they come in.
                List<byte[]> some = read.attrs().has(3) ? read.attrs().nested(3).list() : List.of();
                TreeSet<String> sorted =
                        elements.computeIfAbsent(line + " " + read.name(1) + " " + read.name(2), n -> new TreeSet<>());
                some.forEach(one -> sorted.add(attributes(one, List.of(5))));
                continue;
            }
            lines.add(line + attributes(read.raw(), HANDLES.get(read.type())));
        }
        elements.forEach((set, all) -> lines.add(set + " " + all));
        return lines;
    }

    private static String attributes(byte[] raw, List<Integer> masked) {
        StringBuilder text = new StringBuilder();
        ByteBuffer in = Bytes.read(raw);
        for (int at = 0; at + 4 <= raw.length; ) {
            int length = in.getShort(at) & 0xffff;
            int type = in.getShort(at + 2) & 0xffff;
            byte[] value = Arrays.copyOfRange(raw, at + 4, at + length);
            boolean hidden = masked.contains(HIDDEN) && HIDDEN <= type;
            at += Bytes.align(length);
            if (hidden) {
                continue;
            }
            String hex =
                    masked.contains(type & ~Attrs.NESTED) ? "*" : HexFormat.of().formatHex(value);
            text.append(' ').append(Integer.toHexString(type)).append('=').append(hex);
        }
        return text.toString();
    }

    /** Returns the requests that make the same, a batch for each table. */
    public List<byte[]> batches() {
        List<Read> all = all();
        List<byte[]> batches = new ArrayList<>();
        for (Read table : all.stream().filter(read -> read.type() == 0).toList()) {
            NftBatch batch = new NftBatch(table.family(), table.name(1));
            Map<String, Integer> anonymous = new HashMap<>();
            all.stream()
                    .filter(read ->
                            read.family() == table.family() && read.name(1).equals(table.name(1)))
                    .forEach(read -> add(batch, read, anonymous));
            batches.add(batch.toBytes());
        }
        return batches;
    }

    private static void add(NftBatch batch, Read read, Map<String, Integer> anonymous) {
        int add = Message.NLM_F_REQUEST | Message.NLM_F_CREATE | Message.NLM_F_ACK;
        switch (read.type()) {
            case 0 -> batch.table(read.attrs().u32(2));
            case 3 -> batch.add(3, add, some(read, 3, 4, 5, 7));
            case 9 -> {
                boolean unnamed = (read.attrs().u32(FLAGS, 0) & ANONYMOUS) != 0;
                int id = anonymous.size() + 1;
                anonymous.put(read.name(2), unnamed ? id : MASKED);
                List<byte[]> all = new ArrayList<>(List.of(some(read, 3, 4, 5, 6, 7, 11, 12, 13, 9, 17, 18)));
                all.add(0, NftExpr.text(2, unnamed ? "__set%d" : read.name(2)));
                all.add(NftExpr.be32(10, id));
                batch.add(9, add, all.toArray(byte[][]::new));
            }
            case 12 -> {
                if (anonymous.get(read.name(2)) == MASKED) {
                    batch.add(12, add, some(read, 2, 3));
                } else {
                    byte[] id = NftExpr.be32(4, anonymous.get(read.name(2)));
                    batch.add(12, add, NftExpr.text(2, "__set%d"), id, some(read, 3)[0]);
                }
            }
            default -> {
                byte[] rule = NftExpr.list(
                        4,
                        read.attrs().nested(4).list().stream()
                                .map(one -> expression(one, anonymous))
                                .toArray(byte[][]::new));
                List<byte[]> all = new ArrayList<>(List.of(some(read, 2, 7)));
                all.add(rule);
                batch.add(6, add | Message.NLM_F_APPEND, all.toArray(byte[][]::new));
            }
        }
    }

    private static byte[] expression(byte[] raw, Map<String, Integer> anonymous) {
        Attrs expression = new Attrs(raw);
        if (expression.text(1).equals("dynset")) {
            return untimed(expression.nested(2));
        }
        if (!expression.text(1).equals("lookup")) {
            return raw;
        }
        Attrs data = expression.nested(2);
        int id = anonymous.get(data.text(1));
        if (id == MASKED) {
            return raw;
        }
        List<byte[]> all = new ArrayList<>(List.of(NftExpr.text(1, "__set%d"), NftExpr.be32(4, id)));
        for (int type : new int[] {2, 3, 5}) {
            if (data.has(type)) {
                all.add(new Bytes().attribute(type, data.need(type)).toBytes());
            }
        }
        return NftExpr.of("lookup", all.toArray(byte[][]::new));
    }

    /** Linux tells a timeout of none, and refuses to hear of it. */
    private static byte[] untimed(Attrs dynset) {
        List<byte[]> all = new ArrayList<>();
        for (int type : new int[] {1, 3, 4, 5, 6, 7, 9, 10}) {
            if (dynset.has(type) && (type != 6 || dynset.u64(type, 0) != 0)) {
                all.add(new Bytes().attribute(type, dynset.need(type)).toBytes());
            }
        }
        return NftExpr.of("dynset", all.toArray(byte[][]::new));
    }

    private static byte[][] some(Read read, int... types) {
        List<byte[]> some = new ArrayList<>();
        for (int type : types) {
            byte[] value = read.attrs().raw(type);
            if (value != null) {
                some.add(new Bytes().attribute(type, value).toBytes());
            }
        }
        return some.toArray(byte[][]::new);
    }
}
