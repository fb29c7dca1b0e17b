#!/usr/bin/env python3
"""The sheets: from questions, messages and decisions to the page, the file for spreadsheets, PDF, folders and mail."""
import csv
import datetime
import email
import html.parser
import http.client
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import threading
import urllib.parse

import lab

SCHOOL = "Beacon Hill School"
PASSPHRASE = "correct horse battery staple 7"
CONF = """
notice:
  ipv4: 127.0.0.1
  listen: ["127.0.0.1:%(page)d"]
  school: Beacon Hill School
  hosts: [why.school.example]
policy:
  calendar: { time_zone: Europe/London }
  levels: [{ name: pupils, block: [gambling] }]
  groups: [{ name: "pupils <b>9</b>", networks: [127.0.0.0/8], level: pupils }]
mail: { server: 127.0.0.1, port: %(smtp)d, tls: none, from: belisha@school.example }
recipients:
  - { role: safeguarding, mail: dsl@school.example }
  - { role: safeguarding, folder: "%(folder)s" }
  - { role: governors, mail: clerk@school.example }
reports:
  passphrase_file: "%(passphrase)s"
  link: '\\\\\\\\server\\safeguarding'
  weekly: { to: [safeguarding] }
  daily: { to: [safeguarding], mail: attached }
  governors: { to: [governors] }
"""


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class MailServer:
    """Takes mails, in clear, and keeps them."""

    def __init__(self, port):
        self.mails, self.refuse = [], False
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link, link.makefile("rwb") as file:
                self.talk(file)

    def say(self, file, line):
        file.write(line.encode() + b"\r\n")
        file.flush()

    def talk(self, file):
        self.say(file, "220 mail.school.example")
        for line in iter(file.readline, b""):
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA" and not self.refuse:
                self.say(file, "354 go on")
                body = b"".join(iter(file.readline, b".\r\n"))
                self.mails.append(body)
                self.say(file, "250 taken")
            elif word == b"QUIT":
                self.say(file, "221 bye")
                return
            else:
                self.say(file, "451 not now" if self.refuse and word in (b"MAIL", b"DATA") else "250 ok")

    def close(self):
        self.listener.close()


class Page(html.parser.HTMLParser):
    """The words of a page, and what it would load or run."""

    def __init__(self, text):
        super().__init__()
        self.words, self.loads, self.tags, self.open = [], [], [], []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "action", "data") and not value.startswith("#")]
        self.loads += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        if self.lasttag != "style":
            self.words.append(data)


