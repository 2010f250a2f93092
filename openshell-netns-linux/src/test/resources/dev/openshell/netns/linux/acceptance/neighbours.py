#!/usr/bin/env python3
"""Programs that change the rules of a pod beside sandboxes, each until its standard input ends.

own RESTORE SAVE      loads its own chain and jumps over and over, and looks whether all of them are still there
lock                  takes and drops the lock of iptables-legacy
resave SAVE RESTORE   saves whole tables and restores them a little later, as firewall scripts do
reload RESTORE FILE   restores a whole file over what is there

Prints "ready", and at the end `ROUNDS LOST ERRORS FIRST`: rounds, those in which a rule was missing, those that ended
with an error, and the first such.
"""
import fcntl
import os
import random
import select
import subprocess
import sys
import time

CHAIN = "NEIGHBOUR"
TRIES = 50


def over(pause):
    return bool(select.select([sys.stdin], [], [], pause)[0])


def run(command, text=""):
    """A lock or a generation that somebody else had is tried again, as every well-behaved program does."""
    for left in range(TRIES, -1, -1):
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout
        if done.returncode != 4 or not left:
            raise OSError("%s: %d: %s" % (" ".join(command), done.returncode, done.stderr.strip()))
        time.sleep(0.02)


class Own:
    def __init__(self, restore, save):
        self.restore, self.save = restore.split(","), save.split(",")
        self.text, self.rules = "", set()

    def step(self):
        if self.text:
            there = set(run(self.save).splitlines())
            if not self.rules <= there:
                return False
        port = random.randint(1, 65535)
        rules = ["-A %s -s 203.0.113.200/32 -p tcp -m tcp --dport %d -j DROP" % (CHAIN, port + i & 65535)
                 for i in range(random.randint(1, 5))]
        jumps = ["-A FORWARD -j " + CHAIN, "-A INPUT -j " + CHAIN]
        took = ["-D" + jump[2:] for jump in jumps] if self.text else []
        self.text = "\n".join(["*filter", ":%s - [0:0]" % CHAIN] + took + jumps + rules + ["COMMIT", ""])
        run(self.restore + ["-w", "20", "--noflush"], self.text)
        self.rules = set(jumps + rules)
        return True


class Lock:
    def step(self):
        with open("/run/xtables.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(random.uniform(0.001, 0.2))
        time.sleep(random.uniform(0.001, 0.1))
        return True


class Resave:
    def __init__(self, save, restore):
        self.save, self.restore = save.split(","), restore.split(",")

    def step(self):
        at = random.randrange(len(self.save))
        saved = run([self.save[at]])
        time.sleep(random.uniform(0, 0.05))
        run([self.restore[at], "-w", "20"], saved)
        time.sleep(random.uniform(0.1, 0.6))
        return True


class Reload:
    def __init__(self, restore, file):
        self.restore, self.text = restore.split(","), open(file).read()

    def step(self):
        run([random.choice(self.restore), "-w", "20"], self.text)
        time.sleep(random.uniform(0.3, 1.2))
        return True


def main():
    program = {"own": Own, "lock": Lock, "resave": Resave, "reload": Reload}[sys.argv[1]](*sys.argv[2:])
    print("ready", flush=True)
    rounds, lost, errors, first = 0, 0, 0, ""
    while not over(0.005):
        rounds += 1
        try:
            lost += not program.step()
        except OSError as e:
            errors += 1
            first = first or str(e).replace("\n", " ")
    print(rounds, lost, errors, first, flush=True)


main()
