package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.List;

/** Texts with something wrong, or odd. */
final class MalformedTexts {
    private MalformedTexts() {}

    static String typical(Family family) {
        String net = family == Family.IPV4 ? "10.43.0.0/16" : "2001:db8::/32";
        return "*filter\n:INPUT DROP [0:0]\n:OUT - [0:0]\n-A OUTPUT -d " + net + " -p tcp -m tcp --dport 443 -j OUT\n"
                + "-A OUT -m comment --comment \"a \\\"b\\\" c\" -m conntrack ! --ctstate NEW -j RETURN\nCOMMIT\n";
    }

    static List<String> all(Family family) {
        List<String> texts = new ArrayList<>();
        for (String line : LINES.split("\n")) {
            texts.add("*filter\n" + line.translateEscapes() + "\nCOMMIT\n");
        }
        for (String line : NAT_LINES.split("\n")) {
            texts.add("*nat\n" + line.translateEscapes() + "\nCOMMIT\n");
        }
        for (String text : WHOLE.split("\n")) {
            texts.add(text.translateEscapes());
        }
        String a = "a";
        texts.add("*filter\n#" + a.repeat(100_000) + "\nCOMMIT\n");
        texts.add("#" + a.repeat(100_000) + "\n*filter\nCOMMIT\n");
        texts.add("*filter\n-A INPUT -m comment --comment " + a.repeat(100_000) + "\nCOMMIT\n");
        texts.add("*filter\n-A INPUT " + "-m comment ".repeat(10_000) + "\nCOMMIT\n");
        texts.add("*filter\n-A INPUT -s " + "1.1.1.1,".repeat(12_000) + "2.2.2.2\nCOMMIT\n");
        texts.add("*filter\n-A INPUT -s " + "1.1.1.1,".repeat(120) + "2.2.2.2\nCOMMIT\n");
        texts.add("*filter\n-A INPUT -s " + "::1,".repeat(200) + "::2\nCOMMIT\n");
        for (int length : new int[] {255, 256, 1000, 1023, 1024, 1025, 10_000}) {
            texts.add("*filter\n-A INPUT -m comment --comment " + a.repeat(length) + "\nCOMMIT\n");
            texts.add("*filter\n-A INPUT -m comment --comment \"" + a.repeat(length) + "\"\nCOMMIT\n");
        }
        for (int pad : new int[] {10_200, 10_236, 10_237, 10_238, 10_239, 10_240, 10_241}) {
            texts.add("*filter\n-A INPUT" + " ".repeat(pad - 9) + "-j ACCEPT\nCOMMIT\n");
            texts.add("*filter\n" + " ".repeat(pad) + "\nCOMMIT\n");
            texts.add("*filter\n#" + " ".repeat(pad) + "\nCOMMIT\n");
        }
        for (int count : new int[] {60, 61, 62, 63, 64, 80, 123, 124, 125, 126, 127, 128}) {
            texts.add("*filter\n-A INPUT " + "-m mark ".repeat(count) + "--mark 1\nCOMMIT\n");
            texts.add("*filter\n-A INPUT " + "-m comment --comment x ".repeat(count) + "\nCOMMIT\n");
        }
        String typical = typical(family);
        texts.add(typical.replace("\n", "\r\n"));
        texts.add(typical.replace(" ", "\t"));
        texts.add(typical.replace("\n", "\n  "));
        texts.add(typical.replace("\n", "\n\n"));
        texts.add(typical.replace("\n", "\n   \n"));
        texts.add(typical.replace("\n", " \n"));
        texts.add("\ufeff" + typical);
        texts.add(typical.strip());
        texts.add(typical + typical);
        texts.add(typical + "junk");
        texts.add(typical + "junk\n");
        texts.add(typical + " \n");
        texts.add(typical + "COMMIT\n");
        texts.add(typical.replace("COMMIT\n", "COMMIT \n"));
        texts.add(typical.replace("COMMIT\n", " COMMIT\n"));
        texts.add(typical.replace("COMMIT\n", "commit\n"));
        texts.add(typical.replace("COMMIT\n", "COMMIT\0\n"));
        texts.add(typical.replace("COMMIT\n", "COMMIT\r\n"));
        for (String part : List.of("*filter", ":OUT", "-A OUT ", "tcp", "COMMIT", " [0:0]", "\n")) {
            texts.add(typical.replaceFirst(java.util.regex.Pattern.quote(part), "\0" + part));
            texts.add(typical.replaceFirst(java.util.regex.Pattern.quote(part), part + "\0"));
        }
        return texts;
    }

