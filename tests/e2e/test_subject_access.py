#!/usr/bin/env python3
"""What one person gets of the log about themselves: all of it, nobody else, and a page that says what it is."""
import csv
import glob
import html.parser
import io
import json
import os
import re

import lab

CONF = """
policy:
  levels:
    - {name: pupils, block: [malware]}
  groups:
    - {name: year-9, networks: [127.0.0.0/8], level: pupils}
  default_level: pupils
notice: {school: "St Brigid's & Co <School>", contact: "Mrs Okafor, room 12"}
log: {retention: 100d, identity_retention: 30d}
identity:
  devices:
    - {address: 127.0.0.12, device: LAP-042, user: jones}
    - {address: 127.0.0.13, device: SMITHS-OWN, user: jones}
    - {address: 127.0.0.14, device: SMITHS-OWN, user: smith}
    - {address: 127.0.0.15, device: LIBRARY-1}
    - {address: 127.0.0.16, user: ms-jones}
"""


class Page(html.parser.HTMLParser):
    """Every tag is closed in its order, and the text is kept."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class SubjectAccess(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"], conf=CONF)
        for client, name in (("127.0.0.12", "www.example.net"), ("127.0.0.12", "blocked.example.net"),
                             ("127.0.0.12", "childline.org.uk"), ("127.0.0.13", "tracker.example.net"),
                             ("127.0.0.14", "secret-of-smith.example.net"), ("127.0.0.15", "library.example.net"),
                             ("127.0.0.16", "before-the-wedding.example.net")):
            cls.server.ask(name, client=client)

    def access(self, *args, check=True):
        path = self.lab.path("out-%d.csv" % len(glob.glob(self.lab.path("out-*"))))
        said = self.server.operator("log", "subject-access", *args, "--plain", "--reason", "printed for the person", "-o", path,
                                    check=check)
        return path, said

    def rows(self, path):
        with open(path, newline="") as file:
            return list(csv.DictReader(line for line in file if not line.startswith("#")))

    def test_it_has_all_of_one_person_and_nobody_else(self):
        path, _said = self.access("jones")
        rows = self.rows(path)
        self.assertEqual(sorted(row["name"] for row in rows), ["blocked.example.net", "tracker.example.net", "www.example.net"])
        self.assertEqual({row["user"] for row in rows}, {"jones"})
        self.assertEqual({row["name"]: row["device"] for row in rows},
                         {"www.example.net": "LAP-042", "blocked.example.net": "LAP-042", "tracker.example.net": ""})
        for file in glob.glob(path + "*"):
            with open(file, "rb") as content:
                text = content.read().lower()
            for other in (b"smith", b"library", b"childline.org.uk", b"wedding"):
                self.assertNotIn(other, text, file)

    def test_names_that_the_person_had_before_are_asked_for_as_well(self):
        path, _said = self.access("jones", "--also", "ms-jones")
        self.assertIn("before-the-wedding.example.net", [row["name"] for row in self.rows(path)])
        failed = self.access("jones", "--also", "nobody", check=False)[1]
        self.assertEqual(failed.returncode, 1)
        self.assertIn("'nobody' was never seen as a user", failed.stderr)

    def test_the_page_beside_it_says_what_it_is(self):
        path, _said = self.access("jones")
        with open(path + ".cover.html") as file:
            page = Page(file.read())
        self.assertEqual(page.open, [])
        for words in ("For: jones", "St Brigid's & Co <School>", "Mrs Okafor, room 12", "3 of them", "100 days, then it is removed",
                      "unreadable for good after 30 days", "Information Commissioner", "how sure the school is"):
            self.assertIn(words, page.text)
        with open(path + ".cover.html") as file:
            explained = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"<tr><td>(.*?)</td>", file.read()))))
        self.assertEqual(set(self.rows(path)[0]) - {"device_called", "class"} - explained, set())

    def test_the_manifest_and_the_ledger_say_what_left(self):
        path, _said = self.access("jones")
        with open(path + ".manifest.json") as file:
            manifest = json.load(file)["manifest"]
        self.assertEqual((manifest["kind"], manifest["rows"]), ("subject access", 3))
        self.assertIn("cover.html", json.dumps(manifest["files"]))
        self.assertIn("subject-access", self.server.operator("ledger", "show", "--kind", "log.subject-access"))
        ledger = self.server.operator("ledger", "export")
        self.assertNotIn("jones", "".join(line for line in ledger.splitlines() if "log.subject-access" in line))

    def test_it_leaves_in_a_zip_with_a_password(self):
        path, password = self.lab.path("jones.zip"), self.lab.path("password")
        with open(password, "w") as file:
            file.write("correct horse battery staple 9\n")
        os.chmod(password, 0o600)
        self.server.operator("log", "subject-access", "jones", "-o", path, "--password-file", password)
        with open(path, "rb") as file:
            content = file.read()
        self.assertEqual(content[:2], b"PK")
        self.assertNotIn(b"tracker.example.net", content)
        checked = self.server.operator("log", "check-export", "--password-file", password, path)
        self.assertIn("2 files are as the manifest says", checked)

    def test_what_would_leave_something_out_is_refused(self):
        for words, why in ((("jones",), "needs -o FILE"), (("-o", self.lab.path("x")), "name of one user"),
                           (("jones", "--name", "www.example.net", "-o", self.lab.path("x")), "a right to all of it"),
                           (("jones", "--limit", "1", "-o", self.lab.path("x")), "a right to all of it")):
            done = self.server.operator("log", "subject-access", *words, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(why, done.stderr)
        done = self.server.operator("log", "subject-access", "nobody", "-o", self.lab.path("x"), check=False)
        self.assertIn("never seen as a user", done.stderr)

    def test_who_is_forgotten_at_the_log_is_in_no_row(self):
        self.server.ask("www.example.net", client="127.0.0.14")
        said = self.server.operator("log", "forget", "smith", "--reason", "left the school")
        self.assertIn("who asked is forgotten on 1 day", said)
        rows = list(csv.DictReader(io.StringIO(self.server.operator("log", "export", "--format", "csv"))))
        self.assertNotIn("smith", {row["user"] for row in rows})


if __name__ == "__main__":
    lab.main()
