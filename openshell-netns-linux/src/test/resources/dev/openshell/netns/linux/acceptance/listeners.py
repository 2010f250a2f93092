#!/usr/bin/env python3
"""Answers on many sockets in many network namespaces, from one process.

Arguments: NETNS/tcp|udp/ADDRESS/PORT, NETNS being a name under /run/netns, or - for the process's own. Prints "ready"
when all are open, and ends when its standard input does. A TCP connection gets one line, `tcp LOCAL PORT PEER PORT`,
and the end of the stream; a datagram gets `udp LOCAL PORT PEER PORT`, from the very address that it was sent to. For
each line of standard input it prints what has come since the last one, `NETNS` before each such line, and "end".
"""
import ctypes
import os
import selectors
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns " + name)
    os.close(fd)


def listen(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        opened.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO, linux/in.h
    opened.bind((address, int(port)))
    if kind == "tcp":
        opened.listen(128)
    opened.setblocking(False)
    return opened


def line(kind, local, port, peer):
    return ("%s %s %d %s %d\n" % (kind, local, port, peer[0], peer[1])).encode()


def accept(selector, listener, seen, namespace):
    connection, peer = listener.accept()
    local = connection.getsockname()
    connection.setblocking(False)
    seen.append(namespace + " " + line("tcp", local[0], local[1], peer).decode().strip())
    try:
        connection.send(line("tcp", local[0], local[1], peer))
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        connection.close()
        return
    # What the client sends is read to its end: closing with unread data would reset the connection.
    selector.register(connection, selectors.EVENT_READ, ("connection", namespace))


def drain(selector, connection):
    try:
        if connection.recv(65536):
            return
    except OSError:
        pass
    selector.unregister(connection)
    connection.close()


def answer(opened, seen, namespace):
    data, ancillary, _, peer = opened.recvmsg(65536, 256)
    level, kind, info = ancillary[0]
    if level == socket.IPPROTO_IP:
        local = socket.inet_ntop(socket.AF_INET, info[4:8])
        info = struct.pack("@i", 0) + info[4:8] + bytes(4)
    else:
        local = socket.inet_ntop(socket.AF_INET6, info[:16])
    reply = line("udp", local, opened.getsockname()[1], peer)
    seen.append(namespace + " " + reply.decode().strip())
    try:
        opened.sendmsg([reply], [(level, kind, info)], 0, peer)
    except OSError:
        pass  # the peer may be gone, or its own rules may have answered with an error


def main():
    selector, seen = selectors.DefaultSelector(), []
    for argument in sys.argv[1:]:
        namespace, kind, address, port = argument.split("/")
        if namespace != "-":
            enter(namespace)
        selector.register(listen(kind, address, port), selectors.EVENT_READ, (kind, namespace))
    selector.register(0, selectors.EVENT_READ, ("stdin", ""))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            kind, namespace = key.data
            try:
                if kind == "stdin":
                    if not os.read(0, 4096):
                        return
                    print("\n".join(seen + ["end"]), flush=True)
                    seen.clear()
                elif kind == "tcp":
                    accept(selector, key.fileobj, seen, namespace)
                elif kind == "udp":
                    answer(key.fileobj, seen, namespace)
                else:
                    drain(selector, key.fileobj)
            except (BlockingIOError, ConnectionError):
                pass  # the client was gone before its turn came


main()
