#!/usr/bin/env python3
"""Tries to reach things, one a line of standard input, and says how each try ended.

Arguments: TIMEOUT_MILLIS WORKERS. For each line there is one of output, in the same order:
`OUTCOME MILLIS DETAIL`. Outcomes: `ok`, `timeout`, or the name of the errno or of the resolver's error.

    tcp ADDRESS PORT            connects; the detail is the first line received
    udp ADDRESS PORT            sends a datagram from a connected socket; the detail is the answer
    dns udp|tcp SERVER NAME A|AAAA   the detail is the return code, TC where truncated, and the addresses
    getaddrinfo NAME            the C library's look-up
    ping ADDRESS                echo over an unprivileged ICMP socket
    raw PROTOCOL ADDRESS        a raw socket; for ICMP the echo's answer is awaited, else it is sent only
    header PROTOCOL SOURCE ADDRESS   a raw IPv4 packet with a header of its own, sent only
    frame INTERFACE             an AF_PACKET socket, bound
    inject INTERFACE SOURCE ADDRESS   a DNS query with any source, written to an AF_PACKET socket, sent only: an answer
                                meets a closed port
    sctp ADDRESS PORT           connects a one-to-one socket
    from SOURCE udp|tcp ADDRESS PORT   as udp and tcp, bound to a source address that need not be the machine's
    sh COMMAND                  `ok` and the output if it exits 0, else `exit-STATUS`
"""
import concurrent.futures
import errno
import os
import socket
import struct
import subprocess
import sys
import time

TIMEOUT = int(sys.argv[1]) / 1000
IP_FREEBIND = 15
IPV6_FREEBIND = 78


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connected(address, port, kind, protocol=0, source=None):
    opened = socket.socket(family(address), kind, protocol)
    opened.settimeout(TIMEOUT)
    if source:
        six = family(source) == socket.AF_INET6
        opened.setsockopt(41 if six else 0, IPV6_FREEBIND if six else IP_FREEBIND, 1)
        opened.bind((source, 0))
    opened.connect((address, int(port)))
    return opened


def tcp(address, port, source=None):
    with connected(address, port, socket.SOCK_STREAM, 0, source) as opened:
        return opened.makefile().readline().strip()


def udp(address, port, source=None):
    with connected(address, port, socket.SOCK_DGRAM, 0, source) as opened:
        opened.send(b"probe")
        return opened.recv(2048).decode().strip()


def sctp(address, port):
    connected(address, port, socket.SOCK_STREAM, 132).close()
    return ""


def source(address, kind, *target):
    return {"tcp": tcp, "udp": udp}[kind](*target, source=address)


def skip_name(message, at):
    while message[at]:
        if message[at] >= 192:
            return at + 2
        at += message[at] + 1
    return at + 1


def receive(opened, size):
    data = b""
    while len(data) < size:
        part = opened.recv(size - len(data))
        if not part:
            raise OSError(errno.ECONNRESET, "end of stream")
        data += part
    return data


def question(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", 4711, 0x100, 1, 0, 0, 0) + labels + struct.pack("!HH", number, 1)


def dns(transport, server, name, record):
    number = {"A": 1, "AAAA": 28}[record]
    query = question(name, number)
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with connected(server, 53, kind) as opened:
        if transport == "tcp":
            opened.sendall(struct.pack("!H", len(query)) + query)
            answer = receive(opened, struct.unpack("!H", receive(opened, 2))[0])
        else:
            opened.send(query)
            answer = opened.recv(4096)
    flags, _, count = struct.unpack("!HHH", answer[2:8])
    at, found = len(query), []
    for _ in range(count):
        at = skip_name(answer, at)
        kind, _, _, size = struct.unpack("!HHIH", answer[at:at + 10])
        at += 10
        if kind == number:
            found.append(socket.inet_ntop(socket.AF_INET6 if size == 16 else socket.AF_INET, answer[at:at + size]))
        at += size
    codes = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
    return " ".join([codes[flags & 15]] + (["TC"] if flags & 0x200 else []) + sorted(found))


def getaddrinfo(name):
    found = {entry[4][0] for entry in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)}
    return " ".join(sorted(found))


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(address):
    kind = 128 if ":" in address else 8
    body = struct.pack("!BBHHH", kind, 0, 0, os.getpid() & 0xFFFF, 1) + b"osh-echo"
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def ping(address):
    protocol = 58 if ":" in address else 1
    with connected(address, 0, socket.SOCK_DGRAM, protocol) as opened:
        opened.send(echo(address))
        return "type %d" % opened.recv(2048)[0]


def raw(protocol, address):
    with socket.socket(family(address), socket.SOCK_RAW, int(protocol)) as opened:
        opened.settimeout(TIMEOUT)
        opened.connect((address, 0))
        if int(protocol) not in (1, 58):
            opened.send(bytes(16))
            return "sent"
        opened.send(echo(address))
        return "received %d octets" % len(opened.recv(2048))


def header(protocol, sender, address):
    body = bytes(16)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, int(protocol), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as opened:
        opened.sendto(head + socket.inet_aton(sender) + socket.inet_aton(address) + body, (address, 0))
    return "sent"


def frame(interface):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as opened:
        opened.bind((interface, 3))
    return "bound"


def inject(interface, sender, address):
    hardware = open("/proc/net/arp", encoding="ascii").read().split("\n")[1:]
    gateway = next(row.split()[3] for row in hardware if row and row.split()[5] == interface)
    query = question("db.internal", 1)
    body = struct.pack("!HHHH", 40000, 53, 8 + len(query), 0) + query
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, 17, 0)
    head += socket.inet_aton(sender) + socket.inet_aton(address)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as opened:
        opened.bind((interface, 0x0800))
        ends = bytes.fromhex(gateway.replace(":", "")) + opened.getsockname()[4]
        opened.send(ends + b"\x08\x00" + head + body)
    return "sent"


def sh(*words):
    done = subprocess.run(["sh", "-c", " ".join(words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace").strip().replace("\n", " | ")
    if done.returncode:
        raise Exit("exit-%d" % done.returncode, text)
    return text


class Exit(Exception):
    """A command's exit status that is not 0, and its output."""


TRIES = {"tcp": tcp, "udp": udp, "dns": dns, "getaddrinfo": getaddrinfo, "ping": ping, "raw": raw, "header": header,
         "frame": frame, "inject": inject, "sctp": sctp, "from": source, "sh": sh}


def attempt(line):
    words = line.split()
    start = time.monotonic()
    try:
        outcome, detail = "ok", TRIES[words[0]](*words[1:])
    except Exit as e:
        outcome, detail = e.args
    except socket.timeout:
        outcome, detail = "timeout", ""
    except socket.gaierror as e:
        names = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}
        outcome, detail = names.get(e.errno, str(e.errno)), str(e.strerror)
    except OSError as e:
        outcome, detail = errno.errorcode.get(e.errno, str(e.errno)), str(e.strerror)
    return "%s %d %s" % (outcome, (time.monotonic() - start) * 1000, detail)


def main():
    lines = [line for line in sys.stdin.read().splitlines() if line.strip()]
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as pool:
        for outcome in pool.map(attempt, lines):
            print(outcome, flush=True)


main()
