#!/usr/bin/env python3
"""Prints each packet that leaves a pod, as seen at the far ends of its links.

Arguments: POD, then LINK/NETNS/INTERFACE/POD_INTERFACE for each link: the far end's namespace and interface, and the
pod's interface. Prints "ready"; then, for each line `TOKEN` on standard input, everything seen so far and `mark TOKEN
DROPPED`. A packet's line is: LINK FAMILY PROTOCOL SOURCE DESTINATION SOURCE_PORT DESTINATION_PORT ICMP_TYPE, with -1
for what it does not have, and family 0 and the EtherType as the protocol for what is not IP.

Left out is only what the kernel of the pod says to its own links' neighbours: ARP; ICMPv6 router solicitations and
neighbour solicitations and advertisements (types 133, 135, 136) with hop limit 255, which no forwarded packet has; MLD
reports and dones (131, 132, 143) with hop limit 1 and a link-local or no source.

For a mark, frames of the local experimental EtherType 0x88b5 are sent from the pod, three rounds on each processor and
link: a processor's packets pass a link in order, so that when all have come, nothing sent before is still under way.
"""
import ctypes
import os
import select
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
EXPERIMENTAL = 0x88B5
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
ROUNDS = 3
LIBC = ctypes.CDLL(None, use_errno=True)


def packet_socket(namespace, interface, protocol):
    fd = os.open("/run/netns/" + namespace, os.O_RDONLY)
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns " + namespace)
    os.close(fd)
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    opened.bind((interface, protocol))
    return opened


def transport(protocol, payload, fragment):
    if fragment:
        return -1, -1, -1
    if protocol in (6, 17, 33, 132, 136) and len(payload) >= 4:
        return struct.unpack("!HH", payload[:4]) + (-1,)
    if protocol in (1, 58) and payload:
        return -1, -1, payload[0]
    return -1, -1, -1


def ipv4(packet):
    header = (packet[0] & 15) * 4
    fragment = struct.unpack("!H", packet[6:8])[0] & 0x1FFF
    ends = [socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16)]
    return (4, packet[9], *ends, *transport(packet[9], packet[header:], fragment))


def ipv6(packet):
    protocol, hops, payload, fragment = packet[6], packet[7], packet[40:], 0
    while protocol in (0, 43, 44, 60) and len(payload) >= 8 and not fragment:
        if protocol == 44:
            fragment = struct.unpack("!H", payload[2:4])[0] & 0xFFF8
            size = 8
        else:
            size = (payload[1] + 1) * 8
        protocol, payload = payload[0], payload[size:]
    source, destination = (socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
    found = (6, protocol, source, destination, *transport(protocol, payload, fragment))
    if protocol == 58:
        if found[6] in (133, 135, 136) and hops == 255:
            return None
        if found[6] in (131, 132, 143) and hops == 1 and (source == "::" or source.startswith("fe80:")):
            return None
    return found


def parse(frame):
    ethertype = struct.unpack("!H", frame[12:14])[0]
    if ethertype == 0x0806:
        return None
    if ethertype == 0x0800:
        return ipv4(frame[14:])
    if ethertype == 0x86DD:
        return ipv6(frame[14:])
    return 0, ethertype, "-", "-", -1, -1, -1


def read(link, sniffer, marks):
    frame, (_, _, direction, _, _) = sniffer.recvfrom(1 << 17)
    if direction == socket.PACKET_OUTGOING:
        return
    if frame[12:14] == struct.pack("!H", EXPERIMENTAL) and frame[14:18] == b"osh!":
        marks.discard(frame[18:].rstrip(b"\0"))
        return
    found = parse(frame)
    if found:
        print(link, *found)


def mark(token, sniffers, senders):
    processors = os.sched_getaffinity(0)
    for turn in range(ROUNDS):
        marks = set()
        for processor in processors:
            os.sched_setaffinity(0, {processor})
            for link, sender in senders.items():
                name = ("%s %s %d %d" % (token, link, processor, turn)).encode()
                marks.add(name)
                header = b"\xff" * 6 + b"\x02\0\0\0\0\1" + struct.pack("!H", EXPERIMENTAL)
                sender.send((header + b"osh!" + name).ljust(60, b"\0"))
        os.sched_setaffinity(0, processors)
        while marks:
            for ready in select.select(list(sniffers), [], [])[0]:
                read(sniffers[ready], ready, marks)
    dropped = sum(struct.unpack("II", s.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1] for s in sniffers)
    print("mark", token, dropped, flush=True)


def main():
    pod, sniffers, senders = sys.argv[1], {}, {}
    for argument in sys.argv[2:]:
        link, namespace, interface, near = argument.split("/")
        sniffers[packet_socket(namespace, interface, ETH_P_ALL)] = link
        senders[link] = packet_socket(pod, near, 0)
    print("ready", flush=True)
    while True:
        for ready in select.select([sys.stdin.fileno()] + list(sniffers), [], [])[0]:
            if ready in sniffers:
                read(sniffers[ready], ready, set())
            else:
                token = os.read(ready, 4096).decode().strip()
                if not token:
                    return
                mark(token, sniffers, senders)


# A packet's line written to a pipe is buffered; a mark flushes it.
main()
