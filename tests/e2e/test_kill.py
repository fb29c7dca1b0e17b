#!/usr/bin/env python3
"""Sudden death: of the resolver under full load (the log has every answer given), of the compiler at any moment."""
import csv
import os
import random
import signal
import subprocess
import time

import lab
from load import Load

KILLS = 50
LOADS = 2


class KilledResolver(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.start_nsd(1)
        cls.server = cls.lab.serve(0, [cls.upstream], ["blocked.example.net"], options=["--workers", "2"])

    def exported_names(self):
        path = self.lab.path("log.csv")
        with open(path, "w") as file:
            subprocess.run([lab.program("belisha"), *self.server.config, "log", "export", "--format", "csv"],
                           stdin=subprocess.DEVNULL, stdout=file, check=True, timeout=120)
        with open(path, newline="") as file:
            return {row["name"].rstrip(".") for row in csv.DictReader(l for l in file if not l.startswith("#"))}

    def test_every_answer_given_before_kill_9_is_in_the_log(self):
        def names_of(index):
            # Most are blocked and answered at once, some are forwarded and answered from the upstream's wildcard.
            return lambda n: "q%d-%d.%s" % (index, n, "wild.example.net" if n % 8 == 0 else "blocked.example.net")
        given = set()
        for turn in range(3):
            loads = [Load(self.server.at, names_of(turn * LOADS + i), window=64, patience_s=1) for i in range(LOADS)]
            for load in loads:
                load.start()
            lab.wait_until("50,000 answers", lambda: sum(len(load.answered) for load in loads) > 50000, 60)
            os.kill(self.server.pid, signal.SIGKILL)
            # The loads go on until they notice: a closed port, or silence.
            lab.wait_until("the loads to notice", lambda: not any(load.is_alive() for load in loads), 20)
            for load in loads:
                self.assertTrue(load.refused or load.lost > 0, "the server did not die under load")
            for i, load in enumerate(loads):
                make_name = names_of(turn * LOADS + i)
                given |= {make_name(number) for number in load.answered}
            started = time.monotonic()
            type(self).server = self.lab.serve(0, [self.upstream])
            took = time.monotonic() - started
            self.assertLess(took, 5, "the start after a kill was slow")
            self.assert_sinkholed(self.server.ask("blocked.example.net"))
            logged = self.exported_names()
            missing = given - logged
            print("kill %d: %d answers given so far, %d missing in the log, started again in %.2f s" % (
                turn + 1, len(given), len(missing), took))
            self.assertEqual(sorted(missing)[:5], [])

    def test_what_is_left_of_a_killed_server_does_not_stop_the_next(self):
        self.server.kill()
        type(self).server = self.lab.serve(0, [self.upstream])
        self.assertEqual(self.server.ask("www.example.net").rcode, "NOERROR")


class KilledCompiler(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(2, [cls.lab.start_nsd(3)], ["blocked.example.net", "mark0.example.net"])

    def compile_argv(self, path):
        return [lab.program("blocklist-compiler"), "--list", path, "--format", "domains", "--category", "malware",
                "--out", os.path.join(self.server.dir, "blocklist")]

    def is_blocked(self, name):
        return self.server.ask(name).data() == [lab.SINKHOLE]

    def mark_in_force(self):
        """1 or 2: which of the two lists answers. A run killed just after its rename is taken up while we ask."""
        def one():
            marks = [mark for mark in (1, 2) if self.is_blocked("mark%d.example.net" % mark)]
            return marks[0] if len(marks) == 1 else None
        return lab.wait_until("exactly one whole list to be in force", one, 2)

    def test_a_compiler_killed_at_any_moment_leaves_a_whole_list_in_force(self):
        filler = ["n%d.filler.example.org" % i for i in range(300000)]
        paths = {}
        for mark in (1, 2):
            names = filler + ["blocked.example.net", "mark%d.example.net" % mark]
            paths[mark] = self.lab.write("list%d" % mark, "\n".join(names) + "\n")
            started = time.monotonic()
            lab.run(self.compile_argv(paths[mark]))
            duration_s = time.monotonic() - started
        lab.wait_until("the second list", lambda: self.is_blocked("mark2.example.net"), 2)
        moments = random.Random(7)
        runs = killed = 0
        while killed < KILLS:
            runs += 1
            self.assertLess(runs, 4 * KILLS, "most runs ended before they could be killed")
            wanted = 3 - self.mark_in_force()
            process = subprocess.Popen(self.compile_argv(paths[wanted]), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(moments.uniform(0, duration_s))
                self.assertEqual(process.returncode, 0)
                lab.wait_until("the list of a run that was not killed",
                               lambda: self.is_blocked("mark%d.example.net" % wanted), 2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            self.mark_in_force()
            self.assert_sinkholed(self.server.ask("blocked.example.net"))
            self.assert_sinkholed(self.server.ask("n299999.filler.example.org"))
        print("%d of %d runs killed, a compile takes %.0f ms" % (killed, runs, duration_s * 1000))
        # What the killed runs left is gone after the next whole one, and it is in force.
        last = self.lab.write("list3", "blocked.example.net\nmark3.example.net\n")
        lab.run(self.compile_argv(last))
        lab.wait_until("the last list", lambda: self.is_blocked("mark3.example.net"), 2)
        blocklist = os.path.join(self.server.dir, "blocklist")
        current = os.readlink(os.path.join(blocklist, "current"))
        self.assertTrue(os.path.exists(os.path.join(blocklist, current)))
        half = [n for n in os.listdir(blocklist) if n.endswith((".tmp", ".part", ".new", "-lock")) or "building" in n]
        self.assertEqual(half, [])


if __name__ == "__main__":
    lab.main()
