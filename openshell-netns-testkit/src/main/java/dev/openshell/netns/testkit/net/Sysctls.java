package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import java.util.Optional;
import java.util.Set;

/** {@code /proc/sys/net} of one namespace: settings per interface here, all others in {@link PlainSysctls}. */
final class Sysctls {
    /** Settings of IPv6 that reach all interfaces also when nothing at all is written. */
    private static final Set<String> SPREADS_ANYWAY = Set.of("disable_ipv6", "forwarding", "addr_gen_mode");

    private static final Set<String> UNKNOWN_RULES4 =
            Set.of("mc_forwarding", "ignore_routes_with_linkdown", "promote_secondaries");
    /** Settings of IPv4 whose default is not passed on to the interfaces that are there. */
    private static final Set<String> ONLY_HERE =
            Set.of("disable_xfrm", "disable_policy", "route_localnet", "drop_unicast_in_l2_multicast");

    final DeviceConf all4 = new DeviceConf(Ipv4Conf.all());
    final DeviceConf all6 = new DeviceConf(Ipv6Conf.all());
    private final DeviceConf default4 = new DeviceConf(Ipv4Conf.defaults());
    private final DeviceConf default6 = new DeviceConf(Ipv6Conf.defaults());
    private final PlainSysctls plain = new PlainSysctls();
    private final Netns netns;

    Sysctls(Netns netns) {
        this.netns = netns;
    }

    DeviceConf deviceConf4(boolean loopback) {
        DeviceConf conf = default4.copy();
        if (loopback) {
            conf.put("disable_xfrm", 1);
            conf.put("disable_policy", 1);
        }
        return conf;
    }

    DeviceConf deviceConf6(boolean loopback) {
        DeviceConf conf = default6.copy();
        conf.put("mtu", loopback ? 65536 : 1500);
        if (loopback) {
            conf.put("accept_dad", -1);
            conf.put("use_tempaddr", -1);
        }
        return conf;
    }

    /** Returns whether the setting is on for all or for {@code link}. */
    boolean either4(Link link, String name) {
        return all4.get(name) != 0 || link.conf4.get(name) != 0;
    }

    private record PerDevice(Family family, String scope, String name) {}

    private static Optional<PerDevice> perDevice(String key) {
        if (key.equals("net/ipv4/ip_forward")) {
            return Optional.of(new PerDevice(Family.IPV4, "all", "forwarding"));
        }
        String[] parts = key.split("/", -1);
        boolean conf = parts.length == 5
                && parts[0].equals("net")
                && (parts[1].equals("ipv4") || parts[1].equals("ipv6"))
                && parts[2].equals("conf");
        if (!conf) {
            return Optional.empty();
        }
        Family family = parts[1].equals("ipv4") ? Family.IPV4 : Family.IPV6;
        return Optional.of(new PerDevice(family, parts[3], parts[4]));
    }

    /** Returns the settings, empty where Linux has no such file. */
    private Optional<DeviceConf> conf(PerDevice key) {
        boolean four = key.family == Family.IPV4;
        Optional<DeviceConf> conf =
                switch (key.scope) {
                    case "all" -> Optional.of(four ? all4 : all6);
                    case "default" -> Optional.of(four ? default4 : default6);
                    default -> netns.findLink(key.scope).map(l -> four ? l.conf4 : l.conf6);
                };
        if (!four && key.name.equals("stable_secret") && conf.isPresent()) {
            throw new UnsupportedOperationException("sysctl stable_secret");
        }
        return conf.filter(c -> c.has(key.name));
    }

    Optional<String> read(String key) {
        Optional<PerDevice> device = perDevice(key);
        if (device.isPresent()) {
            return conf(device.get()).map(c -> Long.toString(c.getLong(device.get().name)));
        }
        return plain.read(key);
    }

