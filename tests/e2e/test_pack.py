#!/usr/bin/env python3
"""Names of the statutory list: in no way out of the log but a sealed pack, and what such a pack takes and tells."""
import ctypes
import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
import unittest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "ledger"))
import verify_ledger  # noqa: E402

PASSWORD = "85 paper boats drift"
HIDDEN = ("hidden-one", "hidden-two")
RECIPE = """
feeds:
  - {name: plain, source: plain.txt, format: domains, category: malware}
  - name: watchdogs
    source: watchdogs.txt
    format: urls
    tier: statutory
    body: iwf
    membership: M-17
    licence: members only
    test_hosts: [test.vendor.example]
"""


def zstd_frames(data):
    """What is in the compressed pages of a file, without knowing its format."""
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_decompress.restype = zstd.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
    zstd.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    out, at = b"", data.find(b"\x28\xb5\x2f\xfd")
    while at >= 0:
        frame = data[at:]
        size = zstd.ZSTD_findFrameCompressedSize(frame, len(frame))
        room = ctypes.create_string_buffer(1 << 20)
        got = zstd.ZSTD_decompress(room, len(room), frame, size) if size < len(frame) else 0
        out += room.raw[:got] if got < len(room) else b""
        at = data.find(b"\x28\xb5\x2f\xfd", at + 4)
    return out


