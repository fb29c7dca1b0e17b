#!/usr/bin/env python3
"""A night in which little changes: a line of a long list is in force at once, and a kill in the middle costs nothing."""
import json
import os
import random
import subprocess
import time

import lab

COUNT = 200000
LINES = ["n%d.%s.example.org" % (i, "abc"[i % 3]) for i in range(COUNT)]
KILLS = 20


class Nights(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(9)
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], LINES)
        cls.blocklist = os.path.join(cls.server.dir, "blocklist")

    def is_blocked(self, name):
        return self.server.ask(name).data() == [lab.SINKHOLE]

    def write(self, lines):
        return self.lab.write("nights.list", "\n".join(lines) + "\n")

    def argv(self, path, *options):
        return [os.path.join(lab.BUILD, "bin", "blocklist-compiler"), "--list", path, "--format", "domains", "--category",
                "malware", "--out", self.blocklist, "--quiet", *options]

    def compile(self, lines):
        """The report."""
        report = self.lab.path("report.json")
        subprocess.run(self.argv(self.write(lines), "--report", "json", "--report-file", report), check=True)
        with open(report, encoding="utf-8") as file:
            return json.load(file)

    def test_one_changed_line_is_in_force_at_once(self):
        lines = LINES[:]
        self.compile(lines)
        for turn in range(5):
            gone, new = lines[1000 * turn + 7], "new%d.example.org" % turn
            lines[1000 * turn + 7] = new
            started = time.monotonic()
            report = self.compile(lines)
            lab.wait_until("the block of " + new, lambda: self.is_blocked(new), 2)
            took = time.monotonic() - started
            self.assertFalse(self.is_blocked(gone))
            self.assertEqual((report["all"]["added"], report["all"]["removed"]), (1, 1))
            self.assertEqual(report["feeds"][0]["lines"], COUNT)
        print("the last of them took %.0f ms" % (1000 * took))

    def test_a_kill_in_the_middle_of_the_night_costs_nothing(self):
        chance = random.Random(1)
        lines = LINES[:]
        self.compile(lines)
        for turn in range(KILLS):
            at = chance.randrange(1, COUNT)
            lines[at] = "turn%d.example.org" % turn
            process = subprocess.Popen(self.argv(self.write(lines)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            process.wait()
            self.assertTrue(self.is_blocked(lines[0]))
        lines.append("last.example.org")    # the last kill may have come too late to stop anything
        report = self.compile(lines)
        lab.wait_until("the last change", lambda: self.is_blocked("last.example.org"), 2)
        self.assertEqual(report["all"]["names"], len(set(lines)))
        for turn in range(KILLS):
            self.assertEqual(self.is_blocked("turn%d.example.org" % turn), "turn%d.example.org" % turn in lines)


if __name__ == "__main__":
    lab.main()
