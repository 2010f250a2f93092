package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.base.RestoreLines;
import dev.openshell.netns.linux.kernel.KernelException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns restore text into changes of this library's tables: what iptables-restore would do, all of it at once. */
final class NftLoad {
    private static final String SHARED = "OPENSHELL-";
    private static final Set<String> TABLES = Set.of("raw", "nat", "filter");

    private static final Set<String> POLICIES = Set.of("ACCEPT", "DROP");

    private final NftTables tables;
    private final Family family;
    private final boolean keep;
    private final boolean careful;
    private final Passage passage;
    private final Batch batch;

    /**
     * Makes one that reads {@code tables}, as far as it has to.
     *
     * @param keep whether what is there stays
     * @param careful whether what is there is looked at where there is nothing as a rule
     */
    NftLoad(NftTables tables, Passage passage, Family family, boolean keep, boolean careful) {
        this.passage = passage;
        this.tables = tables;
        this.family = family;
        this.keep = keep;
        this.careful = careful;
        this.batch = new Batch(family);
    }

    /** Returns the changes that load all of {@code text}. */
    Batch of(String text) {
        try {
            return all(text);
        } catch (IllegalArgumentException e) {
            throw RuleText.refused(e.getMessage());
        }
    }

    private Batch all(String text) {
        String table = "";
        List<String> lines = new ArrayList<>();
        for (String line : RestoreLines.of(text)) {
            if (line.startsWith("*")) {
                require(table.isEmpty(), "table " + table + " has no COMMIT");
                table = line.substring(1);
                require(TABLES.contains(table), "there is no table '" + table + "'");
            } else if (line.equals("COMMIT")) {
                require(!table.isEmpty(), "COMMIT of no table");
                new Section(table).load(lines);
                table = "";
                lines = new ArrayList<>();
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                require(!table.isEmpty(), "'" + line + "' is of no table");
                lines.add(line);
            }
        }
        require(table.isEmpty(), "table " + table + " has no COMMIT");
        return batch;
    }

    /** One table's lines. */
    private final class Section {
        private final String table;
        private boolean fresh;
        private final Map<String, List<NftTables.Present>> present = new LinkedHashMap<>();
        private final SharedLoad shared;

        Section(String table) {
            this.table = table;
            this.shared = new SharedLoad(table, family, tables, batch, careful);
        }

        void load(List<String> lines) {
            lines.forEach(line -> require(line.indexOf(' ') > 0, "'" + line + "' is no line of a table"));
            boolean last = lines.stream().anyMatch(line -> line.startsWith("-X " + SHARED));
            if (last) {
                if (tables.has(table)) {
                    batch.deleteTable(table);
                }
                if (table.equals("filter")) {
                    passage.close(batch);
                }
                return;
            }
            if (!keep && careful && tables.has(table)) {
                batch.deleteTable(table);
            }
            // What only adds to shared chains needs them there, and is refused where they are not.
            fresh = !keep || lines.stream().anyMatch(this::isOfTable) && !tables.has(table);
            if (fresh) {
                batch.table(table);
            }
            change(lines);
        }

        private boolean isOfTable(String line) {
            String chain = line.startsWith(":") ? line.substring(1).split(" ")[0] : line.split(" ")[1];
            return line.startsWith(":" + SHARED) || Batch.isBuiltIn(table, chain);
        }

        private void change(List<String> lines) {
            if (fresh) {
                bases(lines);
            }
            lines.forEach(this::line);
            shared.end();
            if (keep && table.equals("filter") && lines.stream().anyMatch(this::isOfTable)) {
                passage.open(batch);
            }
        }

        /** The built-in chains that are named: those of a table that was there before have been made with it. */
        private void bases(List<String> lines) {
            Map<String, Boolean> bases = new LinkedHashMap<>();
            for (String line : lines) {
                String[] words = line.split(" ");
                String chain = line.startsWith(":") ? words[0].substring(1) : words[1];
                if (Batch.isBuiltIn(table, chain)) {
                    bases.merge(chain, line.startsWith(":") && words[1].equals("DROP"), Boolean::logicalOr);
                }
            }
            bases.forEach((chain, drops) -> batch.base(table, chain, drops));
        }

