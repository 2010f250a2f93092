package dev.openshell.netns.testkit.rtnetlink;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The same namespaces twice: two of Linux, two of the fake, which get the same bytes. */
final class World implements AutoCloseable {
    private static final int MSG_DONTWAIT = 0x40;

    final JnaKernel kernel = new JnaKernel();
    final int[] real = {kernel.createNamespace(), kernel.createNamespace()};
    final Machine machine = new Machine();
    final Netns[] fake = {machine.create(), machine.create()};
    private final Map<Integer, Netns> descriptors = new HashMap<>();

    World() {
        for (int i = 0; i < 2; i++) {
            descriptors.put(real[i], fake[i]);
        }
    }

    /** What the two sides answered, each in words. */
    record Both(List<String> real, List<String> fake) {
        boolean same() {
            return real.equals(fake);
        }
    }

    byte[] askFake(int where, byte[] request) {
        return RtnetlinkResponder.answer(machine, fake[where], fd -> Optional.ofNullable(descriptors.get(fd)), request);
    }

    /** Sends it to Linux and reads what comes at once: Linux answers before sendto(2) returns. */
    byte[] askReal(int where, byte[] request) throws Exception {
        if (request.length == 0) {
            // sendto(2) itself refuses that: ENODATA.
            return new byte[0];
        }
        return kernel.call(real[where], () -> {
            int socket = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_ROUTE);
            try {
                byte[] one = ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(1)
                        .array();
                Libc.setsockopt(socket, Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, one, 4);
                Libc.setsockopt(socket, Libc.SOL_NETLINK, Libc.NETLINK_GET_STRICT_CHK, one, 4);
                byte[] address = ByteBuffer.allocate(12)
                        .order(ByteOrder.nativeOrder())
                        .putShort((short) Libc.AF_NETLINK)
                        .array();
                Libc.bind(socket, address, 12);
                Libc.sendto(socket, request, new NativeLong(request.length), 0, address, 12);
                return drain(socket);
            } finally {
                Libc.close(socket);
            }
        });
    }

    private static byte[] drain(int socket) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 17];
        while (true) {
            try {
                int length = Libc.recvfrom(
                                socket,
                                buffer,
                                new NativeLong(buffer.length),
                                MSG_DONTWAIT,
                                new byte[12],
                                new IntByReference(12))
                        .intValue();
                out.write(buffer, 0, length);
            } catch (LastErrorException e) {
                return out.toByteArray();
            }
        }
    }

    Both ask(int where, byte[] request) throws Exception {
        byte[] fakes = askFake(where, request);
        return new Both(Words.of(askReal(where, request)), Words.of(fakes));
    }

    /** Returns what is in the namespaces; Linux gets a while, since it finishes some things from work queues. */
    Both state() throws Exception {
        Both both = null;
        for (int i = 0; i < 40; i++) {
            both = new Both(state(true), state(false));
            if (both.same()) {
                return both;
            }
            Thread.sleep(i < 10 ? 5 : 100);
        }
        return both;
    }

    private List<String> state(boolean ofReal) throws Exception {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            for (byte[] dump : Words.DUMPS) {
                List<String> words = new ArrayList<>(Words.of(ofReal ? askReal(i, dump) : askFake(i, dump)));
                words.sort(null);
                for (String word : words) {
                    all.add(i + " " + word);
                }
            }
        }
        return all;
    }

    Both write(int where, String key, String value) {
        String fakes;
        try {
            fake[where].writeSysctl(key, value);
            fakes = "ok";
        } catch (NetException e) {
            fakes = "errno " + e.errno();
        }
        String reals;
        try {
            kernel.writeSysctl(real[where], key, value);
            reals = "ok";
        } catch (KernelException e) {
            reals = "errno " + e.errno();
        }
        return new Both(List.of(reals), List.of(fakes));
    }

    Both read(int where, String key) {
        return new Both(
                List.of(kernel.readSysctl(real[where], key).toString()),
                List.of(fake[where].readSysctl(key).toString()));
    }

    @Override
    public void close() {
        kernel.close(real[0]);
        kernel.close(real[1]);
    }
}
