#!/usr/bin/env python3
"""The statutory tier from its list to the packet: in force before all configuration, told nowhere, never switched off."""
import json
import os
import subprocess
import time

import dns
import lab
from load import Load

REAL = ["198.51.100.1"]     # what the upstream says of every name
HIDDEN = ["hidden-one.example", "hidden-two.example", "hidden-late.example", "hidden-swap"]
TEST_HOST = "test.vendor.example"

RECIPE = """
feeds:
  - {name: plain, source: plain.txt, format: domains, category: malware}
"""
TIER = """
  - name: watchdogs
    source: watchdogs.txt
    format: urls
    tier: statutory
    body: iwf
    membership: M-17
    licence: members only
    test_hosts: [%s]
""" % TEST_HOST

CONF = """
allow: [hidden-one.example, allowed.example]
records:
  - {name: local.hidden-two.example, type: A, value: 10.1.2.3}
  - {name: alias.school.example, type: CNAME, value: www.hidden-two.example}
policy:
  levels: [{name: staff, allow: [news, local], block: [malware]}]
  groups: [{name: staff, networks: [127.0.0.0/8], level: staff}]
"""


class Statutory(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(9)

    def write_list(self, *lines):
        self.lab.write("watchdogs.txt", "\n".join(lines) + "\n")

    def compile(self, code=0, tier=True, recipe=None):
        """Compiles; returns the text report."""
        path = self.lab.write("feeds.yaml", recipe or RECIPE + (TIER if tier else ""))
        done = lab.run([lab.program("blocklist-compiler"), "--recipe", path, "--out", self.lists], check=False)
        self.outputs.append(done.stdout + done.stderr)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def start(self, ready=True):
        server = self.lab.serve(self.offset, ["127.0.0.1:%d" % self.upstream.port], None, CONF, self.subdir, ready)
        self.server = server
        return server

    def setUp(self):
        self.offset = 0
        self.subdir = self._testMethodName
        self.lists = self.lab.path(self.subdir, "blocklist")
        self.tier = os.path.join(self.lists, "statutory")
        self.outputs = []
        os.makedirs(self.lists)
        self.lab.write("plain.txt", "blocked.example\n")
        self.write_list("http://hidden-one.example/", "https://hidden-two.example", "http://paths.example/secret/page",
                        "http://%s/iwf/test" % TEST_HOST)

    def tearDown(self):
        self.server.stop()

    def blocked(self, name, qtype="A", **kw):
        answer = self.server.ask(name, qtype, **kw)
        return answer.data() == [lab.SINKHOLE] or (15 in answer.ede_codes() and not answer.data())

    def wait_blocked(self, name):
        lab.wait_until("%s to be blocked" % name, lambda: self.blocked(name), 3)

    def attest(self, code, *options):
        done = lab.run([lab.program("belisha"), *self.server.config, "status", "--attest", *options], check=False)
        self.outputs.append(done.stdout + done.stderr)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def assert_told_nowhere(self):
        """No file of the state folder and no output names a listed host; the list for a URL filter has pages only."""
        for text in self.outputs + [self.server.output()]:
            for name in HIDDEN:
                self.assertFalse(name in text, name)
        for folder, _, files in os.walk(self.server.dir):
            for file in files:
                path = os.path.join(folder, file)
                if path.endswith(".yaml") or not os.path.isfile(path) or folder.endswith("/state/policy"):
                    continue        # the test's own configuration, and what is kept of its versions
                with open(path, "rb") as opened:
                    data = opened.read().lower()
                for name in HIDDEN:
                    label = name.split(".")[0].encode()
                    self.assertFalse(label in data, "%s in %s" % (name, path))

    def test_it_goes_before_all_configuration_and_is_told_nowhere(self):
        report = self.compile()
        self.assertIn("membership M-17", report)
        self.start()
        for name in ("hidden-one.example", "WWW.Hidden-One.example", "hidden-two.example", "local.hidden-two.example",
                     "alias.school.example", TEST_HOST):
            self.assertEqual(self.server.ask(name).data(), [lab.SINKHOLE], name)
            self.assertEqual(self.server.ask_tcp(name).data(), [lab.SINKHOLE], name)
            self.assertTrue(self.blocked(name, "AAAA"), name)
        self.assertEqual(self.server.ask("paths.example").data(), REAL)     # a page is not its host
        self.assertEqual(self.server.ask("allowed.example").data(), REAL)
        # nothing of an answer tells which list it was
        one, other = self.server.ask("hidden-one.example"), self.server.ask("hidden-two.example")
        self.assertEqual((one.rcode, one.ede_codes(), [r.ttl for r in one.answer]), (
            other.rcode, other.ede_codes(), [r.ttl for r in other.answer]))
        why = self.server.operator("why", "www.hidden-one.example")
        self.assertIn(".statutory.invalid", why)
        self.assertIn("statutory", why)
        self.outputs.append(why)
        self.outputs.append(self.server.operator("why", "--json", "http://hidden-two.example/x"))
        self.outputs.append(self.server.operator("status", "--json"))
        self.server.ask("hidden-one.example", 252)      # AXFR
        self.outputs.append(self.server.operator("log", "search", "--format", "ndjson"))
        self.assertIn(".statutory.invalid", self.outputs[-1])
        self.assert_told_nowhere()

    def test_files_are_kept_from_others(self):
        self.compile()
        self.start()
        for name, mode in (("", 0o750), ("key", 0o640), ("vault.key", 0o600), ("unenforceable.urls", 0o600),
                           ("generation-1.mdb", 0o640), ("feed-watchdogs.vault", 0o600), ("ids.vault", 0o600)):
            self.assertEqual(os.stat(os.path.join(self.tier, name)).st_mode & 0o777, mode, name)
        with open(os.path.join(self.tier, "unenforceable.urls")) as file:
            self.assertEqual(file.read(), "http://paths.example/secret/page\n")

    def test_no_recipe_and_no_reload_switches_it_off(self):
        self.compile()
        self.start()
        report = self.compile(code=1, tier=False)
        self.assertIn("ALARM: the recipe no longer names this feed; its last list STAYS IN FORCE", report)
        self.server.operator("reload")
        self.assertTrue(self.blocked("hidden-one.example"))
        os.unlink(self.lab.path("watchdogs.txt"))
        self.assertIn("STAYS", self.compile(code=1, tier=False))
        self.compile(code=1)
        self.assertTrue(self.blocked("hidden-one.example"))
        refused = lab.run([lab.program("blocklist-compiler"), "--out", self.lists, "--recipe", self.lab.write(
            "bad.yaml", RECIPE + TIER.replace("    membership: M-17\n", ""))], check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("can't be called an IWF list without 'membership'", refused.stderr)
        self.assert_told_nowhere()

    def test_without_its_list_nothing_is_open(self):
        self.compile()
        key = os.path.join(self.tier, "key")
        os.rename(key, key + ".away")
        self.start()
        for name in ("www.example.org", "allowed.example", "local.hidden-two.example"):
            answer = self.server.ask(name)
            self.assertEqual((answer.rcode, answer.ede_codes()), ("SERVFAIL", [14]), name)
        self.assertIn("ALARM", self.server.operator("status"))
        self.assertIn("NOT IN FORCE", self.attest(1))
        # the next list puts all right, by itself
        os.rename(key + ".away", key)
        self.compile()
        lab.wait_until("answers", lambda: self.server.ask("allowed.example").data() == REAL, 3)
        self.assertTrue(self.blocked("hidden-one.example"))
        # a running belishad keeps what it has
        os.unlink(key)
        current = os.path.join(self.tier, os.readlink(os.path.join(self.tier, "current")))
        with open(current, "r+b") as file:
            file.truncate(5000)
        lab.wait_until("the refusal", lambda: "statutory list refused" in self.server.output(), 5)
        self.assertTrue(self.blocked("hidden-one.example"))
        self.assertEqual(self.server.ask("allowed.example").data(), REAL)
        self.assert_told_nowhere()

    def test_an_older_list_is_better_than_none(self):
        self.compile()
        self.write_list("hidden-two.example", TEST_HOST)
        self.compile()
        current = os.path.join(self.tier, os.readlink(os.path.join(self.tier, "current")))
        with open(current, "r+b") as file:
            file.truncate(5000)
        self.start()
        self.assertTrue(self.blocked("hidden-one.example"))         # of the first list
        self.assertEqual(self.server.ask("allowed.example").data(), REAL)
        self.assertIn("an older one is in force", self.server.output())
        self.compile()
        lab.wait_until("the new list", lambda: not self.blocked("hidden-one.example"), 3)
        self.assertTrue(self.blocked("hidden-two.example"))

    def test_a_new_list_is_in_force_at_once_and_under_load(self):
        self.compile()
        self.start()

        def name_of(number):
            return ("blocked.example", "hidden-one.example", "c%d.example" % (number % 50))[number % 3]

        def check(number, msg):
            if msg[3] & 15:
                return "question %d got rcode %d" % (number, msg[3] & 15)
            if number % 3 < 2 and dns.unpack(msg).data() != [lab.SINKHOLE]:
                return "question %d was not blocked" % number
            return None

        load = Load(self.server.at, name_of, window=32, check=check)
        load.start()
        slowest = 0.0
        for turn in range(5):
            name = "hidden-swap%d.example" % turn
            self.assertEqual(self.server.ask(name).data(), REAL)        # and cached from now on
            self.write_list("hidden-one.example", "hidden-two.example", name, TEST_HOST)
            self.compile()
            published = time.monotonic()
            self.wait_blocked(name)
            slowest = max(slowest, time.monotonic() - published)
        load.stop()
        print("%d questions over 5 swaps; in force after at most %.0f ms" % (load.sent, 1000 * slowest))
        self.assertEqual((load.bad, load.lost), ([], 0))
        self.assertGreater(load.sent, 500)
        self.assert_ids_only(turns=5)

    def assert_ids_only(self, turns):
        """Names that were asked before they were listed stand in the log with that answer; none later."""
        for turn in range(turns):
            rows = self.server.operator("log", "search", "--name", "hidden-swap%d.example" % turn, "--format", "ndjson")
            self.assertIn("hidden-swap%d" % turn, rows)
            self.assertNotIn("statutory", rows)

    def test_the_attestation_tells_what_is_in_force(self):
        self.compile()
        self.start()
        text = self.attest(0, "--record")
        for words in ("in force, checks passed", "membership M-17", "licence members only", "digest", "3 in force",
                      "pages        1", "test host    %s: blocked" % TEST_HOST):
            self.assertIn(words, text)
        told = json.loads(self.attest(0, "--json", "--record"))
        self.assertTrue(told["good"] and told["in_force"])
        feed = told["feeds"][0]
        self.assertEqual((feed["name"], feed["body"], feed["hosts"], feed["pages"], len(feed["digest"])), (
            "watchdogs", "iwf", 3, 1, 64))
        register = os.path.join(self.server.dir, "register", "statutory.jsonl")
        with open(register) as file:
            self.assertEqual(len([json.loads(line) for line in file]), 2)
        # a list that is too old
        os.utime(self.lab.path("watchdogs.txt"), (time.time() - 50 * 3600,) * 2)
        self.assertIn("ALARM", self.compile())
        lab.wait_until("the old list", lambda: "more than the 48 h" in lab.run(
            [lab.program("belisha"), *self.server.config, "status", "--attest"], check=False).stdout, 3)
        self.attest(1)
        # a vendor that forgets its test host
        self.write_list("hidden-one.example", "hidden-two.example")
        self.compile()
        lab.wait_until("the test to fail", lambda: "NOT BLOCKED" in self.attest_text(), 3)
        # somebody deletes it all by hand: what ran goes on, and who asks is told
        self.server.stop()
        subprocess.run(["rm", "-rf", self.tier, os.path.join(self.lists, "statutory-enrolled")], check=True)
        self.start()
        self.assertIn("somebody deleted it", self.attest(1))
        self.assertIn("ALARM", self.server.operator("status"))
        # the record of an alarm does not end it, a line by somebody who may does
        for _ in range(2):
            self.assertIn("somebody deleted it", self.attest(1, "--record"))
        with open(register, "a") as file:
            file.write('{"feeds": [], "by": "A. Bell", "reason": "membership ended"}\n')
        self.assertIn("not set up", self.attest(0, "--record"))
        self.assertNotIn("ALARM", self.server.operator("status"))
        self.assert_told_nowhere()

    def attest_text(self):
        return lab.run([lab.program("belisha"), *self.server.config, "status", "--attest"], check=False).stdout

    def test_a_school_without_such_a_list_notices_nothing(self):
        self.compile(tier=False)
        self.start()
        self.assertFalse(os.path.exists(self.tier))
        self.assertEqual(self.server.ask("hidden-one.example").data(), REAL)
        self.assertIn("not set up", self.attest(0, "--record"))
        self.assertFalse(os.path.exists(os.path.join(self.server.dir, "register")))
        self.assertNotIn("\nstatutory ", self.server.operator("status"))


if __name__ == "__main__":
    lab.main()
