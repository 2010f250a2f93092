package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.Repair;
import dev.openshell.netns.testkit.net.Netns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A process dies before each of the calls that it makes to the kernel, and inside of each restore: no more gets out than
 * is allowed, and the next one, whoever it is, takes all away that is left.
 */
final class Deaths {
    private static final SandboxPolicy NEIGHBOUR =
            NetnsSandbox.builder().proxy(8080).directTcp("203.0.113.200").policy();
    private static final SandboxPolicy ANYBODY =
            NetnsSandbox.builder().allowDns("10.43.0.77").policy();
    private static final boolean THOROUGH = Boolean.getBoolean("death.thorough");
    private static final int TABLES = 3;
    /** What two sandboxes share stays as long as one of them is there. */
    private static final Pattern SHARED = Pattern.compile(
            "forwarding|accept_ra|OPENSHELL-(UPLINK|POSTROUTING)|type=ANYCAST|type=MULTICAST|another order"
                    + "|nft (table )?ip6? openshell-nat( chain POSTROUTING .*)?$");

    /** What makes a sandbox, and where. */
    record Shape(String name, Supplier<FakeKernel> world, SandboxPolicy policy, boolean beside) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** What the one that dies is about. */
    enum Phase {
        APPLY,
        LIFE,
        CLOSE,
        /** Sweeping after another one that died. */
        SWEEP
    }

    /** Who comes next. */
    enum Next {
        SWEEP,
        APPLY
    }

    private final Shape shape;
    private final Phase phase;
    private final Next next;
    private final List<String> findings = new ArrayList<>();
    private String when = "";
    private int turn;

    private Deaths(Shape shape, Phase phase, Next next) {
        this.shape = shape;
        this.phase = phase;
        this.next = next;
    }

    /** What is there in one run: the machine by way of one who lives on, and the one that dies. */
    private record Scene(FakeKernel bystander, @Nullable Opened neighbour, FakeKernel mortal) {
        /** Returns the sandboxes' namespaces but the neighbour's. */
        List<Netns> inside() {
            return bystander.machine().namespaces().stream()
                    .filter(netns -> netns != bystander.machine().host())
                    .filter(netns -> neighbour == null || netns != neighbour.inside())
                    .toList();
        }

        List<String> processes() {
            List<String> alive = new ArrayList<>();
            inside().forEach(netns -> alive.addAll(bystander.programs().alive(netns)));
            return alive;
        }
    }

    /** Returns what went wrong. */
    static List<String> check(Shape shape, Phase phase, Next next) {
        Deaths deaths = new Deaths(shape, phase, next);
        deaths.all();
        return deaths.findings;
    }

    private void all() {
        List<KernelCall> calls = die("never");
        int restores = 0;
        for (int call = 1; call <= calls.size(); call++) {
            KernelCall kind = calls.get(call - 1);
            die("before call " + call + ", " + kind, new Fault.Death(call));
            if (kind == KernelCall.RESTORE) {
                restores++;
                for (int tables = 1; tables < TABLES; tables++) {
                    String table = "in call " + call + ", RESTORE, after " + tables + " tables";
                    die(table, new Fault.RestoreDies(restores, tables), new Fault.Death(call + 1));
                }
            }
        }
    }

    /** Those of one host have one backend. */
    private SandboxPolicy like(SandboxPolicy policy) {
        return policy.toBuilder().backend(shape.policy().backend()).policy();
    }

    /** Plays it once, and returns the calls that the mortal made. */
    private List<KernelCall> die(String moment, Fault... faults) {
        when = phase + ", death " + moment;
        turn++;
        FakeKernel bystander = shape.world().get();
        bystander.programs().add("agent", context -> {
            new CountDownLatch(1).await();
            return 0;
        });
        List<String> empty = bystander.state();
        Opened neighbour = shape.beside() ? Opened.of(bystander, like(NEIGHBOUR), SandboxProperties.REAL) : null;
        List<String> before = bystander.state();
        Scene scene = new Scene(bystander, neighbour, bystander.otherProcess());
        Play play = new Play(scene, faults);
        play.run();
        List<KernelCall> calls = scene.mortal().calls();
        boolean died = Arrays.stream(faults).anyMatch(Fault.Death.class::isInstance);
        if (died) {
            scene.mortal().die();
            aftermath(scene, before, play.whole);
        }
        if (neighbour != null && died) {
            probe(scene, true);
            neighbour.close();
            different("with the neighbour closed", empty, bystander, false);
        }
        bystander.programs().killAll();
        return calls;
    }

    /** What the mortal does until it dies. */
    private final class Play {
        private final Scene scene;
        private final FakeKernel mortal;
        private final Fault[] faults;
        /** Whether what is allowed works just now. */
        private boolean whole;

        Play(Scene scene, Fault... faults) {
            this.scene = scene;
            this.mortal = scene.mortal();
            this.faults = faults;
        }

