#!/usr/bin/env python3
"""The same questions to Belisha with an empty list and to Unbound as a forwarder, both in front of one NSD with a zone
of everything that DNS allows. The answers are compared field by field; what may differ is in the table of differences.py,
with the reason, and everything else is a failure."""
import collections
import os
import shutil
import socket

import dns
import lab
import wire
from differences import DIFFERENCES, compare
from nasty import MANNERS, ORIGIN, SIGNED, TYPES, Question, labels_of, questions


class Comparison(lab.Case):
    @classmethod
    def set_up(cls):
        with open(os.path.join(lab.HERE, "zones", ORIGIN + ".zone")) as file:
            cls.zone_text = file.read() + cls.large()
        zones = {".": "root.zone", ORIGIN: cls.lab.write("nasty.zone", cls.zone_text), SIGNED: cls.sign()}
        cls.nsd = cls.lab.start_nsd(1, zones)
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.test"], conf="cache: { serve_stale: false }\n"
                                   "rebinding_check: false\nspecial_use: false\n")
        cls.start_unbound(2)
        for origin, signed in ((ORIGIN, False), (SIGNED, True)):
            answer = cls.server.ask("end." + origin, do=True)
            assert ("46" in [r.type for r in answer.answer]) == signed, answer
        cls.used = collections.Counter()

    @staticmethod
    def large():
        """Answers of 300 addresses, and of nearly all that a message holds."""
        text = "".join("a200 A 198.51.%d.%d\n" % (100 + i // 250, i % 250) for i in range(200))
        text += "".join("a300 A 198.51.%d.%d\n" % (100 + i // 250, i % 250) for i in range(300))
        text += "one-big TXT " + " ".join('"%s"' % ("%03d" % i * 85) for i in range(250)) + "\n"
        text += "".join('big TXT "%s"\n' % ("%03d" % i * 83) for i in range(200))
        return text + "".join('fits TXT "%s"\n' % ("%03d" % i * 70) for i in range(4))

    @classmethod
    def sign(cls):
        zone = cls.lab.write("seals.zone", "$ORIGIN %s.\n" % SIGNED + cls.zone_text.replace(ORIGIN, SIGNED))
        key = lab.run(["ldns-keygen", "-a", "ECDSAP256SHA256", SIGNED], cwd=cls.lab.dir).strip()
        lab.run(["ldns-signzone", "-f", zone + ".signed", "-o", SIGNED, zone, key], cwd=cls.lab.dir)
        with open(zone + ".signed") as file:    # ldns writes a quotation mark in a name as it is, which NSD takes for a string
            text = file.read().replace('!"#$%', '!\\034#$%')
        return cls.lab.write("signed.zone", text)

    @classmethod
    def start_unbound(cls, offset):
        port = lab.PORT + offset
        config = cls.lab.write("unbound.conf", UNBOUND_CONF % {"port": port, "dir": cls.lab.dir,
                                                               "nsd": cls.nsd.replace(":", "@")})
        unbound = shutil.which("unbound") or "/usr/sbin/unbound"
        process = cls.lab.start([unbound, "-d", "-c", config], "unbound")
        cls.unbound_at = ("127.0.0.1", port)

        def answers():
            assert process.is_running(), process.output()
            try:
                return dns.ask_udp(cls.unbound_at, "end." + ORIGIN, timeout=0.5).rcode == "NOERROR"
            except OSError:
                return False
        lab.wait_until("Unbound", answers, lab.START_S)

    def ask(self, at, question):
        """What a client gets: a strictly read message, or None when there is none."""
        msg = question.pack()
        try:
            if question.tcp:
                with socket.create_connection(at, timeout=5) as sock:
                    sock.sendall(dns.frame(msg))
                    return wire.read(dns.read_tcp(sock))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(5)
                sock.connect(at)
                sock.send(msg)
                return wire.read(sock.recv(65535))
        except (socket.timeout, ConnectionError):
            return None
        except wire.Malformed as error:
            raise AssertionError("%s to %s: %s" % (question, at, error)) from error

    def unexplained(self, question, turn):
        b, u = self.ask(self.server.at, question), self.ask(self.unbound_at, question)
        if b is not None:
            self.assertLessEqual(b.size, question.limit, question)
        left = compare(b, u)
        for function, fields in DIFFERENCES:
            if left and fields & set(left) and function(question, b, u):
                self.used[function.__name__] += 1
                left = {field: value for field, value in left.items() if field not in fields}
        return ["%s, %s time: %s: Belisha %s, Unbound %s" % (question, turn, field, *value) for field, value in left.items()]

    def compare_all(self, asked):
        found, count = [], 0
        for question in asked:
            count += 1
            for turn in ("first", "second"):
                found += self.unexplained(question, turn)
        print("%d questions, %d unexplained differences; explained: %s" % (count, len(found), dict(self.used)))
        self.assertEqual(found[:40], [], "%d in all" % len(found))

    def test_the_plain_zone(self):
        self.compare_all(questions(self.zone_text, ORIGIN))

    def test_the_signed_zone(self):
        self.compare_all(questions(self.zone_text.replace(ORIGIN, SIGNED), SIGNED))

    def test_times_are_counted_down_alike(self):
        """Names that neither has been asked for, until some seconds of their time are over."""
        asked = [Question(labels=labels_of(name + ORIGIN), type=TYPES[rtype], **MANNERS[2])
                 for name, rtype in (("aging.wild.", "A"), ("aging.wild.", "TXT"), ("aging.wild-alias.", "A"))]

        def times(at):
            return [[r.ttl for r in self.ask(at, question).answer] for question in asked]
        self.assertEqual(times(self.server.at)[:2], [[300], [300]])
        times(self.unbound_at)
        lab.wait_until("some seconds", lambda: times(self.server.at)[0][0] <= 296)
        for mine, others in zip(times(self.server.at), times(self.unbound_at)):
            self.assertLess(mine[0], 300)
            self.assertLessEqual(abs(mine[0] - others[0]), 1)

    def test_z_every_difference_in_the_table_was_seen(self):
        self.assertEqual([f.__name__ for f, _ in DIFFERENCES if not self.used[f.__name__]], [])


UNBOUND_CONF = """server:
    interface: 127.0.0.1@%(port)d
    do-ip6: no
    access-control: 127.0.0.0/8 allow_snoop
    username: ""
    chroot: ""
    directory: "%(dir)s"
    pidfile: ""
    use-syslog: no
    num-threads: 1
    module-config: "iterator"
    do-not-query-localhost: no
    hide-identity: yes
    hide-version: yes
    minimal-responses: yes
    msg-cache-size: 64m
    rrset-cache-size: 64m
    qname-minimisation: no
    max-udp-size: 1232
    rrset-roundrobin: no
    cache-max-ttl: 86400
    ede: yes
    unblock-lan-zones: yes
    local-zone: "test." nodefault
    local-zone: "invalid." nodefault
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: %(nsd)s
"""


if __name__ == "__main__":
    lab.main()
