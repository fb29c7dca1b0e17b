#!/usr/bin/env python3
"""The query log's files in the hands of a stranger: a reader that was written from the documentation reads the same rows as
`belisha log`, and finds what somebody has changed."""
import datetime
import glob
import json
import os
import re
import shutil
import sys
import time

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "qlog"))
import qlog  # noqa: E402


def values(list_name):
    """Numbers and names of a list in verdict.h."""
    with open(os.path.join(lab.ROOT, "include", "belisha", "verdict.h")) as file:
        body = re.search(r"#define %s\(X\)(.*?)\n\n" % list_name, file.read(), re.S)[1]
    return {int(number): name for number, name in re.findall(r'X\((\d+), \w+, "([^"]+)"\)', body)}


def milliseconds(text):
    time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return round((time - datetime.datetime(1970, 1, 1)).total_seconds() * 1000)


class Record(lab.Case):
    @classmethod
    def set_up(cls):
        nsd = cls.lab.start_nsd(1)
        for turn in range(3):
            cls.server = cls.lab.serve(0, [nsd], ["blocked.example.net"])
            for i in range(40):
                cls.server.ask("n%d.blocked.example.net" % i, client="127.0.0.%d" % (2 + i % 5))
            for name, qtype in (("www.example.net", "A"), ("www.example.net", "AAAA"), ("tracker.example.net", "A"),
                                ("nothing.example.net", "TXT"), ("childline.org.uk", "A"), ("=1+1.example.net", "A")):
                cls.server.ask(name, qtype)
            cls.server.ask_tcp("www.example.net", "TXT", client="127.0.0.6")
            if turn < 2:
                cls.server.stop()
        cls.folder = os.path.join(cls.server.dir, "log")

    def exported(self):
        text = self.server.operator("log", "export", "--format", "ndjson")
        return [row for row in map(json.loads, text.splitlines()) if "manifest" not in row]

    def test_both_readers_read_the_same(self):
        # The third server runs: its rows are in a journal.
        self.assertGreater(len(glob.glob(os.path.join(self.folder, "journal-*.jnl"))), 0)
        self.assertGreaterEqual(len(glob.glob(os.path.join(self.folder, "segment-*.qlog"))), 2)
        actions, reasons = values("VERDICT_ACTION_LIST"), values("VERDICT_REASON_LIST")
        theirs, ours = self.exported(), list(qlog.records(self.folder))
        self.assertEqual(len(ours), 3 * 47)
        self.assertEqual(len(theirs), len(ours))
        key = lambda row: (row["time"], row["name"], row["client_port"])
        for row in ours:
            row["time"] = row["time_ns"] // 1000000
        for row in theirs:
            row["time"] = milliseconds(row["time"])
            row.setdefault("client_port", 0)
        for a, b in zip(sorted(theirs, key=key), sorted(ours, key=key)):
            self.assertEqual((a["verdict"], a["reason"]), (actions[b["action"]], reasons[b["reason"]]), (a, b))
            for field in ("name", "node", "client", "group", "class", "matched_name", "feed", "answer", "upstream",
                          "generation", "policy_version", "rule", "answer_count", "match_labels", "rtt_us"):
                self.assertEqual(a.get(field) or None, b[field] or None, (field, a, b))

    def test_both_find_what_was_changed(self):
        self.assertEqual(qlog.verify(self.folder), [])
        self.assertIn(" 0 faults", self.server.operator("log", "verify"))
        key = glob.glob(os.path.join(self.folder, "key-*.pem"))[0]
        self.assertEqual(qlog.verify(self.folder, key), [])
        self.assertIn(" 0 faults", self.server.operator("log", "verify", "--key", key))
        copy = self.lab.path("copy")
        shutil.copytree(self.folder, copy)
        with open(sorted(glob.glob(os.path.join(copy, "segment-*.qlog")))[0], "r+b") as file:
            file.seek(200)
            byte = file.read(1)[0]
            file.seek(200)
            file.write(bytes([byte ^ 1]))
        self.assertEqual(len(qlog.verify(copy)), 1)
        with self.assertRaises(AssertionError):
            self.server.operator("log", "verify", "--dir", copy)

    def test_another_key_is_not_the_schools(self):
        other = self.lab.path("other.pem")
        lab.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other + ".key"])
        lab.run(["openssl", "pkey", "-in", other + ".key", "-pubout", "-out", other])
        self.assertGreater(len(qlog.verify(self.folder, other)), 0)
        with self.assertRaises(AssertionError):
            self.server.operator("log", "verify", "--key", other)

    def test_days_that_are_held_stay(self):
        today = time.strftime("%Y-%m-%d", time.gmtime())
        copy = self.lab.path("held")
        shutil.copytree(self.folder, copy, symlinks=True)
        log = lambda *words: self.server.operator("log", *words, "--dir", copy)
        self.assertIn("no day is held", log("hold"))
        self.assertIn("hold 1:", log("hold", "--days-from", today, "--days-to", today, "--reason", "an incident"))
        self.assertIn("an incident", log("hold"))
        self.assertIn("0 segments removed", log("prune", "--bytes", "1"))
        self.assertIn("released", log("hold", "--release", "1"))
        self.assertNotIn("0 segments removed", log("prune", "--bytes", "1"))

    def test_without_keys_nobody_is_named(self):
        copy = self.lab.path("keyless")
        shutil.copytree(self.folder, copy, symlinks=True)
        os.unlink(os.path.join(copy, "keys"))
        for journal in glob.glob(os.path.join(copy, "journal-*.jnl")):
            os.unlink(journal)
        self.assertEqual({row["client"] for row in qlog.records(copy)}, {None})
        self.assertEqual(qlog.verify(copy), [])
        self.assertIn(" 0 faults", self.server.operator("log", "verify", "--dir", copy))
        self.assertNotIn("127.0.0.", self.server.operator("log", "search", "--dir", copy))

    def test_openssl_reads_the_private_key(self):
        public = lab.run(["openssl", "pkey", "-in", os.path.join(self.server.dir, "keys", "log.key"), "-pubout"])
        with open(glob.glob(os.path.join(self.folder, "key-*.pem"))[0]) as file:
            self.assertEqual(file.read(), public)


if __name__ == "__main__":
    lab.main()