    private static final String WHOLE =
            """
            \\n
            \\0
            *filter\\n
            *filter
            *filter\\nCOMMIT
            *filter\\nCOMMIT\\n*filter\\nCOMMIT\\n
            *filter\\n*filter\\nCOMMIT\\n
            *filter\\n*nat\\nCOMMIT\\nCOMMIT\\n
            *filter\\nCOMMIT\\n*nat\\nCOMMIT\\n*filter\\n-A INPUT\\nCOMMIT\\n
            *filter \\nCOMMIT\\n
            * filter\\nCOMMIT\\n
            *\\nCOMMIT\\n
            *nothing\\nCOMMIT\\n
            *filter x\\nCOMMIT\\n
            *filter\\t\\nCOMMIT\\n
            *filterfilterfilterfilterfilterfilterfilter\\nCOMMIT\\n
            *FILTER\\nCOMMIT\\n
             *filter\\nCOMMIT\\n
            *broute\\nCOMMIT\\n
            *filter\\n-A INPUT\\n
            COMMIT\\n
            -A INPUT\\n
            :INPUT ACCEPT\\n
            text\\n
             \\n*filter\\nCOMMIT\\n
            \\t\\n*filter\\nCOMMIT\\n
            # only a comment
            *filter\\n:INPUT DROP\\nCOMMIT\\n*nat\\n-A NOTHING\\nCOMMIT\\n
            *nat\\n:OUTPUT DROP\\nCOMMIT\\n
            *nat\\n-P OUTPUT DROP\\nCOMMIT\\n
            *raw\\n-A INPUT\\nCOMMIT\\n
            *raw\\n-A OUTPUT -j REJECT\\nCOMMIT\\n
            *mangle\\n-A OUTPUT -j REJECT\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j MARK --set-mark 1\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j MARK\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j MARK --and-mark 5\\n-A POSTROUTING -j MARK --or-mark 5\\n-A POSTROUTING -j MARK --xor-mark 5\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j MARK --set-mark 1 --or-mark 1\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j CONNMARK --and-mark 5\\n-A POSTROUTING -j CONNMARK --or-mark 5\\n-A POSTROUTING -j CONNMARK --xor-mark 5\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j CONNMARK\\nCOMMIT\\n
            *mangle\\n-A POSTROUTING -j MASQUERADE\\nCOMMIT\\n
            *raw\\n-A PREROUTING -j CT\\nCOMMIT\\n
            *filter\\n-A INPUT -j NOTRACK\\nCOMMIT\\n
            *filter\\n-A INPUT -j CT --notrack\\nCOMMIT\\n
            *mangle\\n-A INPUT -j NOTRACK\\nCOMMIT\\n
            *filter\\n-A INPUT -j MARK --set-mark 1\\nCOMMIT\\n
            *raw\\n-A PREROUTING -j MARK --set-mark 1\\nCOMMIT\\n
            *nat\\n-A PREROUTING -j MARK --set-mark 1\\nCOMMIT\\n
            *security\\n-A INPUT -j MARK --set-mark 1\\nCOMMIT\\n
            *nat\\n-A PREROUTING -j CONNMARK --set-mark 1\\nCOMMIT\\n
            *security\\n-A INPUT -j DROP\\nCOMMIT\\n
            """;

    private static final String NAT_LINES =
            """
            -A PREROUTING -j DROP
            -A PREROUTING -j SNAT --to-source 10.43.0.1
            -A POSTROUTING -j DNAT --to-destination 10.43.0.1
            -A INPUT -j SNAT --to-source 10.43.0.1
            -A INPUT -j MASQUERADE
            -A OUTPUT -j MASQUERADE
            -A PREROUTING -j MASQUERADE
            -A POSTROUTING -j REDIRECT
            -A OUTPUT -j REDIRECT
            -A OUTPUT -j REDIRECT --to-ports 0
            -A OUTPUT -p tcp -j REDIRECT --to-ports 0
            -A OUTPUT -p tcp -j REDIRECT --to-ports 70000
            -A OUTPUT -p tcp -j REDIRECT --to-ports 9-8
            -A OUTPUT -p tcp -j REDIRECT --to-ports 8-
            -A OUTPUT -p tcp -j REDIRECT --to-ports -8
            -A OUTPUT -p tcp -j REDIRECT --to-ports 8-9-10
            -A OUTPUT -p tcp -j REDIRECT --to-ports 8:9
            -A OUTPUT -p tcp -j REDIRECT --to-ports ""
            -A OUTPUT -j REDIRECT --to-ports 80
            -A OUTPUT ! -p tcp -j REDIRECT --to-ports 80
            -A OUTPUT -p icmp -j REDIRECT --to-ports 80
            -A OUTPUT -p udplite -j REDIRECT --to-ports 80
            -A OUTPUT -j DNAT
            -A OUTPUT -j DNAT --to-destination ""
            -A OUTPUT -j DNAT --to-destination :80
            -A OUTPUT -p tcp -j DNAT --to-destination :80
            -A OUTPUT -p tcp -j DNAT --to-destination :
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.1:
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.1:0
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.1:9-8
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.9-10.43.0.1
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.1-
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0
            -A OUTPUT -p tcp -j DNAT --to-destination host
            -A OUTPUT -p tcp -j DNAT --to-destination 10.43.0.1 --to-destination 10.43.0.2
            -A OUTPUT -p tcp -j DNAT ! --to-destination 10.43.0.1
            -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1]:80
            -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1]
            -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1]:
            -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1]80
            -A OUTPUT -p tcp -j DNAT --to-destination [2001:db8::1
            -A OUTPUT -p tcp -j DNAT --to-destination 2001:db8::1]:80
            -A OUTPUT -p tcp -j DNAT --to-destination []:80
            -A OUTPUT -j DNAT --to-destination [2001:db8::1]
            -A OUTPUT -j DNAT --to-destination 2001:db8::1 --random-fully
            -A OUTPUT -j DNAT --to-destination 10.43.0.1 --random-fully
            -A OUTPUT -j REJECT
            -A OUTPUT -j NOTRACK
            -A OUTPUT -j RETURN
            :X - [0:0]\\n-A X -j MASQUERADE
            :X - [0:0]\\n-A X -j MASQUERADE\\n-A OUTPUT -j X
            :X - [0:0]\\n-A X -j MASQUERADE\\n-A POSTROUTING -j X
            :X - [0:0]\\n-A X -j DNAT --to-destination 10.43.0.1\\n-A POSTROUTING -j X
            """;

