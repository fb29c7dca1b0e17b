#!/usr/bin/env python3
"""Episodes against the truth: the traffic model (tests/bench/month) writes down who really visited what; `belisha visits` sees
only the questions. How much of it comes out right is printed, and must not get worse."""
import collections
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import lab

GAP_S = 600
PERIOD = ("--from", "2026-10-30", "--to", "2026-11-29")


def services():
    """Domain to name, from data/sites.yaml."""
    with open(os.path.join(lab.ROOT, "data", "sites.yaml")) as file:
        text = re.sub(r"#.*", "", file.read())
    found = {}
    for name, domains in re.findall(r"\{ name: (.*?), domains: \[(.*?)\]", text, re.S):
        for domain in domains.split(","):
            found[domain.strip()] = name
    return found


def site_of(domain, known):
    labels = domain.split(".")
    tails = (".".join(labels[i:]) for i in range(len(labels)))
    return next((known[tail] for tail in tails if tail in known), domain)


def when(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()


def in_visits(times):
    """How many visits so many moments are."""
    times = sorted(times)
    return sum(1 for i, at in enumerate(times) if i == 0 or at - times[i - 1] > GAP_S)


class Visits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="belisha-visits-")
        cls.dir = cls.holder.name
        subprocess.run([os.path.join(lab.BUILD, "bench", "month"), cls.dir, "--rows", "150000", "--pupils", "80", "--all-visits"],
                       check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(cls.dir, "truth.json")) as file:
            cls.truth = json.load(file)
        cls.stories = {story["name"]: story for story in cls.truth["stories"]}
        cls.read_truth()
        cls.all = cls.visits("--all", *PERIOD)
        cls.concerns = cls.visits("--limit", "1000000", *PERIOD)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def read_truth(cls):
        known = services()
        cls.visited, cls.looked_ahead, cls.help = collections.defaultdict(list), collections.defaultdict(list), set()
        with open(os.path.join(cls.dir, "visits.tsv")) as file:
            next(file)
            for line in file:
                time, user, device, domain, _, _, kind, _ = line.rstrip("\n").split("\t")
                pair = (user or device, site_of(domain, known))
                if kind == "help":
                    cls.help.add(domain)
                else:
                    (cls.looked_ahead if kind == "prefetch" else cls.visited)[pair].append(when(time))

    @classmethod
    def run_visits(cls, *words):
        return subprocess.run([lab.program("belisha"), "-c", os.path.join(cls.dir, "belisha.yaml"), "visits", *words],
                              capture_output=True, text=True)

    @classmethod
    def visits(cls, *words):
        done = cls.run_visits("--format", "ndjson", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def of_story(self, name):
        story = self.stories[name]
        who = {story.get("user"), story.get("device")} - {None, ""}
        return [e for e in self.concerns if (not who or e["who"] in who) and e["category"] == story["category"]]

    # ---- how much is right ----

    def test_visits_are_those_that_took_place(self):
        people = {who for who, _ in self.visited} | {who for who, _ in self.looked_ahead}
        flags, counts = collections.defaultdict(set), collections.Counter()
        for e in self.all:
            if e["who"] in people:
                flags[e["who"], e["site"]] |= set(e["flags"])
                counts[e["who"], e["site"]] += e["visits"]
        told = {pair for pair in flags if not flags[pair] & {"accidental", "company"}}
        right = told & set(self.visited)
        recall, precision = len(right) / len(self.visited), len(right) / len(told)
        ahead = set(self.looked_ahead) - set(self.visited)
        true_visits = sum(in_visits(self.visited[pair]) for pair in right)
        print("sites of people: %d true, %d told, recall %.3f, precision %.3f; %d of %d sites that were only looked up ahead "
              "are told as such or not at all; visits: %d true, %d told" %
              (len(self.visited), len(told), recall, precision, len(ahead - told), len(ahead), true_visits,
               sum(counts[pair] for pair in right)))
        self.assertGreater(recall, 0.90)
        self.assertGreater(precision, 0.85)
        self.assertGreater(len(ahead - told), 0.7 * len(ahead))

    def test_sites_that_a_list_has_are_all_told(self):
        """What is blocked and matters: nobody is missing, and nobody is there who was not."""
        blocked = collections.defaultdict(set)
        for story in ("self-harm", "circumvention", "staff", "statutory"):
            for visit in self.stories[story]["visits"]:
                if visit["blocked"]:
                    blocked[story].add((visit["user"], visit["site"]))
        for story, pairs in blocked.items():
            self.assertEqual(pairs - {(e["who"], e["site"]) for e in self.concerns}, set(), story)

    # ---- the stories that were planted ----

    def test_the_gravest_story_is_at_the_top(self):
        top = self.concerns[0]
        self.assertEqual((top["who"], top["category"]), (self.stories["self-harm"]["user"], "self-harm"))
        self.assertGreater(top["days"], 5)

    def test_an_accident_is_told_as_one(self):
        for story in ("gambling-once", "prefetch"):
            sites = {v["site"] for v in self.stories[story]["visits"] if v["blocked"]}
            found = [e for e in self.of_story(story) if e["site"] in sites]
            self.assertEqual(len(found), 1, story)
            self.assertIn("accidental", found[0]["flags"])

    def test_an_infected_machine_is_a_machine(self):
        found = self.of_story("infected")
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["who_kind"], "device")
        self.assertIn("machine", found[0]["flags"])

    def test_a_telephone_that_goes_round_is_a_machine(self):
        self.assertTrue(any("machine" in e["flags"] for e in self.of_story("own-doh")))

    def test_ways_round_that_become_more_are_told_so(self):
        found = self.of_story("circumvention")
        self.assertTrue(any("rising" in e["flags"] for e in found))
        self.assertTrue(all("several-sites" in e["flags"] for e in found if "accidental" not in e["flags"]))

    def test_games_come_far_below(self):
        games = max((e["score"] for e in self.of_story("gaming")), default=0)
        self.assertLess(games, 30)

    # ---- what must not be told ----

    def test_help_is_told_of_nobody(self):
        self.assertTrue(self.help)
        for e in self.all:
            self.assertNotIn(e["site"], self.help)
            for name in e["names"]:
                self.assertFalse(any(name == h or name.endswith("." + h) for h in self.help), name)

    def test_nobody_is_named_above_the_grade(self):
        for e in self.all:
            self.assertIn(e["grade"], {"user": "ABC", "device": "ABCD", "address": "ABCDE", "nobody": "ABCDE-"}[e["who_kind"]], e)

    def test_days_without_their_key_have_groups_and_no_people(self):
        copy = self.dir + "/copy"
        shutil.copytree(os.path.join(self.dir, "log"), copy, ignore=shutil.ignore_patterns("keys"), symlinks=True)
        done = self.run_visits("--format", "ndjson", "--dir", copy, *PERIOD)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(found)
        self.assertEqual({e["who_kind"] for e in found}, {"nobody"})
        self.assertIn("nobody can say here who asked", done.stderr)
        self.assertFalse({"repeated", "machine", "accidental"} & {flag for e in found for flag in e["flags"]})

    # ---- as people read it ----

    def test_the_ledger_has_who_looked_for_whom(self):
        user = self.stories["self-harm"]["user"]
        self.visits("--user", user, *PERIOD)
        done = subprocess.run([lab.program("belisha"), "-c", os.path.join(self.dir, "belisha.yaml"), "ledger", "show"],
                              capture_output=True, text=True, check=True)
        self.assertTrue(any("log.visits" in line and user in line for line in done.stdout.splitlines()))

    def test_people_read_reasons_and_limits(self):
        done = self.run_visits("--limit", "3", *PERIOD)
        self.assertEqual(done.returncode, 0)
        self.assertIn("the category self-harm +", done.stdout)
        self.assertRegex(done.stdout, r"and \d+ more of less concern: --limit shows them")
        self.assertIn("records of this time were lost", done.stderr)

    def test_one_persons_hour_is_in_order_of_time(self):
        story = self.stories["self-harm"]
        at = when(story["visits"][0]["time"])
        span = [datetime.datetime.fromtimestamp(at + d, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M") for d in (-1800, 1800)]
        found = self.visits("--all", "--user", story["user"], "--from", span[0], "--to", span[1])
        self.assertTrue(found)
        self.assertEqual({e["who"] for e in found}, {story["user"]})
        self.assertEqual([e["first"] for e in found], sorted(e["first"] for e in found))

    def test_what_is_typed_wrongly_is_said(self):
        for words, said in ((("--client", "10.20.0.0/16"), "one address"), (("--name", "example.com"), "log search"),
                            (("--zip",), "log export"),
                            (("--from", "-1h", "--to", "-2h"), "before"), (("--format", "sqlite"), "ndjson")):
            done = self.run_visits(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
