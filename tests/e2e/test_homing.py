#!/usr/bin/env python3
"""Many addresses, and addresses that come and go: on a network of the test's own, asked by dig from other machines."""
import os
import signal
import sys

import lab
import netns

ACCESS = 'access: [127.0.0.0/8, "::1", 10.0.0.0/8, 203.0.113.0/24, "fd00::/8", "fe80::/10"]\n'
ANSWER = ["198.51.100.1"]
UDP, TCP = ("+notcp",), ("+tcp",)
WAIT_S = 20

# Asks in turn from an address that can be answered and from one that can't, and says who was answered.
BURST = """
import socket, sys
sys.path.insert(0, %r)
import dns
socks = {}
for address in ("10.1.0.2", "203.0.113.9"):
    socks[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    socks[address].bind((address, 0))
for i in range(8):
    for sock in socks.values():
        sock.sendto(dns.pack_question("batch.example.net"), ("10.1.0.1", int(sys.argv[1])))
print("sent", flush=True)
socks["10.1.0.2"].settimeout(10)
for i in range(8):
    socks["10.1.0.2"].recv(4096)
    print("10.1.0.2")
socks["203.0.113.9"].setblocking(False)
try:
    socks["203.0.113.9"].recv(4096)
    print("203.0.113.9")
except BlockingIOError:
    pass
""" % lab.HERE

FROM_LINK_LOCAL = """
import socket, sys
sys.path.insert(0, %r)
import dns
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.settimeout(10)
sock.bind(("fe80::2", 0, 0, socket.if_nametoindex(%r)))
sock.connect(("fd00:1::7", int(sys.argv[1])))
sock.send(dns.pack_question("from-link-local.example.net"))
print(*dns.unpack(sock.recv(4096)).data())
""" % (lab.HERE, netns.PEER_INTERFACE)


def setUpModule():
    netns.enter()


def add(address, interface, *flags):
    netns.ip("addr", "add", address, "dev", interface, *(flags or (["nodad"] if ":" in address else [])))


def remove(address, interface):
    netns.ip("addr", "del", address, "dev", interface)


class Homing(lab.Case):
    def assert_asked(self, peer, at, name, transports=(UDP, TCP)):
        for transport in transports:
            for _ in ("from upstream", "from the cache"):
                self.assertEqual(peer.dig(at, self.server.port, name, *transport), ANSWER, (at, transport))

    def wait_for_answer(self, peer, at, transport=UDP):
        lab.wait_until("an answer of %s" % at, lambda: peer.dig(at, self.server.port, "wait.example.net", *transport),
                       WAIT_S)

    def log_count(self, *words):
        return sum(all(w in line for w in words) for line in self.server.output().splitlines())


class Wildcard(Homing):
    @classmethod
    def set_up(cls):
        cls.left = netns.Peer("left", ["10.1.0.2/24", "10.1.1.2/24", "fd00:1::2/64", "fe80::2/64", "203.0.113.9/32"])
        cls.lab.closers.append(cls.left.close)
        cls.right = netns.Peer("right", ["10.2.0.2/24", "fd00:2::2/64", "fe80::2/64"])
        cls.lab.closers.append(cls.right.close)
        for address in ("10.1.0.1/24", "10.1.0.7/24", "10.1.1.1/24", "fd00:1::1/64", "fd00:1::7/64", "fe80::77/64"):
            add(address, "left")
        for address in ("10.2.0.1/24", "fd00:2::1/64", "fe80::77/64"):
            add(address, "right")
        cls.upstream = cls.lab.upstream(1)
        port = lab.PORT
        conf = 'listen: ["0.0.0.0:%d", "[::]:%d"]\n' % (port, port) + ACCESS + """
policy:
  levels:
    - { name: everyone, block: [malware] }
    - { name: open, allow: [malware] }
  groups:
    - { name: neighbours, networks: ["fe80::/10"], level: everyone }
    - { name: others, networks: [10.0.0.0/8, "fd00::/8"], level: open }
"""
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"], conf=conf)

    def test_the_answer_comes_from_the_address_asked(self):
        for i, at in enumerate(("10.1.0.1", "10.1.0.7", "10.1.1.1", "fd00:1::1", "fd00:1::7")):
            self.assert_asked(self.left, at, "asked%d.example.net" % i)
        for i, at in enumerate(("10.2.0.1", "fd00:2::1")):
            self.assert_asked(self.right, at, "right%d.example.net" % i)

    def test_an_address_of_another_interface_answers_too(self):
        self.left.run("ip", "route", "add", "10.2.0.1/32", "via", "10.1.0.1")
        self.assert_asked(self.left, "10.2.0.1", "across.example.net")

    def test_the_machine_itself_is_answered_on_any_address(self):
        for at in ("127.0.0.1", "127.0.0.2", "::1", "10.1.0.7", "fd00:1::7", "fe80::77%left"):
            for transport in ("+notcp", "+tcp"):
                out = lab.run(["dig", "@" + at, "-p", str(self.server.port), "+short", "+tries=1", "+time=2",
                               "self.example.net", transport])
                self.assertEqual(out.split(), ANSWER, (at, transport))

    def test_link_local_neighbours_with_equal_addresses_are_told_apart(self):
        # both neighbours are fe80::2, and to both we are fe80::77: only the interface says who asked
        for name, peer in (("ll-left", self.left), ("ll-right", self.right)):
            self.assert_asked(peer, "fe80::77%" + netns.PEER_INTERFACE, name + ".example.net")

    def test_a_global_address_answers_a_link_local_client(self):
        for _ in ("from upstream", "from the cache"):
            out = self.left.run(sys.executable, "-B", "-c", FROM_LINK_LOCAL, str(self.server.port))
            self.assertEqual(out.split(), ANSWER)

    def test_the_group_of_link_local_clients_is_found(self):
        name = "blocked.example.net"
        self.assertEqual(self.left.dig("10.1.0.1", self.server.port, name), ANSWER)
        self.assertEqual(self.left.dig("fe80::77%lan0", self.server.port, name), [lab.SINKHOLE])
        self.assertEqual(self.left.dig("fe80::77%lan0", self.server.port, name, *TCP), [lab.SINKHOLE])

    def test_an_address_that_is_new_answers_until_it_goes(self):
        self.left.run("ip", "addr", "add", "10.7.0.2/24", "dev", "lan0")
        add("10.7.0.1/24", "left")
        self.assert_asked(self.left, "10.7.0.1", "new.example.net")
        remove("10.7.0.1/24", "left")
        self.assertEqual(self.left.dig("10.7.0.1", self.server.port, "new.example.net", "+time=1"), [])

    def test_a_client_without_a_way_back_does_not_cost_its_neighbours_their_answers(self):
        # 203.0.113.9 can ask, but there is no route to it: the kernel refuses its answers in the middle of the batch
        self.assertEqual(self.left.dig("10.1.0.1", self.server.port, "batch.example.net"), ANSWER)
        os.kill(self.server.pid, signal.SIGSTOP)
        try:
            burst = self.left.start(sys.executable, "-B", "-c", BURST, str(self.server.port))
            self.assertEqual(burst.stdout.readline(), "sent\n")
        finally:
            os.kill(self.server.pid, signal.SIGCONT)
        out, _ = burst.communicate(timeout=60)
        self.assertEqual(out.split(), ["10.1.0.2"] * 8)


