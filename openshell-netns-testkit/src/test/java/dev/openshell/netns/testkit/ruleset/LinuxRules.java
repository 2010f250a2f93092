package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The real tools in a network namespace of their own, which ends with it. */
final class LinuxRules implements AutoCloseable {
    /** A shell spares the start of a JVM thread in the namespace for each of thousands of loads. */
    private static final String LOOP =
            "while read -r keep; do \"$0-restore\" -w 5 $keep <\"$1/in\" >\"$1/err\" 2>&1; echo $?; \"$0-save\"; echo =; done";

    /** What a load came to. */
    record Result(boolean accepted, String saved, String message) {}

    private final Path directory;
    private final Process process;
    private final BufferedReader answers;

    LinuxRules(Family family, IptablesVariant variant) throws IOException {
        directory = Files.createTempDirectory("rules");
        String tool = (family == Family.IPV4 ? "iptables-" : "ip6tables-")
                + (variant == IptablesVariant.NFT ? "nft" : "legacy");
        ProcessBuilder shell = new ProcessBuilder("unshare", "--net", "bash", "-c", LOOP, tool, directory.toString());
        shell.environment().put("XTABLES_LOCKFILE", directory.resolve("lock").toString());
        shell.redirectError(ProcessBuilder.Redirect.DISCARD);
        process = shell.start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    Result restore(String text, boolean keep) throws IOException {
        Files.writeString(directory.resolve("in"), text);
        OutputStream to = process.getOutputStream();
        to.write(keep ? "--noflush\n".getBytes(StandardCharsets.US_ASCII) : new byte[] {'\n'});
        to.flush();
        String status = answers.readLine();
        if (status == null) {
            throw new IOException("the shell in the namespace ended");
        }
        StringBuilder saved = new StringBuilder();
        for (String line = answers.readLine(); !"=".equals(line); line = answers.readLine()) {
            saved.append(line).append('\n');
        }
        byte[] message = Files.readAllBytes(directory.resolve("err"));
        return new Result(
                status.equals("0"),
                saved.toString(),
                status + ": " + new String(message, StandardCharsets.UTF_8).strip());
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        for (String name : new String[] {"in", "err", "lock"}) {
            Files.deleteIfExists(directory.resolve(name));
        }
        Files.delete(directory);
    }
}
