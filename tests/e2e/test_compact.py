#!/usr/bin/env python3
"""A month of a school (tests/bench/month) before and after its small segments were merged: the same rows for everybody who
reads, signed as they were; less on disk; and what is changed afterwards is found, also by a reader in another language."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "qlog"))
import qlog  # noqa: E402

BUILD = os.environ["BELISHA_BUILD"]
ROWS = 100000


class Compact(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="belisha-compact-")
        cls.dir = os.path.join(cls.holder.name, "school")
        cls.log = os.path.join(cls.dir, "log")
        subprocess.run([os.path.join(BUILD, "bench", "month"), cls.dir, "--rows", str(ROWS), "--pupils", "80"], check=True,
                       stdout=subprocess.DEVNULL)
        cls.before = cls.exported()
        cls.chain = {segment.sequence: segment.chain for segment in cls.segments()}
        cls.bytes, cls.files = cls.size(), len(cls.chain)
        cls.merged = cls.said("log", "compact")

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    @classmethod
    def belisha(cls, *words):
        return subprocess.run([os.path.join(BUILD, "bin", "belisha"), "-c", os.path.join(cls.dir, "belisha.yaml"), *words],
                              capture_output=True, text=True)

    @classmethod
    def said(cls, *words):
        done = cls.belisha(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @classmethod
    def exported(cls):
        return [line for line in cls.said("log", "export", "--format", "ndjson").splitlines() if '"manifest"' not in line]

    @classmethod
    def segments(cls, folder=None):
        return [qlog.Segment(raw) for _file, _first, _last, raw in qlog.segments(folder or cls.log)]

    @classmethod
    def size(cls):
        return sum(os.path.getsize(file) for file in glob.glob(os.path.join(cls.log, "segment-*.qlog")))

    def test_every_row_is_there_as_it_was_and_in_its_order(self):
        self.assertGreater(len(self.before), ROWS * 3 // 4)
        self.assertEqual(self.exported(), self.before)

    def test_a_search_finds_what_it_found_before(self):
        rows = [json.loads(line) for line in self.before if '"lost"' not in line]
        for column, option in (("name", "--name"), ("user", "--user"), ("client", "--client")):
            values = sorted({row[column] for row in rows if row.get(column)})
            for value in (values[0], values[len(values) // 2], values[-1]):
                found = [json.loads(line) for line in self.said("log", "export", "--format", "ndjson", option, value).splitlines()
                         if '"manifest"' not in line and '"lost"' not in line]
                self.assertEqual(found, [row for row in rows if row.get(column) == value], (column, value))

    def test_there_are_fewer_files_and_bytes(self):
        self.assertIn(" segments became ", self.merged)
        self.assertLessEqual(len(self.segments()), 31)
        self.assertLess(len(self.segments()), self.files)
        self.assertLess(self.size(), self.bytes)
        self.assertIn("there is nothing to merge", self.said("log", "compact"))

    def test_the_chain_is_that_of_a_copy_from_before(self):
        now = {}
        for segment in self.segments():
            now.update({part.sequence: part.chain for part in segment.origins or [segment]})
        self.assertEqual(now, self.chain)

    def test_both_readers_find_it_whole(self):
        found = json.loads(self.said("log", "verify", "--json"))
        self.assertEqual((found["faults"], found["who_unknown"], found["removed"]), ([], 0, 0))
        self.assertEqual((found["first_sequence"], found["last_sequence"]), (min(self.chain), max(self.chain)))
        self.assertGreater(found["merged"], 0)
        self.assertEqual(found["rows"], len(self.before) - sum('"lost"' in line for line in self.before))
        self.assertIn("the log is as it was written", self.said("log", "verify"))
        self.assertEqual(qlog.verify(self.log), [])

    def test_a_changed_byte_is_found_by_both(self):
        copy = os.path.join(self.holder.name, "copy")
        shutil.copytree(self.log, copy, symlinks=True)
        file = max(glob.glob(os.path.join(copy, "segment-*.qlog")), key=os.path.getsize)
        with open(file, "r+b") as stream:
            stream.seek(os.path.getsize(file) // 2)
            byte = stream.read(1)
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte[0] ^ 1]))
        done = self.belisha("log", "verify", "--dir", copy, "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual({os.path.basename(file)}, {fault["file"] for fault in json.loads(done.stdout)["faults"]})
        self.assertEqual({os.path.basename(file)}, {name for name, _what in qlog.verify(copy)})


if __name__ == "__main__":
    unittest.main()
