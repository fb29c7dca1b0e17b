#!/usr/bin/env python3
"""The school that does not exist (tests/bench/month): its month is the same each time, `belisha` reads it, and what its
truth.json says is in the log, no more and no less."""
import collections
import hashlib
import json
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ["BELISHA_BUILD"]
BELISHA = os.path.join(BUILD, "bin", "belisha")


def month(folder, *options):
    subprocess.run([os.path.join(BUILD, "bench", "month"), folder, *options], check=True, stdout=subprocess.DEVNULL)


class Month(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="belisha-month-")
        cls.dir = os.path.join(cls.holder.name, "school")
        month(cls.dir, "--rows", "120000", "--pupils", "80")
        with open(os.path.join(cls.dir, "truth.json")) as file:
            cls.truth = json.load(file)
        cls.stories = {story["name"]: story for story in cls.truth["stories"]}

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def belisha(self, *words, dir=None):
        config = os.path.join(dir or self.dir, "belisha.yaml")
        done = subprocess.run([BELISHA, "-c", config, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def rows(self, *choice):
        text = self.belisha("log", "export", "--format", "ndjson", *choice)
        return [row for row in map(json.loads, text.splitlines()) if "manifest" not in row and "lost" not in row]

    def test_the_log_is_whole_and_all_of_its_files_are_in_order(self):
        self.assertIn("ok", self.belisha("config", "check"))
        said = self.belisha("log", "verify")
        self.assertIn("%d rows, %d lost in gaps, 0 faults" % (self.truth["rows"], self.truth["lost"]), said)
        self.assertGreater(self.truth["lost"], 0)
        self.assertEqual(len(self.rows()), self.truth["rows"])

    def test_the_same_numbers_make_the_same_rows(self):
        again = os.path.join(self.holder.name, "again")
        other = os.path.join(self.holder.name, "other")
        small = ("--rows", "30000", "--pupils", "80", "--days", "7")
        hashes = []
        for folder, options in ((again, small), (other, small), (again + "2", small + ("--seed", "2"))):
            month(folder, *options)
            hashes.append(hashlib.sha256(self.belisha("log", "export", dir=folder).encode()).hexdigest())
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[0], hashes[2])

    def test_stories_are_in_the_log_with_the_names_of_those_who_did_it(self):
        for name in ("self-harm", "circumvention", "staff", "gambling-once"):
            story = self.stories[name]
            rows = self.rows("--user", story["user"], "--category", story["category"])
            days = {row["time"][:10] for row in rows}
            planted = {visit["time"][:10] for visit in story["visits"] if visit["blocked"]}
            self.assertTrue(planted <= days, name)
            self.assertTrue(all(row["verdict"] == "blocked" for row in rows), name)
        rows = self.rows("--device", self.stories["infected"]["device"], "--category", "malware")
        self.assertTrue(rows and all("user" not in row for row in rows))
        self.assertEqual({row["name"][16:] for row in self.rows("--category", "illegal")}, {".statutory.invalid"})

    def test_who_looked_for_help_is_nobody(self):
        sites = {visit["site"] for visit in self.stories["help"]["visits"]}
        self.assertGreater(len(sites), 2)
        for site in sites:
            rows = self.rows("--name", site, "--below")
            self.assertTrue(rows, site)
            for row in rows:
                self.assertEqual(set(row) & {"user", "user_number", "device", "device_number", "client", "client_port"},
                                 set(), row)

    def test_a_search_has_the_order_of_the_log_and_ends_at_its_limit(self):
        lines = self.belisha("log", "search").splitlines()
        exported = [row["time"] for row in self.rows()]
        self.assertEqual([line[:24] for line in lines if " were lost: " not in line], exported)
        for limit in (1, 7000, len(exported) - 1, len(exported) + 1):
            some = self.belisha("log", "search", "--limit", str(limit)).splitlines()
            self.assertEqual(some, lines[:len(some)])
            self.assertEqual(sum(" were lost: " not in line for line in some), min(limit, len(exported)))

    def test_a_new_site_is_open_until_it_is_listed(self):
        rows = self.rows("--name", "study-buddy-ai.example", "--below")
        verdicts = collections.defaultdict(set)
        for row in rows:
            verdicts[row["generation"] >= 434].add(row["verdict"])
        self.assertEqual(verdicts[False], {"allowed"})
        self.assertEqual(verdicts[True], {"blocked"})


if __name__ == "__main__":
    unittest.main()
