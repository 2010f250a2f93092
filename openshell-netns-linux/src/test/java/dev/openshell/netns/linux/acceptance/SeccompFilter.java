package dev.openshell.netns.linux.acceptance;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A seccomp filter like Docker's default profile for a container with CAP_NET_ADMIN and CAP_SYS_ADMIN: the calls of
 * docker-calls.txt are allowed, sockets but those of vsock, and every other call is EPERM. personality(2), of which that
 * profile allows some, is not. Built by libseccomp, whose functions and constants have their names here.
 */
final class SeccompFilter {
    private static final int SCMP_ACT_ALLOW = 0x7fff0000;
    private static final int SCMP_ACT_ERRNO_EPERM = 0x00050001;
    private static final int SCMP_CMP_NE = 1;
    private static final int AF_VSOCK = 40;
    private static final int ARGUMENT_SIZE = 24;

    private final NativeLibrary seccomp = NativeLibrary.getInstance("libseccomp.so.2");
    private final Pointer context =
            seccomp.getFunction("seccomp_init").invokePointer(new Object[] {SCMP_ACT_ERRNO_EPERM});

    private SeccompFilter() {}

    /** Writes the filter, as classic BPF, to {@code file}; the calls called {@code denied} are EPERM too. */
    static void write(Path file, String... denied) throws IOException {
        SeccompFilter filter = new SeccompFilter();
        for (String call : calls()) {
            if (!List.of(denied).contains(call)) {
                filter.allow(call);
            }
        }
        int fd = Libc.open(file.toString(), Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0644);
        try {
            filter.call("seccomp_export_bpf", filter.context, fd);
        } finally {
            Libc.close(fd);
            filter.seccomp.getFunction("seccomp_release").invokeVoid(new Object[] {filter.context});
        }
    }

    private void allow(String call) {
        int number = seccomp.getFunction("seccomp_syscall_resolve_name").invokeInt(new Object[] {call});
        if (number < 0) {
            // Not one of this architecture's.
            return;
        }
        try (Memory argument = new Memory(ARGUMENT_SIZE)) {
            boolean socket = call.equals("socket");
            argument.clear();
            argument.setInt(4, SCMP_CMP_NE);
            argument.setLong(8, AF_VSOCK);
            call("seccomp_rule_add_array", context, SCMP_ACT_ALLOW, number, socket ? 1 : 0, argument);
        }
    }

    private void call(String function, Object... arguments) {
        int result = seccomp.getFunction(function).invokeInt(arguments);
        if (result != 0) {
            throw new IllegalStateException(function + ": " + Libc.strerror(-result));
        }
    }

    private static List<String> calls() throws IOException {
        try (InputStream in = SeccompFilter.class.getResourceAsStream("docker-calls.txt")) {
            if (in == null) {
                throw new IOException("no resource docker-calls.txt");
            }
            return List.of(new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .strip()
                    .split("\\s+"));
        }
    }
}
