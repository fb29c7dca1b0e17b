#!/usr/bin/env python3
"""Sudden death at full load, again and again: what clients received is compared with what the log holds.

Every question has a name of its own (but for those that the cache answers), so that each answer received must have its record,
once; and no record is there twice."""
import csv
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "qlog"))
import qlog  # noqa: E402

ROUNDS = 4
FLOODS = 2
CACHED = 3  # the ending, of four, of questions for the same name
QUESTION = re.compile(r"q(\d+)-(\d+)\.")


class Rounds:
    """What every kind of log has to stand; memory says where workers write."""

    memory = None
    log = "segment_size: 1MiB, segment_age: 1s, journal: 8MiB, fsync: 100ms, backlog: 0"

    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.tags = 0
        cls.memory = cls.memory_folder()
        cls.conf = "log: {%s, memory: '%s'}\n" % (cls.log, cls.memory)
        cls.start(["blocked.example.net"])
        cls.answers = {}  # of each flood, by its tag, a byte for each question

    @classmethod
    def memory_folder(cls):
        return "off"

    @classmethod
    def start(cls, names=None):
        began = time.monotonic()
        cls.server = cls.lab.serve(0, [cls.nsd], names, conf=cls.conf, options=["--workers", "2"])
        return time.monotonic() - began

    def flood(self, *options):
        type(self).tags += 1
        path = self.lab.path("answers-%d" % self.tags)
        argv = [os.path.join(lab.BUILD, "tests", "e2e", "flood"), str(self.server.port), str(self.tags), path, *options]
        return self.tags, path, self.lab.start(argv, "flood-%d" % self.tags)

    def collect(self, flood):
        tag, path, process = flood
        lab.wait_until("the flood to end", lambda: not process.is_running(), 30)
        self.assertEqual(process.popen.returncode, 0, process.output())
        with open(path, "rb") as file:
            self.answers[tag] = file.read()

    def rows(self, begin=None):
        """The names in the log since begin (or ever), as `belisha log` reads it; and what gaps say was lost."""
        path = self.lab.path("log.csv")
        since = ["--from", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin))] if begin else []
        with open(path, "w") as file:
            subprocess.run([lab.program("belisha"), *self.server.config, "log", "export", "--format", "csv", *since],
                           stdin=subprocess.DEVNULL, stdout=file, check=True, timeout=240)
        with open(path, newline="") as file:
            for row in csv.DictReader(line for line in file if not line.startswith("#")):
                self.assertEqual(row["lost"], "")
                yield row["name"]

    def compare(self, names, tags):
        """Each answer of these floods has its record, once, and no question has two."""
        found = {tag: bytearray(len(self.answers[tag])) for tag in tags}
        cached = 0
        for name in names:
            match = QUESTION.match(name)
            if match is None:
                cached += name.startswith("www.example.net")
            elif int(match[1]) in found:
                found[int(match[1])][int(match[2])] += 1
        cached_sent = cached_answered = answered = 0
        for tag in tags:
            answers, records = self.answers[tag], found[tag]
            cached_sent += len(answers[CACHED::4])
            cached_answered += sum(answers[CACHED::4])
            missing = [n for n in range(len(answers)) if n % 4 != CACHED and answers[n] and not records[n]]
            self.assertEqual(missing[:5], [], "%d of %d answers without a record" % (len(missing), sum(answers)))
            self.assertLessEqual(max(records, default=0), 1)
            self.assertLessEqual(max(answers, default=0), 1)
            answered += sum(answers)
        self.assertLessEqual(cached_answered, cached)
        self.assertLessEqual(cached, cached_sent)
        return answered

    def kill_under_load(self, moments):
        floods = [self.flood() for _ in range(FLOODS)]
        lab.wait_until("records of this round", lambda: self.written() > 5000, 20)
        deadline = time.monotonic() + moments.uniform(0.05, 1.0)
        lab.wait_until("the moment", lambda: time.monotonic() > deadline, 5, step_s=0.001)
        self.server.popen.send_signal(signal.SIGKILL)
        self.server.popen.wait()
        for flood in floods:
            self.collect(flood)
        return [tag for tag, _, _ in floods]

    def written(self):
        return int(re.search(r'"written": (\d+)', self.server.operator("status", "--json"))[1])

    def test_every_answer_received_has_its_record_once(self):
        moments = random.Random(31)
        every = []
        for round_number in range(ROUNDS):
            began = time.time() - 1
            tags = self.kill_under_load(moments)
            every += tags
            answered = self.compare(self.rows(began), tags)  # by readers, before anybody has recovered anything
            self.assertEqual(qlog.verify(os.path.join(self.server.dir, "log")), [])
            took = self.start()
            self.assertLess(took, 5)
            self.assert_sinkholed(self.server.ask("blocked.example.net"))
            self.compare(self.rows(began), tags)
            print("kill %d: %d answers received, every one in the log; started again in %.2f s" % (
                round_number + 1, answered, took))
        self.assertIn('"lost": 0,', self.server.operator("status", "--json"))
        self.assertIn('"damaged": 0,', self.server.operator("status", "--json"))
        self.server.stop()
        print("all %d answers are in %d segments" % (self.compare(self.rows(), every), len(self.segments())))
        self.assertEqual(glob.glob(os.path.join(self.server.dir, "log", "*.jnl")), [])
        self.assertIn(" 0 faults", self.server.operator("log", "verify"))
        self.assertEqual(qlog.verify(os.path.join(self.server.dir, "log")), [])
        self.assertGreater(len(self.segments()), ROUNDS)
        self.start()

    def segments(self):
        return glob.glob(os.path.join(self.server.dir, "log", "segment-*.qlog"))


class OnDisk(Rounds, lab.Case):
    pass


class InMemory(Rounds, lab.Case):
    @classmethod
    def memory_folder(cls):
        cls.shm = tempfile.mkdtemp(prefix="belisha-e2e-", dir="/dev/shm")
        return os.path.join(cls.shm, "journals")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.shm)

    def test_where_journals_are_is_told(self):
        self.assertIn('"in_memory": true', self.server.operator("status", "--json"))
        self.assertIn("noted in memory first", self.server.output())


class Stranger(Rounds, lab.Case):
    """A short load, of which a reader in another language reads every row."""

    def test_every_answer_received_has_its_record_once(self):
        for round_number in range(2):
            flood = self.flood("--rate", "4000")
            lab.wait_until("records", lambda: self.written() > 3000, 20)
            self.server.popen.send_signal(signal.SIGKILL)
            self.server.popen.wait()
            self.collect(flood)
            for moment in ("before", "after"):
                names = (row["name"] for row in qlog.records(os.path.join(self.server.dir, "log")))
                answered = self.compare(names, list(self.answers))
                self.assertGreater(answered, 2500 * (round_number + 1))
                self.assertEqual(qlog.verify(os.path.join(self.server.dir, "log")), [])
                if moment == "before":
                    self.start()


if __name__ == "__main__":
    lab.main()
