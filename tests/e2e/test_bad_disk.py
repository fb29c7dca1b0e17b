#!/usr/bin/env python3
"""The query log's disk is full, slow, or gone: answers go on, what could not be noted is counted, and somebody is told."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

import lab
import mounts

BLOCKED = ["blocked.example.net"]


class BadDisk(lab.Case):
    memory = False

    @classmethod
    def set_up(cls):
        cls.disk = cls.lab.path("disk")
        os.mkdir(cls.disk)
        cls.shm = tempfile.mkdtemp(prefix="belisha-e2e-", dir="/dev/shm")
        cls.nsd = cls.lab.start_nsd(1)
        cls.floods = cls.starts = 0
        try:
            mounts.become_owner_of_mounts()
            cls.no_mounts = None
        except OSError as trouble:
            cls.no_mounts = "no file systems can be mounted here (%s)" % trouble

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.shm)

    def setUp(self):
        if self.no_mounts:
            self.skipTest(self.no_mounts)
        self.received = 0

    def start(self, folder, more=""):
        type(self).starts += 1
        conf = "log: {dir: '%s', memory: '%s', segment_age: 1s, fsync: 200ms%s}\nmetrics: {listen: ['127.0.0.1:%d']}\n" % (
            os.path.join(folder, "log"), os.path.join(self.shm, "journals") if self.memory else "off", more, lab.PORT + 2)
        self.server = self.lab.serve(0, [self.nsd], BLOCKED, conf=conf, subdir="state%d" % self.starts)
        self.addCleanup(self.server.stop)

    def stop(self):
        self.assertEqual(self.server.stop(), 0, self.server.output())

    def status(self):
        return json.loads(self.server.operator("status", "--json"))["log"]

    def metric(self, name):
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % (lab.PORT + 2), timeout=10) as page:
            return float(re.search(r"^%s (\S+)$" % name, page.read().decode(), re.M)[1])

    def flood(self, *options):
        type(self).floods += 1
        path = self.lab.path("answers-%d" % self.floods)
        return self.lab.start([os.path.join(lab.BUILD, "tests", "e2e", "flood"), str(self.server.port),
                               str(self.floods), path, *options], "flood-%d" % self.floods)

    def collect(self, flood):
        """Waits for a flood's end; every question must have had its answer. Returns how many took longer than 1 s."""
        lab.wait_until("the flood to end", lambda: not flood.is_running(), 60)
        self.assertEqual(flood.popen.returncode, 0, flood.output())
        print(flood.output().strip())
        sent, answered, late = re.search(r"sent (\d+) answered (\d+) .* 1000:(\d+)", flood.output()).groups()
        self.assertEqual(answered, sent)
        self.received += int(answered)
        return int(late)

    def ask(self):
        self.assert_sinkholed(self.server.ask("blocked.example.net"))
        self.received += 1

    def assert_all_accounted(self):
        """Each answer has a row, or is counted in a gap."""
        done = lab.run([lab.program("belisha"), *self.server.config, "log", "export", "--format", "ndjson"], check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        manifest = json.loads(done.stdout.splitlines()[-1])["manifest"]
        rows, lost, damaged = re.search(r"(\d+) rows, (\d+) lost in gaps, (\d+) damaged", done.stderr).groups()
        gaps = [json.loads(line)["lost"] for line in done.stdout.splitlines() if '"lost":' in line and '"manifest"' not in line]
        self.assertEqual(sum(gaps), int(lost))
        self.assertEqual(int(rows) + int(lost), self.received, manifest)
        self.assertEqual(int(damaged), 0)
        self.assertIn(" 0 faults", self.server.operator("log", "verify"))
        return int(lost)

    def test_a_full_disk_costs_rows_and_no_answers(self):
        mounts.mount_tmpfs(self.disk, 64 << 20)
        self.addCleanup(mounts.unmount, self.disk)
        self.start(self.disk, ", journal: 1MiB, segment_size: 4MiB")
        filler = os.path.join(self.disk, "filler")
        mounts.fill(filler, 64 << 10)
        self.collect(self.flood("--seconds", "4", "--rate", "20000"))
        self.assertGreater(self.status()["lost"], 0)
        self.assertEqual(self.status()["trouble"], "No space left on device")
        self.assertEqual(self.metric("belisha_log_trouble"), 1)
        self.assertEqual(self.metric("belisha_log_lost_records_total"), self.status()["lost"])
        self.assertIn("query log in trouble, answers go on", self.server.output())
        os.unlink(filler)
        lab.wait_until("room to be noticed", lambda: self.status()["trouble"] is None, 20)
        lost = self.status()["lost"]
        for _ in range(50):
            self.ask()
        self.assertEqual(self.status()["lost"], lost)
        lab.wait_until("the alarm to be over", lambda: "query log works again" in self.server.output(), 20)
        self.assertEqual(self.metric("belisha_log_trouble"), 0)
        self.stop()
        self.assertEqual(self.assert_all_accounted(), lost)

    def test_a_disk_that_is_full_at_the_start_stops_no_answers(self):
        mounts.mount_tmpfs(self.disk, 64 << 20)
        self.addCleanup(mounts.unmount, self.disk)
        filler = os.path.join(self.disk, "filler")
        mounts.fill(filler, 0)
        self.start(self.disk)
        for _ in range(50):
            self.ask()
        lab.wait_until("the alarm", lambda: "query log in trouble" in self.server.output(), 20)
        self.assertEqual(self.status()["lost"], 50)
        os.unlink(filler)
        lab.wait_until("room to be noticed", lambda: self.status()["trouble"] is None, 20)
        for _ in range(50):
            self.ask()
        self.stop()
        self.assertEqual(self.assert_all_accounted(), 50)


class BadDiskBehindMemory(BadDisk):
    memory = True

    def test_a_slow_disk_holds_no_answer_up(self):
        try:
            disk = mounts.SlowDisk(self.lab.path(), bytes_s=1 << 20, dirty=8 << 20)
        except (OSError, subprocess.CalledProcessError) as trouble:
            self.skipTest("no slow disk can be made here: %s" % trouble)
        self.addCleanup(disk.close)
        self.start(disk.path)
        neighbour = subprocess.Popen(["dd", "if=/dev/zero", "of=" + os.path.join(disk.path, "neighbour"), "bs=1M", "count=24"],
                                     stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(neighbour.wait)
        flood = self.flood("--seconds", "10", "--rate", "3000")
        self.assertEqual(self.collect(flood), 0, "answers that took longer than a second")
        self.assertIsNone(neighbour.poll(), "the disk was not slow")
        disk.hurry()
        self.stop()
        self.assert_all_accounted()


if __name__ == "__main__":
    lab.main()