class Report(lab.Case):
    @classmethod
    def set_up(cls):
        cls.port = lab.PORT + 2
        cls.folder = cls.lab.path("shared")
        os.mkdir(cls.folder)
        passphrase = cls.lab.write("passphrase", PASSPHRASE + "\n")
        os.chmod(passphrase, 0o600)
        cls.mail = MailServer(lab.PORT + 3)
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net", "other.example.net"],
                                   conf=CONF % {"page": cls.port, "smtp": lab.PORT + 3, "folder": cls.folder, "passphrase": passphrase},
                                   options=["--category", "gambling"])
        cls.notice = cls.lab.start([lab.program("belisha-notice"), *cls.server.config], "notice")
        cls.notice.wait_for_line("ready")
        for client in ("127.0.0.1", "127.0.0.2"):
            cls.server.ask("www.blocked.example.net", client=client)
        cls.server.ask("www.other.example.net", client="127.0.0.2")
        cls.server.ask("www.example.net", client="127.0.0.1")
        cls.server.ask("childline.org.uk", client="127.0.0.9")
        cls.today = datetime.datetime.now(datetime.timezone.utc).date()  # London's day is told by the test's margins

    @classmethod
    def tearDownClass(cls):
        cls.mail.close()
        super().tearDownClass()

    def week(self):
        """Seven days around now, whatever the clocks of London say."""
        return ["--from", str(self.today - datetime.timedelta(3)), "--to", str(self.today + datetime.timedelta(3))]

    def make(self, kind, *options, name="out"):
        folder = self.lab.path(name)
        shutil.rmtree(folder, ignore_errors=True)
        files = self.server.operator("report", kind, *self.week(), "--folder", folder, *options).split()
        return {os.path.splitext(file)[1]: file for file in files}

    def ask_for(self, host):
        def request(method, path, body=None):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                headers = {"Host": host}
                if body is not None:
                    headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://" + host})
                connection.request(method, path, body=body, headers=headers)
                reply = connection.getresponse()
                return reply.status, reply.read().decode()
            finally:
                connection.close()
        _, page = request("GET", "/")
        action = re.search(r'<form[^>]* action="([^"]+)"', page).group(1)
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        fields.update({"words": "for <script>history</script>", "name": "Ms Hale"})
        status, _ = request("POST", action, urllib.parse.urlencode(fields))
        self.assertLess(status, 400)

    def test_the_weekly_sheet_tells_what_the_log_has(self):
        files = self.make("weekly")
        self.assertEqual(sorted(files), [".csv", ".html"])
        for file in files.values():
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o640)
        page = Page(text_of(files[".html"]))
        for words in (SCHOOL, "(so far)", "gambling", "127.0.0.2", "not known which device or who", "example.net",
                      "The log has no gap", "had nothing to complain of", "pupils <b>9</b>"):
            self.assertIn(words, page.text)
        self.assertNotIn("script", page.tags)
        self.assertNotIn("b", page.tags)
        self.assertEqual([load for load in page.loads if load != os.path.basename(files[".csv"])], [])
        self.assertNotIn("childline", page.text.lower().replace("childline and other help services", ""))
        self.assertNotIn("127.0.0.9", page.text)

    def test_the_file_for_spreadsheets_has_every_visit(self):
        with open(self.make("weekly")[".csv"], encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        # Both names of the second client are of one website.
        self.assertEqual(sorted((r["address"], r["website"], r["visits"], r["questions"], r["outcome"]) for r in rows),
                         [("127.0.0.1", "example.net", "1", "1", "blocked"), ("127.0.0.2", "example.net", "1", "2", "blocked")])
        self.assertEqual({r["grade"] for r in rows}, {"E"})

    def test_messages_wait_until_they_are_answered(self):
        self.ask_for("www.blocked.example.net")
        self.ask_for("www.other.example.net")
        page = Page(text_of(self.make("weekly")[".html"]))
        self.assertIn("2 messages wait", page.text)
        self.assertIn("for <script>history</script>", page.text)
        self.assertNotIn("script", page.tags)
        self.server.operator("allow", "www.blocked.example.net", "--for", "1h", "--reason", "history")
        self.server.operator("inbox", "answer", "2", "--reason", "no use in lessons")
        page = Page(text_of(self.make("weekly")[".html"]))
        self.assertIn("2 messages, all answered", page.text)
        self.assertIn("no use in lessons", page.text)
        self.assertIn("www.blocked.example.net opened", page.text)
        refused = lab.run([lab.program("belisha"), *self.server.config, "inbox", "answer", "99", "--reason", "x"], check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is no entry 99", refused.stderr)

    def test_who_made_it_is_written_down(self):
        self.make("daily")
        entries = [json.loads(line) for line in self.server.operator("ledger", "export").splitlines()]
        made = [e for e in entries if e["kind"] == "log.report"]
        self.assertTrue(any("daily" in e["detail"]["words"] for e in made))
        page = Page(text_of(self.make("weekly")[".html"]))
        self.assertIn("made or read a sheet", page.text)

    def test_who_may_not_read_the_log_gets_no_sheet(self):
        other = self.lab.write("others.yaml", "operators: [{ user: nobody, roles: [dsl] }]\n"
                               "rights: [{ role: dsl, may: [read-log] }]\ncontrol: { socket: nobody-listens.sock }\n")
        folder = self.lab.path("refused")
        done = lab.run([lab.program("belisha"), *self.server.config, "-c", other, "report", "weekly", *self.week(), "--folder", folder],
                       check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("may not read-log", done.stderr)
        self.assertFalse(os.path.exists(folder))

    def test_governors_are_told_no_names(self):
        files = self.make("governors")
        self.assertEqual(list(files), [".html"])
        text = Page(text_of(files[".html"])).text
        for words in ("127.0.0", "example.net", "pupils <b>"):
            self.assertNotIn(words, text)
        self.assertIn("Fewer than", text)

    def test_a_page_alone_goes_to_standard_output(self):
        text = self.server.operator("report", "weekly", *self.week(), "-o", "-")
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        self.assertTrue(text.rstrip().endswith("</html>"))

    def test_what_is_typed_wrongly_says_what_would_be_right(self):
        for words, hint in ((["monthly"], "weekly, daily or governors"), (["weekly", "--week", "2026-W99"], "2026-W47"),
                            (["weekly", "--from", "2026-11-01"], "go together"), (["daily", "--day", "yesterday"], "2026-11-17"),
                            (["weekly", "--send", "-o", "x"], "configured folder"), (["weekly", "--from", "2026-11-05", "--to", "2026-11-01"], "not be before"),
                            (["weekly", "--week", "2099-W01"], "yet to come")):
            with self.subTest(words):
                done = lab.run([lab.program("belisha"), *self.server.config, "report", *words], check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn(hint, done.stderr)

    def test_pdf_comes_from_the_browser_or_it_is_said_why_not(self):
        if os.path.exists("/usr/bin/chromium"):
            with open(self.make("weekly", "--pdf", name="pdf")[".pdf"], "rb") as file:
                self.assertEqual(file.read(5), b"%PDF-")
            self.assertEqual([f for f in os.listdir(self.lab.path("pdf")) if f.count(".") > 1], [])
        other = self.lab.write("browser.yaml", "reports: { browser: /nowhere/chromium }\n")
        done = lab.run([lab.program("belisha"), *self.server.config, "-c", other, "report", "weekly", *self.week(), "--folder",
                        self.lab.path("none"), "--pdf"], check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no browser at /nowhere/chromium", done.stderr)

    def send(self, kind, *options, check=True):
        return lab.run([lab.program("belisha"), *self.server.config, "report", kind, *options], check=check)

    def test_mail_says_where_the_sheet_is_and_nothing_of_it(self):
        before = len(self.mail.mails)
        told = self.send("weekly", *self.week(), "--send")
        self.assertIn("sent to mail:dsl@school.example", told)
        mail = self.mail.mails[before].decode()
        self.assertIn("weekly-", mail)
        for words in ("127.0.0.", "gambling", "blocked.example", "<html"):
            self.assertNotIn(words, mail)
        shared = [name for name in os.listdir(self.folder) if name.startswith("weekly-")]
        self.assertEqual(sorted(os.path.splitext(name)[1] for name in shared), [".csv", ".html"])
        self.send("weekly", *self.week(), "--send")
        self.assertEqual(len(self.mail.mails), before + 1, "nobody gets it twice")

    def test_what_is_attached_is_encrypted(self):
        before = len(self.mail.mails)
        self.send("daily", "--day", str(self.today), "--send")
        mail = self.mail.mails[before]
        self.assertIn(b"application/zip", mail)
        for words in (b"127.0.0.", b"gambling"):
            self.assertNotIn(words, mail)
        zips = [p.get_payload(decode=True) for p in email.message_from_bytes(mail).walk() if p.get_content_type() == "application/zip"]
        path = self.lab.path("sheet.zip")
        with open(path, "wb") as file:
            file.write(zips[0])
        if shutil.which("7z"):
            wrong = subprocess.run(["7z", "t", "-pwrong", path], capture_output=True, stdin=subprocess.DEVNULL)
            right = subprocess.run(["7z", "t", "-p" + PASSPHRASE, path], capture_output=True, stdin=subprocess.DEVNULL)
            self.assertNotEqual(wrong.returncode, 0)
            self.assertEqual(right.returncode, 0, right.stdout)

    def test_what_a_server_does_not_take_is_tried_again(self):
        self.mail.refuse = True
        done = self.send("governors", *self.week(), "--send", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not sent to mail:clerk@school.example", done.stderr)
        self.mail.refuse = False
        self.assertIn("sent to mail:clerk@school.example", self.send("governors", *self.week(), "--send"))
        self.assertIn(b"text/html", self.mail.mails[-1])

    def test_what_is_due_is_made_once(self):
        early = self.lab.write("due.yaml", "reports: { folder: due, weekly: { day: Mon, time: '00:00' }, daily: { time: '00:00' } }\n")
        argv = [lab.program("belisha"), *self.server.config, "-c", early, "report"]
        folder = os.path.join(self.server.dir, "due")
        if datetime.datetime.now(datetime.timezone.utc).hour >= 2:  # else London's yesterday may be over by a moment only
            self.assertIn("daily-", lab.run(argv + ["daily", "--if-due"]))
            self.assertEqual(lab.run(argv + ["daily", "--if-due"]), "")
            self.assertIn("weekly-", lab.run(argv + ["weekly", "--if-due"]))
            self.assertEqual(lab.run(argv + ["weekly", "--if-due"]), "")
            made = os.listdir(folder)
            self.assertEqual(sorted({os.path.splitext(name)[1] for name in made if name.startswith("weekly-")}), [".csv", ".html", ".sent"])


class Month(lab.Case):
    """The sheets of a month of a school that does not exist, of which it is known what happened (tests/bench/month)."""

    @classmethod
    def set_up(cls):
        cls.dir = cls.lab.path("school")
        lab.run([os.path.join(lab.BUILD, "bench", "month"), cls.dir, "--rows", "300000", "--pupils", "120"], timeout=150)
        with open(os.path.join(cls.dir, "truth.json"), encoding="utf-8") as file:
            cls.truth = json.load(file)

    def report(self, kind, *options):
        folder = self.lab.path("sheets")
        files = lab.run([lab.program("belisha"), "-c", os.path.join(self.dir, "belisha.yaml"), "report", kind, *options, "--folder",
                         folder], timeout=150).split()
        return [text_of(file) for file in files]

    def story(self, name):
        return next(story for story in self.truth["stories"] if story["name"] == name)

    def test_what_matters_most_is_on_the_first_page(self):
        found = {}
        for week in ("2026-W45", "2026-W46", "2026-W47"):
            page, _ = self.report("weekly", "--week", week)
            for topic, who in re.findall(r'<li>\n<h3>([^<]*)</h3>\n<p class="who">(.*)</p>', page):
                found.setdefault(topic, set()).update(re.findall("<strong>([^<]*)</strong>", who))
        self.assertIn(self.story("self-harm")["user"], found["self-harm or suicide"])
        self.assertIn(self.story("circumvention")["user"], found["ways around the filter"])
        self.assertIn(self.story("infected")["device"], found["harmful software"])
        for visit in self.story("statutory")["visits"]:
            self.assertIn(visit["user"], found["on a statutory list"])

    def test_who_asked_for_help_is_nowhere(self):
        sites = {visit["site"] for visit in self.story("help")["visits"]}
        self.assertGreater(len(sites), 1)
        for kind in ("weekly", "daily", "governors"):
            for text in self.report(kind, "--from", "2026-11-02", "--to", "2026-11-08"):
                for site in sites:
                    self.assertNotIn(site, text)

    def test_a_statutory_name_is_a_number(self):
        page, table = self.report("weekly", "--week", "2026-W46")
        self.assertIn(self.story("statutory")["visits"][0]["site"].split(".")[0], page)
        self.assertIn("illegal", table)

    def test_the_gap_of_the_log_is_told(self):
        page, _ = self.report("weekly", "--week", "2026-W47")
        self.assertIn("Mon 16 Nov, 14:07", page)
        self.assertIn("questions could not be written down", page)

    def test_all_rows_are_counted(self):
        pages = self.report("governors", "--from", "2026-10-30", "--to", "2026-11-28")
        self.assertIn("from {:,} questions".format(self.truth["rows"]), pages[0])


if __name__ == "__main__":
    lab.main()
