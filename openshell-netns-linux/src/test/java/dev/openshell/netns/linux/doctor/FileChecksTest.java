package dev.openshell.netns.linux.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Preflight.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What follows from mountinfo. */
class FileChecksTest {
    private static final String ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n";
    private static final String PROC = "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n";
    private static final ProcessStatus NO_CAPABILITIES = ProcessStatus.parse("CapEff:\t0000000000000000\n");
    private static final ProcessStatus ALL = ProcessStatus.parse("Name:\tjava\nCapEff:\t000001ffffffffff\n");

    private static Mounts mounts(String... lines) {
        return Mounts.parse(String.join("", lines));
    }

    @Test
    void aRootThatIsNoMountPoint() {
        assertThat(FileChecks.root(mounts(ROOT, PROC)).status()).isEqualTo(Status.OK);
        Finding chroot = FileChecks.root(mounts(PROC));
        assertThat(chroot.status()).isEqualTo(Status.FAILURE);
        assertThat(chroot.remedy()).contains("mount --rbind");
    }

    @Test
    void procSysIsTheUppermostMount() {
        String readOnly = "30 22 0:21 /sys /proc/sys ro,relatime - proc proc rw\n";
        String writable = "31 30 0:21 /sys/net /proc/sys/net rw - proc proc rw\n";
        assertThat(FileChecks.procSys(mounts(ROOT, PROC)).status()).isEqualTo(Status.OK);
        Finding refused = FileChecks.procSys(mounts(ROOT, PROC, readOnly));
        assertThat(refused.status()).isEqualTo(Status.WARNING);
        assertThat(refused.remedy()).startsWith("mount -o remount,bind,rw /proc/sys ");
        assertThat(FileChecks.procSys(mounts(ROOT, PROC, readOnly, writable)).status())
                .isEqualTo(Status.OK);
        assertThat(FileChecks.procSys(mounts(ROOT)).evidence()).contains("but of ext4");
        assertThat(FileChecks.procSys(mounts(ROOT, PROC.replace("proc rw\n", "proc ro\n")))
                        .status())
                .isEqualTo(Status.WARNING);
    }

    @Test
    void hiddenProcesses() {
        String hidden = PROC.replace("proc rw\n", "proc rw,hidepid=invisible\n");
        assertThat(FileChecks.hidepid(mounts(PROC), NO_CAPABILITIES).status()).isEqualTo(Status.OK);
        assertThat(FileChecks.hidepid(mounts(hidden), NO_CAPABILITIES).status()).isEqualTo(Status.WARNING);
        assertThat(FileChecks.hidepid(mounts(hidden), ALL).status()).isEqualTo(Status.OK);
        assertThat(FileChecks.hidepid(mounts(hidden.replace("invisible", "0")), NO_CAPABILITIES)
                        .status())
                .isEqualTo(Status.OK);
    }

    @Test
    void names() {
        String shared = "42 27 254:0 /run/netns /run/netns rw,relatime shared:1 - ext4 /dev/vda rw\n";
        assertThat(FileChecks.names(mounts(ROOT, shared), true).status()).isEqualTo(Status.OK);
        Finding alone = FileChecks.names(mounts(ROOT), false);
        assertThat(alone.status()).isEqualTo(Status.WARNING);
        assertThat(alone.evidence()).contains("is not there", "on the mount /,", "not shared");
        assertThat(FileChecks.names(mounts(ROOT, shared.replace("rw,relatime", "ro")), true)
                        .evidence())
                .contains("read-only");
        assertThat(FileChecks.names(mounts(), true).status()).isEqualTo(Status.WARNING);
    }

    @Test
    void staleNames() {
        String nsfs = "43 42 0:4 net:[4026532177] /run/netns/a\\040b rw shared:2 - nsfs nsfs rw\n";
        assertThat(FileChecks.staleOf(List.of("/run/netns/a b", "/run/netns/c"), mounts(ROOT, nsfs)))
                .containsExactly("/run/netns/c");
    }

    @Test
    void linesThatAreNone() {
        assertThat(mounts("\n", "27 1 254:0 /\n", ROOT, "a b c d e f g\n").all())
                .hasSize(1);
    }
}