    private static final String LINES =
            """
            -A NOTHING -j ACCEPT
            -A INPUT -j NOTHING
            -A INPUT -j INPUT
            -A INPUT -j OUTPUT
            -A INPUT -g INPUT
            -A INPUT -g OUTPUT
            -A INPUT -g
            -A INPUT -j
            -A INPUT -g ACCEPT
            -A INPUT -g NOTHING
            :X - [0:0]\\n-A X -j X
            :X - [0:0]\\n-A INPUT -j X\\n-A X -j X
            :X - [0:0]\\n:Y - [0:0]\\n-A X -j Y\\n-A Y -j X
            :X - [0:0]\\n:Y - [0:0]\\n-A X -g Y\\n-A Y -g X
            :X - [0:0]\\n:Y - [0:0]\\n-A X -j Y\\n-A Y -j X\\n-A INPUT -j X
            :X - [0:0]\\n:X - [0:0]
            :X - [0:0]\\n:X - [0:0]\\n-A X -j DROP
            :X - [0:0]\\n-A X -j DROP\\n:X - [0:0]
            :X
            :
            : X
            : X -
            :X ACCEPT
            :X DROP [0:0]
            :X junk
            :X - junk
            :INPUT
            :INPUT junk
            :INPUT REJECT
            :INPUT RETURN
            :INPUT QUEUE
            :INPUT accept
            :INPUT -
            :INPUT ACCEPT [1:
            :INPUT ACCEPT [a:b]
            :INPUT ACCEPT junk
            :INPUT ACCEPT [1:2] junk
            :INPUT DROP [1:2]
            :INPUT DROP[1:2]
            :INPUT\\tDROP
            :INPUT  DROP
            :INPUT - [0:0]
            :PREROUTING ACCEPT [0:0]
            :PREROUTING - [0:0]
            :ACCEPT - [0:0]
            :DROP - [0:0]
            :RETURN - [0:0]
            :QUEUE - [0:0]
            :LOG - [0:0]
            :REJECT - [0:0]
            :MASQUERADE - [0:0]
            :-x - [0:0]
            :!x - [0:0]
            :x! - [0:0]
            :a/b - [0:0]
            :"a b" - [0:0]
            :a"b - [0:0]
            :\u00e9 - [0:0]
            :abcdefghijklmnopqrstuvwxyzABC - [0:0]
            :abcdefghijklmnopqrstuvwxyzABCD - [0:0]
            :abcdefghijklmnopqrstuvwxyzABCDE - [0:0]
            :# - [0:0]\\n-A #
            -N X
            -N X\\n-N X
            :X - [0:0]\\n-N X
            -N X Y
            -N
            -N -x
            -N !x
            -N ACCEPT
            -N LOG
            -N INPUT
            -N ""
            -N X -j ACCEPT
            -X
            -X NOTHING
            -X INPUT
            :X - [0:0]\\n-X X
            :X - [0:0]\\n-A X\\n-X X
            :X - [0:0]\\n-A INPUT -j X\\n-X X
            :X - [0:0]\\n:Y - [0:0]\\n-X
            -F
            -F INPUT
            -F NOTHING
            -A INPUT\\n-A OUTPUT\\n-F INPUT
            -A INPUT\\n-A OUTPUT\\n-F
            -F INPUT OUTPUT
            -Z
            -Z INPUT
            -Z INPUT 1
            -P INPUT
            -P INPUT DROP
            -P INPUT REJECT
            -P NOTHING DROP
            :X - [0:0]\\n-P X DROP
            -P INPUT DROP junk
            -E X Y
            :X - [0:0]\\n-E X Y
            -L
            -S
            -C INPUT
            -A INPUT\\n-C INPUT
            -h
            -V
            -D INPUT
            -D INPUT 1
            -D INPUT -j ACCEPT
            -A INPUT -j ACCEPT\\n-D INPUT -j ACCEPT
            -A INPUT -j ACCEPT\\n-D INPUT 1
            -A INPUT -j ACCEPT\\n-D INPUT 2
            -A INPUT -j ACCEPT\\n-D INPUT 0
            -A INPUT -j ACCEPT\\n-D INPUT x
            -A INPUT -j ACCEPT\\n-D INPUT 1 -j ACCEPT
            -A INPUT -j ACCEPT\\n-D INPUT 01
            -A INPUT -j ACCEPT\\n-D INPUT 0x1
            -A INPUT -j ACCEPT\\n-A INPUT -j ACCEPT\\n-D INPUT -j ACCEPT
            -D NOTHING 1
            -R INPUT 1 -j ACCEPT
            -R INPUT -j ACCEPT
            -A INPUT\\n-R INPUT 1 -j ACCEPT
            -A INPUT\\n-R INPUT 1
            -A INPUT\\n-R INPUT 2 -j DROP
            -I INPUT 1 -j ACCEPT
            -I INPUT 2 -j ACCEPT
            -I INPUT 0 -j ACCEPT
            -A INPUT\\n-I INPUT 2 -j ACCEPT
            -A INPUT\\n-I INPUT 3 -j ACCEPT
            -A INPUT\\n-I INPUT -j ACCEPT
            -I INPUT x -j ACCEPT
            -I NOTHING -j ACCEPT
            -I INPUT 4294967297
            -I INPUT -1
            -A
            -A ""
            -A INPUT OUTPUT
            -A INPUT junk
            -A INPUT !
            -A INPUT ! !
            -A INPUT ! ! -p tcp
            -A INPUT ! -j ACCEPT
            -A INPUT ! -m tcp
            ! -A INPUT
            -A INPUT -A INPUT
            -A INPUT -I INPUT
            -AINPUT -jACCEPT
            -A INPUT -ptcp --dport=80
            -A INPUT -p=tcp
            -A INPUT --protocol=tcp
            -A INPUT --proto tcp
            -A INPUT --prot tcp
            -A INPUT -t filter
            -A INPUT -t nat
            -t filter -A INPUT
            -A INPUT -w
            -A INPUT -n
            -A INPUT -v
            -A INPUT -x
            -A INPUT -4
            -A INPUT -6
            -A INPUT -4 -j ACCEPT
            -A INPUT -c 1 2
            -A INPUT --set-counters 1 2
            -A INPUT -c 1
            -A INPUT --
            -A INPUT -- -j ACCEPT
            -A INPUT -
            -A INPUT --j ACCEPT
            -A INPUT --jum ACCEPT
            -A INPUT -z
            -A INPUT --nothing
            -A INPUT --nothing 1
            -A INPUT -j ACCEPT -j ACCEPT
            -A INPUT -j ACCEPT -g ACCEPT
            -A INPUT -j ACCEPT --nothing
            -A INPUT -j ""
            -A INPUT -j abcdefghijklmnopqrstuvwxyzABCDE
            -A INPUT -j accept
            -A INPUT -p tcp -p tcp
            -A INPUT -p
            -A INPUT -p ""
            -A INPUT -p nothing
            -A INPUT -p 255
            -A INPUT -p 256
            -A INPUT -p -1
            -A INPUT -p 0
            -A INPUT -p all
            -A INPUT -p ALL
            -A INPUT ! -p all
            -A INPUT ! -p 0
            -A INPUT -p 0x6
            -A INPUT -p 06
            -A INPUT -p ICMPv6
            -A INPUT -p icmp6
            -A INPUT -p mh
            -A INPUT -p 58 --icmpv6-type 1
            -A INPUT -p icmp --icmp-type 8/
            -A INPUT -p icmp --icmp-type /8
            -A INPUT -p icmp --icmp-type 8/0/0
            -A INPUT -p icmp --icmp-type 256
            -A INPUT -p icmp --icmp-type 8/256
            -A INPUT -p icmp --icmp-type echo
            -A INPUT -p icmp --icmp-type echo-re
            -A INPUT -p icmp --icmp-type ""
            -A INPUT -p icmp --icmp-type 255
            -A INPUT -p icmp --icmp-type 255/0
            -A INPUT -p icmp ! --icmp-type any
            -A INPUT -p icmp -m icmp
            -A INPUT -p tcp -m icmp --icmp-type 8
            -A INPUT -m icmp --icmp-type 8
            -A INPUT -p icmpv6 -m icmp6
            -A INPUT -p icmpv6 -m icmpv6 --icmpv6-type 1
            -A INPUT -p icmpv6 --icmpv6-type any
            -A INPUT -p icmpv6 --icmpv6-type echo
            -A INPUT --dport 80
            -A INPUT -m tcp --dport 80
            -A INPUT -m tcp -p tcp --dport 80
            -A INPUT -p udp -m tcp --dport 80
            -A INPUT ! -p tcp --dport 80
            -A INPUT ! -p tcp -m tcp --dport 80
            -A INPUT -p tcp --dport
            -A INPUT -p tcp --dport ""
            -A INPUT -p tcp --dport x
            -A INPUT -p tcp --dport 65536
            -A INPUT -p tcp --dport -1
            -A INPUT -p tcp --dport 9:8
            -A INPUT -p tcp --dport :
            -A INPUT -p tcp --dport 1:2:3
            -A INPUT -p tcp --dport 1-2
            -A INPUT -p tcp --dport 1,2
            -A INPUT -p tcp --dport " 1"
            -A INPUT -p tcp --dport 1 --dport 2
            -A INPUT -p tcp --dport +1
            -A INPUT -p tcp -m tcp -m tcp
            -A INPUT -p tcp -m tcp -m tcp --dport 1
            -A INPUT -p tcp -m tcp --sport 2 -m tcp --dport 1
            -A INPUT -p tcp --syn --tcp-flags SYN SYN
            -A INPUT -p tcp --tcp-flags SYN
            -A INPUT -p tcp --tcp-flags SYN,junk SYN
            -A INPUT -p tcp --tcp-flags ALL,NONE SYN
            -A INPUT -p tcp --tcp-flags "" SYN
            -A INPUT -p tcp --tcp-flags SYN ""
            -A INPUT -p tcp --tcp-flags SYN, ACK
            -A INPUT -p tcp --tcp-flags ,SYN ACK
            -A INPUT -p tcp --tcp-option 7
            -A INPUT -p sctp --dport 0:65535
            -A INPUT -p sctp --sport 1:2 --dport 7:
            -A INPUT -p dccp --sport 1:2 --dport 7:
            -A INPUT -p tcp -m multiport
            -A INPUT -p tcp -m multiport --dports ""
            -A INPUT -p tcp -m multiport --dports 1,
            -A INPUT -p tcp -m multiport --dports ,1
            -A INPUT -p tcp -m multiport --dports 1,,2
            -A INPUT -p tcp -m multiport --dports 2:1
            -A INPUT -p tcp -m multiport --dports 1:1
            -A INPUT -p tcp -m multiport --dports 1:
            -A INPUT -p tcp -m multiport --dports :1
            -A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
            -A INPUT -p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16
            -A INPUT -p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15
            -A INPUT -p tcp -m multiport --dports 1 --sports 2
            -A INPUT -p tcp -m multiport --port 1
            -A INPUT -p tcp -m multiport --dport 1
            -A INPUT -m multiport --dports 1
            -A INPUT ! -p tcp -m multiport --dports 1
            -A INPUT -p udplite -m multiport --dports 1
            -A INPUT -p icmp -m multiport --dports 1
            -A INPUT -p udplite --dport 1
            -A INPUT -p udplite -m udplite
            -A INPUT -s ""
            -A INPUT -s
            -A INPUT -s ,
            -A INPUT -s 10.1.1.1,
            -A INPUT -s ,10.1.1.1
            -A INPUT -s 10.1.1.1,,10.1.1.2
            -A INPUT -s 10.1.1.1/33
            -A INPUT -s 10.1.1.1/
            -A INPUT -s 10.1.1.1/-1
            -A INPUT -s 10.1.1.1/x
            -A INPUT -s 10.1.1.1/08
            -A INPUT -s 10.1.1.1/8/8
            -A INPUT -s /8
            -A INPUT -s 10
            -A INPUT -s 10/8
            -A INPUT -s 10.1.1
            -A INPUT -s 10.1.1.
            -A INPUT -s 10.1.1.1.1
            -A INPUT -s 256.1.1.1
            -A INPUT -s 010.1.1.1
            -A INPUT -s 10.1.1.01
            -A INPUT -s 0x0a.1.1.1
            -A INPUT -s 1.2.3.4/255.255
            -A INPUT -s 1.2.3.4/255.255.255.256
            -A INPUT -s 1.2.3.4/0.0.0.0
            -A INPUT ! -s 1.2.3.4/0
            -A INPUT ! -s 0.0.0.0/0
            -A INPUT ! -s ::/0
            -A INPUT -s 1.1.1.1 -s 1.1.1.2
            -A INPUT ! -s 1.1.1.1,1.1.1.2
            -A INPUT -s 1.1.1.1,1.1.1.2 ! -d 1.1.1.1
            -A INPUT ! -s 1.1.1.1 -d 1.1.1.1,1.1.1.2
            -A INPUT -s 1.1.1.1,1.1.1.2 -d 1.1.1.1,1.1.1.2
            -I INPUT -s 1.1.1.1,1.1.1.2 -d 1.1.1.1,1.1.1.2
            -A INPUT -s 1.1.1.1,1.1.1.1
            -A INPUT -s 1.1.1.1,1.1.1.2\\n-D INPUT -s 1.1.1.1,1.1.1.2
            -A INPUT\\n-R INPUT 1 -s 1.1.1.1,1.1.1.2
            -A INPUT -s ::1/129
            -A INPUT -s ::1/
            -A INPUT -s ::1/064
            -A INPUT -s ::1,::2
            -A INPUT -s ::1%lo
            -A INPUT -s [::1]
            -A INPUT -s :::
            -A INPUT -s 1::2::3
            -A INPUT -s ::1/ffff::
            -A INPUT -s 12345::
            -A INPUT -s no.such.host.invalid
            -A INPUT -s localhost
            -A INPUT -i ""
            -A INPUT -i
            -A INPUT -i abcdefghijklmnop
            -A INPUT -i abcdefghijklmno
            -A INPUT -i abcdefghijklmn+
            -A INPUT -i abcdefghijklmno+
            -A INPUT -i a/b
            -A INPUT -i "a b"
            -A INPUT -i a+b
            -A INPUT -i ++
            -A INPUT -i +
            -A INPUT ! -i +
            -A INPUT -i lo -i lo
            -A INPUT -o lo
            -A OUTPUT -i lo
            -A OUTPUT ! -o +
            -A FORWARD -i lo -o lo
            -A FORWARD ! -i + -o +
            -A FORWARD -i eth+ ! -o e+
            :X - [0:0]\\n-A X -i lo -o lo\\n-A INPUT -j X
            -A INPUT -f
            -A INPUT ! -f
            -A INPUT -f -f
            -A INPUT -m
            -A INPUT -m ""
            -A INPUT -m nothing
            -A INPUT -m TCP
            -A INPUT -m conntrack
            -A INPUT -m conntrack --ctstate
            -A INPUT -m conntrack --ctstate ""
            -A INPUT -m conntrack --ctstate NEW,
            -A INPUT -m conntrack --ctstate ,NEW
            -A INPUT -m conntrack --ctstate NE
            -A INPUT -m conntrack --ctstate ALL
            -A INPUT -m conntrack --ctstate NEW,NEW
            -A INPUT -m conntrack --ctstate NEW --ctstate NEW
            -A INPUT -m conntrack --ctstate NEW -m conntrack --ctstate NEW
            -A INPUT -m conntrack --ctstate NEW -m conntrack ! --ctstate ESTABLISHED
            -A INPUT -m conntrack --ctstatus NONE,ASSURED
            -A INPUT -m conntrack --ctstatus NONE
            -A INPUT -m conntrack ! --ctstatus NONE
            -A INPUT -m conntrack --ctstatus ""
            -A INPUT -m conntrack --ctstatus ALL
            -A INPUT -m conntrack --ctdir x
            -A INPUT -m conntrack --ctdir orig
            -A INPUT -m conntrack --ctproto 0
            -A INPUT -m conntrack ! --ctproto 0
            -A INPUT -m conntrack --ctproto nothing
            -A INPUT -m conntrack --ctproto 256
            -A INPUT -m conntrack --ctorigsrcport x
            -A INPUT -m conntrack --ctorigsrcport 9:8
            -A INPUT -m conntrack --ctorigsrcport :8
            -A INPUT -m conntrack --ctorigsrcport 8:
            -A INPUT -m conntrack --ctorigsrcport 0
            -A INPUT -m conntrack --ctorigsrc x
            -A INPUT -m conntrack --ctorigsrc 10.1
            -A INPUT -m conntrack --ctorigsrc 10.1.1.1/8
            -A INPUT -m conntrack --ctorigsrc 0.0.0.0/0
            -A INPUT -m conntrack --ctorigsrc 10.1.1.1,10.1.1.2
            -A INPUT -m conntrack --ctorigsrc 10.1.1.1/255.0.255.0
            -A INPUT -m conntrack --ctexpire 1
            -A INPUT -m state
            -A INPUT -m state --state
            -A INPUT -m state --state SNAT
            -A INPUT -m state --ctstate NEW
            -A INPUT -m mark
            -A INPUT -m mark --mark
            -A INPUT -m mark --mark ""
            -A INPUT -m mark --mark x
            -A INPUT -m mark --mark 1/
            -A INPUT -m mark --mark /1
            -A INPUT -m mark --mark 1/2/3
            -A INPUT -m mark --mark 0x100000000
            -A INPUT -m mark --mark -1
            -A INPUT -m mark --mark 1 --mark 2
            -A INPUT -m mark --mark 1 -m mark --mark 2
            -A INPUT -m mark --mark 0x
            -A INPUT -m mark --mark 08
            -A INPUT -m mark --mark 0X1F
            -A INPUT -m iprange
            -A INPUT -m iprange --src-range ""
            -A INPUT -m iprange --src-range 10.1.1.1-
            -A INPUT -m iprange --src-range -10.1.1.1
            -A INPUT -m iprange --src-range 10.1.1.9-10.1.1.1
            -A INPUT -m iprange --src-range 10.1.1.1-10.1.1.2-10.1.1.3
            -A INPUT -m iprange --src-range 10.1.1.1/8
            -A INPUT -m iprange --src-range 10.1
            -A INPUT -m iprange --src-range 10.1.1.1-10.1.1.1
            -A INPUT -m iprange --dst-range 10.1.1.1-10.1.1.2 ! --src-range 10.1.1.3-10.1.1.4
            -A INPUT -m iprange --src-range ::1-::2
            -A INPUT -m iprange --src-range ::9-::2
            -A INPUT -m addrtype
            -A INPUT -m addrtype --src-type
            -A INPUT -m addrtype --src-type ""
            -A INPUT -m addrtype --src-type x
            -A INPUT -m addrtype --src-type LOCAL,
            -A INPUT -m addrtype --src-type LOC
            -A INPUT -m addrtype --limit-iface-in
            -A INPUT -m addrtype --src-type LOCAL --limit-iface-in
            -A INPUT -m addrtype --src-type LOCAL --limit-iface-out
            -A OUTPUT -m addrtype --src-type LOCAL --limit-iface-in
            -A OUTPUT -m addrtype --src-type LOCAL --limit-iface-out
            -A FORWARD -m addrtype --src-type LOCAL --limit-iface-out
            -A FORWARD -m addrtype --src-type LOCAL --limit-iface-in --limit-iface-out
            -A FORWARD -m addrtype --dst-type UNICAST ! --src-type MULTICAST
            -A FORWARD -m addrtype --dst-type BROADCAST
            -A FORWARD -m addrtype --dst-type BLACKHOLE
            -A FORWARD -m addrtype ! --limit-iface-in --dst-type LOCAL
            -A INPUT -m connlimit
            -A INPUT -m connlimit --connlimit-above
            -A INPUT -m connlimit --connlimit-above x
            -A INPUT -m connlimit --connlimit-above -1
            -A INPUT -m connlimit --connlimit-above 4294967296
            -A INPUT -m connlimit --connlimit-above 010
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-upto 2
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-above 2
            -A INPUT -m connlimit ! --connlimit-upto 3
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-mask 33
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-mask 129
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-mask x
            -A INPUT -m connlimit --connlimit-above 1 ! --connlimit-mask 8
            -A INPUT -m connlimit --connlimit-above 1 --connlimit-saddr --connlimit-daddr
            -A INPUT -m connlimit --connlimit-above 1 ! --connlimit-daddr
            -A INPUT -m connlimit --connlimit-mask 8
            -A INPUT -m connlimit --connlimit-above 1 -m connlimit --connlimit-above 2
            -A INPUT -m hashlimit
            -A INPUT -m hashlimit --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/s
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name ""
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a/b
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name .
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name ..
            -A INPUT -m hashlimit --hashlimit-above 0/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above x/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/x --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/ --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/SEC --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above "" --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1000001/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 999999/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 7777/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 90/m --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 24/day --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 13/hour --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/day --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/day --hashlimit-burst 1 --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/day --hashlimit-burst 2 --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1000 --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1000000 --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 7/day --hashlimit-burst 99 --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 512kb/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit 5/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-upto 1/s --hashlimit-name a
            -A INPUT -m hashlimit ! --hashlimit-upto 1/s --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/s ! --hashlimit-name a
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-burst 0
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-burst 1000001
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-burst x
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-mode x
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-mode ""
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-mode srcip,
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-mode SRCIP
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-srcmask 33
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-srcmask 129
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-dstmask x
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-htable-expire 0
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-htable-gcinterval 0
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-htable-size 4294967296
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a --hashlimit-htable-max x
            -A INPUT -m hashlimit --hashlimit-above 1/s --hashlimit-name a -m hashlimit --hashlimit-above 2/s --hashlimit-name a
            -A INPUT -m limit
            -A INPUT -m limit --limit
            -A INPUT -m limit --limit ""
            -A INPUT -m limit --limit 0/s
            -A INPUT -m limit --limit 1/x
            -A INPUT -m limit --limit 1/
            -A INPUT -m limit --limit x/s
            -A INPUT -m limit --limit 10001/s
            -A INPUT -m limit --limit 600001/m
            -A INPUT -m limit --limit 600000/m
            -A INPUT -m limit --limit 1/secondx
            -A INPUT -m limit --limit 1/SEC
            -A INPUT -m limit --limit 7/m
            -A INPUT -m limit --limit 13/hour
            -A INPUT -m limit --limit 1000/day
            -A INPUT -m limit --limit 3/s
            -A INPUT -m limit --limit 7000/s
            -A INPUT -m limit --limit 7777/m
            -A INPUT -m limit --limit 90/m
            -A INPUT -m limit --limit 24/day
            -A INPUT -m limit ! --limit 1/s
            -A INPUT -m limit --limit-burst 0
            -A INPUT -m limit --limit-burst 10001
            -A INPUT -m limit --limit-burst 10000
            -A INPUT -m limit --limit-burst 5
            -A INPUT -m limit --limit-burst x
            -A INPUT -m limit --limit 1/s --limit 2/s
            -A INPUT -m limit --limit 0x10/s
            -A INPUT -m limit --limit 1/d --limit-burst 10000
            -A INPUT -m owner --uid-owner 1
            -A OUTPUT -m owner
            -A OUTPUT -m owner --uid-owner
            -A OUTPUT -m owner --uid-owner ""
            -A OUTPUT -m owner --uid-owner x
            -A OUTPUT -m owner --uid-owner 9-8
            -A OUTPUT -m owner --uid-owner 9-
            -A OUTPUT -m owner --uid-owner -9
            -A OUTPUT -m owner --uid-owner 4294967295
            -A OUTPUT -m owner --uid-owner 4294967294
            -A OUTPUT -m owner --uid-owner 0x10
            -A OUTPUT -m owner --uid-owner 010
            -A OUTPUT -m owner --gid-owner root
            -A OUTPUT -m owner --gid-owner 1 --uid-owner 2 ! --socket-exists
            -A FORWARD -m owner --uid-owner 1
            :X - [0:0]\\n-A X -m owner --uid-owner 1
            :X - [0:0]\\n-A X -m owner --uid-owner 1\\n-A INPUT -j X
            :X - [0:0]\\n-A X -m owner --uid-owner 1\\n-A OUTPUT -j X
            -A INPUT -m comment
            -A INPUT -m comment --comment
            -A INPUT -m comment --comment ""
            -A INPUT -m comment ! --comment x
            -A INPUT -m comment --comment a b
            -A INPUT -m comment --comment "a
            -A INPUT -m comment --comment a"
            -A INPUT -m comment --comment "a"b
            -A INPUT -m comment --comment a"b"
            -A INPUT -m comment --comment "a""b"
            -A INPUT -m comment --comment 'a b'
            -A INPUT -m comment --comment 'a'
            -A INPUT -m comment --comment a\\\\b
            -A INPUT -m comment --comment a\\\\"b
            -A INPUT -m comment --comment "a\\\\b"
            -A INPUT -m comment --comment "a\\\\"
            -A INPUT -m comment --comment "a\\\\\\\\"
            -A INPUT -m comment --comment "a\\\\"b"
            -A INPUT -m comment --comment "-j" -j ACCEPT
            -A INPUT -m comment --comment -j -j ACCEPT
            -A INPUT -m comment --comment=-j -j ACCEPT
            -A INPUT -m comment --comment= -j ACCEPT
            -A INPUT -m comment --comment "!"
            -A INPUT -m comment --comment !
            -A INPUT "-j" "ACCEPT"
            -A "INPUT" -j ACCEPT
            "-A INPUT" -j ACCEPT
            -A INPUT "" -j ACCEPT
            -A INPUT "
            "
            ""
            -A INPUT -m comment --comment \u00e9\u20ac
            -A INPUT -m comment --comment x -m comment --comment y
            -A INPUT -m comment --comment "a\\tb"
            -A INPUT -m comment --comment a\\rb
            -A INPUT -m comment --comment a\\1b
            -A INPUT -m physdev
            -A INPUT -m physdev --physdev-in
            -A INPUT -m physdev --physdev-in ""
            -A INPUT -m physdev --physdev-in +
            -A INPUT -m physdev --physdev-in eth0 --physdev-in eth1
            -A INPUT -m physdev --physdev-out eth0
            -A FORWARD -m physdev --physdev-out eth0
            -A OUTPUT -m physdev --physdev-out eth0
            -A FORWARD -m physdev --physdev-is-bridged --physdev-out eth0
            -A FORWARD -m physdev --physdev-in abcdefghijklmnop
            -A FORWARD -m physdev --physdev-in eth0 ! --physdev-is-in
            -A FORWARD -m physdev --physdev-is-in --physdev-is-out --physdev-is-bridged
            -A OUTPUT -m physdev --physdev-is-out
            -A OUTPUT -m physdev --physdev-in eth0
            -A INPUT -m physdev --physdev-is-out
            -A INPUT -j REJECT --reject-with
            -A INPUT -j REJECT --reject-with ""
            -A INPUT -j REJECT --reject-with nothing
            -A INPUT -j REJECT --reject-with icmp-port
            -A INPUT -j REJECT --reject-with icmp
            -A INPUT -j REJECT --reject-with tcp-reset
            -A INPUT ! -p tcp -j REJECT --reject-with tcp-reset
            -A INPUT -p udp -j REJECT --reject-with tcp-reset
            -A INPUT -j REJECT --reject-with tcp-reset -p tcp
            -A INPUT -j REJECT --reject-with echo-reply
            -A INPUT -j REJECT --reject-with icmp-port-unreachable --reject-with icmp-net-unreachable
            -A INPUT -j REJECT ! --reject-with icmp-port-unreachable
            -A INPUT -j REJECT --reject-with port-unr
            -A INPUT -j REJECT --reject-with ICMP-port-unreachable
            -A INPUT --reject-with icmp-port-unreachable -j REJECT
            -A INPUT -j LOG --log-prefix
            -A INPUT -j LOG --log-prefix ""
            -A INPUT -j LOG --log-prefix abcdefghijklmnopqrstuvwxyzABCD
            -A INPUT -j LOG --log-prefix abcdefghijklmnopqrstuvwxyzABC
            -A INPUT -j LOG --log-prefix "a
            -A INPUT -j LOG --log-level x
            -A INPUT -j LOG --log-level 8
            -A INPUT -j LOG --log-level ""
            -A INPUT -j LOG --log-level warn
            -A INPUT -j LOG --log-level WARNING
            -A INPUT -j LOG --log-level inf
            -A INPUT -j LOG --log-level 4
            -A INPUT -j LOG --log-uid --log-uid
            -A INPUT -j LOG ! --log-uid
            -A INPUT -j NFLOG --nflog-group 65536
            -A INPUT -j NFLOG --nflog-group x
            -A INPUT -j NFLOG --nflog-prefix ""
            -A INPUT -j NFLOG --nflog-prefix aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            -A INPUT -j NFLOG --nflog-prefix aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            -A INPUT -j NFLOG --nflog-range 1 --nflog-size 2
            -A INPUT -j NFLOG --nflog-threshold 0
            -A INPUT -j NFLOG --nflog-threshold 1
            -A INPUT -j NFLOG --nflog-threshold 65536
            -A INPUT -j NFLOG --nflog-size 0
            -A INPUT -j NFLOG --nflog-range 0
            -A INPUT -j SNAT --to-source 10.43.0.1
            -A INPUT -j MASQUERADE
            -A INPUT -j ACCEPT --log-uid
            -A INPUT --log-uid -j LOG
            [1:2] -A INPUT
            [1:2]-A INPUT
            [1: -A INPUT
            [1] -A INPUT
            [a:b] -A INPUT
            [] -A INPUT
            [:] -A INPUT
            [1:2]
            [
            ]
             -A INPUT
            \\t-A INPUT
            \\0
            -A INPUT\\0 -j ACCEPT
            -A INPUT -j ACCEPT\\0
            -A INPUT -j AC\\0CEPT
            -A INPUT -j ACCEPT\\r
            -A INPUT -j ACCEPT \\r
            -A INPUT #comment
            #-A NOTHING
             # comment
            junk
            --
            -
            *nat
            COMMIT\\n*nat\\n-A OUTPUT -j DROP
            -A INPUT -j QUEUE
            -A INPUT -j standard
            -A INPUT -m standard
            -A INPUT -j ERROR
            """;
}
