#!/usr/bin/env python3
"""What leaves the machine: every format says the same, who asked leaves encrypted, and the ledger has what left and why."""
import csv
import io
import json
import os
import pty
import re
import sqlite3
import stat
import subprocess
import sys
import unittest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "ledger"))
import verify_ledger  # noqa: E402

PASSWORD = "85 paper boats drift"
ANNA, EVE = 64001, 64005
OPERATORS = """
operators:
  - {user: %d, roles: [technical]}
  - {user: root, roles: [technical]}
""" % ANNA


def rows_of(text):
    """Of NDJSON, without the manifest."""
    rows = [json.loads(line) for line in text.splitlines()]
    return [row for row in rows if "manifest" not in row], [row["manifest"] for row in rows if "manifest" in row]


class Parcels(lab.Case):
    conf = None

    @classmethod
    def set_up(cls):
        os.chmod(cls.lab.dir, 0o755)
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"], cls.conf)
        for turn in range(5):
            for client, name, qtype in (("127.0.0.1", "www.example.net", "A"), ("127.0.0.2", "blocked.example.net", "A"),
                                        ("127.0.0.3", "=1+1.blocked.example.net", "TXT"), ("127.0.0.3", "tracker.example.net", "A"),
                                        ("127.0.0.5", "childline.org.uk", "A")):
                cls.server.ask(name, qtype, client=client)
        cls.password = cls.lab.write("password", PASSWORD + "\n")
        os.chmod(cls.password, 0o600)

    def setUp(self):
        self.folder = self.lab.path(self._testMethodName)
        os.mkdir(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def export(self, *words, code=0, to=None):
        words = ["log", "export", *words] + (["-o", self.path(to)] if to else [])
        done = self.server.operator(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.said = done.stderr
        return done.stdout

    def check(self, name, *words, code=0):
        done = self.server.operator("log", "check-export", *words, self.path(name), check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def ledger(self):
        entries, faults, _ = verify_ledger.check(self.lab.path("state", "state"))
        self.assertEqual(faults, [])
        return entries

    def unzip(self, name, password=PASSWORD):
        out = self.path("out")
        done = subprocess.run(["7z", "x", "-bd", "-y", "-o" + out, "-p" + password, self.path(name)], capture_output=True,
                              text=True)
        return out if done.returncode == 0 else None


class Exports(Parcels):
    def test_every_format_says_the_same(self):
        rows, _ = rows_of(self.export("--format", "ndjson"))
        self.assertGreaterEqual(len(rows), 25)
        table = list(csv.DictReader(io.StringIO(self.export("--format", "csv"))))
        undo = [{k: v[1:] if v.startswith("'") else v for k, v in row.items() if v != ""} for row in table]
        self.assertEqual(undo, [{k: str(v) for k, v in row.items() if v != ""} for row in rows])
        self.export("--format", "sqlite", "--plain", "--reason", "a test of formats", to="rows.sqlite")
        db = sqlite3.connect(self.path("rows.sqlite"))
        cursor = db.execute("SELECT * FROM queries ORDER BY rowid")
        names = [column[0] for column in cursor.description]
        self.assertEqual([{n: c for n, c in zip(names, row) if c is not None} for row in cursor], rows)
        manifest = json.loads(db.execute("SELECT value FROM manifest WHERE key = 'manifest'").fetchone()[0])["manifest"]
        self.assertEqual(manifest["rows"], len(rows))
        plan = db.execute("EXPLAIN QUERY PLAN SELECT * FROM queries WHERE name = 'www.example.net.'").fetchall()
        self.assertIn("INDEX queries_name", plan[0][3])
        self.export("--format", "parquet", "--plain", "--reason", "a test of formats", to="rows.parquet")
        with open(self.path("rows.parquet"), "rb") as file:
            data = file.read()
        self.assertEqual((data[:4], data[-4:]), (b"PAR1", b"PAR1"))
        self.assertTrue(self.export("--format", "csv", "--bom").startswith("\ufefftime,"))

    def test_a_file_with_who_asked_must_be_told_how_it_leaves(self):
        before = len(self.ledger())
        self.export(to="rows.csv", code=2)
        self.assertIn("who asked leaves this machine encrypted only", self.said)
        self.assertEqual((os.listdir(self.folder), len(self.ledger())), ([], before))   # nothing was read
        for words, wrong in ((["--plain"], "--plain needs --reason"), (["--plain", "--reason", "12"], "--plain needs --reason"),
                             (["--plain", "--reason", "an inspection", "--zip"], "is enough"),
                             (["--password-file", self.password], "belong to --zip"),
                             (["--without-identities", "--client", "127.0.0.1"], "would hide nothing"),
                             (["--format", "sqlite", "--bom", "--zip"], "belongs to --format csv")):
            self.export(*words, to="rows.csv", code=2)
            self.assertIn(wrong, self.said)
        self.export("--plain", "--reason", "the inspector's own laptop, by hand", to="rows.csv")
        asked, left = self.ledger()[-2:]
        self.assertEqual((asked["kind"], asked["reason"]), ("log.export", "the inspector's own laptop, by hand"))
        self.assertEqual((left["kind"], left["object"], left["detail"]["encrypted"]), ("log.exported", self.path("rows.csv"), False))
        self.assertIn(left["detail"]["sha256"], self.check("rows.csv"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("rows.csv")).st_mode), 0o600)
        self.export("--plain", "--reason", "once more the same", to="rows.csv", code=1)      # never over a file
        self.assertIn("exist", self.said)

    def test_a_zip_is_opened_with_its_password_and_checked(self):
        self.export("--zip", "--password-file", self.password, to="november.zip")
        out = self.unzip("november.zip")
        self.assertEqual(sorted(os.listdir(out)), ["log-key.pem", "manifest.json", "manifest.json.sig", "queries.csv"])
        with open(os.path.join(out, "manifest.json"), "rb") as file:
            manifest = json.load(file)["manifest"]
        self.assertEqual((manifest["encrypted"], manifest["identities"], manifest["asked_by"]["uid"]), (True, "in full", os.getuid()))
        done = lab.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "log-key.pem", "-rawin", "-in", "manifest.json",
                        "-sigfile", "manifest.json.sig"], cwd=out)
        self.assertIn("Successfully", done)
        said = self.check("november.zip", "--password-file", self.password)
        self.assertIn("1 file is as the manifest says", said)
        self.assertIn("signed by key " + manifest["signed_by_key"], said)
        key = [name for name in os.listdir(self.lab.path("state", "log")) if name.startswith("key-")][0]
        self.assertEqual(key, "key-%s.pem" % manifest["signed_by_key"])
        self.check("november.zip", "--password-file", self.password, "--key", self.lab.path("state", "log", key))
        self.check("november.zip", code=1)                                                  # no terminal to type it at
        other = self.lab.write("other", "another password 7\n")
        os.chmod(other, 0o600)
        self.assertIn("not the password", self.check("november.zip", "--password-file", other, code=1))
        weak = self.lab.write("weak", "password1234\n")
        os.chmod(weak, 0o600)
        self.export("--zip", "--password-file", weak, to="weak.zip", code=1)
        self.assertFalse(os.path.exists(self.path("weak.zip")))
        for entry in self.ledger():
            self.assertNotIn(PASSWORD, json.dumps(entry))

    def test_the_manifest_says_what_is_in_it(self):
        self.export("--zip", "--password-file", self.password, "--blocked", to="a.zip")
        with open(os.path.join(self.unzip("a.zip"), "manifest.json"), "rb") as file:
            m = json.load(file)["manifest"]
        rows, inner = rows_of(self.export("--format", "ndjson", "--blocked"))
        self.assertEqual((m["rows"], m["lost"], m["gaps"], m["damaged_blocks"]), (len(rows), 0, [], 0))
        self.assertEqual(m["generations"], sorted({row["generation"] for row in rows}))
        self.assertEqual(m["policies"], sorted({row["policy_version"] for row in rows}))
        self.assertEqual(m["nodes"], sorted({row["node"] for row in rows}))
        self.assertEqual((m["first"], m["last"]), (rows[0]["time"], rows[-1]["time"]))
        self.assertTrue(m["filter"]["blocked"])
        self.assertIn(m["clock"]["synchronised"], (True, False))
        self.assertEqual([f["name"] for f in m["files"]], ["queries.csv"])
        self.assertEqual(inner[0]["rows"], len(rows))
        self.server.stop()                                          # what was in a journal is in a segment now
        self.export("--format", "ndjson", "--zip", "--password-file", self.password, to="b.zip")
        with open(os.path.join(self.unzip("b.zip"), "manifest.json"), "rb") as file:
            m = json.load(file)["manifest"]
        verified = self.server.operator("log", "verify")
        self.assertIn("(%d to %d)" % (m["log"]["first_segment"], m["log"]["last_segment"]), verified)
        self.assertEqual(m["rows_not_in_segments_yet"], 0)
        sys.path.insert(0, os.path.join(lab.ROOT, "tests", "qlog"))
        import qlog                                                  # the reader in another language
        chains = [qlog.Segment(raw).chain.hex() for *_, raw in qlog.segments(self.lab.path("state", "log"))]
        self.assertEqual(m["log"]["last_chain"], chains[-1])
        type(self).server = self.lab.serve(0, self.upstreams(), None)

    def upstreams(self):
        return [re.search(r"upstreams: \[\"(.*)\"\]", open(self.lab.path("state", "belisha.yaml")).read())[1]]

    def test_without_identities_rows_of_one_person_still_belong_together(self):
        self.export("--without-identities", "--format", "ndjson", to="rows.ndjson")
        with open(self.path("rows.ndjson")) as file:
            text = file.read()
        rows, manifest = rows_of(text)
        full, _ = rows_of(self.export("--format", "ndjson"))
        self.assertEqual(manifest[0]["identities"], "replaced by a word for each person")
        self.assertNotIn("127.0.0.2", text)
        who = {}
        for row, other in zip(rows, full):
            self.assertFalse({"client", "client_port", "device", "user"} & set(row))
            who.setdefault(other.get("client"), set()).add(row.get("person"))
        self.assertEqual({client: len(words) for client, words in who.items()}, {client: 1 for client in who})
        words = [word for words in who.values() for word in words if word]
        self.assertEqual(len(set(words)), len(words))
        self.assertEqual(who[None], {None})                                                # protected help
        self.export("--without-identities", "--format", "ndjson", to="again.ndjson")        # another key each time
        with open(self.path("again.ndjson")) as file:
            again, _ = rows_of(file.read())
        self.assertFalse({row.get("person") for row in again} & set(words))

    def test_a_made_password_is_shown_at_the_terminal_and_nowhere_else(self):
        zip_path = self.path("made.zip")
        done = self.server.operator("log", "export", "--zip", "-o", zip_path, check=False)
        self.assertEqual(done.returncode, 1, "without a terminal nobody would ever know it")
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(lab.program("belisha"), ["belisha", *self.server.config, "log", "export", "--zip", "-o", zip_path])
        said = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            said += piece
        self.assertEqual(os.waitpid(pid, 0)[1], 0, said)
        os.close(terminal)
        password = re.search(r"\b([2-9a-z]{4}(?:-[2-9a-z]{4}){4})\b", said.decode())[1]
        self.assertIsNotNone(self.unzip("made.zip", password))
        self.assertNotIn(password, json.dumps(self.ledger()))

    def test_any_change_is_found(self):
        self.export("--plain", "--reason", "a test of changes", to="rows.csv")
        self.check("rows.csv")
        for name in sorted(os.listdir(self.folder)):
            if name.endswith("pem"):
                continue
            with open(self.path(name), "r+b") as file:
                file.seek(10)
                byte = file.read(1)
                file.seek(10)
                file.write(bytes([byte[0] ^ 1]))
                file.flush()
                self.check("rows.csv", code=1)
                file.seek(10)
                file.write(byte)
        self.check("rows.csv")


@unittest.skipUnless(os.getuid() == 0, "several users need root")
class Operators(Parcels):
    """Where it is told who may what, a pipe is no way round the rule."""
    conf = OPERATORS

    def test_a_pipe_is_as_good_as_a_file(self):
        self.export("--format", "ndjson", code=2)
        self.assertIn("encrypted only", self.said)
        self.export("--format", "ndjson", "--plain", "--reason", "for the timetable program")
        self.assertEqual(self.ledger()[-1]["reason"], "for the timetable program")
        self.export("--format", "ndjson", "--without-identities")
        self.server.operator("log", "search", "--blocked")                                # looking is as it was


if __name__ == "__main__":
    lab.main()
