package dev.openshell.netns.linux.process;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.List;

/** Strings as C has them: in the encoding that the JVM found in its environment, and ended by a NUL. */
final class NativeText {
    static final Charset CHARSET = Charset.forName(
            System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

    private NativeText() {}

    /** Returns {@code text}'s bytes and a NUL. */
    static byte[] terminated(String text) {
        return terminated(text.getBytes(CHARSET));
    }

    /** Returns {@code bytes} and a NUL. */
    static byte[] terminated(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** Returns memory that holds a NULL-terminated array of pointers, and behind it the strings that it points to. */
    static Memory array(List<byte[]> terminatedStrings) {
        long offset = (long) (terminatedStrings.size() + 1) * Native.POINTER_SIZE;
        Memory memory = new Memory(
                offset + terminatedStrings.stream().mapToLong(s -> s.length).sum());
        int index = 0;
        for (byte[] string : terminatedStrings) {
            memory.write(offset, string, 0, string.length);
            memory.setPointer((long) index++ * Native.POINTER_SIZE, memory.share(offset));
            offset += string.length;
        }
        memory.setPointer((long) index * Native.POINTER_SIZE, Pointer.NULL);
        return memory;
    }
}
