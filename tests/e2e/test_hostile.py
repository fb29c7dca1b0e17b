#!/usr/bin/env python3
"""Servers and clients that do what they can to bring belishad down: it answers on, and what is blocked stays blocked."""
import os
import random
import socket
import struct
import threading
import time

import dns
import lab

PLAY_S = float(os.environ.get("BELISHA_HOSTILE_S", "6"))
BLOCKED = "blocked.example.net"
# The mischief comes from 127.0.0.1 and may use up what one client may have, its TCP connections among it. What must not
# suffer are the others: this is one of them.
PUPIL = "127.0.0.2"


def question_end(msg):
    pos = 12
    while msg[pos] != 0:
        pos += msg[pos] + 1
    return pos + 5


class HostileUpstream:
    """Answers each question in one of many wrong ways, chosen by the first label of its name ("mixed7": by chance)."""

    def __init__(self, port):
        self.port = port
        self.ways = {name[4:]: getattr(self, name) for name in dir(self) if name.startswith("way_")}
        self.closing = False
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", port))
        self.tcp.listen(64)
        for target in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=target, daemon=True).start()

    def close(self):
        self.closing = True
        for sock in (self.udp, self.tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    # ---- replies ----

    @staticmethod
    def reply(query, flags=0x8180, records=b"", count=0, question=None):
        end = question_end(query)
        return query[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + (question or query[12:end]) + records

    @staticmethod
    def address(last):
        return b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04" + bytes([198, 51, 100, last])

    def good(self, query):
        return self.reply(query, records=self.address(1), count=1)

    def way_good(self, query, stream):
        return [self.good(query)]

    def way_wrongid(self, query, stream):
        forged = self.reply(query, records=self.address(66), count=1)
        return [bytes([forged[0] ^ 1]) + forged[1:], self.good(query)]

    def way_wrongname(self, query, stream):
        return [self.reply(query, records=self.address(66), count=1, question=dns.pack_name("other.example.net") +
                           b"\0\x01\0\x01"), self.good(query)]

    def way_garbage(self, query, stream):
        return [query[:2] + os.urandom(random.randrange(400)) for _ in range(3)] + [self.good(query)]

    def way_twice(self, query, stream):
        return [self.good(query)] * 5

    def way_cut(self, query, stream):
        good = self.good(query)
        return [good] if stream else [good[:2] + b"\x83" + good[3:-3]]

    def way_always_tc(self, query, stream):
        return [self.reply(query, flags=0x8380)]

    def way_flood(self, query, stream):
        return [self.reply(query, records=self.address(2) * 3000, count=3000)] if stream else [
            self.reply(query, flags=0x8380)]

    def way_giant(self, query, stream):
        text = b"\xc0\x0c\0\x10\0\x01\0\0\0\x05\x03\xe9" + (b"\xf9" + b"x" * 249) * 4 + b"\0"
        return [self.reply(query, records=text * 60, count=60)] if stream else [self.reply(query, flags=0x8380)]

    def way_loop(self, query, stream):
        return [self.reply(query, records=b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x02\xc0\x0c", count=1)]

    def way_pointers(self, query, stream):
        return [self.reply(query, records=b"\xc0\x30" * 40 + b"\0\x01\0\x01\0\0\0\x05\0\x04\1\2\3\4", count=9)]

    def way_counts(self, query, stream):
        return [self.reply(query, records=self.address(3), count=65535)]

    def way_leads_to_blocked(self, query, stream):
        alias = dns.pack_name(BLOCKED)
        return [self.reply(query, records=b"\xc0\x0c\0\x05\0\x01\0\0\0\x05" + struct.pack("!H", len(alias)) + alias +
                           alias + self.address(4)[2:], count=2)]

    def way_silent(self, query, stream):
        return []

    def way_rcodes(self, query, stream):
        return [self.reply(query, flags=0x8180 | random.randrange(16))]

    def replies(self, query, stream):
        label = query[13:13 + query[12]].decode("latin-1").lower()
        way = "".join(c for c in label if not c.isdigit()).replace("-", "_")
        if way not in self.ways:
            way = random.choice(sorted(self.ways))
        return self.ways[way](query, stream)

    # ---- sockets ----

    def serve_udp(self):
        while not self.closing:
            try:
                query, peer = self.udp.recvfrom(65535)
                for reply in self.replies(query, False):
                    self.udp.sendto(reply, peer)
            except (OSError, IndexError):    # closed, or shut down: no bytes
                continue

    def serve_tcp(self):
        while not self.closing:
            try:
                sock, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self.serve_connection, args=(sock,), daemon=True).start()

    def serve_connection(self, sock):
        """Now and then in drips, with wrong lengths, or closed half-way."""
        with sock:
            try:
                while True:
                    for reply in self.replies(dns.read_tcp(sock), True):
                        self.send_stream(sock, dns.frame(reply))
            except OSError:
                pass

    @staticmethod
    def send_stream(sock, framed):
        chance = random.randrange(12)
        if chance == 0:
            sock.sendall(framed[:len(framed) // 2])
            raise OSError("closed half-way")
        if chance == 1:
            for at in range(0, min(len(framed), 40)):
                sock.sendall(framed[at:at + 1])
                time.sleep(0.002)
            framed = framed[40:]
        sock.sendall(framed)


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
        cls.upstreams = [HostileUpstream(lab.PORT + i) for i in (1, 2)]
        cls.lab.closers += [u.close for u in cls.upstreams]
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % u.port for u in cls.upstreams], [BLOCKED])

    def assert_alive(self):
        self.assert_sinkholed(self.server.ask(BLOCKED, client=PUPIL))
        self.assert_sinkholed(self.server.ask_tcp(BLOCKED, client=PUPIL))
        self.assertTrue(self.server.is_running())

    def test_forged_and_broken_packets_do_not_hide_the_answer(self):
        for way in ("good", "wrongid", "wrongname", "garbage", "twice"):
            self.assertEqual(self.server.ask(way + "1.example.net", timeout=8).data(), ["198.51.100.1"], way)

    def test_what_cannot_be_an_answer_fails_soon(self):
        for way in ("always-tc", "flood"):
            started = time.monotonic()
            self.assertEqual(self.server.ask(way + "1.example.net", timeout=8).rcode, "SERVFAIL", way)
            self.assertLess(time.monotonic() - started, 3, way)

    def test_a_question_that_failed_may_be_asked_again_over_tcp(self):
        self.assertEqual(self.server.ask("silent1.example.net", timeout=8).rcode, "SERVFAIL")
        for _ in range(3):
            self.assertEqual(self.server.ask_tcp("silent1.example.net", timeout=8).rcode, "SERVFAIL")
        self.assert_alive()

    def test_an_alias_to_a_blocked_name_is_blocked(self):
        self.assertEqual(self.server.ask("leads-to-blocked1.example.net").data("A"), [lab.SINKHOLE])

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
                                "mixed%d.example.net" % random.randrange(200), random.choice(("A", "TXT", "HTTPS")))
                            sock.sendto(request[:65000], server)
                elif chance == 3:
                    with socket.create_connection(server, timeout=2) as sock:
                        framed = b"".join(dns.frame(any_request()) for _ in range(5))
                        for at in range(0, len(framed), 7):
                            sock.sendall(framed[at:at + 7])
                elif chance == 4:
                    with socket.create_connection(server, timeout=2) as sock:
                        framed = b"".join(dns.frame(dns.pack_question("mixed%d.example.net" % i, "TXT")) for i in range(40))
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
