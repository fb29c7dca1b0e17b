#!/usr/bin/env python3
"""Clients over TLS and HTTPS, with the clients that Debian has, and with some that mean no good."""
import os
import socket
import ssl
import struct
import threading

import dns
import h2
import lab
from certificates import make_certificate

NAME = "dns.school.example"
BLOCKED = "blocked.example.net"


class Encrypted(lab.Case):
    @classmethod
    def set_up(cls):
        make_certificate(cls.lab.path, "first", NAME)
        cls.dot, cls.doh = ("127.0.0.1", lab.PORT + 2), ("127.0.0.1", lab.PORT + 3)
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], [BLOCKED], conf=cls.configuration("first"))

    @classmethod
    def configuration(cls, stem):
        return ('tls:\n  certificate: "%s"\n  key: "%s"\n  dot: ["127.0.0.1:%d"]\n  doh: ["127.0.0.1:%d"]\n  name: %s\n'
                'limits: { tcp_idle: 2s }\n' % (
                    cls.lab.path(stem + ".pem"), cls.lab.path(stem + ".key"), cls.dot[1], cls.doh[1], NAME))

    def ca(self, stem="first"):
        return self.lab.path(stem + ".pem")

    def kdig(self, *options):
        return lab.run(["kdig", "@127.0.0.1", "+timeout=5", "+retry=0", "+tls-ca=" + self.ca(), "+tls-hostname=" + NAME,
                        *options])

    def curl(self, *options):
        return lab.run(["curl", "-s", "--http2", "--cacert", self.ca(), "--resolve", "%s:%d:127.0.0.1" % (NAME, self.doh[1]),
                        "--max-time", "10", *options])

    def url(self, rest="/dns-query"):
        return "https://%s:%d%s" % (NAME, self.doh[1], rest)

    def tls(self, stem="first", timeout=5):
        context = ssl.create_default_context(cafile=self.ca(stem))
        sock = socket.create_connection(self.dot, timeout=timeout)
        return context.wrap_socket(sock, server_hostname=NAME)

    # ---- what clients see ----

    def test_kdig_gets_answers_and_blocks_over_both(self):
        for options in (("-p", str(self.dot[1]), "+tls"), ("-p", str(self.doh[1]), "+https"),
                        ("-p", str(self.doh[1]), "+https-get")):
            with self.subTest(options):
                self.assertIn("198.51.100.10", self.kdig(*options, "www.example.net"))
                said = self.kdig(*options, BLOCKED)
                self.assertIn(lab.SINKHOLE, said)
                self.assertIn("EDE: 4", said)

    def test_questions_of_one_connection_are_pipelined(self):
        with self.tls() as sock:
            sent = b"".join(dns.frame(dns.pack_question("q%d.wild.example.net" % i, ident=i)) for i in range(50))
            for at in range(0, len(sent), 777):
                sock.sendall(sent[at:at + 777])
            answers = [dns.unpack(dns.read_tcp(sock)) for _ in range(50)]
        self.assertEqual(sorted(a.ident for a in answers), list(range(50)))
        self.assertEqual({a.rcode for a in answers}, {"NOERROR"})

    def test_streams_of_one_connection_are_answered_all(self):
        with h2.Connection(self.doh, self.ca(), NAME) as conn:
            for i in range(60):
                conn.post(2 * i + 1, dns.pack_question(BLOCKED if i % 2 else "h%d.wild.example.net" % i, ident=0))
            answers = conn.answers(60)
        self.assertEqual([answers[2 * i + 1].data() for i in (1, 3, 59)], [[lab.SINKHOLE]] * 3)
        self.assertEqual({a.rcode for a in answers.values()}, {"NOERROR"})

    def test_padding_hides_the_length_where_it_was_asked_for(self):
        padded = dns.pack_question("www.example.net", options=struct.pack("!HH", 12, 0))
        with self.tls() as sock:
            sock.sendall(dns.frame(padded))
            self.assertEqual(len(dns.read_tcp(sock)) % 468, 0)
        self.assertLess(len(self.raw_udp(padded)), 468)    # in the clear there is nothing to hide

    def raw_udp(self, msg):
        with dns.udp_socket() as sock:
            sock.settimeout(5)
            sock.sendto(msg, self.server.at)
            return sock.recv(4096)

    def test_statuses_of_requests_that_ask_nothing(self):
        def status(*options):
            return self.curl("-o", os.devnull, "-w", "%{http_code}", *options)
        question = self.lab.path("question")
        with open(question, "wb") as file:
            file.write(dns.pack_question("www.example.net"))
        post = ("--data-binary", "@" + question, self.url())
        self.assertEqual(status("-H", "content-type: application/dns-message", *post), "200")
        self.assertEqual(status("-H", "content-type: text/plain", *post), "415")
        self.assertEqual(status(self.url("/elsewhere")), "404")
        self.assertEqual(status(self.url()), "400")
        self.assertEqual(status(self.url("/dns-query?dns=AAA=")), "400")
        self.assertEqual(status("-X", "PUT", self.url()), "405")
        with open(question, "wb") as file:
            file.write(bytes(9000))
        self.assertEqual(status("-H", "content-type: application/dns-message", *post), "413")

    def test_an_answer_over_https_is_fresh_as_long_as_its_records(self):
        question = self.lab.path("fresh")
        with open(question, "wb") as file:
            file.write(dns.pack_question(BLOCKED))
        head = self.curl("-D", "-", "-o", os.devnull, "-H", "content-type: application/dns-message", "--data-binary",
                         "@" + question, self.url()).lower()
        self.assertIn("content-type: application/dns-message", head)
        self.assertIn("cache-control: max-age=10", head)

    def test_devices_find_the_encrypted_ways(self):
        said = lab.run(["kdig", "@127.0.0.1", "-p", str(self.server.port), "+short", "_dns.resolver.arpa", "TYPE64"])
        self.assertEqual(len(said.split("\n")), 3, said)
        for wanted in (NAME, "dot", "h2", "/dns-query{?dns}", "port=%d" % self.dot[1], "ipv4hint=127.0.0.1"):
            self.assertIn(wanted, said)

    def test_the_log_tells_how_a_question_came(self):
        self.kdig("-p", str(self.dot[1]), "+tls", "dot.wild.example.net")
        self.kdig("-p", str(self.doh[1]), "+https", "doh.wild.example.net")

        def logged():
            text = self.server.operator("log", "export", "--format", "ndjson", "--name", "wild.example.net", "--below",
                                        check=False).stdout
            lines = [line for line in text.split("\n") if "dot.wild" in line or "doh.wild" in line]
            return len(lines) == 2 and any('"dot"' in line for line in lines) and any('"doh"' in line for line in lines)
        lab.wait_until("both in the log", logged, 10)

    # ---- certificates ----

    def test_a_new_certificate_is_shown_without_a_dropped_connection(self):
        make_certificate(self.lab.path, "second", NAME)
        with self.tls() as old, h2.Connection(self.doh, self.ca(), NAME) as old_doh:
            self.lab.write("state-extra.yaml", self.configuration("second"))
            self.assertEqual(self.server.operator("reload", check=False).returncode, 0)

            def is_new():
                try:
                    self.tls("second").close()
                    return True
                except ssl.SSLError:
                    return False
            try:
                lab.wait_until("the new certificate", is_new, 5)
                old.sendall(dns.frame(dns.pack_question(BLOCKED)))
                self.assert_sinkholed(dns.unpack(dns.read_tcp(old)))
                old_doh.post(1, dns.pack_question(BLOCKED))
                self.assert_sinkholed(old_doh.answers(1)[1])
            finally:
                self.lab.write("state-extra.yaml", self.configuration("first"))
                self.server.operator("reload")
                lab.wait_until("the first certificate", lambda: not is_new(), 5)

    def test_a_certificate_that_is_none_is_refused_and_the_old_one_stays(self):
        self.lab.write("broken.pem", "no certificate\n")
        self.lab.write("broken.key", "no key\n")
        self.lab.write("state-extra.yaml", self.configuration("broken"))
        checked = self.server.operator("config", "check", check=False)
        done = self.server.operator("reload", check=False)
        self.lab.write("state-extra.yaml", self.configuration("first"))
        for refused in (checked, done):
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("broken.pem", refused.stdout + refused.stderr)
        self.assertEqual(self.server.operator("config", "check", check=False).returncode, 0)
        with self.tls() as sock:
            sock.sendall(dns.frame(dns.pack_question(BLOCKED)))
            self.assert_sinkholed(dns.unpack(dns.read_tcp(sock)))

    # ---- mischief ----

    def assert_alive(self):
        self.assertTrue(self.server.is_running())
        with self.tls() as sock:
            sock.sendall(dns.frame(dns.pack_question(BLOCKED)))
            self.assert_sinkholed(dns.unpack(dns.read_tcp(sock)))
        with h2.Connection(self.doh, self.ca(), NAME) as conn:
            conn.post(1, dns.pack_question(BLOCKED))
            self.assert_sinkholed(conn.answers(1)[1])

    def test_what_is_no_tls_is_closed(self):
        for at in (self.dot, self.doh):
            for sent in (dns.frame(dns.pack_question(BLOCKED)), b"GET / HTTP/1.1\r\n\r\n", os.urandom(3000)):
                with socket.create_connection(at, timeout=5) as sock:
                    sock.sendall(sent)
                    try:
                        while sock.recv(4096):
                            pass
                    except ConnectionError:
                        pass
        self.assert_alive()

    def test_http_without_its_protocol_is_closed(self):
        for alpn in ((), ("http/1.1",)):
            try:
                with h2.Connection(self.doh, self.ca(), NAME, alpn=alpn) as conn:
                    self.assertTrue(conn.is_ended())
            except (ssl.SSLError, ConnectionError):
                pass
        self.assert_alive()

    def test_idle_and_half_open_connections_end(self):
        with socket.create_connection(self.dot, timeout=8) as silent, self.tls(timeout=8) as idle, \
                h2.Connection(self.doh, self.ca(), NAME, timeout=8) as conn:
            self.assertEqual(silent.recv(1), b"")
            self.assertEqual(idle.recv(1), b"")
            self.assertTrue(conn.is_ended())

    def flood(self, make):
        """Sends what make(i) says until the server has had enough; False when it never has."""
        with h2.Connection(self.doh, self.ca(), NAME) as conn:
            try:
                for i in range(200):
                    conn.send(b"".join(make(100 * i + k) for k in range(100)))
                return conn.is_ended()
            except (OSError, ssl.SSLError):
                return True

    def test_floods_of_empty_work_end_the_connection(self):
        request = h2.headers((":method", "GET"), (":scheme", "https"), (":authority", NAME), (":path", "/dns-query?dns=AAAB"))
        floods = {
            "pings": lambda i: h2.frame(h2.PING, 0, 0, struct.pack("!Q", i)),
            "settings": lambda i: h2.frame(h2.SETTINGS, 0, 0, struct.pack("!HI", 3, i + 1)),
            "streams begun and reset": lambda i: h2.frame(h2.HEADERS, h2.END_HEADERS, 2 * i + 1, request) + h2.frame(
                h2.RST_STREAM, 0, 2 * i + 1, struct.pack("!I", 8)),
            "headers without end": lambda i: h2.frame(h2.CONTINUATION if i else h2.HEADERS, 0, 1, h2.headers(
                ("x%d" % i, "y" * 1000))),
        }
        for name, make in floods.items():
            with self.subTest(name):
                self.assertTrue(self.flood(make))
                self.assert_alive()

    def test_a_client_that_reads_nothing_is_cut_off_and_others_are_served(self):
        with h2.Connection(self.doh, self.ca(), NAME) as deaf:
            deaf.send(h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack("!I", 0x7fff0000)))
            deaf.sock.settimeout(0.5)
            try:
                for i in range(20000):
                    deaf.post(2 * i + 1, dns.pack_question(BLOCKED))
            except (OSError, ssl.SSLError):
                pass
            self.assert_alive()

    def test_many_clients_at_once(self):
        failures = []

        def one():
            try:
                for _ in range(5):
                    self.assert_alive()
            except Exception as error:    # in a thread: told below
                failures.append(error)
        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(failures, [])


if __name__ == "__main__":
    lab.main()
