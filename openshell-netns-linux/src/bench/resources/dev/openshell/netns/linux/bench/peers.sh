# Makes and removes sandboxes as others do it, and prints what each took: create and remove in microseconds, and at the
# end the number of processes. Runs in network and mount namespaces of its own, which end with it.
# Usage: bash -s WAY ROUNDS WARM_UP, with CNI set to the directory of the plugins for the way "cni".
set -eu
way=$1 rounds=$2 warm_up=$3
export LC_ALL=C

mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/bin
# iptables-nft under the names that the plugins use, whatever the machine's choice is.
multi=$(command -v xtables-nft-multi || true)
if [ -n "$multi" ]; then
    for name in iptables ip6tables iptables-restore ip6tables-restore iptables-save ip6tables-save; do
        ln -s "$multi" "/run/bin/$name"
    done
    PATH=/run/bin:$PATH
fi
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward

started=0
# Runs one process and counts it.
r() {
    started=$((started + 1))
    "$@"
}

hosts="203.0.113.10:443 203.0.113.11:443 203.0.113.12:5432"

create_sequence() {
    r ip netns add s
    r ip link add vh type veth peer name vs
    r ip link set vs netns s
    r ip addr add 10.200.0.1/30 dev vh
    r ip link set vh up
    r ip -n s addr add 10.200.0.2/30 dev vs
    r ip -n s link set vs up
    r ip -n s link set lo up
    r ip -n s route add default via 10.200.0.1
    local in="ip netns exec s" chain
    for chain in INPUT FORWARD OUTPUT; do
        r $in iptables -P $chain DROP
        r $in ip6tables -P $chain DROP
    done
    for chain in "INPUT -i" "OUTPUT -o"; do
        r $in iptables -A $chain lo -j ACCEPT
        r $in ip6tables -A $chain lo -j ACCEPT
    done
    r $in iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    r $in iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    r $in iptables -A OUTPUT -d 10.200.0.1 -p tcp --dport 3128 -j ACCEPT
    r $in iptables -A OUTPUT -d 10.43.0.10 -p udp --dport 53 -j ACCEPT
    r $in iptables -A OUTPUT -d 10.43.0.10 -p tcp --dport 53 -j ACCEPT
    local host
    for host in $hosts; do
        r $in iptables -A OUTPUT -d "${host%:*}" -p tcp --dport "${host#*:}" -j ACCEPT
    done
    host_rules -A
}

# Adds (-A) or deletes (-D) the rules on the host, one by one.
host_rules() {
    local host
    r iptables $1 INPUT -i vh -d 10.200.0.1 -p tcp --dport 3128 -j ACCEPT
    r iptables $1 INPUT -i vh -j DROP
    r iptables $1 FORWARD -i vh -d 10.43.0.10 -p udp --dport 53 -j ACCEPT
    r iptables $1 FORWARD -i vh -d 10.43.0.10 -p tcp --dport 53 -j ACCEPT
    for host in $hosts; do
        r iptables $1 FORWARD -i vh -d "${host%:*}" -p tcp --dport "${host#*:}" -j ACCEPT
    done
    r iptables $1 FORWARD -i vh -j DROP
    r iptables $1 FORWARD -o vh -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    r iptables $1 FORWARD -o vh -j DROP
    r iptables -t nat $1 POSTROUTING -s 10.200.0.2 ! -d 10.200.0.1 -j MASQUERADE
    r ip6tables $1 FORWARD -i vh -j DROP
    r ip6tables $1 FORWARD -o vh -j DROP
}

remove_sequence() {
    host_rules -D
    r ip link del vh
    r ip netns del s
}

inside_rules() {
    echo "*filter
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A INPUT -j DROP
-A FORWARD -j DROP
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A OUTPUT -d 10.200.0.1 -p tcp --dport 3128 -j ACCEPT
-A OUTPUT -d 10.43.0.10 -p udp --dport 53 -j ACCEPT
-A OUTPUT -d 10.43.0.10 -p tcp --dport 53 -j ACCEPT
-A OUTPUT -d 203.0.113.10 -p tcp --dport 443 -j ACCEPT
-A OUTPUT -d 203.0.113.11 -p tcp --dport 443 -j ACCEPT
-A OUTPUT -d 203.0.113.12 -p tcp --dport 5432 -j ACCEPT
-A OUTPUT -j DROP
COMMIT"
}