    void write(String key, String text) {
        Optional<PerDevice> device = perDevice(key);
        if (device.isEmpty()) {
            plain.write(key, text);
            return;
        }
        PerDevice where = device.get();
        DeviceConf conf = conf(where).orElseThrow(() -> new NetException(NetException.ENOENT, ""));
        if (where.family == Family.IPV4 && UNKNOWN_RULES4.contains(where.name)) {
            throw new UnsupportedOperationException("writing IPv4's " + where.name);
        }
        boolean plain4 =
                where.family == Family.IPV4 && !where.name.equals("forwarding") && !ONLY_HERE.contains(where.name);
        try {
            boolean unsigned = where.name.equals("force_forwarding") || where.name.equals("addr_gen_mode");
            if (unsigned && text.strip().startsWith("-")) {
                throw Numbers.invalid();
            }
            if (!text.isEmpty()) {
                write(where, conf, Numbers.parse(text, 1).get(0));
            } else if (SPREADS_ANYWAY.contains(where.name) && where.family == Family.IPV6) {
                write(where, conf, conf.getLong(where.name));
            }
        } finally {
            // Even a write that fails counts as a choice.
            if (plain4) {
                chosen4(where.name, conf);
            }
        }
    }

    private void write(PerDevice where, DeviceConf conf, long value) {
        if (value > Integer.MAX_VALUE || value < Integer.MIN_VALUE) {
            throw Numbers.invalid();
        }
        if (where.family == Family.IPV6) {
            write6(where, conf, (int) value);
        } else if (where.name.equals("forwarding")) {
            forwarding4(conf, (int) value);
        } else {
            conf.put(where.name, value);
        }
    }

    private void chosen4(String name, DeviceConf conf) {
        conf.set(name, conf.getLong(name));
        if (conf == default4) {
            netns.links().stream()
                    .map(l -> l.conf4)
                    .filter(c -> !c.chosen(name))
                    .forEach(c -> c.put(name, conf.getLong(name)));
        }
    }

    private void forwarding4(DeviceConf conf, int value) {
        boolean changed = conf.get("forwarding") != value;
        conf.put("forwarding", value);
        if (conf == all4 && changed) {
            all4.put("accept_redirects", value == 0 ? 1 : 0);
            default4.put("forwarding", value);
            netns.links().forEach(l -> l.conf4.set("forwarding", value));
        }
    }

    private void write6(PerDevice where, DeviceConf conf, int value) {
        int old = conf.get(where.name);
        if (Ipv6Conf.UNKNOWN_RULES.contains(where.name)) {
            throw new UnsupportedOperationException("writing IPv6's " + where.name);
        }
        switch (where.name) {
            case "hop_limit" -> range(value, 1, 255);
            case "force_forwarding" -> range(value, 0, 1);
            case "addr_gen_mode" -> range(value, 0, 3);
            case "mtu" ->
                range(
                        value,
                        1280,
                        where.scope.equals("all") || where.scope.equals("default")
                                ? Integer.MAX_VALUE
                                : netns.link(where.scope).mtu());
            default -> {}
        }
        if (where.name.equals("addr_gen_mode") && value > 1) {
            throw new UnsupportedOperationException("addr_gen_mode " + value);
        }
        conf.put(where.name, value);
        if (conf == all6) {
            all6(where.name, old, value);
        } else if (conf != default6) {
            changed6(netns.link(where.scope), where.name, old, value);
        }
    }

    private static void range(int value, int low, int high) {
        if (value < low || value > high) {
            throw Numbers.invalid();
        }
    }

    private void all6(String name, int old, int value) {
        boolean spreads =
                switch (name) {
                    case "forwarding", "disable_ipv6", "addr_gen_mode" -> true;
                    case "force_forwarding" -> old != value;
                    default -> false;
                };
        if (!spreads) {
            return;
        }
        if (!name.equals("force_forwarding")) {
            default6.put(name, value);
        }
        for (Link link : netns.links()) {
            int before = link.conf6.get(name);
            link.conf6.put(name, value);
            if (name.equals("forwarding") && value == 0) {
                // Switching forwarding off for all takes force_forwarding with it, even where it was off.
                link.conf6.put("force_forwarding", 0);
            }
            changed6(link, name, before, value);
        }
    }

    private void changed6(Link link, String name, int old, int value) {
        boolean turned = (old == 0) != (value == 0);
        switch (name) {
            case "forwarding" -> {
                if (turned) {
                    netns.ipv6.forwardingChanged(link);
                }
            }
            case "disable_ipv6" -> {
                if (turned && value != 0) {
                    netns.ipv6.down(link);
                } else if (turned && link.up) {
                    netns.ipv6.up(link);
                }
            }
            case "addr_gen_mode" -> {
                if (old != value) {
                    netns.ipv6.autoAddress(link);
                }
            }
            default -> {}
        }
    }
}
