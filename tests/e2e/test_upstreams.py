#!/usr/bin/env python3
"""Upstream servers that are away, slow, cut answers short or lie."""
import socket
import threading
import time

import dns
import lab


class FailOver(lab.Case):
    @classmethod
    def set_up(cls):
        cls.first = cls.lab.upstream(1, address="198.51.100.1")
        cls.second = cls.lab.upstream(2, address="198.51.100.2")
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % u.port for u in (cls.first, cls.second)],
                                   ["blocked.example.net"])

    def setUp(self):
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: "answer"

    def test_a_silent_server_does_not_cost_the_client_its_answer(self):
        self.first.behave = lambda name, qtype, transport: "drop"
        for i in range(10):
            answer = self.server.ask("silent%d.example.net" % i, timeout=6)
            self.assertEqual(answer.data(), ["198.51.100.2"])

    def test_a_server_that_fails_is_passed_over(self):
        self.second.behave = lambda name, qtype, transport: "servfail"
        for i in range(10):
            self.assertEqual(self.server.ask("failing%d.example.net" % i).data(), ["198.51.100.1"])

    def test_all_servers_silent_is_servfail_with_an_extended_error(self):
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: "drop"
        started = time.monotonic()
        answer = self.server.ask("gone.example.net", timeout=10)
        self.assertEqual(answer.rcode, "SERVFAIL")
        self.assertTrue({22, 23} & set(answer.ede_codes()), answer.ede)
        self.assertLess(time.monotonic() - started, 8)
        self.assert_sinkholed(self.server.ask("blocked.example.net"))

    def test_it_recovers_by_itself(self):
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: "drop"
        self.server.ask("before.example.net", timeout=10)
        self.setUp()
        tries = iter(range(1000))
        lab.wait_until("an answer after the servers came back", lambda: self.server.ask(
            "after%d.example.net" % next(tries), timeout=10).rcode == "NOERROR", 20)

    def test_a_truncated_reply_is_asked_again_over_tcp(self):
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: "truncate"
        self.assertIn(self.server.ask("cut.example.net").data(), (["198.51.100.1"], ["198.51.100.2"]))
        self.assertGreaterEqual(
            self.first.count("cut.example.net", "tcp") + self.second.count("cut.example.net", "tcp"), 1)

    def test_identical_questions_in_flight_are_merged(self):
        gate = threading.Event()

        def behave(name, qtype, transport):
            gate.wait(5)
            return "answer"
        for upstream in (self.first, self.second):
            upstream.behave = behave
        with dns.udp_socket() as sock:
            sock.settimeout(5)
            for ident in range(20):
                sock.sendto(dns.pack_question("merged.example.net", ident=ident), self.server.at)
            lab.wait_until("the question upstream",
                           lambda: self.first.count("merged.example.net") + self.second.count("merged.example.net"))
            gate.set()
            answers = [dns.unpack(sock.recv(4096)) for _ in range(20)]
        self.assertEqual(sorted(a.ident for a in answers), list(range(20)))
        asked = self.first.count("merged.example.net") + self.second.count("merged.example.net")
        self.assertLess(asked, 10)    # one, and retries while the gate was closed; not twenty

    def test_records_that_were_not_asked_for_are_left_out(self):
        liar = [("lied.example.net", "CNAME", 60, dns.pack_name("target.example.net")),
                ("target.example.net", "A", 60, socket.inet_aton("198.51.100.3")),
                ("www.bank.example", "A", 60, socket.inet_aton("203.0.113.66"))]
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: liar if name == "lied.example.net" else "answer"
        answer = self.server.ask("lied.example.net")
        self.assertEqual([r.name for r in answer.answer], ["lied.example.net", "target.example.net"])

    def test_a_public_name_may_not_lead_to_a_private_address(self):
        inside = [("rebind.example.net", "A", 60, socket.inet_aton("192.168.1.1"))]
        for upstream in (self.first, self.second):
            upstream.behave = lambda name, qtype, transport: inside
        self.assertNotIn("192.168.1.1", self.server.ask("rebind.example.net").data())


class FilteredCname(lab.Case):
    """An upstream that answers with an alias in several steps: each target meets the list."""

    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(4)
        cls.server = cls.lab.serve(3, ["127.0.0.1:%d" % cls.upstream.port], ["bad.example.org"])

    def test_any_step_of_a_chain_blocks(self):
        chain = [("start.example.net", "CNAME", 60, dns.pack_name("middle.bad.example.org")),
                 ("middle.bad.example.org", "CNAME", 60, dns.pack_name("end.example.com")),
                 ("end.example.com", "A", 60, socket.inet_aton("198.51.100.9"))]
        self.upstream.behave = lambda name, qtype, transport: chain
        for _ in range(2):
            answer = self.server.ask("start.example.net")
            self.assertEqual(answer.data("A"), [lab.SINKHOLE])


class Streams(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(7)
        at = "127.0.0.1:%d" % cls.upstream.port
        cls.server = cls.lab.serve(6, [at], ["blocked.example.net"],
                                   conf="upstreams: [{ address: '%s', tcp: true }]\n" % at)

    def test_a_connection_that_hangs_is_left_for_another(self):
        """As after a firewall forgot it: nothing is heard, and nothing says that it is gone (RFC 7766, 6.2.4)."""
        for i in range(3):
            self.assertEqual(self.server.ask("before%d.example.net" % i).data(), ["198.51.100.1"])
            self.upstream.hang_connections()
            self.assertEqual(self.server.ask("after%d.example.net" % i).data(), ["198.51.100.1"])
            self.assertEqual(self.server.ask("again%d.example.net" % i).data(), ["198.51.100.1"])


class Spelling(lab.Case):
    """draft-vixie-dnsext-dns0x20-00: a reply must have the letters of the question as they were sent."""

    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(5)
        cls.server = cls.lab.serve(4, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"])

    def test_1_questions_are_spelt_by_chance_and_answers_as_the_client_asked(self):
        names = ["kept%d.letters.example.net" % i for i in range(8)]
        for name in names:
            self.assertEqual(self.server.ask(name).answer[0].name, name)
        spelt = [name for name in self.upstream.spelt if name.lower().startswith("kept")]
        self.assertTrue(any(name != name.lower() for name in spelt), spelt)
        self.assertGreater(len({name.split(".", 1)[1] for name in spelt}), 1, spelt)

    def test_2_a_server_that_loses_the_letters_is_used_all_the_same(self):
        self.upstream.loses_case = True
        try:
            for i in range(6):
                self.assertEqual(self.server.ask("lost%d.example.net" % i).data(), ["198.51.100.1"])
        finally:
            self.upstream.loses_case = False
        self.assertIn("lost5.example.net", self.upstream.spelt)   # noticed: small letters, over UDP
        self.assertEqual(self.upstream.count("lost5.example.net", "tcp"), 0)


if __name__ == "__main__":
    lab.main()
