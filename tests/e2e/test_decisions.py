#!/usr/bin/env python3
"""A name blocked or allowed on the spot: within a second on every worker, to the second, across kills."""
import datetime
import json
import os
import time
import zoneinfo

import lab
from load import Load

CONF = """
workers: 3
policy:
  levels:
    - {name: pupils, block: [malware]}
    - {name: staff, log_only: [malware]}
  groups:
    - {name: year-9, networks: [127.0.0.9/32], level: pupils}
    - {name: teachers, networks: [127.0.0.8/32], level: staff}
  default_level: pupils
  calendar: {time_zone: Pacific/Auckland}
learning_platform: [lp.wild.example.net]
decisions: {allow_for: 30m, allow_max: 2d, grant_never: [pornography]}
"""
CLOCKS = zoneinfo.ZoneInfo("Pacific/Auckland")
ADDRESS = "198.51.100.10"
NAMES = ["blocked.example.net", "site.wild.example.net", "cdn.wild.example.net", "ads.wild.example.net"]


class Decisions(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.start()

    @classmethod
    def start(cls):
        names = None if os.path.exists(cls.lab.path("state", "blocklist")) else NAMES
        cls.server = cls.lab.serve(0, [cls.nsd], names, conf=CONF)

    def docket(self):
        return self.lab.path("state", "state", "decisions")

    def tell(self, *words, code=0):
        done = self.server.operator(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def decided(self, *words):
        """The number of a new decision."""
        said = self.tell(*words, "--reason", "a test")
        self.assertRegex(said, r"^ok: decision \d+: ")
        return said.split()[2].rstrip(":")

    def ask_all(self, name):
        """What workers say, each of which has its own socket: many source ports reach all of them."""
        return {tuple(self.server.ask(name).data()) for _ in range(24)}

    def tearDown(self):
        for line in self.tell("decisions", "--json").splitlines():
            self.tell("revoke", str(json.loads(line)["id"]))

    def test_times_are_those_of_the_schools_clocks(self):
        """Wherever the machine thinks that it is."""
        end = int(time.time()) // 60 * 60 + 3600
        typed = datetime.datetime.fromtimestamp(end, CLOCKS)
        self.decided("block", "clocks.example.net", "--until", typed.strftime("%Y-%m-%d %H:%M"))
        made = [json.loads(line) for line in self.tell("decisions", "--json").splitlines()]
        self.assertEqual([d["until_s"] for d in made if d["name"].startswith("clocks.")], [end])
        self.assertIn(typed.strftime("until    %Y-%m-%d %H:%M"), self.tell("decisions"))

    def test_a_block_is_in_force_within_a_second_while_dig_asks(self):
        self.assertEqual(self.ask_all("www.example.net"), {(ADDRESS,)})
        load = Load(self.server.at, lambda n: "www.example.net")
        load.start()
        begin = time.monotonic()
        self.decided("block", "example.net")
        lab.wait_until("the block", lambda: self.ask_all("www.example.net") == {(lab.SINKHOLE,)}, 1)
        self.assertLess(time.monotonic() - begin, 2)
        load.stop()
        self.assertEqual(load.lost, 0)
        self.assert_sinkholed(self.server.ask("www.example.net"))

    def test_a_block_ends_by_itself_and_clients_follow(self):
        self.decided("block", "www.example.net", "--for", "2s")
        answer = self.server.ask("www.example.net")
        self.assertEqual(answer.data(), [lab.SINKHOLE])
        self.assertLessEqual(answer.answer[0].ttl, 2)
        lab.wait_until("its end", lambda: self.ask_all("www.example.net") == {(ADDRESS,)}, 3)
        self.assertIn("Nothing is in force.", self.tell("decisions"))
        self.assertIn("(over)", self.tell("decisions", "--all"))

    def test_an_exception_opens_what_a_list_blocks(self):
        self.assert_sinkholed(self.server.ask("blocked.example.net"))
        number = self.decided("allow", "https://blocked.example.net/page", "--for", "1h")
        lab.wait_until("it", lambda: self.ask_all("blocked.example.net") == {("198.51.100.66",)}, 1)
        said = self.tell("why", "blocked.example.net")
        self.assertIn("blocked.example.net: allowed (exception)", said)
        self.assertIn("'blocked.example.net' is allowed by decision %s, until 20" % number, said)
        self.assertIn(": a test", said)
        self.tell("revoke", number, "--reason", "over")
        lab.wait_until("its end", lambda: self.ask_all("blocked.example.net") == {(lab.SINKHOLE,)}, 1)

    def test_an_exception_for_a_group_is_for_no_other(self):
        self.decided("allow", "blocked.example.net", "--group", "year-9")
        lab.wait_until("it", lambda: self.server.ask("blocked.example.net", client="127.0.0.9").data() == ["198.51.100.66"], 1)
        self.assert_sinkholed(self.server.ask("blocked.example.net"))
        self.assertIn("allowed (exception)", self.tell("why", "blocked.example.net", "--client", "127.0.0.9"))
        self.assertIn("blocked (category)", self.tell("why", "blocked.example.net", "--client", "127.0.0.1"))

    def test_a_block_whose_group_is_gone_is_not_told_as_in_force(self):
        number = self.decided("block", "www.example.net", "--group", "year-9")
        lab.wait_until("it", lambda: self.server.ask("www.example.net", client="127.0.0.9").data() == [lab.SINKHOLE], 1)
        self.assertIn("for group year-9  (in force)", self.tell("decisions"))
        try:
            self.lab.write("state-extra.yaml", CONF.replace("year-9", "year-8"))
            self.tell("reload")
            self.assertIn("for group year-9  (without effect: no such group)", self.tell("decisions"))
            self.assertIn("decisions are without effect, since their groups are not in the policy count=1", self.server.output())
        finally:
            self.lab.write("state-extra.yaml", CONF)
            self.tell("reload")
        self.assertEqual(json.loads(self.tell("decisions", "--json"))["state"], "in force")
        self.tell("revoke", number)

    def data(self, name, client):
        return self.server.ask(name, client=client).data()

    def test_a_group_is_paused_but_for_help_and_the_learning_platform(self):
        number = self.decided("suspend", "--group", "year-9", "--for", "1h", "--asked", "Mr Patel")
        lab.wait_until("the pause", lambda: self.data("www.example.net", "127.0.0.9") == [lab.SINKHOLE], 1)
        self.assertNotEqual(self.data("class.lp.wild.example.net", "127.0.0.9"), [lab.SINKHOLE])
        self.assertNotEqual(self.data("www.childline.org.uk", "127.0.0.9"), [lab.SINKHOLE])
        self.assertEqual(self.data("www.example.net", "127.0.0.1"), [ADDRESS])
        self.assertIn("suspend all access, for group year-9  (in force)", self.tell("decisions"))
        self.assertIn("asked    Mr Patel", self.tell("decisions"))
        self.assertIn("(suspension)", self.tell("why", "www.example.net", "--client", "127.0.0.9"))
        self.server.kill()
        type(self).start()
        self.assertEqual(self.data("www.example.net", "127.0.0.9"), [lab.SINKHOLE])
        self.assertIn("not paused any longer", self.tell("resume", "--group", "year-9", "--reason", "talked to"))
        lab.wait_until("its end", lambda: self.data("www.example.net", "127.0.0.9") == [ADDRESS], 1)
        self.assertIn("error: group year-9 is not paused", self.tell("resume", "--group", "year-9", "--reason", "x", code=1))
        self.assertIn("decision.resume", self.tell("ledger", "show"))
        self.assertTrue(number)

    def test_a_pause_of_one_service_and_one_that_begins_later(self):
        self.decided("suspend", "www.example.net", "--group", "year-9", "--for", "1h")
        lab.wait_until("it", lambda: self.data("www.example.net", "127.0.0.9") == [lab.SINKHOLE], 1)
        self.assertNotEqual(self.data("t1.wild.example.net", "127.0.0.9"), [lab.SINKHOLE])
        begin = datetime.datetime.fromtimestamp(time.time() + 3, CLOCKS).strftime("%Y-%m-%d %H:%M:%S")
        self.decided("block", "t2.wild.example.net", "--from", begin)
        self.assertIn("(begins later)", self.tell("decisions"))
        answer = self.server.ask("t2.wild.example.net")
        if answer.data() != [lab.SINKHOLE]:
            self.assertLessEqual(answer.answer[0].ttl, 3)
        lab.wait_until("its begin", lambda: self.ask_all("t2.wild.example.net") == {(lab.SINKHOLE,)}, 5)

    def test_a_lesson_opens_a_site_with_the_names_it_needs(self):
        for _ in range(3):
            self.data("ads.wild.example.net", "127.0.0.8")  # asked all day
        for name in ("site", "cdn", "ads"):
            self.data(name + ".wild.example.net", "127.0.0.8")
        lab.wait_until("the log", lambda: "ads.wild" in self.tell("log", "search", "--name", "ads.wild.example.net"), 5)
        checked = self.tell("grant", "--check", "site.wild.example.net")
        self.assertRegex(checked, r"(?s)The site:.*year-9 +pupils +blocked \(malware\).*teachers +staff +allowed")
        self.assertIn("cdn.wild.example.net", checked)
        said = self.tell("grant", "https://site.wild.example.net/page", "--group", "year-9", "--aim", "maps", "--for", "1h", "--yes")
        self.assertRegex(said, r"cdn\.wild\.example\.net +blocked \(malware\)  needed")
        self.assertRegex(said, r"ads\.wild\.example\.net +blocked \(malware\)")
        self.assertIn("site.wild.example.net with all below it is granted together with", said)
        for name in ("site", "cdn"):
            lab.wait_until(name, lambda: self.data(name + ".wild.example.net", "127.0.0.9") != [lab.SINKHOLE], 1)
            self.assertEqual(self.data(name + ".wild.example.net", "127.0.0.1"), [lab.SINKHOLE])
        self.assertEqual(self.data("blocked.example.net", "127.0.0.9"), [lab.SINKHOLE])
        row = json.loads(self.tell("decisions", "--json"))
        self.assertEqual((row["decision"], row["group"], row["reason"]), ("grant", "year-9", "maps"))
        self.assertIn({"name": "cdn.wild.example.net", "below": False}, row["with"])
        refused = self.tell("grant", "blocked.example.net", "--group", "year-9", "--aim", "x", "--for", "1h", "--only", code=1)
        self.assertIn("Nothing was opened.", refused)  # nobody said yes
        self.assertIn("12 hours at most", self.tell("grant", "blocked.example.net", "--group", "year-9", "--aim", "x", "--for", "13h",
                                                    "--only", "--yes", code=1))

    def test_what_may_not_be_is_refused(self):
        for words, said in (
                (("block", "www.childline.org.uk", "--reason", "x"), "protected help"),
                (("allow", "a.example", "--reason", "x", "--group", "none"), "there is no group 'none'"),
                (("allow", "a.example", "--reason", "x", "--for", "3d"), "48 hours at most"),
                (("block", "a.example", "--reason", "x", "--until", "2020-01-01 10:00"), "that time is over"),
                (("suspend", "--group", "none", "--reason", "x", "--for", "1h"), "there is no group 'none'"),
                (("approve", "4000000000"), "no decision of this number waits"),
                (("revoke", "4000000000"), "no decision of this number")):
            with self.subTest(words):
                self.assertIn(said, self.tell(*words, code=1))
        for words, said in (
                (("block", "a.example"), "say why"),
                (("block", "--reason", "x"), "one name is expected"),
                (("block", "a..example", "--reason", "x"), "no domain name"),
                (("block", ".", "--reason", "x"), "no domain name"),
                (("allow", "a.example", "--reason", "x", "--for", "soon"), "--for must be"),
                (("allow", "a.example", "--reason", "x", "--for", "1h", "--until", "23:00"), "exclude each other"),
                (("block", "a.example", "--reason", "x" * 501), "500 bytes"),
                (("suspend", "--reason", "x", "--for", "1h"), "say who is paused"),
                (("suspend", "--group", "year-9", "--reason", "x"), "say until when"),
                (("block", "a.example", "--reason", "x", "--group", "a", "--user", "b"), "exclude each other"),
                (("grant", "a.example", "--group", "year-9"), "say what it is for"),
                (("grant", "a.example", "--aim", "x"), "say for whom"),
                (("resume", "--reason", "x"), "say who is paused no longer"),
                (("revoke", "x"), "number")):
            with self.subTest(words):
                self.assertIn(said, self.tell(*words, code=2))
        self.assertIn("Nothing is in force.", self.tell("decisions"))
        self.assertIn("note: without effect", self.tell("block", "printer.local", "--reason", "x"))

    def test_names_are_read_as_lists_have_them(self):
        self.decided("block", "B\u00fccher.Example.")
        row = json.loads(self.tell("decisions", "--json"))
        self.assertEqual((row["name"], row["below"], row["decision"], row["until_s"]),
                         ("xn--bcher-kva.example", True, "block", None))
        self.assertEqual((row["uid"], row["reason"], row["state"]), (os.getuid(), "a test", "in force"))
        self.assertTrue(row["by"])
        status = json.loads(self.tell("status", "--json"))
        self.assertEqual(status["decisions"], {"in_force": 1, "damaged_lines": 0})

    def test_done_means_kept_whatever_comes(self):
        for turn in range(5):
            name = "t%d.wild.example.net" % turn
            self.decided("block", name, "--exact")
            self.server.kill()
            type(self).start()
            for before in range(turn + 1):
                self.assertEqual(self.ask_all("t%d.wild.example.net" % before), {(lab.SINKHOLE,)})
            self.assertNotEqual(self.server.ask("x.t0.wild.example.net").data(), [lab.SINKHOLE])

    def test_a_damaged_line_is_told_and_the_others_hold(self):
        self.decided("block", "one.wild.example.net")
        self.decided("block", "two.wild.example.net")
        self.server.stop()
        with open(self.docket(), "r+b") as file:
            text = file.read()
            at = text.rindex(b"one.wild")
            file.seek(at)
            file.write(b"0ne")
            file.seek(0, 2)
            file.write(b"0123456789abcdef {\"v\":1,\"op\":")  # torn by a power cut: never acknowledged
        line = text[:at].count(b"\n") + 1
        type(self).start()
        self.assertEqual(self.ask_all("two.wild.example.net"), {(lab.SINKHOLE,)})
        self.assertNotEqual(self.server.ask("one.wild.example.net").data(), [lab.SINKHOLE])
        self.assertIn("decision is lost", self.server.output())
        self.assertIn("line=%d" % line, self.server.output())
        self.assertIn("decisions:%d: this line does not count" % line, self.tell("decisions", code=1))
        self.server.stop()
        os.remove(self.docket())
        type(self).start()

    def test_a_reload_keeps_what_was_decided(self):
        self.decided("block", "www.example.net")
        self.decided("allow", "blocked.example.net", "--group", "year-9")
        self.tell("reload")
        lab.wait_until("both", lambda: self.ask_all("www.example.net") == {(lab.SINKHOLE,)} and
                       self.server.ask("blocked.example.net", client="127.0.0.9").data() == ["198.51.100.66"], 2)


if __name__ == "__main__":
    lab.main()
