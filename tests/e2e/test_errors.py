#!/usr/bin/env python3
"""Errors that say why: structured ones for who asks, as Debian's kdig sees them, and those of upstream servers."""
import json
import re
import struct

import dns
import lab
from certificates import make_certificate

NAME = "dns.school.example"
BLOCKED = "blocked.example.net"
CODE = 65001
OPTION = "+ednsopt=%d" % CODE
CONTACTS = ["mailto:it@school.example", "tel:+44-1632-960000"]
SAID = {"c": CONTACTS, "j": "Blocked by the school's policy", "o": "Beacon Hill School", "l": "en", "s": 5}


class Errors(lab.Case):
    @classmethod
    def set_up(cls):
        make_certificate(cls.lab.path, "first", NAME)
        cls.dot, cls.doh = lab.PORT + 2, lab.PORT + 3
        cls.upstream = cls.lab.upstream(1)
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], [BLOCKED],
                                   conf=cls.configuration(CONTACTS))

    @classmethod
    def configuration(cls, contacts):
        return ("tls:\n  certificate: %s\n  key: %s\n  dot: ['127.0.0.1:%d']\n  doh: ['127.0.0.1:%d']\n"
                "notice: { school: Beacon Hill School }\n"
                "structured_errors: { option_code: %d, contact: %s }\n" % (
                    json.dumps(cls.lab.path("first.pem")), json.dumps(cls.lab.path("first.key")), cls.dot, cls.doh, CODE,
                    json.dumps(contacts)))

    def setUp(self):
        self.upstream.behave = lambda name, qtype, transport: "answer"

    def ways(self):
        tls = ["+tls-ca=" + self.lab.path("first.pem"), "+tls-hostname=" + NAME]
        return {"udp": ["-p", str(self.server.port)], "tcp": ["-p", str(self.server.port), "+tcp"],
                "dot": ["-p", str(self.dot), "+tls", *tls], "doh": ["-p", str(self.doh), "+https", *tls]}

    def kdig(self, *options):
        return lab.run(["kdig", "@127.0.0.1", "+timeout=5", "+retry=0", *options])

    def said(self, text):
        """The object in kdig's line of the extended error."""
        line = re.search(r"^;; EDE: 15 \(Blocked\): '(.*)'$", text, re.M)
        self.assertIsNotNone(line, text)
        return json.loads(line.group(1).replace("\\'", "'"))

    def ask(self, name, qtype="A", options=struct.pack("!HH", CODE, 0), **kw):
        return self.server.ask(name, qtype, options=options, **kw)

    # ---- structured errors ----

    def test_who_asks_is_told_over_every_transport(self):
        for way, options in self.ways().items():
            for qtype in ("A", "AAAA", "HTTPS", "TXT"):
                with self.subTest(way=way, qtype=qtype):
                    text = self.kdig(*options, OPTION, BLOCKED, qtype)
                    self.assertIn("status: NXDOMAIN", text)
                    self.assertEqual(self.said(text), SAID)

    def test_who_does_not_ask_is_led_to_the_page(self):
        for way, options in self.ways().items():
            with self.subTest(way):
                text = self.kdig(*options, "+edns", BLOCKED)
                self.assertIn("status: NOERROR", text)
                self.assertIn(lab.SINKHOLE, text)
                self.assertIn("EDE: 4", text)
        self.assert_sinkholed(self.ask(BLOCKED, options=struct.pack("!HH", CODE + 1, 0)))
        self.assert_sinkholed(self.ask(BLOCKED, options=struct.pack("!HHH", dns.EDE, 2, 0)))

    def test_the_text_is_whole_or_not_there(self):
        for labels in range(1, 5):
            name = ".".join(["a" * 45] * labels + [BLOCKED])
            answer = self.ask(name, edns=512)
            self.assertEqual((answer.rcode, answer.tc, [code for code, _ in answer.ede]), ("NXDOMAIN", False, [15]))
            self.assertLessEqual(answer.size, 512)
            text = answer.ede[0][1]
            self.assertIn(json.loads(text) if text else None, (SAID, {"c": CONTACTS, "s": 5}, None))

    def test_an_open_name_is_answered_as_ever(self):
        answer = self.ask("open.example.net")
        self.assertEqual((answer.rcode, answer.data(), answer.ede), ("NOERROR", ["198.51.100.1"], []))

    def test_a_changed_contact_is_told_after_a_reload(self):
        self.lab.write("state-extra.yaml", self.configuration(["mailto:new@school.example"]))
        self.server.operator("reload")
        self.assertEqual(json.loads(self.ask(BLOCKED).ede[0][1])["c"], ["mailto:new@school.example"])
        self.lab.write("state-extra.yaml", self.configuration(CONTACTS))
        self.server.operator("reload")
        self.assertEqual(json.loads(self.ask(BLOCKED).ede[0][1]), SAID)

    # ---- upstream servers ----

    def test_an_upstreams_code_goes_along_and_its_words_do_not(self):
        self.upstream.behave = lambda name, qtype, transport: "servfail"
        self.upstream.errors["bogus.example.net"] = 6
        for codes in ([6], [6, 13]):
            answer = self.server.ask("bogus.example.net")
            self.assertEqual((answer.rcode, answer.ede_codes()), ("SERVFAIL", codes))
            self.assertEqual(answer.ede[0][1], "Said by the upstream server")
        self.assertEqual(self.server.ask("bogus.example.net", edns=None).edns_size, None)

    def test_a_block_by_the_upstream_is_not_ours(self):
        self.upstream.behave = lambda name, qtype, transport: "nxdomain"
        self.upstream.errors["filtered.example.net"] = 15
        for options in (b"", struct.pack("!HH", CODE, 0)):
            answer = self.ask("filtered.example.net", options=options)
            self.assertEqual((answer.rcode, answer.ede), ("NXDOMAIN", [(15, "Said by the upstream server")]))


if __name__ == "__main__":
    lab.main()
