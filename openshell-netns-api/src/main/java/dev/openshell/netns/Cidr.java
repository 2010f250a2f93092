package dev.openshell.netns;

import com.google.common.net.InetAddresses;
import java.math.BigInteger;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.immutables.value.Value;

/**
 * An address range in CIDR form, such as {@code 10.200.0.0/16}. The bits after the prefix are zero.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class Cidr {
    Cidr() {}

    /** Returns the first address of the range. */
    @Value.Parameter
    public abstract InetAddress address();

    /** Returns the prefix length in bits: 0 to 32, or 0 to 128 for IPv6. */
    @Value.Parameter
    public abstract int prefix();

    /**
     * Returns the range of {@code prefix} bits that contains {@code address}.
     *
     * @throws IllegalArgumentException for a prefix that the address's family has not
     */
    public static Cidr of(InetAddress address, int prefix) {
        int bits = Family.of(address).bits();
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException(
                    "prefix length " + prefix + " of " + address.getHostAddress() + ": must be 0 to " + bits);
        }
        byte[] raw = address.getAddress();
        for (int bit = prefix; bit < bits; bit++) {
            raw[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        return ImmutableCidr.of(address(raw), prefix);
    }

    /**
     * Returns the range written as {@code ADDRESS/PREFIX}.
     *
     * @throws IllegalArgumentException for anything else, also when bits after the prefix are set
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        String prefix = text.substring(slash + 1);
        // Guava reads a zone, which says nothing of another namespace's addresses.
        if (slash < 0
                || text.indexOf('%') >= 0
                || !InetAddresses.isInetAddress(text.substring(0, slash))
                || !prefix.matches("[0-9]{1,3}")) {
            throw new IllegalArgumentException(
                    "'" + Text.printable(text) + "' is not an address range; write it like 10.200.0.0/16");
        }
        InetAddress address = InetAddresses.forString(text.substring(0, slash));
        Cidr cidr = of(address, Integer.parseInt(prefix));
        if (!cidr.address().equals(address)) {
            throw new IllegalArgumentException(
                    "'" + text + "' has bits set after its prefix; did you mean " + cidr + "?");
        }
        return cidr;
    }

    /** Returns whether {@code address} lies in this range; false for one of the other family. */
    public boolean contains(InetAddress address) {
        return Family.of(address) == family() && of(address, prefix()).address().equals(address());
    }

    /** Returns whether the two ranges share an address. */
    public boolean overlaps(Cidr other) {
        return prefix() <= other.prefix() ? contains(other.address()) : other.contains(address());
    }

    /** Returns whether {@code other} lies wholly in this range. */
    public boolean covers(Cidr other) {
        return prefix() <= other.prefix() && contains(other.address());
    }

    /** Returns the family of the addresses. */
    public Family family() {
        return Family.of(address());
    }

    /**
     * Returns the address at {@code offset} from the first one.
     *
     * @throws IllegalArgumentException when that is outside the range
     */
    public InetAddress at(long offset) {
        BigInteger sum = new BigInteger(1, address().getAddress()).add(BigInteger.valueOf(offset));
        byte[] raw = new byte[family().bits() / 8];
        byte[] magnitude = sum.toByteArray();
        int length = Math.min(magnitude.length, raw.length);
        System.arraycopy(magnitude, magnitude.length - length, raw, raw.length - length, length);
        InetAddress address = address(raw);
        if (!contains(address)) {
            throw new IllegalArgumentException("offset " + offset + " is outside " + this);
        }
        return address;
    }

    /** Returns {@code ADDRESS/PREFIX}. */
    @Override
    public String toString() {
        return InetAddresses.toAddrString(address()) + "/" + prefix();
    }

    /** An IPv4-mapped IPv6 address stays one, where {@link InetAddress#getByAddress} makes an IPv4 address of it. */
    static InetAddress address(byte[] raw) {
        try {
            return raw.length == 4 ? InetAddress.getByAddress(raw) : Inet6Address.getByAddress(null, raw, -1);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + raw.length + " bytes", e);
        }
    }
}
