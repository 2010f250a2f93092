# Ends what a JVM has started inside its sandboxes once the JVM is gone. Standard input is a pipe from the JVM: a line
# +MAC ties a sandbox, -MAC unties it, an empty line says nothing, and the end of file is the end of the JVM. MAC is
# the address of the host end of the sandbox's link, which only the sandbox's own namespace has as a permanent
# neighbour. Runs in dash and ash; starts no process but sleep, since the machine may have none left to give.

trap '' INT HUP TERM
own=/proc/self/net/arp
limit=60

ties=' '
tied=
untied=' '
count=0

# Brings what has been tied and untied into the list: many at a time, and through a short text, since a text costs as
# much as it is long each time something is put to it.
settle() {
    left=' '
    part=
    length=0
    for tie in $ties $tied; do
        case $untied in
        *" $tie "*) ;;
        *) part="$part$tie " ;;
        esac
        length=$((length + 1))
        if [ "$length" -ge 50 ]; then
            left="$left$part"
            part=
            length=0
        fi
    done
    ties="$left$part"
    tied=
    untied=' '
    count=0
}

while read -r line; do
    mac=${line#?}
    case $line in
    +*)
        case $untied in
        *" $mac "*) settle ;;
        esac
        tied="$tied$mac "
        ;;
    -*) untied="$untied$mac " ;;
    *) continue ;;
    esac
    count=$((count + 1))
    [ "$count" -lt 200 ] || settle
done
settle
[ "$ties" != ' ' ] || exit 0

uptime() {
    read -r seconds rest </proc/uptime && now=${seconds%%.*}
}

# The number given out last: as long as it stays, no process and no thread has been made.
newest() {
    read -r one five fifteen running newest </proc/loadavg || newest=0
}

# Reads a neighbour table. Its first lines will do: a sandbox's process can make no neighbours but on a link that has
# two addresses.
listed() {
    lines=0
    while [ "$lines" -lt 16 ] && read -r address type flags mac rest; do
        lines=$((lines + 1))
        # a neighbour that was learnt (0x2) may be a lie
        [ "$flags" = 0x6 ] || continue
        case $ties in
        *" $mac "*) return 0 ;;
        esac
    done
    return 1
}

linked() {
    listed <"$1/net/arp"
}

at_home() {
    [ "$1/net/arp" -ef "$own" ]
}

# A thread can part from its process's leader, or outlive it.
inside() {
    ! at_home "/proc/$1" || return 1
    ! linked "/proc/$1" || return 0
    for task in "/proc/$1/task/"*; do
        if ! [ "$task/net/arp" -ef "/proc/$1/net/arp" ] && ! at_home "$task" && linked "$task"; then
            return 0
        fi
    done
    return 1
}

parent() {
    while read -r key parent rest; do
        [ "$key" != PPid: ] || return 0
    done <"/proc/$1/status"
    parent=0
}

# A process can be in a namespace of its own, made inside: then an ancestor tells.
ours() {
    process=$1
    while [ "$process" -gt 1 ] && ! at_home "/proc/$process"; do
        ! inside "$process" || return 0
        parent "$process"
        process=$parent
    done
    return 1
}

# When it was started, in clock ticks: tells a process from a later one of the same number. Its name, between the
# parentheses, may hold anything, also the end of a line.
started() {
    stat=
    while read -r line; do
        stat="$stat $line"
    done <"/proc/$1/stat"
    set -- ${stat##*) }
    started=${20:-gone}
}

# Stopped first, killed later: what is stopped makes no more processes and goes on counting against its limits, and its
# children keep their parent, by which they are found.
stop() {
    kill -s STOP "$1"
    stopped="$stopped$1 "
    found=yes
}

is_stopped() {
    case $stopped in
    *" $1 "*) return 0 ;;
    esac
    return 1
}

look_at() {
    is_stopped "$1" || ! ours "$1" || stop "$1"
}

look_at_all() {
    for entry in /proc/[0-9]*; do
        look_at "${entry#/proc/}"
    done
}

# The newest number may be a thread's, and a signal to that is one to its process: that is looked at by its own number.
leads() {
    while read -r key value rest; do
        if [ "$key" = Tgid: ]; then
            [ "$value" = "$1" ]
            return
        fi
    done <"/proc/$1/status"
    return 1
}

# A process that replaces itself all the time is gone before its table is read. But the table, once open, stays, and
# tells quickly whether the next one is in the same namespace.
chase() {
    listed <&3 || return 0
    chased=0
    while [ "$chased" -lt 200 ]; do
        chased=$((chased + 1))
        newest
        for next in "$newest" $((newest - 1)) $((newest - 2)); do
            if [ "/proc/$next/net/arp" -ef /proc/self/fd/3 ] && ! is_stopped "$next" && leads "$next"; then
                stop "$next"
                return 0
            fi
        done
    done
}

# It is also gone before the slow look gets to its number: the newest numbers are looked at.
look_at_newest() {
    looks=0
    seen=0
    while [ "$looks" -lt 50 ]; do
        looks=$((looks + 1))
        newest
        [ "$newest" != "$seen" ] || continue
        seen=$newest
        for next in "$newest" $((newest - 1)) $((newest - 2)); do
            if [ -e "/proc/$next/net/arp" ] && ! at_home "/proc/$next" && ! is_stopped "$next"; then
                chase 3<"/proc/$next/net/arp"
            fi
        done
    done
}

# A number can have changed hands since it was looked at: that process goes on. The rest is told apart before the first
# is killed, since its children lose their parent then.
kill_stopped() {
    killed=
    for process_id in $stopped; do
        started "$process_id"
        if ours "$process_id"; then
            killed="$killed $process_id:$started"
        else
            kill -s CONT "$process_id"
        fi
    done
    for entry in $killed; do
        started "${entry%:*}"
        [ "$started" != "${entry#*:}" ] || kill -s KILL "${entry%:*}"
    done
}

now=0
uptime
end=$((now + limit))

# Silence counts for little while others are being born, and for much when nobody is.
quiet=0
rounds=0
while [ "$quiet" -lt 60 ] && [ "$now" -lt "$end" ]; do
    stopped=' '
    passes=0
    found=yes
    newest
    before=$newest
    while [ "$found" = yes ] && [ "$passes" -lt 50 ]; do
        passes=$((passes + 1))
        found=no
        look_at_all
        [ "$found" = yes ] || [ "$newest" = 0 ] || look_at_newest
    done
    newest
    if [ "$stopped" != ' ' ]; then
        quiet=0
        kill_stopped
        rounds=$((rounds + 1))
        # what is still there after so many waits for the kernel
        [ "$rounds" -lt 100 ] || sleep 1
    elif [ "$newest" = "$before" ] && [ "$newest" != 0 ]; then
        quiet=$((quiet + 20))
    else
        quiet=$((quiet + 2))
    fi
    uptime
done
