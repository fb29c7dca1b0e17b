#!/usr/bin/env python3
"""What RFC 7766 asks of a server over TCP, with the real program: order, segments, ends, lengths and limits."""
import socket
import struct
import time

import dns
import lab

SLOW = "slow.example.net"
IDLE_S = 2
PER_CLIENT = 4


class Tcp(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(1)
        cls.upstream.behave = cls.behave
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"],
                                   conf="limits: { tcp_idle: %ds, tcp_per_client: %d }\n" % (IDLE_S, PER_CLIENT))

    @staticmethod
    def behave(name, qtype, transport):
        if name == SLOW:
            return "drop"
        if name == "long.example.net":
            return [(name, "TXT", 60, b"\xff" + bytes([97 + i % 26]) * 255) for i in range(225)]
        return "answer"

    def connect(self, **kw):
        sock = socket.create_connection(self.server.at, timeout=10, **kw)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def assert_closed(self, sock):
        """The server ends the connection, without having said a word."""
        try:
            self.assertEqual(sock.recv(1), b"")
        except ConnectionResetError:
            pass

    def test_a_slow_answer_holds_up_no_other(self):
        """RFC 7766, 6.2.1.1 and 7: answers leave when they are there, each with its own id."""
        names = [SLOW, "a.example.net", "blocked.example.net"]
        with self.connect() as sock:
            sock.sendall(b"".join(dns.frame(dns.pack_question(n, ident=i)) for i, n in enumerate(names)))
            got = [dns.unpack(dns.read_tcp(sock)) for _ in names]
        self.assertEqual(sorted(a.ident for a in got), [0, 1, 2])
        self.assertEqual((got[2].ident, got[2].rcode), (0, "SERVFAIL"))
        self.assertEqual({a.qname for a in got[:2]}, set(names[1:]))

    def test_segments_may_end_anywhere(self):
        """RFC 7766, 8: lengths and messages in one write, or cut at any byte, also between the two bytes of a length."""
        stream = b"".join(dns.frame(dns.pack_question("s%d.example.net" % i, ident=i)) for i in range(3))
        for cut in range(1, len(stream), 7):
            with self.connect() as sock:
                sock.sendall(stream[:cut])
                time.sleep(0)
                sock.sendall(stream[cut:])
                self.assertEqual({dns.unpack(dns.read_tcp(sock)).ident for _ in range(3)}, {0, 1, 2})

    def test_who_has_said_all_still_gets_all_answers(self):
        """RFC 7766, 6.2.3 and 6.2.4: a client that closes its own side only has no more questions."""
        with self.connect() as sock:
            for i in range(3):
                sock.sendall(dns.frame(dns.pack_question("h%d.example.net" % i, ident=i)))
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual({dns.unpack(dns.read_tcp(sock)).ident for _ in range(3)}, {0, 1, 2})
            self.assert_closed(sock)

    def test_the_longest_question_is_read(self):
        """RFC 1035, 4.2.2: two bytes of length, so 65,535 bytes: here most of them are padding (RFC 7830)."""
        room = 65535 - len(dns.pack_question("www.example.net")) - 4
        padding = struct.pack("!HH", 12, room) + bytes(room)
        msg = dns.pack_question("www.example.net", options=padding)
        self.assertEqual(len(msg), 65535)
        with self.connect() as sock:
            sock.sendall(dns.frame(msg))
            self.assertEqual(dns.unpack(dns.read_tcp(sock)).data(), ["198.51.100.1"])
            sock.sendall(dns.frame(dns.pack_question("blocked.example.net")))
            self.assert_sinkholed(dns.unpack(dns.read_tcp(sock)))

    def test_a_long_answer_comes_whole(self):
        """RFC 7766, 5: nothing is cut over TCP; over UDP the same answer is TC."""
        with self.connect() as sock:
            sock.sendall(dns.frame(dns.pack_question("long.example.net", "TXT")))
            msg = dns.read_tcp(sock)
        self.assertGreater(len(msg), 60000)
        self.assertEqual(len(dns.unpack(msg).answer), 225)
        self.assertTrue(self.server.ask("long.example.net", "TXT").tc)

    def test_what_is_no_message_ends_the_connection(self):
        """RFC 7766, 8: a length of zero, or below a header, can't be the start of anything."""
        for junk in (b"\0\0", b"\0\x01a", b"\0\x0b" + b"a" * 11):
            with self.connect() as sock:
                sock.sendall(junk)
                self.assert_closed(sock)

    def test_a_length_that_promises_more_is_waited_for_and_then_dropped(self):
        """RFC 7766, 6.2.3: half a message is idle time like any other."""
        question = dns.pack_question("www.example.net")
        with self.connect() as sock:
            sock.sendall(struct.pack("!H", len(question) + 1) + question)
            self.assert_closed(sock)

    def test_an_idle_connection_is_closed(self):
        """RFC 7766, 6.2.3: after limits.tcp_idle without a question, and without a word before."""
        with self.connect() as quiet, self.connect() as sock:
            sock.sendall(dns.frame(dns.pack_question("www.example.net")))
            dns.read_tcp(sock)
            self.assert_closed(quiet)
            self.assert_closed(sock)

    def test_one_client_has_so_many_connections(self):
        """RFC 7766, 6.2.2: beyond limits.tcp_per_client they are closed; one that ends makes room; others see nothing of it."""
        client = {"source_address": ("127.0.0.7", 0)}
        held = [self.connect(**client) for _ in range(PER_CLIENT)]
        try:
            for sock in held:
                sock.sendall(dns.frame(dns.pack_question("www.example.net")))
                dns.read_tcp(sock)
            with self.connect(**client) as one_more:
                self.assert_closed(one_more)
            self.assertEqual(self.server.ask_tcp("www.example.net").rcode, "NOERROR")
            held.pop().close()
            lab.wait_until("room for another connection", lambda: self.answers(client))
        finally:
            for sock in held:
                sock.close()

    def answers(self, client):
        try:
            with self.connect(**client) as sock:
                sock.sendall(dns.frame(dns.pack_question("www.example.net")))
                return dns.unpack(dns.read_tcp(sock)).rcode == "NOERROR"
        except OSError:
            return False

    def test_a_broken_question_gets_its_answer_and_the_next_one_too(self):
        """RFC 8906, 3.1.5 and RFC 8490, 5.4: FORMERR, NOTIMP and BADVERS over TCP, the connection goes on."""
        keepalive = bytes.fromhex("000b00020064")
        session = struct.pack("!6H", 7, 0x3000, 0, 0, 0, 0) + bytes.fromhex("0001000800003a9800003a98")
        with self.connect() as sock:
            sock.sendall(dns.frame(dns.pack_question("www.example.net", options=keepalive)) + dns.frame(session) +
                         dns.frame(dns.pack_question("www.example.net", ident=9)))
            rcodes = [dns.unpack(dns.read_tcp(sock)).rcode for _ in range(3)]
        self.assertEqual(rcodes, ["FORMERR", "NOTIMP", "NOERROR"])


if __name__ == "__main__":
    lab.main()
