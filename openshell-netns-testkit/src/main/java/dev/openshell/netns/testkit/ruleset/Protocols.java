package dev.openshell.netns.testkit.ruleset;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Protocol and service names as protocols(5) and services(5) of Debian have them (IANA's assignments). */
final class Protocols {
    private static final String ASSIGNED =
            "icmp 1 igmp 2 ggp 3 ipencap 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27 iso-tp4 29"
                    + " dccp 33 xtp 36 ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47"
                    + " esp 50 ah 51 skip 57 ipv6-icmp 58 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88 ospf 89"
                    + " ax.25 93 ipip 94 etherip 97 encap 98 pim 103 ipcomp 108 vrrp 112 l2tp 115 isis 124 sctp 132"
                    + " fc 133 mobility-header 135 udplite 136 mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141"
                    + " rohc 142 ethernet 143";
    private static final String SERVICES =
            "ftp-data 20 ftp 21 ssh 22 telnet 23 smtp 25 domain 53 bootps 67 bootpc 68 tftp 69 http 80 pop3 110"
                    + " sunrpc 111 ntp 123 imap2 143 snmp 161 bgp 179 ldap 389 https 443 submission 587 ldaps 636"
                    + " imaps 993 pop3s 995 mysql 3306 postgresql 5432 http-alt 8080";
    private static final Map<String, Integer> NUMBERS = table(ASSIGNED);
    private static final Map<String, Integer> PORTS = table(SERVICES);
    private static final Map<Integer, String> NAMES = new HashMap<>();

    static {
        NUMBERS.forEach((name, number) -> NAMES.put(number, name));
        NUMBERS.put("icmpv6", 58);
        NUMBERS.put("ipv6-mh", 135);
        NUMBERS.put("mh", 135);
        List.of("all", "ip", "hopopt").forEach(name -> NUMBERS.put(name, 0));
    }

    private Protocols() {}

    private static Map<String, Integer> table(String text) {
        Map<String, Integer> table = new HashMap<>();
        String[] words = text.split(" ");
        for (int i = 0; i < words.length; i += 2) {
            table.put(words[i], Integer.valueOf(words[i + 1]));
        }
        return table;
    }

    /** Returns the number of a protocol that is written as a name or a number. */
    static int number(String word) {
        Optional<Long> number = Numbers.parse(word);
        if (number.isPresent()) {
            if (number.get() > 255) {
                throw RuleProblem.refused(word, "unknown protocol");
            }
            return number.get().intValue();
        }
        Integer known = NUMBERS.get(word.toLowerCase(java.util.Locale.ROOT));
        if (known == null) {
            throw RuleProblem.refused(word, "unknown protocol");
        }
        return known;
    }

    static String name(int number) {
        return NAMES.getOrDefault(number, Integer.toString(number));
    }

    /** Returns the port of a service that is given by its name. */
    static int service(String word) {
        Integer port = PORTS.get(word);
        if (port == null) {
            throw word.matches("(?i)[a-z0-9][a-z0-9_.+-]*[a-z][a-z0-9_.+-]*")
                    ? RuleProblem.unknown(word, "service")
                    : RuleProblem.refused(word, "invalid port or service");
        }
        return port;
    }
}
