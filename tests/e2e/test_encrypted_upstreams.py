#!/usr/bin/env python3
"""Upstream servers over TLS: Unbound with a certificate of our making, proved by name or by pin, or not asked at all."""
import base64
import hashlib
import shutil
import socket
import subprocess

import dns
import lab
from certificates import make_certificate

NAME = "upstream.school.example"
BLOCKED = "blocked.example.net"

UNBOUND_CONF = """server:
    interface: 127.0.0.1@%(port)d
    tls-port: %(port)d
    tls-service-key: "%(stem)s.key"
    tls-service-pem: "%(stem)s.pem"
    do-daemonize: no
    chroot: ""
    username: ""
    pidfile: ""
    directory: "%(dir)s"
    use-syslog: no
    logfile: ""
    module-config: "iterator"
    local-zone: "example.net." redirect
    local-data: "example.net. 60 IN A 198.51.100.7"
remote-control:
    control-enable: no
"""


def pin_of(path):
    der = subprocess.run(["openssl", "x509", "-in", path, "-pubkey", "-noout"], capture_output=True, check=True).stdout
    key = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=der, capture_output=True,
                         check=True).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Upstreams(lab.Case):
    @classmethod
    def set_up(cls):
        for stem in ("first", "second"):
            make_certificate(cls.lab.path, stem, NAME)
        cls.unbound = cls.start_unbound()
        cls.server = cls.lab.serve(0, [cls.plain()], [BLOCKED], conf=cls.configuration("tls: " + NAME))

    @classmethod
    def plain(cls):
        return "127.0.0.1:%d" % (lab.PORT + 1)

    @classmethod
    def start_unbound(cls):
        text = UNBOUND_CONF % {"port": lab.PORT + 1, "stem": cls.lab.path("first"), "dir": cls.lab.dir}
        unbound = shutil.which("unbound") or "/usr/sbin/unbound"
        process = cls.lab.start([unbound, "-d", "-p", "-c", cls.lab.write("unbound.conf", text)], "unbound")

        def listens():
            assert process.is_running(), process.output()
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", lab.PORT + 1)) == 0
        lab.wait_until("Unbound", listens, lab.START_S)
        return process

    @classmethod
    def configuration(cls, proof, ca="first"):
        return ('upstreams: [{ address: "%s", %s }]\nupstream_ca: "%s"\ncache: { failure_ttl: 1s, serve_stale: false }\n'
                % (cls.plain(), proof, cls.lab.path(ca + ".pem")))

    def configure(self, *args, **kw):
        self.lab.write("state-extra.yaml", self.configuration(*args, **kw))
        self.server.operator("reload")

    questions = iter(range(10 ** 6))

    def ask(self):
        return self.server.ask("q%d.example.net" % next(self.questions), timeout=8)

    def test_who_proves_to_be_the_server_is_asked(self):
        first, second = pin_of(self.lab.path("first.pem")), pin_of(self.lab.path("second.pem"))
        for proof, ca in (("tls: " + NAME, "first"), ("pins: [%s]" % first, "second"),
                          ("pins: [%s, %s]" % (second, first), "second"), ("tls: %s, pins: %s" % (NAME, first), "first"),
                          ("tls: 127.0.0.1", "first")):
            with self.subTest(proof):
                self.configure(proof, ca)
                for _ in range(3):
                    self.assertEqual(self.ask().data(), ["198.51.100.7"])
                self.assert_sinkholed(self.server.ask(BLOCKED))

    def test_who_does_not_is_told_nothing_and_the_log_says_why(self):
        second = pin_of(self.lab.path("second.pem"))
        for proof, ca in (("tls: other.school.example", "first"), ("tls: " + NAME, "second"),
                          ("pins: [%s]" % second, "first"), ("tls: %s, pins: [%s]" % (NAME, second), "first")):
            with self.subTest(proof):
                before = self.server.output().count("not who it should be")
                self.configure(proof, ca)
                answer = self.ask()
                self.assertEqual(answer.rcode, "SERVFAIL")
                self.assertTrue({22, 23} & set(answer.ede_codes()), answer.ede)
                self.assertGreater(self.server.output().count("not who it should be"), before)
                self.assert_sinkholed(self.server.ask(BLOCKED))    # what is blocked needs nobody
        self.configure("tls: " + NAME)
        self.assertEqual(self.ask().data(), ["198.51.100.7"])

    def test_many_questions_share_a_connection(self):
        self.configure("tls: " + NAME)
        with dns.udp_socket() as sock:
            sock.settimeout(8)
            for ident in range(200):
                sock.sendto(dns.pack_question("many%d.example.net" % ident, ident=ident), self.server.at)
            answers = [dns.unpack(sock.recv(4096)) for _ in range(200)]
        self.assertEqual(sorted(a.ident for a in answers), list(range(200)))
        self.assertEqual({tuple(a.data()) for a in answers}, {("198.51.100.7",)})

    def test_a_server_that_went_and_came_back_is_asked_again(self):
        self.configure("tls: " + NAME)
        self.assertEqual(self.ask().data(), ["198.51.100.7"])
        self.unbound.kill()
        self.assertEqual(self.ask().rcode, "SERVFAIL")
        type(self).unbound = self.start_unbound()
        lab.wait_until("an answer", lambda: self.ask().data() == ["198.51.100.7"], 20)


if __name__ == "__main__":
    lab.main()
