#!/usr/bin/env python3
"""What a proposed policy would change, measured by the log: compared with a count that shares no line with it."""
import collections
import json
import os
import random

import lab

LISTS = {
    "gaming": ["chess.example.net", "games.example.net"],
    "gambling": ["casino.example.net"],
    "social-media": ["chat.example.net", "games.example.net"],
}
NAMES = ["chess.example.net", "www.chess.example.net", "games.example.net", "cdn.games.example.net", "casino.example.net",
         "chat.example.net", "www.example.net", "short.example.net"]
GROUPS = {"127.0.0.9": "year-9", "127.0.0.19": "year-9", "127.0.0.8": "year-12", "127.0.0.7": "teachers"}
POLICY = """levels:
  - {name: young, block: [%s]}
  - {name: old, block: [%s]}
  - {name: staff, block: []}
groups:
  - {name: year-9, networks: [127.0.0.9/32, 127.0.0.19/32], level: young}
  - {name: year-12, networks: [127.0.0.8/32], level: old}
  - {name: teachers, networks: [127.0.0.7/32], level: staff}
default_level: young
"""
BEFORE = {"year-9": {"gaming", "gambling", "social-media"}, "year-12": {"gambling"}, "teachers": set()}
AFTER = {"year-9": {"gambling", "social-media"}, "year-12": {"gambling", "social-media"}, "teachers": set()}


def policy(levels):
    return POLICY % tuple(", ".join(sorted(levels[group])) for group in ("year-9", "year-12"))


def categories(name):
    return {category for category, listed in LISTS.items()
            if any(name == entry or name.endswith("." + entry) for entry in listed)}


class Plan(lab.Case):
    @classmethod
    def set_up(cls):
        recipe = "feeds:\n" + "".join(
            "- {name: %s, source: %s, format: domains, category: %s}\n"
            % (category, cls.lab.write(category + ".txt", "".join(n + "\n" for n in names)), category)
            for category, names in LISTS.items())
        os.makedirs(cls.lab.path("state"))
        lab.run([lab.program("blocklist-compiler"), "--quiet", "--out", cls.lab.path("state", "blocklist"), "--recipe",
                 cls.lab.write("feeds.yaml", recipe)])
        cls.lab.write("policy.yaml", policy(BEFORE))
        cls.proposed = cls.lab.write("proposed.yaml", policy(AFTER))
        cls.nsd = cls.lab.start_nsd(1)
        cls.server = cls.lab.serve(0, [cls.nsd], None, conf="workers: 2\npolicy: %s\n" % cls.lab.path("policy.yaml"))
        dice = random.Random(17)
        for _ in range(600):
            cls.server.ask(dice.choice(NAMES), qtype=dice.choice(["A", "AAAA"]), client=dice.choice(sorted(GROUPS)))

    def tell(self, *words, code=0):
        done = self.server.operator(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def counted(self):
        """By group: how many look-ups, names and clients would be newly allowed and blocked."""
        rows = [json.loads(line) for line in
                self.server.operator("log", "export", "--format", "ndjson").splitlines()]
        counts = collections.defaultdict(lambda: [0, set(), set()])
        for row in rows:
            if "name" not in row:
                continue
            group = GROUPS[row["client"]]
            before = bool(categories(row["name"]) & BEFORE[group])
            after = bool(categories(row["name"]) & AFTER[group])
            if before != after:
                count = counts["allowed" if before else "blocked", group]
                count[0] += 1
                count[1].add(row["name"])
                count[2].add(row["client"])
        return {key: (n, len(names), len(clients)) for key, (n, names, clients) in counts.items()}

    def test_the_figures_are_those_of_another_count(self):
        plan = json.loads(self.tell("policy", "plan", self.proposed, "--json"))
        self.assertGreaterEqual(plan["look_ups"], 600)
        found = {(c["change"], c["group"]): (c["look_ups"], c["names"], c["clients"]) for c in plan["changes"]}
        expected = self.counted()
        self.assertEqual(found, expected)
        self.assertEqual(set(expected), {("allowed", "year-9"), ("blocked", "year-12")})
        self.assertEqual(plan["sums"]["allowed"]["look_ups"], expected["allowed", "year-9"][0])

    def test_it_is_told_in_words(self):
        said = self.tell("policy", "plan", self.proposed)
        look_ups, names, clients = self.counted()["allowed", "year-9"]
        self.assertIn("%d look-ups of %d names newly allowed for group year-9 (level young), by %d clients"
                      % (look_ups, names, clients), said)
        self.assertIn("chess.example.net", said)
        self.assertIn("social-media", said)
        self.assertNotIn("127.0.0.9", said)

    def test_who_asked_is_told_to_who_wants_to_know(self):
        said = self.tell("policy", "plan", self.proposed, "--people")
        self.assertIn("by 127.0.0.9", said)
        self.assertIn("by 127.0.0.19", said)

    def test_a_policy_that_changes_nothing_changes_nothing(self):
        plan = json.loads(self.tell("policy", "plan", self.lab.path("policy.yaml"), "--json"))
        self.assertEqual(plan["changes"], [])
        self.assertGreaterEqual(plan["look_ups"], 600)

    def test_a_policy_with_a_mistake_is_told_with_its_line(self):
        path = self.lab.write("wrong.yaml", "levels:\n  - {name: young, block: [gameing]}\n")
        self.assertIn("wrong.yaml:2", self.tell("policy", "plan", path, code=1))


if __name__ == "__main__":
    lab.main()
