package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a set is asked by: fields one behind the other. */
record Key(List<Field> fields) {
    private static final int TYPE_BITS = 6;

    static Key of(Field... fields) {
        return new Key(List.of(fields));
    }

    int length(Family family) {
        return fields.stream().mapToInt(field -> field.length(family)).sum();
    }

    /** Returns nft's number for the concatenation. */
    int type(Family family) {
        int type = 0;
        for (Field field : fields) {
            type = type << TYPE_BITS | field.type(family);
        }
        return type;
    }

    /** Loads the fields into registers, from the first on. */
    void load(Expressions to, Family family) {
        int at = 0;
        for (Field field : fields) {
            field.load(to, Expressions.register(at));
            at += field.length(family);
        }
    }

    /** Returns the key of these values: a name, an address, a number, as the field is. */
    byte[] bytes(Family family, Object... values) {
        ByteBuffer key = ByteBuffer.allocate(length(family));
        for (int i = 0; i < values.length; i++) {
            int end = key.position() + fields.get(i).length(family);
            switch (fields.get(i)) {
                case INCOMING, OUTGOING -> key.put(Expressions.name((String) values[i]));
                case PROTOCOL, FLOW_PROTOCOL -> key.put((byte) (int) values[i]);
                case PORT, FLOW_PORT -> key.putShort((short) (int) values[i]);
                default -> key.put(((InetAddress) values[i]).getAddress());
            }
            key.position(end);
        }
        return key.array();
    }

    /** A key's values. */
    final class Values {
        private final byte[] key;
        private final Family family;

        private Values(byte[] key, Family family) {
            this.key = key;
            this.family = family;
        }

        private Optional<byte[]> raw(Field wanted) {
            int at = 0;
            for (Field field : fields) {
                int end = at + field.length(family);
                if (field == wanted) {
                    return Optional.of(Arrays.copyOfRange(key, at, end));
                }
                at = end;
            }
            return Optional.empty();
        }

        /** Returns the interface's name, empty where the key has none. */
        String link() {
            return raw(Field.INCOMING)
                    .or(() -> raw(Field.OUTGOING))
                    .map(name -> new String(name, StandardCharsets.US_ASCII).replaceFirst("\0(?s:.*)", ""))
                    .orElse("");
        }

        InetAddress address(Field field) {
            try {
                return InetAddress.getByAddress(raw(field).orElseThrow());
            } catch (UnknownHostException e) {
                throw new IllegalStateException("fields of addresses are as long as these", e);
            }
        }

        int number(Field field) {
            ByteBuffer raw = ByteBuffer.wrap(raw(field).orElseThrow());
            boolean port = field == Field.PORT || field == Field.FLOW_PORT;
            return port ? raw.getShort() & 0xffff : raw.get() & 0xff;
        }
    }

    /**
     * Returns the values of {@code key}.
     *
     * @throws IllegalArgumentException where it is none of these, to the last byte
     */
    Values read(byte[] key, Family family) {
        if (key.length != length(family)) {
            throw new IllegalArgumentException("a key of " + key.length + " bytes");
        }
        return new Values(key, family);
    }
}
