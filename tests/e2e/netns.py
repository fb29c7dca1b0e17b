"""A network of the test's own: the test process and all it starts stand on a machine (a network namespace) without any
other interface than loopback; Peer is another machine, joined to it by a cable (a veth pair).

    netns.enter()                        # before the first thread
    peer = netns.Peer("eth0", ["10.1.0.2/24", "fd00:1::2/64"])
    netns.ip("addr", "add", "10.1.0.1/24", "dev", "eth0")
    peer.run("dig", "@10.1.0.1", ...)

Nothing is left behind: the namespaces go with the last process in them.
"""
import ctypes
import os
import subprocess
import unittest

import lab

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
PEER_INTERFACE = "lan0"


def enter():
    """Moves this process to a network of its own; SkipTest where the system does not let us."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise unittest.SkipTest("no network namespaces here: %s" % os.strerror(ctypes.get_errno()))
        for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    ip("link", "set", "lo", "up")


def ip(*args):
    return lab.run(["ip", *args])


class Peer:
    """A machine at the other end of a new interface of ours."""

    def __init__(self, interface, addresses):
        self.interface = interface
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo up; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.addresses = addresses
        self.plug()

    def plug(self):
        """Joins us by a new cable; the one before must have been cut."""
        ip("link", "add", self.interface, "type", "veth", "peer", "name", PEER_INTERFACE, "netns", str(self.holder.pid))
        ip("link", "set", self.interface, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", PEER_INTERFACE, "up")
        for address in self.addresses:
            # without duplicate address detection, which takes a second or two
            self.run("ip", "addr", "add", address, "dev", PEER_INTERFACE, *(["nodad"] if ":" in address else []))

    def cut(self):
        ip("link", "del", self.interface)

    def _argv(self, args):
        return ["nsenter", "--target", str(self.holder.pid), "--net", *args]

    def run(self, *args, check=True):
        return lab.run(self._argv(args), check)

    def start(self, *args):
        return subprocess.Popen(self._argv(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def dig(self, at, port, name, *options):
        """What dig prints with +short, one line each; [] when there is no answer from the address that was asked."""
        done = self.run("dig", "@" + at, "-p", str(port), "+short", "+tries=1", "+time=2", name, "A", *options,
                        check=False)
        return done.stdout.split("\n")[:-1] if done.returncode == 0 else []

    def close(self):
        # The kernel takes the interface away some time after the end of its other side; the next one may have its name.
        lab.run(["ip", "link", "del", self.interface], check=False)
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()
