#!/usr/bin/env python3
"""Clients that use up what they can: connections, half handshakes, answers nobody reads, ports that do not exist. Another
client, at another address, is served all the while, and what is blocked is blocked."""
import os
import socket
import ssl
import struct
import subprocess
import threading

import dns
import lab
from certificates import make_certificate

NAME = "dns.school.example"
BLOCKED = "blocked.example.net"
PUPIL = "127.0.0.2"
PER_CLIENT, IN_ALL = 20, 60     # connections; small, so that the bounds are reached


class HostileClients(lab.Case):
    @classmethod
    def set_up(cls):
        make_certificate(cls.lab.path, "cert", NAME)
        cls.dot = ("127.0.0.1", lab.PORT + 2)
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], [BLOCKED], conf=(
            'tls: { certificate: "%s", key: "%s", dot: ["127.0.0.1:%d"], name: %s }\n'
            "limits: { tcp_idle: 1s, tcp_per_client: %d, tcp_clients: %d, client_rate: 200, client_burst: 200, unlimited: [] }\n"
            % (cls.lab.path("cert.pem"), cls.lab.path("cert.key"), cls.dot[1], NAME, PER_CLIENT, IN_ALL)))
        cls.context = ssl.create_default_context(cafile=cls.lab.path("cert.pem"))

    def connect(self, at=None, client="127.0.0.1"):
        return socket.create_connection(at or self.server.at, timeout=5, source_address=(client, 0))

    def assert_pupil_is_served(self):
        self.assertTrue(self.server.is_running())
        self.assert_sinkholed(self.server.ask(BLOCKED, client=PUPIL))
        self.assert_sinkholed(self.server.ask_tcp(BLOCKED, client=PUPIL))
        with self.context.wrap_socket(self.connect(self.dot, PUPIL), server_hostname=NAME) as sock:
            sock.sendall(dns.frame(dns.pack_question("www.example.net")))
            self.assertEqual(dns.unpack(dns.read_tcp(sock)).data(), ["198.51.100.10"])

    def is_open(self, sock):
        sock.setblocking(False)
        try:
            return sock.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def open_many(self, at, count, client="127.0.0.1"):
        made = []
        for _ in range(count):
            try:
                made.append(self.connect(at, client))
            except OSError:
                pass
        return made

    def wait_until_gone(self, socks):
        lab.wait_until("their end", lambda: not any(self.is_open(sock) for sock in socks), 20)
        for sock in socks:
            sock.close()

    # ---- datagrams ----

    def test_a_question_from_port_0_harms_nobody(self):
        """Nothing can be sent there; the answers that leave with it must not be lost for it."""
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except PermissionError:
            self.skipTest("a raw socket takes a right that is not here")
        msg = dns.pack_question(BLOCKED)
        forged = struct.pack("!4H", 0, self.server.port, 8 + len(msg), 0) + msg
        with raw, dns.udp_socket(PUPIL) as pupil:
            pupil.settimeout(5)
            for i in range(50):
                for _ in range(3):
                    raw.sendto(forged, ("127.0.0.1", 0))
                pupil.sendto(dns.pack_question(BLOCKED, ident=i), self.server.at)
                raw.sendto(forged, ("127.0.0.1", 0))
            self.assertEqual({dns.unpack(pupil.recv(4096)).ident for _ in range(50)}, set(range(50)))
        self.assert_pupil_is_served()

    def test_a_flood_of_datagrams_leaves_others_their_answers(self):
        stopping = threading.Event()

        def flood():
            with dns.udp_socket() as sock:
                sock.connect(self.server.at)
                i = 0
                while not stopping.is_set():
                    i += 1
                    try:
                        sock.send(dns.pack_question("flood%d.wild.example.net" % i))
                    except OSError:
                        pass
        threads = [threading.Thread(target=flood, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for i in range(40):
                self.assertEqual(self.server.ask("calm%d.wild.example.net" % i, client=PUPIL).data(), ["198.51.100.80"])
            self.assert_pupil_is_served()
        finally:
            stopping.set()
            for thread in threads:
                thread.join(10)

    # ---- connections ----

    def test_connections_of_one_client_are_bounded(self):
        for at in (self.server.at, self.dot):
            socks = self.open_many(at, 4 * PER_CLIENT)
            lab.wait_until("the bound", lambda: sum(self.is_open(s) for s in socks) <= PER_CLIENT)
            self.assert_pupil_is_served()
            self.wait_until_gone(socks)

    def test_connections_of_many_clients_end_by_themselves(self):
        socks = []
        for i in range(10, 20):
            socks += self.open_many(self.server.at, PER_CLIENT, "127.0.0.%d" % i)
        self.assert_sinkholed(self.server.ask(BLOCKED, client=PUPIL))    # over UDP at once, over TCP when one has gone

        def served():
            try:
                return self.server.ask_tcp(BLOCKED, client=PUPIL).data() == [lab.SINKHOLE]
            except OSError:
                return False
        lab.wait_until("a connection", served, 20)
        self.wait_until_gone(socks)

    def test_who_reads_nothing_is_cut_off(self):
        """Answers that fill the connection: the server does not keep what nobody takes."""
        question = dns.frame(dns.pack_question("big.example.net", "TXT"))
        with self.connect() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0.5)
            try:
                for _ in range(2000):
                    deaf.sendall(question)
            except OSError:
                pass
            self.assert_pupil_is_served()
            deaf.settimeout(20)
            try:
                while deaf.recv(65536):
                    pass
            except ConnectionError:
                pass
        self.assert_pupil_is_served()

    def test_one_byte_at_a_time_is_no_reason_to_wait_for_ever(self):
        """RFC 7766, 6.2.3: a connection whose question does not come to an end is idle."""
        with self.connect() as slow:
            slow.settimeout(0.05)
            sent = bytes.fromhex("ffff") + b"x" * 2000

            def ended(at=iter(range(len(sent)))):
                i = next(at)
                try:
                    slow.sendall(sent[i:i + 1])
                    return slow.recv(1) == b""
                except socket.timeout:
                    return False
                except OSError:
                    return True
            lab.wait_until("its end", ended, 30)
        self.assert_pupil_is_served()

    # ---- TLS ----

    def client_hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self.context.wrap_bio(incoming, outgoing, server_hostname=NAME).do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    def test_half_handshakes_end(self):
        hello = self.client_hello()
        for sent in (hello[:5], hello[:len(hello) // 2], hello):
            socks = self.open_many(self.dot, PER_CLIENT)
            for sock in socks:
                try:
                    sock.sendall(sent)
                except OSError:
                    pass
            self.assert_pupil_is_served()
            for sock in socks:
                sock.settimeout(20)
                try:
                    while sock.recv(65536):
                        pass
                except ConnectionError:
                    pass
            self.wait_until_gone(socks)

    def test_garbage_behind_a_handshake_ends_the_connection(self):
        for sent in (os.urandom(500), b"\x17\x03\x03\x40\x00" + os.urandom(0x4000), b"\x16\x03\x03\x00\x04\x01\0\0\0",
                     b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\xff\xff" + b"x" * 70000):
            plain = self.connect(self.dot)
            fd = os.dup(plain.fileno())
            with self.context.wrap_socket(plain, server_hostname=NAME) as tls, socket.socket(fileno=fd) as below:
                tls.sendall(dns.frame(dns.pack_question(BLOCKED)))
                self.assert_sinkholed(dns.unpack(dns.read_tcp(tls)))
                below.settimeout(10)
                try:
                    below.sendall(sent)
                    while below.recv(65536):
                        pass
                except ConnectionError:
                    pass
            self.assert_pupil_is_served()

    def test_renegotiation_is_refused(self):
        """A handshake costs the server more than the client: there is one for each connection (RFC 9325, 3.5)."""
        done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.dot[1], "-tls1_2", "-CAfile",
                               self.lab.path("cert.pem")], input=b"R\n" * 50, capture_output=True, timeout=30, check=False)
        self.assertIn(b"RENEGOTIATING", done.stdout + done.stderr)
        self.assertIn(b"no renegotiation", done.stderr)
        self.assert_pupil_is_served()


if __name__ == "__main__":
    lab.main()