        void run() {
            try {
                switch (phase) {
                    case APPLY -> {
                        mortal.script(faults);
                        SandboxProperties.REAL.of(mortal, Opened::resolve).apply(shape.policy());
                    }
                    case LIFE -> {
                        Opened opened = Opened.of(mortal, shape.policy(), SandboxProperties.REAL);
                        whole = true;
                        mortal.script(faults);
                        live(opened);
                    }
                    case CLOSE -> {
                        Opened opened = Opened.of(mortal, shape.policy(), SandboxProperties.REAL);
                        opened.sandbox().start(new ProcessBuilder("agent"));
                        mortal.script(faults);
                        opened.close();
                    }
                    case SWEEP -> {
                        orphan();
                        mortal.script(faults);
                        mortal.sweep(false);
                    }
                }
            } catch (FakeKernel.Died | NetnsException expected) {
                // What is left of it is looked at now.
            } catch (Exception e) {
                findings.add(when + ": " + e);
            }
        }

        private void live(Opened opened) throws Exception {
            NetnsSandbox sandbox = opened.sandbox();
            sandbox.listen(new SandboxListener() {});
            sandbox.start(new ProcessBuilder("agent"));
            sandbox.sockets().socketFactory().createSocket();
            sandbox.call(() -> true);
            sandbox.verifyLoaded();
            whole = false;
            damage(opened);
            Repair.of(sandbox, mortal);
            whole = true;
            sandbox.start(new ProcessBuilder("agent"));
            sandbox.sockets().socketFactory().createSocket().close();
        }

        /** Somebody empties a chain that allows. */
        private void damage(Opened opened) {
            String link = opened.sandbox().veth().hostInterface();
            FakeMachine machine = scene.bystander().machine();
            for (Family family : Family.values()) {
                for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
                    var rules = machine.stack(machine.host()).ruleset(family, variant);
                    List<String> allowing = rules.save()
                            .lines()
                            .filter(line -> line.startsWith(":" + link))
                            .map(line -> "-F " + line.substring(1).split(" ", 2)[0])
                            .toList();
                    if (!allowing.isEmpty()) {
                        rules.restore("*filter\n" + allowing.get(0) + "\nCOMMIT\n", true);
                    }
                }
            }
        }

        /** One whose owner died, with a process inside that nothing has ended, but where that lets it live. */
        private void orphan() throws IOException {
            FakeKernel owner = scene.bystander().otherProcess();
            Opened opened = Opened.of(owner, shape.policy(), SandboxProperties.REAL);
            Process inside = opened.sandbox().start(new ProcessBuilder("agent"));
            if (shape.policy().detached()) {
                inside.destroyForcibly();
            }
            byte[] mac = opened.inside().link("eth0").peer().orElseThrow().mac();
            owner.untie(java.util.HexFormat.ofDelimiter(":").formatHex(mac));
            owner.die();
        }
    }

    private void aftermath(Scene scene, List<String> before, boolean whole) {
        FakeKernel bystander = scene.bystander();
        boolean mayLive = shape.policy().detached() || phase == Phase.SWEEP;
        if (!mayLive && !scene.processes().isEmpty()) {
            findings.add(when + ": alive " + scene.processes());
        }
        boolean detached = shape.policy().detached() && !scene.processes().isEmpty();
        probe(scene, whole && detached);
        List<String> dead = bystander.state();
        List<Leftover> listed = bystander.otherProcess().sweep(true);
        different("a dry run", dead, bystander, false);
        clear(scene, listed);
        if (detached) {
            different("swept while somebody is inside", dead, bystander, shape.beside() || next == Next.APPLY);
            probe(scene, whole);
            bystander.programs().killAll();
            clear(scene, bystander.otherProcess().sweep(true));
        }
        different(next.toString(), before, bystander, shape.beside());
        if (!scene.processes().isEmpty()) {
            findings.add(when + ", then " + next + ": alive " + scene.processes());
        }
    }

    private void clear(Scene scene, List<Leftover> listed) {
        FakeKernel clearing = scene.bystander().otherProcess();
        try {
            if (next == Next.SWEEP) {
                List<Leftover> taken = clearing.sweep(false);
                if (!taken.equals(listed)) {
                    findings.add(when + ": listed " + listed + " and took " + taken);
                }
            } else {
                Opened.of(clearing, like(ANYBODY), SandboxProperties.REAL).close();
            }
        } catch (NetnsException e) {
            findings.add(when + ", then " + next + ": " + e.getMessage());
        }
    }

    private void different(String what, List<String> expected, FakeKernel kernel, boolean others) {
        List<String> difference = Opened.difference(expected, kernel.state()).stream()
                .filter(line -> !others || !SHARED.matcher(line).find())
                .toList();
        if (!difference.isEmpty()) {
            findings.add(when + ", then " + what + ": " + difference);
        }
    }

    /** What it is like at the death does not depend on who comes next. */
    private void probe(Scene scene, boolean whole) {
        if (next == Next.APPLY && !THOROUGH) {
            return;
        }
        for (Netns netns : scene.inside()) {
            findings.addAll(new Escape(scene.bystander(), netns, shape.policy(), when, turn).attempts(whole));
        }
        Optional.ofNullable(scene.neighbour())
                .ifPresent(other -> findings.addAll(
                        new Escape(scene.bystander(), other.inside(), NEIGHBOUR, when + ", neighbour", turn)
                                .attempts(true)));
    }
}
