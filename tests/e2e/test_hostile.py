#!/usr/bin/env python3
"""Servers and clients that do what they can to bring belishad down: it answers on, and what is blocked stays blocked."""
import os
import random
import socket
import struct
import sys
import threading
import time

import dns
import evils
import lab

PLAY_S = float(os.environ.get("BELISHA_HOSTILE_S", "6"))
BLOCKED = evils.BLOCKED
# The mischief comes from 127.0.0.1 and may use up what one client may have, its TCP connections among it. What must not
# suffer are the others: this is one of them.
PUPIL = "127.0.0.2"


def any_name():
    """Up to 127 labels of any bytes, now and then too long or with lengths that lie."""
    labels = b""
    for _ in range(random.choice((1, 2, 3, 127))):
        size = random.choice((1, 1, 3, 63))
        labels += bytes([size]) + os.urandom(size)
    return labels[:random.choice((254, 254, 300))] + b"\0"


def any_request():
    chance = random.randrange(8)
    if chance == 0:
        return os.urandom(random.randrange(600))
    if chance == 1:
        return struct.pack("!6H", random.randrange(65536), random.randrange(65536), *random.choices(range(4), k=4)) + \
            os.urandom(random.randrange(100))
    name = any_name()
    if chance == 2:
        options = os.urandom(random.randrange(64))
    elif chance == 3:
        options = struct.pack("!HH", 10, 8) + os.urandom(8) + struct.pack("!HH4s", 8, 4, b"\0\1\0\0")
    else:
        options = b""
    opt = b"\0" + struct.pack("!HHIH", 41, random.choice((0, 512, 1232, 65535)), random.choice((0, 0x8000, 0x10000)),
                              len(options)) + options
    head = struct.pack("!6H", random.randrange(65536), random.choice((0x0100, 0x0110, 0, 0x2900)), 1, 0, 0, 1)
    return head + name + struct.pack("!HH", random.choice((1, 28, 65, 255, 252, 41, 0)), random.choice((1, 1, 1, 3))) + opt


class Hostile(lab.Case):
    @classmethod
    def set_up(cls):
        program = os.path.join(lab.HERE, "hostile_upstream.py")
        for port in (lab.PORT + 1, lab.PORT + 2):
            cls.lab.start([sys.executable, "-B", program, str(port)], "hostile%d" % port).wait_for_line("ready")
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % (lab.PORT + i) for i in (1, 2)], [BLOCKED])

    def assert_alive(self):
        self.assert_sinkholed(self.server.ask(BLOCKED, client=PUPIL))
        self.assert_sinkholed(self.server.ask_tcp(BLOCKED, client=PUPIL))
        self.assertTrue(self.server.is_running())

    def test_a_question_that_failed_may_be_asked_again_over_tcp(self):
        self.assertEqual(self.server.ask("silence-1.example.net", timeout=8).rcode, "SERVFAIL")
        for _ in range(3):
            self.assertEqual(self.server.ask_tcp("silence-1.example.net", timeout=8).rcode, "SERVFAIL")
        self.assert_alive()

    def play(self, until):
        """One client's mischief; returns when it is over."""
        server = self.server.at
        while time.monotonic() < until:
            chance = random.randrange(6)
            try:
                if chance < 3:
                    with dns.udp_socket() as sock:
                        for _ in range(20):
                            request = any_request() if chance else dns.pack_question(
                                "any%d.example.net" % random.randrange(200), random.choice(("A", "TXT", "HTTPS")))
                            sock.sendto(request[:65000], server)
                elif chance == 3:
                    with socket.create_connection(server, timeout=2) as sock:
                        framed = b"".join(dns.frame(any_request()) for _ in range(5))
                        for at in range(0, len(framed), 7):
                            sock.sendall(framed[at:at + 7])
                elif chance == 4:
                    with socket.create_connection(server, timeout=2) as sock:
                        framed = b"".join(dns.frame(dns.pack_question("any%d.example.net" % i, "TXT")) for i in range(40))
                        sock.sendall(framed[:-random.randrange(1, 30)])
                        sock.settimeout(0.2)
                        sock.recv(random.randrange(1, 5000))
                else:
                    socks = [socket.create_connection(server, timeout=2) for _ in range(20)]
                    for sock in socks:
                        sock.send(b"\0")
                        sock.close()
            except OSError:
                continue
            time.sleep(0.005)

    def test_mischief_of_many_kinds_while_lists_are_swapped(self):
        until = time.monotonic() + PLAY_S
        players = [threading.Thread(target=self.play, args=(until,), daemon=True) for _ in range(4)]
        for player in players:
            player.start()
        generation = 0
        while time.monotonic() < until:
            generation += 1
            self.lab.publish([BLOCKED, "more%d.example.net" % generation])
            self.assert_alive()
        for player in players:
            player.join(10)
        self.assert_alive()
        lab.wait_until("a good answer again", lambda: self.server.ask(
            "good%d.example.net" % random.randrange(10 ** 6), timeout=8, client=PUPIL).data() == ["198.51.100.1"], 30)


class NoServer(lab.Case):
    """Nothing listens where the questions go."""

    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(5, ["127.0.0.1:%d" % (lab.PORT + 9)], [BLOCKED])

    def test_both_transports_get_servfail_again_and_again(self):
        for _ in range(3):
            self.assertEqual(self.server.ask("a.example.net", timeout=8).rcode, "SERVFAIL")
            self.assertEqual(self.server.ask_tcp("a.example.net", timeout=8).rcode, "SERVFAIL")
            self.assertEqual(self.server.ask_tcp("b.example.net", timeout=8).rcode, "SERVFAIL")
        self.assert_sinkholed(self.server.ask_tcp(BLOCKED))


if __name__ == "__main__":
    lab.main()
