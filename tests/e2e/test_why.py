#!/usr/bin/env python3
"""Somebody asks why: what was decided at a time that is over, from the log and once more."""
import json
import os
import time

import lab

CONF = """
workers: 2
policy:
  levels:
    - {name: pupils, block: [malware]}
    - {name: staff, block: []}
  groups:
    - {name: year-9, networks: [127.0.0.9/32], level: pupils}
    - {name: teachers, networks: [127.0.0.8/32], level: staff}
    - {name: lab, networks: [127.0.0.7/32], level: pupils}
  default_level: pupils
  calendar: {time_zone: Europe/London}
  schedules:
    - {name: lab-all-day, when: "Mon-Sun 00:00-24:00", groups: [lab], block: [gambling]}
  people: PEOPLE
  reasons: REASONS
decisions: {allow_for: 30m, allow_max: 2d}
"""
ADDRESS = "198.51.100.66"


def now():
    """As --at takes it, the second that has just begun."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time()))


def next_second():
    """What came before and what comes after are of different seconds, which is all that a time on the command line can say."""
    begun = int(time.time())
    lab.wait_until("the next second", lambda: int(time.time()) > begun, 2)


class Why(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        people = cls.lab.write("people.csv", "user,group,block\nann,lab,social-media\nbob,teachers,\n")
        cls.reasons = cls.lab.write("reasons.csv", "reason,user\nher parents asked for it,ANN\n")
        cls.conf = CONF.replace("PEOPLE", people).replace("REASONS", cls.reasons)
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.example.net"], conf=cls.conf)

    def tell(self, *words, code=0):
        done = self.server.operator(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def why(self, *words):
        return json.loads(self.tell("why", *words, "--json"))

    def ask(self, name, client="127.0.0.9"):
        """Asks, and gives back the time of the question."""
        self.server.ask(name, client=client)
        at = now()
        next_second()
        return at

    def test_what_was_logged_is_decided_the_same_again(self):
        at = self.ask("www.blocked.example.net")
        said = self.why("www.blocked.example.net", "--client", "127.0.0.9", "--at", at)
        self.assertEqual(said["logged"][said["nearest"]]["verdict"], "blocked")
        self.assertEqual(said["logged"][said["nearest"]]["client"], "127.0.0.9")
        self.assertEqual(said["made_again"]["agrees"], True)
        self.assertEqual(said["made_again"]["category"], "malware")
        self.assertEqual(said["made_again"]["matched"], "blocked.example.net")
        self.assertEqual((said["group"], said["level"]), ("year-9", "pupils"))
        self.assertEqual(said["generation_source"], "kept")
        text = self.tell("why", "www.blocked.example.net", "--client", "127.0.0.9", "--at", at)
        self.assertIn("made again   blocked (category malware): the same as was logged", text)
        self.assertIn("level 'pupils' blocks 'malware'", text)

    def test_rows_of_others_are_not_taken_for_it(self):
        self.ask("blocked.example.net", client="127.0.0.8")
        at = self.ask("blocked.example.net")
        said = self.why("blocked.example.net", "--client", "127.0.0.8", "--at", at)
        self.assertEqual({row["client"] for row in said["logged"]}, {"127.0.0.8"})
        self.assertEqual(said["made_again"]["verdict"], "allowed")
        self.assertEqual(said["level"], "staff")
        said = self.why("blocked.example.net", "--group", "year-9", "--at", at)
        self.assertEqual({row["group"] for row in said["logged"]}, {"year-9"})

    def test_without_a_row_it_says_what_would_have_been(self):
        said = self.why("cdn.blocked.example.net", "--client", "127.0.0.9", "--at", now())
        self.assertEqual(said["logged"], [])
        self.assertEqual(said["made_again"]["verdict"], "blocked")
        self.assertIn("nothing like it near that time",
                      self.tell("why", "cdn.blocked.example.net", "--client", "127.0.0.9", "--at", now()))

    def test_an_alias_that_led_to_a_listed_name(self):
        at = self.ask("tracker.example.net")
        said = self.why("tracker.example.net", "--client", "127.0.0.9", "--at", at)
        self.assertEqual(said["made_again"]["agrees"], True)
        self.assertEqual(said["made_again"]["verdict"], "blocked")

    def test_a_decision_holds_at_its_time_and_not_before_or_after(self):
        name = "mail.blocked.example.net"
        before = self.ask(name)
        said = self.tell("allow", name, "--reason", "a lesson", "--group", "year-9")
        number = int(said.split()[2].rstrip(":"))
        lab.wait_until("it", lambda: self.server.ask(name, client="127.0.0.9").data() != [lab.SINKHOLE], 2)
        next_second()
        during = self.ask(name)
        self.tell("revoke", str(number), "--reason", "over")
        lab.wait_until("its end", lambda: self.server.ask(name, client="127.0.0.9").data() == [lab.SINKHOLE], 2)
        next_second()
        after = self.ask(name)
        verdicts = []
        for at in (before, during, after):
            made = self.why(name, "--client", "127.0.0.9", "--at", at, "--within", "1s")["made_again"]
            self.assertEqual(made["agrees"], True, made)
            verdicts.append((made["verdict"], made["reason"], made["rule"]))
        self.assertEqual(verdicts, [("blocked", "category", 0), ("allowed", "exception", number),
                                    ("blocked", "category", 0)])
        self.assertIn("a lesson", self.tell("why", name, "--client", "127.0.0.9", "--at", during, "--within", "1s"))

    def test_it_is_answered_by_the_list_of_that_time_and_without_it(self):
        name = "moved.example.net"
        at = self.ask(name)
        status = json.loads(self.tell("status", "--json"))
        first = status["blocklist"]["generation"] if "blocklist" in status else 1
        self.lab.publish(["blocked.example.net", "moved.example.net"])
        lab.wait_until("the new list", lambda: self.server.ask(name, client="127.0.0.9").data() == [lab.SINKHOLE])
        next_second()
        after = self.ask(name)
        said = self.why(name, "--client", "127.0.0.9", "--at", at, "--within", "1s")
        self.assertEqual((said["made_again"]["verdict"], said["made_again"]["agrees"]), ("allowed", True), said)
        self.assertEqual((said["generation"], said["generation_source"]), (first, "kept"))
        said = self.why(name, "--client", "127.0.0.9", "--at", after, "--within", "1s")
        self.assertEqual((said["made_again"]["verdict"], said["made_again"]["agrees"]), ("blocked", True))
        os.unlink(self.lab.path("state", "blocklist", "generation-%d.mdb" % first))
        said = self.why(name, "--client", "127.0.0.9", "--at", at, "--within", "1s")
        self.assertEqual((said["made_again"]["verdict"], said["made_again"]["agrees"]), ("allowed", True))
        self.assertEqual(said["generation_source"], "row")
        self.assertIn("its file is no longer kept, so the row's categories stand for it",
                      self.tell("why", name, "--client", "127.0.0.9", "--at", at, "--within", "1s"))

    def test_who_asked_for_help_is_told_by_no_row(self):
        at = self.ask("www.childline.org.uk")
        said = self.why("www.childline.org.uk", "--client", "127.0.0.9", "--at", at)
        self.assertEqual(said["logged"], [])
        said = self.why("www.childline.org.uk", "--at", at)
        self.assertEqual({row["client"] for row in said["logged"]}, {None})
        self.assertEqual(said["made_again"]["reason"], "protected-help")

    def test_it_needs_no_running_belishad(self):
        at = self.ask("blocked.example.net")
        self.server.stop()
        said = self.why("blocked.example.net", "--client", "127.0.0.9", "--at", at)
        self.assertEqual(said["made_again"]["agrees"], True)
        type(self).server = self.lab.serve(0, [self.nsd], None, conf=self.conf)

    def test_schedules_and_a_persons_own_rules_are_told(self):
        said = self.tell("why", "blocked.example.net", "--user", "SCHOOL\\ann", "--at", "now")
        self.assertIn("  schedule     'lab-all-day' blocks gambling\n", said)
        self.assertIn("  own rules    blocks social-media\n    reason     her parents asked for it\n", said)
        said = self.why("blocked.example.net", "--user", "ann")
        self.assertEqual((said["schedules"], said["own_rules"]), ("'lab-all-day' blocks gambling", "blocks social-media"))
        self.assertNotIn("parents", json.dumps(said))
        said = self.tell("why", "blocked.example.net", "--user", "bob")
        self.assertIn("allowed", said)
        self.assertNotIn("own rules", said)

    def test_each_version_of_the_policy_answers_for_its_own_time(self):
        before = self.ask("blocked.example.net")
        self.lab.write("state-extra.yaml", self.conf.replace("{name: pupils, block: [malware]}",
                                                             "{name: pupils, block: [gambling], allow: [malware]}"))
        self.tell("reload")
        lab.wait_until("it", lambda: self.server.ask("blocked.example.net", client="127.0.0.9").data() == [ADDRESS])
        next_second()
        after = self.ask("blocked.example.net")
        self.lab.write("state-extra.yaml", self.conf)
        self.tell("reload")
        lab.wait_until("it", lambda: self.server.ask("blocked.example.net", client="127.0.0.9").data() == [lab.SINKHOLE])
        first = self.why("blocked.example.net", "--client", "127.0.0.9", "--at", before, "--within", "1s")
        second = self.why("blocked.example.net", "--client", "127.0.0.9", "--at", after, "--within", "1s")
        for said, verdict in ((first, "blocked"), (second, "allowed")):
            self.assertEqual((said["made_again"]["verdict"], said["made_again"]["agrees"]), (verdict, True), said)
            self.assertEqual(said["policy_source"], "kept")
            self.assertEqual(said["change"]["number"], said["policy_version"])
        self.assertGreater(second["policy_version"], first["policy_version"])
        self.assertEqual([e["kind"] for e in second["policy_ledger"]], ["policy.adopt"])
        # without a row: what was in force then
        for at, verdict in ((before, "blocked"), (after, "allowed")):
            said = self.why("cdn.blocked.example.net", "--client", "127.0.0.9", "--at", at, "--within", "0s")
            self.assertEqual((said["logged"], said["made_again"]["verdict"]), ([], verdict), said)

    def test_what_is_typed_wrongly_is_told(self):
        for words, sentence in ((["--at", "yesterday"], "a time is written"),
                                (["--within", "long", "--at", "now"], "--within must be a span"),
                                (["--at", "now", "--provenance"], "--provenance is about the list of today"),
                                (["--group", "year-9", "--client", "127.0.0.9"], "--group stands alone")):
            self.assertIn(sentence, self.tell("why", "example.net", *words, code=2))
        self.assertIn("the policy has no group 'year-99'", self.tell("why", "example.net", "--group", "year-99", code=1))
        self.assertIn("add --client", self.tell("why", "example.net", "--user", "nobody", code=1))


if __name__ == "__main__":
    lab.main()
