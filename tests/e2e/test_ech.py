#!/usr/bin/env python3
"""HTTPS records (RFC 9460) from a real server upstream, as dig and kdig see them: for pupils without the key of Encrypted
ClientHello, for staff with it; and no way round the lists."""
import subprocess

import lab

CONF = """
workers: 2
policy:
  levels:
    - {name: pupils, block: [all]}
    - {name: staff, block: [malware], ech: keep}
  groups:
    - {name: staff-room, networks: [127.0.0.9/32], level: staff}
  default_level: pupils
"""
PUPIL = "127.0.0.1"
STAFF = "127.0.0.9"
ECH = "AEX+DQBBBwAgACABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fIAAEAAEAAQAScHVibGljLmV4YW1wbGUubmV0AAA="
HIDDEN = "1 . alpn=\"h2,h3\" ipv4hint=198.51.100.12 ipv6hint=2001:db8::12"
OTHER = "2 www.example.net. alpn=\"h2\""


class EncryptedClientHello(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"], conf=CONF)

    def tool(self, program, source, *args):
        done = subprocess.run([program, "@127.0.0.1", "-p", str(self.server.port), "-b", source, *args],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for complaint in ("WARNING", "malformed", "Malformed", "extra bytes"):
            self.assertNotIn(complaint, done.stdout + done.stderr)
        return done.stdout

    def records(self, source, name, *args):
        return sorted(self.tool("dig", source, name, "TYPE65", "+short", *args).splitlines())

    def test_a_pupil_gets_no_ech_and_staff_do(self):
        for turn in ("first", "from the cache"):
            for args in ((), ("+tcp",), ("+noedns",), ("+dnssec", "+bufsize=512")):
                with self.subTest("%s, %s" % (turn, args)):
                    self.assertEqual(self.records(PUPIL, "hidden.example.net", *args), [HIDDEN, OTHER])
                    with_ech = HIDDEN.replace(" ipv6hint", " ech=%s ipv6hint" % ECH)
                    self.assertEqual(self.records(STAFF, "hidden.example.net", *args), [with_ech, OTHER])

    def test_kdig_sees_the_same(self):
        pupil = self.tool("kdig", PUPIL, "hidden.example.net", "HTTPS", "+short")
        staff = self.tool("kdig", STAFF, "hidden.example.net", "HTTPS", "+short")
        self.assertNotIn("ech=", pupil)
        self.assertIn("ech=" + ECH, staff)
        self.assertEqual(sorted(staff.replace(" ech=" + ECH, "").splitlines()), sorted(pupil.splitlines()))

    def test_behind_a_cname_too(self):
        for source in (STAFF, PUPIL):
            text = self.tool("dig", source, "moved.example.net", "HTTPS", "+noall", "+answer")
            self.assertIn("CNAME\thidden.example.net.", text)
            self.assertEqual("ech=" in text, source == STAFF)

    def test_the_answer_says_what_was_done(self):
        self.assertIn("EDE: 4", self.tool("dig", PUPIL, "hidden.example.net", "HTTPS"))
        self.assertNotIn("EDE", self.tool("dig", STAFF, "hidden.example.net", "HTTPS"))

    def test_a_record_that_demands_ech_is_none_for_a_pupil(self):
        self.assertEqual(len(self.records(STAFF, "mustbe.example.net")), 1)
        text = self.tool("dig", PUPIL, "mustbe.example.net", "HTTPS")
        self.assertIn("status: NOERROR", text)
        self.assertIn("ANSWER: 0", text)
        self.assertEqual(self.server.ask("mustbe.example.net").data(), ["198.51.100.13"])

    def test_no_https_record_leads_to_a_blocked_name(self):
        for name in ("elsewhere.example.net", "apex.example.net"):
            for turn in ("first", "from the cache"):
                with self.subTest("%s, %s" % (name, turn)):
                    self.assert_blocked_without_data(self.server.ask(name, "HTTPS"))

    def test_no_hint_leads_into_the_school(self):
        answer = self.server.ask("inside.example.net", "HTTPS")
        self.assertEqual((answer.rcode, answer.answer, answer.ede_codes()), ("REFUSED", [], [15]))

    def test_a_reload_changes_it_at_once(self):
        self.assertEqual(self.records(PUPIL, "hidden.example.net"), [HIDDEN, OTHER])
        self.lab.write("state-extra.yaml", CONF.replace("block: [all]}", "block: [all], ech: keep}"))
        try:
            self.server.operator("reload")
            lab.wait_until("the new policy", lambda: "ech=" in self.records(PUPIL, "hidden.example.net")[0])
        finally:
            self.lab.write("state-extra.yaml", CONF)
            self.server.operator("reload")
        lab.wait_until("the old policy", lambda: "ech=" not in self.records(PUPIL, "hidden.example.net")[0])


if __name__ == "__main__":
    lab.main()