class Explicit(Homing):
    @classmethod
    def set_up(cls):
        cls.peer = netns.Peer("school", ["10.9.0.2/24", "fd00:9::2/64", "fe80::2/64"])
        cls.lab.closers.append(cls.peer.close)
        add("fe80::77/64", "school")
        cls.upstream = cls.lab.upstream(1)
        port = lab.PORT + 2
        conf = 'listen: ["127.0.0.1:%d", "10.9.0.1:%d", "[fd00:9::1]:%d", "[fe80::77%%school]:%d"]\n' % (
            port, port, port, port) + ACCESS
        cls.server = cls.lab.serve(2, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"], conf=conf,
                                   subdir="explicit", options=["--workers", "2"])

    def test_1_an_address_that_is_not_there_is_told_once(self):
        for address in ("10.9.0.1", "[fd00:9::1]"):
            self.assertEqual(self.log_count("this machine does not have the address", "address=" + address), 1)
        self.assertEqual(self.log_count("this machine does not have the address"), 2)
        self.assertEqual(self.server.ask("there.example.net").data(), ANSWER)

    def test_2_addresses_answer_while_they_are_there(self):
        for at, address in (("10.9.0.1", "10.9.0.1/24"), ("fd00:9::1", "fd00:9::1/64")):
            for round_ in ("first", "again"):
                add(address, "school")
                self.assert_asked(self.peer, at, "%s%d.example.net" % (round_, ":" in at))
                remove(address, "school")
                self.assertEqual(self.peer.dig(at, self.server.port, "gone.example.net", "+time=1"), [])

    def test_3_an_address_answers_once_it_is_known_to_be_the_only_one(self):
        netns.ip("addr", "add", "fd00:9::1/64", "dev", "school") # tentative for a second or two
        for transport in (UDP, TCP):
            self.wait_for_answer(self.peer, "fd00:9::1", transport)
        remove("fd00:9::1/64", "school")

    def test_4_a_link_local_address_answers_on_its_interface(self):
        self.assert_asked(self.peer, "fe80::77%lan0", "ll.example.net")

    def test_5_an_interface_that_goes_keeps_nobody_busy(self):
        self.peer.cut()
        threads = "/proc/%d/task" % self.server.pid

        def all_sleep():
            states = []
            for thread in os.listdir(threads):
                with open(os.path.join(threads, thread, "stat")) as file:
                    states.append(file.read().rsplit(")", 1)[1].split()[0])
            return set(states) == {"S"}
        lab.wait_until("all threads to sleep", all_sleep, WAIT_S)
        self.assertEqual(self.server.ask("still.example.net").data(), ANSWER)
        self.peer.plug()
        add("10.9.0.1/24", "school")
        for transport in (UDP, TCP):
            self.wait_for_answer(self.peer, "10.9.0.1", transport)


if __name__ == "__main__":
    lab.main()
