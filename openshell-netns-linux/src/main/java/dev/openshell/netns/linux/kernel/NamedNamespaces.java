package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel.Published;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Namespaces that are reachable at files, as {@code ip netns} has them: each is mounted on a file of its name. */
final class NamedNamespaces {
    private static final Path DIRECTORY = Path.of("/run/netns");
    private static final int NOTE_LIMIT = 512;

    private NamedNamespaces() {}

    /**
     * Mounts the namespace of descriptor file {@code source} on a new file at {@code path} that holds {@code note}: the
     * file gets its name last (O_TMPFILE, linkat(2)).
     */
    static void publish(Path source, Path path, String note) {
        try {
            Files.createDirectories(path.getParent());
        } catch (IOException e) {
            throw new KernelException(Errno.EACCES, e.getMessage());
        }
        int file = open(path.getParent().toString(), Libc.O_TMPFILE | Libc.O_WRONLY | Libc.O_CLOEXEC, 0444);
        try {
            byte[] text = note.getBytes(StandardCharsets.UTF_8);
            Libc.write(file, text, new NativeLong(text.length));
            Libc.linkat(Libc.AT_FDCWD, "/proc/self/fd/" + file, Libc.AT_FDCWD, path.toString(), Libc.AT_SYMLINK_FOLLOW);
        } catch (LastErrorException e) {
            throw new KernelException(e.getErrorCode(), path.toString());
        } finally {
            Libc.close(file);
        }
        try {
            Libc.mount(source.toString(), path.toString(), "none", new NativeLong(Libc.MS_BIND), null);
        } catch (LastErrorException e) {
            remove(path);
            throw new KernelException(e.getErrorCode(), "mount");
        }
    }

    static void unpublish(Path path) {
        try {
            Libc.umount2(path.toString(), Libc.MNT_DETACH | Libc.UMOUNT_NOFOLLOW);
        } catch (LastErrorException e) {
            // Nothing is mounted there, as whoever made the file died before it was; or somebody was quicker.
            if (e.getErrorCode() != Errno.EINVAL && e.getErrorCode() != Errno.ENOENT) {
                throw new KernelException(e.getErrorCode(), "umount " + path);
            }
        }
        remove(path);
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new KernelException(Errno.EACCES, e.getMessage());
        }
    }

    static List<Published> published() {
        List<Published> published = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(DIRECTORY, Files::isRegularFile)) {
            for (Path file : files) {
                published.add(look(file));
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | DirectoryIteratorException e) {
            throw new KernelException(Errno.EACCES, DIRECTORY + ": " + e.getMessage());
        }
        return published;
    }

    /** A file that goes meanwhile, or may not be read, holds no note. */
    private static Published look(Path file) {
        int fd = -1;
        try {
            fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
            if (isNamespace(fd)) {
                return new Published(file, (Long) Files.getAttribute(file, "unix:ino"), "");
            }
            byte[] note = new byte[NOTE_LIMIT];
            int length = Libc.read(fd, note, new NativeLong(note.length)).intValue();
            return new Published(file, 0, new String(note, 0, length, StandardCharsets.UTF_8));
        } catch (LastErrorException | IOException e) {
            return new Published(file, 0, "");
        } finally {
            if (fd >= 0) {
                Libc.close(fd);
            }
        }
    }

    private static boolean isNamespace(int fd) {
        try {
            return Libc.ioctl(fd, new NativeLong(Libc.NS_GET_NSTYPE)) == Libc.CLONE_NEWNET;
        } catch (LastErrorException e) {
            return false;
        }
    }

    private static int open(String directory, int flags, int mode) {
        try {
            return Libc.open(directory, flags, mode);
        } catch (LastErrorException e) {
            throw new KernelException(
                    e.getErrorCode(), "open a file in " + directory, "mount a tmpfs on /run, and let it be written");
        }
    }
}
