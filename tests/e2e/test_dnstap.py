#!/usr/bin/env python3
"""dnstap: what readers are told, and that no reader, however slow or dead, costs a client its answer."""
import re
import shutil
import socket
import time

import dns
import dnstap
import lab

CONF = """
dnstap:
  socket: %s
  identity: school-1
  version: "test"
control: { socket: control.sock }
"""
LOST = re.compile(r"^belisha_dnstap_lost_total (\d+)$", re.MULTILINE)


def question_name(message):
    raw = message.query or message.response
    return dns.unpack(raw).qname


class Tap(lab.Case):
    @classmethod
    def serve(cls, port_offset, socket_path, subdir="state", conf=""):
        return cls.lab.serve(port_offset, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"],
                             conf=CONF % socket_path + conf, subdir=subdir)

    def metrics(self, server):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(30)
            sock.connect(server.dir + "/control.sock")
            sock.sendall(b"metrics\n")
            text = b""
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return text.decode()
                text += piece

    def wait_for(self, reader, count, what="messages"):
        lab.wait_until("%d %s" % (count, what), lambda: len(reader.messages) >= count, 20)
        return reader.messages


class Told(Tap):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(1)
        cls.reader = dnstap.Reader(cls.lab.path("tap.sock"))
        cls.lab.closers.append(cls.reader.close)
        cls.server = cls.serve(0, cls.lab.path("tap.sock"))
        lab.wait_until("the connection", lambda: cls.reader.connections == 1, 20)

    def told_of(self, name, count):
        def there():
            found = [m for m in list(self.reader.messages) if question_name(m).lower() == name]
            return found if len(found) >= count else None
        return lab.wait_until("%d messages of %s" % (count, name), there, 20)

    def test_a_question_and_all_it_leads_to(self):
        before = time.time()
        self.server.ask("www.example.net")
        after = time.time()
        fq, fr, cq, cr = self.told_of("www.example.net", 4)
        self.assertEqual([m.type for m in (fq, fr, cq, cr)],
                         ["FORWARDER_QUERY", "FORWARDER_RESPONSE", "CLIENT_QUERY", "CLIENT_RESPONSE"])
        for m in (fq, fr, cq, cr):
            self.assertEqual((m.identity, m.version, m.protocol), ("school-1", "test", "UDP"))
            self.assertLessEqual(before - 1, m.query_time)
            self.assertLessEqual(m.query_time, after + 1)
        for m in (fq, fr):
            self.assertEqual((m.response_at, m.zone), (("127.0.0.1", self.upstream.port), b"\0"))
        for m in (cq, cr):
            self.assertEqual(m.response_at, ("127.0.0.1", self.server.port))
            self.assertEqual(m.query_at[0], "127.0.0.1")
            self.assertGreater(m.query_at[1], 0)
        for m in (fr, cr):
            self.assertEqual(dns.unpack(m.response).data(), ["198.51.100.1"])
            self.assertLessEqual(m.query_time, m.response_time)
        for m in (fq, cq):
            asked = dns.unpack(m.query)
            self.assertEqual((asked.qtype, asked.edns_size), ("A", None))
        self.assertIn(question_name(fq), self.upstream.spelt)
        self.assertEqual(cr.policy, {})

    def test_a_block_and_its_policy(self):
        self.assert_sinkholed(self.server.ask("www.blocked.example.net"))
        cq, cr = self.told_of("www.blocked.example.net", 2)
        self.assertEqual((cq.type, cq.policy), ("CLIENT_QUERY", {}))
        self.assertEqual(cr.policy, {"type": "category", "rule": "malware", "action": "LOCAL_DATA", "match": 1,
                                     "value": dns.pack_name("www.blocked.example.net")})
        self.assertEqual(dns.unpack(cr.response).data(), [lab.SINKHOLE])

    def test_a_question_over_tcp(self):
        self.server.ask_tcp("tcp.example.net")
        self.assertEqual([m.protocol for m in self.told_of("tcp.example.net", 4)], ["UDP", "UDP", "TCP", "TCP"])

    def test_help_is_never_told(self):
        self.assertEqual(self.server.ask("www.childline.org.uk").data(), ["198.51.100.1"])
        self.server.ask("after.example.net")
        self.told_of("after.example.net", 4)
        self.assertEqual([m for m in self.reader.messages if "childline" in question_name(m).lower()], [])


class Readers(Tap):
    """The reader of another project, and readers that are none."""

    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(1)

    def test_fstrm_capture_and_dnstap_ldns_read_it(self):
        for program in ("fstrm_capture", "dnstap-ldns"):
            if shutil.which(program) is None:
                self.skipTest("no " + program)
        path, file = self.lab.path("capture.sock"), self.lab.path("capture.fstrm")
        capture = self.lab.start(["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", path, "-w", file], "capture")
        server = self.serve(2, path, "captured")
        lab.wait_until("the connection", lambda: "dnstap reader is there" in server.output(), 20)
        self.assert_sinkholed(server.ask("blocked.example.net"))
        self.assertEqual(server.ask_tcp("seen.example.net").data(), ["198.51.100.1"])
        self.assertEqual(server.stop(), 0) # what was told is flushed
        capture.stop()
        quiet = lab.run(["dnstap-ldns", "-q", "-r", file])
        for words in (("CQ", "UDP", "blocked.example.net"), ("CR", "UDP", "blocked.example.net"),
                      ("FQ", "UDP", "seen.example.net"), ("FR", "UDP", "seen.example.net"),
                      ("CQ", "TCP", "seen.example.net"), ("CR", "TCP", "seen.example.net")):
            self.assertTrue(any(all(w in line.lower() for w in map(str.lower, words)) for line in quiet.splitlines()),
                            (words, quiet))
        verbose = lab.run(["dnstap-ldns", "-y", "-r", file])
        self.assertIn("identity: \"school-1\"", verbose)
        self.assertIn(lab.SINKHOLE, verbose)

    def test_nobody_listens_and_then_somebody_does(self):
        path = self.lab.path("late.sock")
        server = self.serve(3, path, "late")
        self.assert_sinkholed(server.ask("blocked.example.net"))
        lab.wait_until("a warning", lambda: "no dnstap reader" in server.output(), 20)
        for _ in ("the first", "the second"):
            reader = dnstap.Reader(path)
            tries = iter(range(100000))

            def told():
                server.ask("again%d.example.net" % next(tries))
                return reader.messages
            lab.wait_until("a message", told, 30)
            reader.close()
            lab.wait_until("that it is gone", lambda: server.ask("gone.example.net") and
                           server.output().count("no dnstap reader") >= 2, 30)
        self.assertEqual(server.stop(), 0)

    def test_a_reader_that_does_not_read_costs_messages_only(self):
        path = self.lab.path("slow.sock")
        reader = dnstap.Reader(path, reads=False)
        server = self.serve(4, path, "slow")
        lab.wait_until("the connection", lambda: reader.connections == 1, 20)
        self.assertEqual(server.ask("cached.example.net").data(), ["198.51.100.1"])
        question = dns.frame(dns.pack_question("cached.example.net")) * 100
        answered = 0
        with socket.create_connection(server.at, timeout=30) as sock:
            while int(LOST.search(self.metrics(server)).group(1)) == 0:
                sock.sendall(question)
                for _ in range(100):
                    self.assertEqual(dns.unpack(dns.read_tcp(sock)).data(), ["198.51.100.1"])
                    answered += 1
                self.assertLess(answered, 200000, "no message is lost")
        self.assert_sinkholed(server.ask("blocked.example.net"))
        self.assertEqual(server.stop(), 0)
        reader.close()


if __name__ == "__main__":
    lab.main()