class Packs(lab.Case):
    conf = None

    @classmethod
    def set_up(cls):
        upstream = cls.lab.upstream(9)
        lists = cls.lab.path("state", "blocklist")
        os.makedirs(lists)
        cls.lab.write("plain.txt", "blocked.example\n")
        cls.lab.write("watchdogs.txt", "http://hidden-one.example/\nhttps://hidden-two.example\nhttp://test.vendor.example/iwf\n")
        lab.run([lab.program("blocklist-compiler"), "--recipe", cls.lab.write("feeds.yaml", RECIPE), "--out", lists], check=False)
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % upstream.port], None, cls.conf)
        for name in ("www.hidden-one.example", "hidden-two.example", "blocked.example", "www.example.org"):
            cls.server.ask(name, client="127.0.0.2")
        cls.server.ask("hidden-two.example", client="127.0.0.3")
        cls.server.ask("hidden-two.example", 252, client="127.0.0.2")
        cls.password = cls.lab.write("password", PASSWORD + "\n")
        os.chmod(cls.password, 0o600)
        now = time.time()
        cls.time = ["--from", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 600)),
                    "--to", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 600))]

    def setUp(self):
        self.folder = self.lab.path(self._testMethodName)
        os.mkdir(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def belisha(self, *words, code=0, by=None):
        env = {**os.environ, **({"SUDO_USER": by} if by else {})}
        done = subprocess.run([lab.program("belisha"), *self.server.config, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env=env)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        return said

    def pack(self, *words, to="pack.zip", **kw):
        return self.belisha("log", "pack", "--for", "police", *self.time, *words, "--password-file", self.password,
                            "-o", self.path(to), **kw)

    def unzip(self, name="pack.zip"):
        out = self.path("out")
        lab.run(["7z", "x", "-bd", "-y", "-o" + out, "-p" + PASSWORD, self.path(name)])
        return out

    def ledger(self):
        entries, faults, _ = verify_ledger.check(self.lab.path("state", "state"))
        self.assertEqual(faults, [])
        return entries

    def assert_hidden(self, text):
        for name in HIDDEN:
            self.assertNotIn(name, text)


class Ways(Packs):
    def test_no_other_way_out_tells_a_name(self):
        plain = ["--plain", "--reason", "a test of names"]
        ways = [self.belisha("log", "search"), self.belisha("log", "export", "--format", "csv"),
                self.belisha("log", "export", "--format", "ndjson"), self.belisha("why", "hidden-one.example"),
                self.belisha("why", "--json", "www.hidden-two.example"), self.belisha("status", "--json")]
        self.belisha("log", "export", "--format", "sqlite", *plain, "-o", self.path("rows.sqlite"))
        db = sqlite3.connect(self.path("rows.sqlite"))
        ways.append(repr(db.execute("SELECT * FROM queries").fetchall()))
        self.belisha("log", "export", "--format", "parquet", *plain, "-o", self.path("rows.parquet"))
        with open(self.path("rows.parquet"), "rb") as file:
            data = file.read()
        ways.append((data + zstd_frames(data)).decode("latin-1"))
        today = time.strftime("%Y-%m-%d", time.gmtime())
        sheets = [["visits", "--all"], ["visits", "--all", "--format", "ndjson"],
                  ["report", "daily", "--day", today, "-o", "-", "--no-verify"],
                  ["report", "weekly", "--from", today, "--to", today, "-o", "-", "--no-verify"],
                  ["report", "governors", "--from", today, "--to", today, "-o", "-", "--no-verify"]]
        for words in sheets:
            text = self.belisha(*words)
            self.assertGreater(len(text), 20, words)
            self.assert_hidden(text)
        for text in ways:
            self.assert_hidden(text)
        self.assertEqual(sum(".statutory.invalid" in text for text in ways), 7)         # all but the status
        self.assertIn("blocked.example", ways[-1])                                      # the frames were read

    def test_a_pack_tells_names_in_full_and_how_it_came_about(self):
        said = self.pack("--client", "127.0.0.2", "--reason", "officer Diaz asked, crime number below", "--reference", "46/0815",
                         "--segments")
        self.assertIn("belisha log hold --days-from", said)
        out = self.unzip()
        with open(os.path.join(out, "queries.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({row["client"] for row in rows}, {"127.0.0.2"})
        names = {row["name"] for row in rows if row["reason"] == "statutory"}
        self.assertEqual(names, {"hidden-one.example", "hidden-two.example"})
        self.assertIn("www.example.org", {row["name"] for row in rows})
        with open(os.path.join(out, "manifest.json")) as file:
            m = json.load(file)["manifest"]
        self.assertEqual((m["kind"], m["reason"], m["reference"], m["rows"]), (
            "police pack", "officer Diaz asked, crime number below", "46/0815", len(rows)))
        self.assertIn("clock", m)
        files = {f["name"] for f in m["files"]}
        self.assertLessEqual({"queries.csv", "READ-ME.txt"}, files)
        with open(os.path.join(out, "READ-ME.txt")) as file:
            text = file.read()
        for words in ("Don't open the websites", "999", "LADO", "IWF", "46/0815", "told in full here", "openssl pkeyutl"):
            self.assertIn(words, text)
        self.assertEqual([line for line in text.splitlines() if len(line) > 120], [])
        self.assertIn("signed by key", self.belisha("log", "check-export", "--password-file", self.password, self.path("pack.zip")))
        asked, made = self.ledger()[-2:]
        self.assertEqual((asked["kind"], asked["reason"]), ("log.pack", "officer Diaz asked, crime number below"))
        self.assertIn("client ::ffff:127.0.0.2/128".replace("::ffff:", ""), asked["detail"]["wanted"])
        self.assertEqual((made["kind"], made["detail"]["rows"]), ("log.packed", len(rows)))
        done = lab.run(["sha256sum", self.path("pack.zip")])
        self.assertEqual(done.split()[0], made["detail"]["sha256"])
        self.assert_hidden(json.dumps(self.ledger()))

    def test_a_pack_with_the_logs_own_files(self):
        self.server.stop()                                          # what was in journals becomes a segment
        try:
            self.pack("--client", "127.0.0.2", "--reason", "evidence for the court", "--segments")
            out = self.unzip()
            segments = [name for name in os.listdir(out) if name.endswith(".qlog")]
            self.assertGreaterEqual(len(segments), 1)
            for name in segments:
                with open(os.path.join(out, name), "rb") as one, open(self.lab.path("state", "log", name), "rb") as other:
                    self.assertEqual(one.read(), other.read())
            os.rename(os.path.join(out, "log-key.pem"), os.path.join(out, "key.pem"))
            said = self.belisha("log", "verify", "--dir", out, "--key", os.path.join(out, "key.pem"))
            self.assertIn("0 faults", said)
        finally:
            type(self).server = self.lab.serve(0, ["127.0.0.1:%d" % (lab.PORT + 9)], None, self.conf)

    def test_what_a_pack_needs(self):
        reason = ["--reason", "officer Diaz asked for it"]
        for words, wrong in ((["--client", "127.0.0.2"], "--reason TEXT"), (["--client", "127.0.0.2", "--reason", "x"], "--reason TEXT"),
                             (reason, "about somebody or something"),
                             (["--client", "0.0.0.0/0", *reason], "about somebody or something"),
                             (["--client", "127.0.0.0/16", *reason], "about somebody or something"),
                             (["--client", "::/0", *reason], "about somebody or something"),
                             (["--name", "example", "--below", *reason], "about somebody or something"),
                             (["--client", "127.0.0.2", *reason, "--plain"], "always a zip")):
            self.assertIn(wrong, self.pack(*words, code=2))
        self.assertIn("--for police", self.belisha("log", "pack", *self.time, "--client", "127.0.0.2", *reason, "-o",
                                                   self.path("a.zip"), code=2))
        self.assertIn("--from TIME", self.belisha("log", "pack", "--for", "dsl", "--client", "127.0.0.2", *reason, "-o",
                                                  self.path("a.zip"), code=2))
        self.assertEqual(os.listdir(self.folder), [])

    def test_without_the_vault_ids_stay_ids(self):
        key = self.lab.path("state", "blocklist", "statutory", "vault.key")
        os.rename(key, key + ".away")
        open(key, "w").close()                                      # a key that is none
        try:
            said = self.pack("--client", "127.0.0.2", "--reason", "officer Diaz asked for it")
        finally:
            os.rename(key + ".away", key)
        self.assertIn("stay ids", said)
        with open(os.path.join(self.unzip(), "queries.csv")) as file:
            text = file.read()
        self.assert_hidden(text)
        self.assertIn(".statutory.invalid", text)


@unittest.skipUnless(os.getuid() == 0, "sudo's user is believed of root alone")
class Second(Packs):
    """Roles, and a second person."""
    conf = """
operators:
  - {user: daemon, roles: [safeguarding]}
  - {user: mail, roles: [technical]}
  - {user: news, roles: [senior-leader]}
log: {pack_approval: true}
"""
    about = ["--client", "127.0.0.2", "--reason", "officer Diaz asked for it"]

    def request(self, by):
        said = self.pack(*self.about, by=by, code=1)
        self.assertEqual(os.listdir(self.folder), [])
        return said.split("request ")[1].split()[0]

    def test_two_people_make_a_pack(self):
        number = self.request("mail")                               # the technician types, the lead decides
        self.assertIn("nobody else has approved", self.pack(*self.about, "--request", number, by="mail", code=1))
        self.assertIn("can't approve of it", self.belisha("log", "pack", "--approve", number, by="mail", code=1))
        self.assertIn("may not pack", self.belisha("log", "pack", "--approve", number, by="root", code=1))
        self.assertIn("is approved: for police", self.belisha("log", "pack", "--approve", number, by="daemon"))
        self.assertIn("approved already", self.belisha("log", "pack", "--approve", number, by="news", code=1))
        self.assertIn("something else was approved", self.pack("--client", "127.0.0.3", "--reason", "officer Diaz asked for it",
                                                              "--request", number, by="mail", code=1))
        self.pack(*self.about, "--request", number, by="mail")
        with open(os.path.join(self.unzip(), "manifest.json")) as file:
            m = json.load(file)["manifest"]
        self.assertEqual((m["asked_by"]["name"], m["approved_by"]["name"]), ("mail", "daemon"))
        self.assertIn("made already", self.pack(*self.about, "--request", number, to="again.zip", by="mail", code=1))
        steps = [(e["kind"], e["by"]) for e in self.ledger() if "pack" in e["kind"]]
        self.assertEqual(steps, [("pack.request", "mail"), ("pack.approve", "daemon"), ("log.pack-approved", "mail"), ("log.packed", "mail")])
        self.assertIn("no such request", self.pack(*self.about, "--request", "999999", to="no.zip", by="mail", code=1))


@unittest.skipUnless(os.getuid() == 0, "sudo's user is believed of root alone")
class Alone(Packs):
    conf = """
operators:
  - {user: daemon, roles: [safeguarding]}
  - {user: mail, roles: [technical]}
"""

    def test_it_takes_the_right(self):
        about = ["--client", "127.0.0.2", "--reason", "officer Diaz asked for it"]
        self.assertIn("may not pack", self.pack(*about, by="mail", code=1))
        self.assertEqual(os.listdir(self.folder), [])
        self.pack(*about, by="daemon")
        self.assertIn("hidden-one.example", open(os.path.join(self.unzip(), "queries.csv")).read())


if __name__ == "__main__":
    lab.main()