host_text() {
    echo "*filter
$1 INPUT -i vh -d 10.200.0.1 -p tcp --dport 3128 -j ACCEPT
$1 INPUT -i vh -j DROP
$1 FORWARD -i vh -d 10.43.0.10 -p udp --dport 53 -j ACCEPT
$1 FORWARD -i vh -d 10.43.0.10 -p tcp --dport 53 -j ACCEPT
$1 FORWARD -i vh -d 203.0.113.10 -p tcp --dport 443 -j ACCEPT
$1 FORWARD -i vh -d 203.0.113.11 -p tcp --dport 443 -j ACCEPT
$1 FORWARD -i vh -d 203.0.113.12 -p tcp --dport 5432 -j ACCEPT
$1 FORWARD -i vh -j DROP
$1 FORWARD -o vh -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
$1 FORWARD -o vh -j DROP
COMMIT
*nat
$1 POSTROUTING -s 10.200.0.2 ! -d 10.200.0.1 -j MASQUERADE
COMMIT"
}

host_text6() {
    echo "*filter
$1 FORWARD -i vh -j DROP
$1 FORWARD -o vh -j DROP
COMMIT"
}

inside6="*filter
-A INPUT -i lo -j ACCEPT
-A INPUT -j DROP
-A FORWARD -j DROP
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -j DROP
COMMIT"

# No policies in the loads: one costs more than all else in its load, and a last rule denies as much.
create_batch() {
    r ip -batch - <<< "netns add s
link add vh type veth peer name vs netns s
addr add 10.200.0.1/30 dev vh
link set vh up"
    r ip -n s -batch - <<< "addr add 10.200.0.2/30 dev vs
link set vs up
link set lo up
route add default via 10.200.0.1"
    r ip netns exec s iptables-restore --noflush <<< "$inside"
    r ip netns exec s ip6tables-restore --noflush <<< "$inside6"
    r iptables-restore --noflush <<< "$host_add"
    r ip6tables-restore --noflush <<< "$host_add6"
}

remove_batch() {
    r iptables-restore --noflush <<< "$host_del"
    r ip6tables-restore --noflush <<< "$host_del6"
    r ip -batch - <<< "link del vh
netns del s"
}

plugin() {
    CNI_COMMAND=$1 CNI_CONTAINERID=bench CNI_NETNS=/run/netns/s CNI_IFNAME=eth0 CNI_PATH=$CNI r "$CNI/$2" <<< "$3"
}

ptp() {
    echo '{"cniVersion":"0.4.0","name":"bench","type":"ptp","ipMasq":true,"ipam":{"type":"host-local",
"ranges":[[{"subnet":"10.200.1.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"/run/cni"}'"$1}"
}

firewall() {
    echo '{"cniVersion":"0.4.0","name":"bench","type":"firewall","backend":"iptables","prevResult":'"$result}"
}

create_cni() {
    r ip netns add s
    # What a subshell counts is lost: ptp, and host-local, which ptp starts.
    result=$(plugin ADD ptp "$(ptp '')")
    started=$((started + 2))
    plugin ADD firewall "$(firewall)" > /run/out
}

remove_cni() {
    plugin DEL firewall "$(firewall)"
    plugin DEL ptp "$(ptp ",\"prevResult\":$result")"
    # host-local again.
    started=$((started + 1))
    r ip netns del s
}

inside=$(inside_rules)
host_add=$(host_text -A)
host_del=$(host_text -D)
host_add6=$(host_text6 -A)
host_del6=$(host_text6 -D)
for ((i = 0; i < warm_up + rounds; i++)); do
    started=0
    start=${EPOCHREALTIME/./}
    "create_$way"
    created=${EPOCHREALTIME/./}
    for_create=$started
    begin=${EPOCHREALTIME/./}
    "remove_$way"
    end=${EPOCHREALTIME/./}
    if ((i >= warm_up)); then
        echo "create $((created - start))"
        echo "remove $((end - begin))"
    fi
    # What the kernel still takes away in the background is not the next one's.
    sleep 0.05
done
echo "processes $for_create $((started - for_create))"