        private void line(String line) {
            if (line.startsWith(":")) {
                String[] declared = line.substring(1).split(" ");
                boolean known =
                        declared.length > 1 && (!Batch.isBuiltIn(table, declared[0]) || POLICIES.contains(declared[1]));
                require(known, "'" + line + "' has no policy");
                declare(declared[0]);
                return;
            }
            String[] words = line.split(" ", 3);
            String chain = words[1];
            String rest = words.length < 3 ? "" : words[2];
            switch (words[0]) {
                case "-A" -> append(chain, RuleText.read(rest));
                case "-I" -> insert(chain, rest);
                case "-D" -> delete(chain, rest);
                case "-F" -> flush(chain);
                case "-X" -> remove(chain);
                default -> require(false, "'" + line + "' has no like in nf_tables here");
            }
        }

        private void declare(String chain) {
            if (Batch.isBuiltIn(table, chain) || shared.declare(chain, fresh)) {
                return;
            }
            batch.chain(table, chain);
            if (!fresh) {
                batch.flush(table, chain);
            }
        }

        private void append(String chain, NftRule rule) {
            if (!shared.add(chain, rule)) {
                requirePlain(chain, rule);
                batch.append(table, chain, Expressions.of(rule, family), rule.comment);
            }
        }

        /** A shared chain that leads to others has no rules of other kinds. */
        private void requirePlain(String chain, NftRule rule) {
            boolean plain =
                    SharedChain.named(table, chain).filter(SharedChain::hasOwn).isEmpty();
            require(plain, "rule '" + RuleText.write(rule) + "' has no like in chain " + chain + " of nf_tables here");
        }

        private void insert(String chain, String rest) {
            String[] parts = rest.split(" ", 2);
            require(parts.length == 2 && parts[0].matches("[0-9]{1,6}"), "'" + rest + "' has no position");
            int position = Integer.parseInt(parts[0]);
            NftRule rule = RuleText.read(parts[1]);
            if (shared.add(chain, rule)) {
                return;
            }
            requirePlain(chain, rule);
            byte[] expressions = Expressions.of(rule, family);
            List<NftTables.Present> there = position == 1 && fresh ? List.of() : present(chain);
            if (position > there.size() + 1) {
                throw new KernelException(Errno.ENOENT, "rule " + position + " of chain " + chain);
            }
            if (position == there.size() + 1) {
                batch.append(table, chain, expressions, rule.comment);
            } else {
                batch.insert(
                        table,
                        chain,
                        expressions,
                        rule.comment,
                        there.get(position - 1).handle());
            }
            if (!fresh) {
                there.add(position - 1, new NftTables.Present(0, rule, parts[1], 0, 0));
            }
        }

        private void delete(String chain, String rest) {
            NftRule rule = RuleText.read(rest);
            if (shared.delete(chain, rule)) {
                return;
            }
            List<NftTables.Present> there = present(chain);
            NftTables.Present found = there.stream()
                    .filter(each -> each.text().equals(rest) && each.handle() != 0)
                    .findFirst()
                    .orElseThrow(() -> new KernelException(Errno.ENOENT, "rule '" + rest + "' of chain " + chain));
            there.remove(found);
            batch.deleteRule(table, chain, found.handle());
        }

        private void flush(String chain) {
            if (!shared.clear(chain)) {
                present(chain).clear();
                batch.flush(table, chain);
            }
        }

        private void remove(String chain) {
            if (SharedChain.ofOwn(table, chain).isEmpty()) {
                batch.deleteChain(table, chain);
            }
        }

        private List<NftTables.Present> present(String chain) {
            return present.computeIfAbsent(chain, name -> new ArrayList<>(tables.rules(table, name)));
        }
    }

    private static void require(boolean is, String otherwise) {
        if (!is) {
            throw RuleText.refused(otherwise);
        }
    }
}
