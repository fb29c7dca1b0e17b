#!/usr/bin/env python3
"""What a client sees: allowed and blocked names of every kind, over UDP and TCP, with a real server upstream."""
import socket
import subprocess
import unittest

import dns
import lab

BLOCKED = ["blocked.example.net", "childline.org.uk", "use-application-dns.net"]


class Answers(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], BLOCKED)

    def dig(self, *args):
        done = subprocess.run(["dig", "@127.0.0.1", "-p", str(self.server.port), "+tries=1", "+time=5", *args],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    # ---- allowed ----

    def test_an_allowed_name_is_answered_as_the_upstream_says(self):
        answer = self.server.ask("www.example.net")
        self.assertEqual((answer.rcode, answer.data()), ("NOERROR", ["198.51.100.10"]))
        self.assertTrue(answer.ra and answer.rd)
        self.assertFalse(answer.aa)
        self.assertEqual(answer.ede, [])
        self.assertLessEqual(answer.answer[0].ttl, 300)

    def test_every_type_passes(self):
        for qtype, data in (("AAAA", "2001:db8::10"), ("HTTPS", "00010000010003026832"), ("TXT", "allowed"),
                            ("A", "198.51.100.10")):
            with self.subTest(qtype):
                self.assertEqual(self.server.ask("www.example.net", qtype).data(), [data])
        self.assertEqual(self.server.ask("example.net", "MX").data(), ["10 mail.example.net"])

    def test_a_second_question_is_answered_from_the_cache_with_a_lower_or_equal_ttl(self):
        first = self.server.ask("www.example.net", "TXT")
        second = self.server.ask("www.example.net", "TXT")
        self.assertEqual(first.data(), second.data())
        self.assertLessEqual(second.answer[0].ttl, first.answer[0].ttl)

    def test_a_cname_chain_is_given_whole(self):
        answer = self.server.ask("alias.example.net")
        self.assertEqual([(r.name, r.type) for r in answer.answer],
                         [("alias.example.net", "CNAME"), ("alias2.example.net", "CNAME"), ("www.example.net", "A")])

    def test_a_name_that_does_not_exist_is_nxdomain_with_its_soa(self):
        answer = self.server.ask("nothing.example.net")
        self.assertEqual((answer.rcode, answer.answer), ("NXDOMAIN", []))
        self.assertEqual([r.type for r in answer.authority], ["SOA"])
        self.assertEqual(answer.ede, [])

    def test_a_type_that_does_not_exist_is_nodata(self):
        answer = self.server.ask("www.example.net", "MX")
        self.assertEqual((answer.rcode, answer.answer), ("NOERROR", []))

    def test_the_case_of_the_question_comes_back(self):
        for name in ("wWw.ExAmPlE.nEt", "bLoCkEd.example.NET", "WWW.EXAMPLE.NET"):
            with self.subTest(name):
                self.assertEqual(self.server.ask(name).qname, name)

    def test_dig_is_content(self):
        text = self.dig("www.example.net", "A")
        self.assertIn("status: NOERROR", text)
        self.assertIn("198.51.100.10", text)
        for complaint in ("WARNING", "Warning", "malformed", "extra bytes"):
            self.assertNotIn(complaint, text)

    # ---- blocked ----

    def test_a_blocked_name_leads_to_the_notice_page(self):
        self.assert_sinkholed(self.server.ask("blocked.example.net"))

    def test_names_below_a_blocked_one_are_blocked(self):
        for name in ("www.blocked.example.net", "a.b.c.blocked.example.net", "BLOCKED.Example.NET"):
            with self.subTest(name):
                self.assert_sinkholed(self.server.ask(name))

    def test_names_beside_a_blocked_one_are_not(self):
        for name in ("notblocked.example.net", "blocked.example.org", "example.net"):
            with self.subTest(name):
                self.assertNotEqual(self.server.ask(name).data(), [lab.SINKHOLE])

    def test_other_types_of_a_blocked_name_have_no_data(self):
        for qtype in ("AAAA", "HTTPS", "SVCB", "MX", "TXT", "SRV", "NS", "CNAME", "SOA", 12345):
            with self.subTest(qtype):
                self.assert_blocked_without_data(self.server.ask("blocked.example.net", qtype))

    def test_a_blocked_answer_is_the_same_over_tcp(self):
        self.assert_sinkholed(self.server.ask_tcp("blocked.example.net"))
        self.assert_blocked_without_data(self.server.ask_tcp("blocked.example.net", "HTTPS"))

    def test_without_edns_there_is_no_extended_error(self):
        answer = self.server.ask("blocked.example.net", edns=None)
        self.assertEqual((answer.data(), answer.edns_size, answer.ede), ([lab.SINKHOLE], None, []))

    def test_dig_shows_the_extended_error(self):
        text = self.dig("blocked.example.net", "A")
        self.assertIn("EDE: 4", text)
        self.assertNotIn("domains", text.lower().split("ede: 4")[1].splitlines()[0])
        self.assertIn("EDE: 15", self.dig("blocked.example.net", "AAAA"))

    def test_an_alias_of_a_blocked_name_is_blocked(self):
        for name in ("tracker.example.net", "deep.example.net"):
            for turn in ("first", "from the cache"):
                with self.subTest(name + ", " + turn):
                    answer = self.server.ask(name)
                    self.assertEqual(answer.data("A"), [lab.SINKHOLE])
                    self.assertEqual(answer.ede_codes(), [4])
                    self.assertNotIn("198.51.100.67", answer.data())

    def test_no_type_of_an_alias_of_a_blocked_name_gets_through(self):
        self.assertEqual(self.server.ask("tracker.example.net", "AAAA").ede_codes(), [15])

    # ---- names with duties ----

    def test_protected_help_is_never_blocked(self):
        answer = self.server.ask("childline.org.uk")
        self.assertNotEqual(answer.data(), [lab.SINKHOLE])
        self.assertEqual([code for code in answer.ede_codes() if code in (4, 15, 16, 17)], [])

    def test_canaries_tell_browsers_to_use_this_server(self):
        for name in ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"):
            for qtype in ("A", "AAAA", "HTTPS"):
                with self.subTest("%s %s" % (name, qtype)):
                    answer = self.server.ask(name, qtype)
                    self.assertIn(answer.rcode, ("NXDOMAIN", "NOERROR"))
                    self.assertEqual(answer.answer, [])
        self.assertEqual(self.server.ask("use-application-dns.net").rcode, "NXDOMAIN")

    def test_resolver_arpa_is_answered_here_without_data(self):
        answer = self.server.ask("_dns.resolver.arpa", "SVCB")
        self.assertEqual((answer.rcode, answer.answer), ("NOERROR", []))

    def test_special_use_names_do_not_leak(self):
        self.assertEqual(self.server.ask("secret.onion").rcode, "NXDOMAIN")
        self.assertEqual(self.server.ask("x.invalid").rcode, "NXDOMAIN")
        self.assertEqual(self.server.ask("localhost").data(), ["127.0.0.1"])
        self.assertEqual(self.server.ask("localhost", "AAAA").data(), ["::1"])

    # ---- sizes ----

    def test_what_does_not_fit_is_truncated_and_whole_over_tcp(self):
        for size in (None, 512, 1232, 4096):
            with self.subTest(size):
                answer = self.server.ask("big.example.net", "TXT", edns=size)
                self.assertTrue(answer.tc)
                self.assertLessEqual(answer.size, 512 if size is None else min(size, 1232))
        whole = self.server.ask_tcp("big.example.net", "TXT")
        self.assertFalse(whole.tc)
        self.assertEqual(len(whole.answer), 8)

    def test_the_size_that_the_client_allows_is_used(self):
        self.assertFalse(self.server.ask("medium.example.net", "TXT", edns=1232).tc)
        self.assertEqual(len(self.server.ask("medium.example.net", "TXT", edns=1232).answer), 3)
        for size in (None, 512, 100):
            with self.subTest(size):
                answer = self.server.ask("medium.example.net", "TXT", edns=size)
                self.assertTrue(answer.tc)
                self.assertLessEqual(answer.size, 512)

    def test_dig_follows_the_truncation(self):
        self.assertEqual(self.dig("big.example.net", "TXT", "+short").count('"'), 16)

    # ---- TCP ----

    def test_questions_may_be_pipelined(self):
        names = ["www.example.net", "blocked.example.net", "short.example.net", "nothing.example.net"] * 8
        with socket.create_connection(self.server.at, timeout=10) as sock:
            sock.sendall(b"".join(dns.frame(dns.pack_question(n, ident=i)) for i, n in enumerate(names)))
            answers = {}
            for _ in names:
                answer = dns.unpack(dns.read_tcp(sock))
                answers[answer.ident] = answer
        self.assertEqual({i: answers[i].qname for i in answers}, dict(enumerate(names)))
        self.assertEqual(answers[1].data(), [lab.SINKHOLE])

    def test_a_question_may_come_byte_by_byte(self):
        with socket.create_connection(self.server.at, timeout=10) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in dns.frame(dns.pack_question("www.example.net")):
                sock.sendall(bytes([byte]))
            self.assertEqual(dns.unpack(dns.read_tcp(sock)).data(), ["198.51.100.10"])

    # ---- odd questions ----

    def test_rubbish_gets_no_answer_and_does_no_harm(self):
        with dns.udp_socket() as sock:
            for junk in (b"", b"\0", b"\xff" * 11, b"\0" * 12, b"\xff" * 600, dns.pack_question("www.example.net")[:20]):
                sock.sendto(junk, self.server.at)
        self.assertEqual(self.server.ask("www.example.net").rcode, "NOERROR")

    def test_other_opcodes_are_not_implemented(self):
        answer = self.server.ask("www.example.net", flags=0x2000)
        self.assertEqual(answer.rcode, "NOTIMP")

    def test_a_later_edns_version_is_badvers(self):
        msg = bytearray(dns.pack_question("www.example.net"))
        msg[-5] = 1
        self.assertEqual(dns.ask_udp(self.server.at, "", raw=bytes(msg)).rcode, "BADVERS")

    def test_ecs_is_not_sent_upstream_and_does_no_harm(self):
        ecs = bytes.fromhex("000800070001180 0cb0071".replace(" ", ""))
        answer = self.server.ask("www.example.net", options=ecs)
        self.assertEqual(answer.data(), ["198.51.100.10"])
        self.assertNotIn(8, answer.options)

    def test_keepalive_is_told_over_tcp_to_those_who_ask(self):
        """RFC 7828, 3.3.2: limits.tcp_idle in units of 100 ms, and nothing of it over UDP."""
        keepalive = bytes.fromhex("000b0000")
        self.assertEqual(self.server.ask_tcp("www.example.net", options=keepalive).options[11], b"\x00\x64")
        self.assertNotIn(11, self.server.ask_tcp("www.example.net").options)
        self.assertNotIn(11, self.server.ask("www.example.net", options=keepalive).options)


if __name__ == "__main__":
    lab.main()
