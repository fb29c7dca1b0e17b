#!/usr/bin/env python3
"""Alerts, from a real question to a mail in a real mailbox: within the minute, once, to the right people, whatever is killed or down."""
import json
import os
import random
import re
import resource
import socket
import time

import lab
import lists
import mailer

RECIPE = """feeds:
- {name: harm, source: harm.txt, format: domains, category: self-harm}
- {name: worms, source: worms.txt, format: domains, category: malware}
- {name: extreme, source: extreme.txt, format: domains, category: extremism}
- {name: games, source: games.txt, format: domains, category: gaming}
- {name: watchdogs, source: watchdogs.txt, format: urls, tier: statutory, body: iwf, membership: M-17, licence: members only,
   test_hosts: [check.example]}
"""

CONF = """
policy:
  levels:
    - {name: pupils, block: [self-harm, malware, extremism, gaming]}
    - {name: sixth-form, block: [malware], log_only: [self-harm]}
  groups:
    - {name: year-9, networks: [127.0.0.0/16], level: pupils}
    - {name: sixth, networks: [127.1.0.0/16], level: sixth-form}
  default_level: pupils
identity:
  devices:
    - {address: 127.0.0.14, user: anna.smith}
    - {address: 127.0.0.11, device: LIBRARY-1}
notice: {school: Beacon Hill School}
"""

MAIL = """
mail: {server: 127.0.0.1, port: %(port)d, tls: %(tls)s, user: belisha, password_file: %(password)s,
       from: belisha@school.example, from_name: "Belisha – Beacon Hill", ca: %(ca)s, timeout: 5s}
"""

RECIPIENTS = """
recipients:
  - {role: safeguarding, mail: [dsl@school.example, deputy@school.example]}
  - {role: technical, mail: it@school.example}
alerts:
  gather: %s
  service_after: 1h
"""


class Alerts(lab.Case):
    """Shared: belishad with its lists, an authority, and a watcher that can be started and killed."""

    subdir = "state"
    watchers = 0

    @classmethod
    def lists(cls):
        for name, text in (("harm.txt", "harm.example\n"), ("worms.txt", "worm.example\n"), ("extreme.txt", "extreme.example\n"),
                           ("games.txt", "games.example\n"), ("watchdogs.txt", "http://hidden-one.example/\n")):
            cls.lab.write(name, text)
        os.makedirs(cls.lab.path(cls.subdir, "blocklist"), exist_ok=True)
        lab.run([lab.program("blocklist-compiler"), "--recipe", cls.lab.write("feeds.yaml", RECIPE), "--out",
                 cls.lab.path(cls.subdir, "blocklist")])

    @classmethod
    def mail_conf(cls, port, tls="starttls"):
        password = cls.lab.write("mail.password", mailer.PASSWORD + "\n")
        os.chmod(password, 0o600)
        return MAIL % {"port": port, "tls": tls, "password": password, "ca": cls.authority.path}

    @classmethod
    def make(cls, conf):
        cls.authority = lists.Authority(cls.lab.dir)
        cls.upstream = cls.lab.upstream(9)
        cls.lists()
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], None, conf=CONF + conf(), subdir=cls.subdir)

    @classmethod
    def watch(cls):
        cls.watchers += 1
        watcher = cls.lab.start([lab.program("belisha"), *cls.server.config, "alert", "watch"], "watch-%d" % cls.watchers)
        lab.wait_until("the watcher", lambda: "alerts are watched for" in watcher.output() or not watcher.is_running(), 20)
        assert watcher.is_running(), watcher.output()
        return watcher

    @classmethod
    def end(cls, watcher, kill=False):
        (watcher.kill if kill else watcher.stop)()
        cls.lab.processes.remove(watcher)

    def register(self):
        """[(kind, object, detail)] of the register."""
        try:
            with open(os.path.join(self.server.dir, "alerts", "register", "ledger")) as file:
                entries = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            entries = []
        return [(e["kind"], e["object"], e.get("detail")) for e in entries]

    @classmethod
    def end_watchers(cls):
        for process in list(cls.lab.processes):
            if "watch-" in os.path.basename(process.log_path):
                cls.end(process)

    @classmethod
    def tearDownClass(cls):
        # whatever happened, the chain of the register is whole once nobody writes
        try:
            cls.end_watchers()
            cls.server.operator("ledger", "verify", "--dir", os.path.join(cls.server.dir, "alerts", "register"))
        except BaseException:
            cls.failed = True
            raise
        finally:
            super().tearDownClass()

    def raised(self):
        """Those of questions; what Belisha says of itself has no name."""
        return [e for e in self.register() if e[0] == "alert.raised" and "name" in e[2]]


class Real(Alerts):
    """With Exim, a web address and rsyslog."""

    @classmethod
    def set_up(cls):
        cls.make(cls.conf)
        cls.exim = mailer.Exim(cls.lab, "exim", lab.PORT + 2, lab.PORT + 3, *cls.authority.certificate("exim", "127.0.0.1")).start()
        cls.hook = mailer.Hook(lab.PORT + 4, cls.authority.context("hook", "127.0.0.1"), "a shared secret")
        cls.lab.closers.append(cls.hook.close)
        cls.rsyslog = mailer.Rsyslog(cls.lab, lab.PORT + 5, lab.PORT + 6)
        cls.watcher = cls.watch()

    @classmethod
    def conf(cls):
        secret = cls.lab.write("hook.secret", "a shared secret\n")
        os.chmod(secret, 0o600)
        return cls.mail_conf(lab.PORT + 2) + """
webhooks: [{name: incidents, url: "https://127.0.0.1:%d/in", secret_file: %s, ca: %s}]
syslog:
  - {name: udp, transport: udp, server: 127.0.0.1, port: %d, facility: local3}
  - {name: tcp, transport: tcp, server: 127.0.0.1, port: %d}
  - {name: here, transport: local, socket: %s}
recipients:
  - {role: safeguarding, mail: [dsl@school.example, deputy@school.example], webhook: incidents}
  - {role: technical, mail: it@school.example, syslog: [udp, tcp, here]}
alerts: {gather: 1s, service_after: 1h}
""" % (lab.PORT + 4, secret, cls.authority.path, lab.PORT + 5, lab.PORT + 6, cls.lab.path("rsyslog", "log.sock"))

    def new_mail(self, user, rule, before, timeout_s=60):
        def found():
            return [m for m in self.exim.mails(user)[before:] if rule in m["Subject"]]
        return lab.wait_until("a mail of %s to %s" % (rule, user), found, timeout_s, 0.05)[0]

    def test_a_question_becomes_a_mail_within_the_minute(self):
        before = len(self.exim.mails("dsl"))
        began = time.monotonic()
        self.assert_sinkholed(self.server.ask("www.harm.example", client="127.0.0.14"))
        mail = self.new_mail("dsl", "self-harm", before)
        took = time.monotonic() - began
        print("\nfrom the question to the mailbox: %.2f s" % took)
        self.assertLess(took, 60)
        text = mailer.text_of(mail)
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(str(mail["From"]), "Belisha – Beacon Hill <belisha@school.example>")
        self.assertIn("(urgent)", mail["Subject"])
        self.assertRegex(mail["Message-ID"], r"^<alert-\d+-safeguarding@school.example>$")
        html = mail.get_body(("html",)).get_content()
        self.assertIn("<strong>What to do:</strong>", html)
        self.assertNotIn("\ufffd", html)
        for expected in ("a site about self-harm or suicide: www[.]harm[.]example", "it was blocked", "grade C", "Beacon Hill School",
                         "Childline: 0800 1111", "belisha alert show", "What to do:"):
            self.assertIn(expected, text)
        # by default a mail names nobody
        for secret in ("anna", "smith", "127.0.0.14"):
            self.assertNotIn(secret, mail.as_string())
        self.assertNotIn("code", text)
        # the number in it leads to who it was
        number = re.search(r"alert (\d+)", text).group(1)
        shown = self.server.operator("alert", "show", number)
        self.assertIn("user anna.smith", shown)
        self.assertIn("mail:dsl@school.example", shown)
        with open(os.path.join(self.server.dir, "state", "ledger")) as ledger:
            self.assertIn('"log.alert"', ledger.read())
        # and everybody of the role has it: the deputy, and the web address, whose signature is right
        self.new_mail("deputy", "Alert %s:" % number, 0)
        headers, body, right = lab.wait_until("the post", lambda: [p for p in self.hook.posts if p[1]["fields"].get("alerts") == number])[0]
        self.assertTrue(right)
        self.assertEqual(headers["Idempotency-Key"], body["id"])
        self.assertEqual((body["fields"]["rule"], body["fields"]["grade"], body["fields"]["urgent"]), ("self-harm", "C", "true"))
        self.assertNotIn("anna", json.dumps(body))

    def test_malware_goes_to_it_and_to_syslog_in_the_forms_of_the_standards(self):
        before = len(self.exim.mails("dsl"))
        began = len(self.exim.mails("it"))
        self.server.ask("c2.worm.example", client="127.0.0.11")
        mail = self.new_mail("it", "malware", began)
        self.assertIn("grade D", mailer.text_of(mail))
        number = re.search(r"alert (\d+)", mailer.text_of(mail)).group(1)

        def entries():
            return [e for e in self.rsyslog.entries()
                    if re.search(r'alerts="(\d+,)*%s(,\d+)*"' % number, e["structured-data"] + e["msg"])]
        lab.wait_until("three entries", lambda: len(entries()) == 3, 20)
        by_way = {e["inputname"]: e for e in entries()}
        for way in ("imudp", "imtcp"):
            entry = by_way[way]
            self.assertEqual((entry["app-name"], entry["msgid"]), ("belisha", "alert"))
            self.assertIn('rule="malware"', entry["structured-data"])
        self.assertEqual(by_way["imudp"]["pri"], str(19 * 8 + 4))
        self.assertEqual(by_way["imtcp"]["pri"], str(10 * 8 + 4))
        self.assertEqual(by_way["imuxsock"]["app-name"], "belisha")
        self.assertEqual([m for m in self.exim.mails("dsl")[before:] if "malware" in m["Subject"]], [])

    def test_a_statutory_name_is_said_nowhere(self):
        before = len(self.exim.mails("dsl"))
        self.server.ask("hidden-one.example", client="127.0.0.21")
        mail = self.new_mail("dsl", "illegal", before)
        text = mailer.text_of(mail)
        self.assertNotIn("hidden", mail.as_string())
        self.assertIn("a name on a statutory list", text)
        self.assertIn("Do not open it", text)
        for folder, _, files in os.walk(os.path.join(self.server.dir, "alerts")):
            for file in files:
                with open(os.path.join(folder, file)) as opened:
                    self.assertNotIn("hidden", opened.read())

    def test_what_is_logged_only_is_told_as_not_blocked(self):
        before = len(self.exim.mails("dsl"))
        self.server.ask("forum.harm.example", client="127.1.0.5")
        text = mailer.text_of(self.new_mail("dsl", "self-harm", before))
        self.assertIn("nothing was blocked", text)
        self.assertIn("group sixth", text)

    def test_help_and_what_no_rule_is_about_raise_nothing(self):
        before = len(self.raised())
        self.server.ask("www.childline.org.uk", client="127.0.0.31")
        self.server.ask("games.example", client="127.0.0.31")
        self.server.ask("www.example.net", client="127.0.0.31")
        self.server.ask("last.worm.example", client="127.0.0.31")       # of which there will be one
        lab.wait_until("the last of them", lambda: len(self.raised()) > before, 30)
        new = self.raised()[before:]
        self.assertEqual([e[2]["name"].rstrip(".") for e in new], ["last.worm.example"])

    def test_one_person_is_told_of_once(self):
        before = len(self.raised())
        for turn in range(30):
            self.server.ask("n%d.extreme.example" % turn, client="127.0.0.41")
            self.server.ask("n%d.extreme.example" % turn, "AAAA", client="127.0.0.41")
        self.server.ask("x.extreme.example", client="127.0.0.42")
        lab.wait_until("both", lambda: len(self.raised()) >= before + 2, 30)
        self.server.ask("sign.worm.example", client="127.0.0.43")
        lab.wait_until("the sign that all was read", lambda: any("sign" in e[2]["name"] for e in self.raised()), 30)
        self.assertEqual(sorted(e[2]["rule"] for e in self.raised()[before:]), ["extremism", "extremism", "malware"])

    def test_a_test_is_a_test(self):
        before = {user: len(self.exim.mails(user)) for user in ("dsl", "it")}
        said = self.server.operator("alert", "test")
        self.assertEqual(said.count(": sent"), said.count("\n"), said)
        for target in ("mail:dsl@school.example", "mail:it@school.example", "webhook:incidents", "syslog:udp", "syslog:tcp",
                       "syslog:here"):
            self.assertIn(target, said)
        mail = self.new_mail("dsl", "TEST, no alert: self-harm", before["dsl"])
        self.assertTrue(mailer.text_of(mail).startswith("THIS IS A TEST."))
        only = self.server.operator("alert", "test", "--rule", "malware")
        self.assertNotIn("self-harm", only)
        wrong = self.server.operator("alert", "test", "--rule", "weather", check=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("there is no rule 'weather'", wrong.stderr)
        self.assertTrue(any(e[0] == "alert.test" for e in self.register()))

    def test_the_list_says_what_was_told_to_whom(self):
        self.server.ask("listed.worm.example", client="127.0.0.51")
        lab.wait_until("it", lambda: "listed.worm.example" in self.server.operator("alert", "list"), 30, 0.2)
        lab.wait_until("its mail", lambda: "sent message alert-" in self.server.operator("alert", "list", "--since", "1h"), 30, 0.2)
        self.assertIn("to technical", self.server.operator("alert", "list", "--all"))
        missing = self.server.operator("alert", "show", "99999", check=False)
        self.assertEqual(missing.returncode, 1)

    def test_the_password_is_nowhere(self):
        for process in self.lab.processes:
            self.assertNotIn(mailer.PASSWORD, process.output())
            try:
                with open("/proc/%d/cmdline" % process.pid, "rb") as file:
                    self.assertNotIn(mailer.PASSWORD.encode(), file.read())
            except OSError:
                pass


class Trouble(Alerts):
    """With a mail server that does what servers do on bad days."""

    @classmethod
    def set_up(cls):
        cls.make(cls.conf)
        cls.smtp = mailer.Hostile(lab.PORT + 2, cls.authority.context("smtp", "127.0.0.1"))
        cls.lab.closers.append(cls.smtp.close)

    @classmethod
    def conf(cls):
        return cls.mail_conf(lab.PORT + 2) + RECIPIENTS % "0" + "  max_per_hour: 120\n"

    def setUp(self):
        self.end_watchers()             # of a test that failed
        self.smtp.mood = "good"
        self.smtp.taken.clear()
        self.smtp.seen.clear()

    def ids(self, name=None):
        return [(m["to"][0].strip().decode(), m["mail"]["Message-ID"].strip()) for m in list(self.smtp.taken)]

    def wait_taken(self, count, timeout_s=60):
        lab.wait_until("%d mails" % count, lambda: len(self.smtp.taken) >= count, timeout_s, 0.05)

    def test_each_way_to_fail_is_told_as_what_it_is(self):
        for mood, expected in (("no-tls", "offers no TLS"), ("auth-535", "password is wrong"), ("rcpt-550", "550 not this one"),
                               ("rcpt-450", "450 not this one"), ("data-554", "554 not now"), ("data-451", "451 not now"),
                               ("421", "421 too busy"), ("down", "NOT SENT"), ("slow", "NOT SENT"), ("drop-data", "NOT SENT"),
                               ("endless", "NOT SENT")):
            with self.subTest(mood):
                self.smtp.mood = mood
                self.smtp.seen.clear()
                began = time.monotonic()
                done = self.server.operator("alert", "test", "--rule", "malware", check=False)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn(expected, done.stdout)
                self.assertLess(time.monotonic() - began, 45)
                self.assertNotIn(mailer.PASSWORD, done.stdout + done.stderr)
                if mood == "no-tls":
                    self.assertEqual([l for l in self.smtp.seen if not l.startswith(("EHLO", "QUIT"))], [])
        self.assertEqual(self.smtp.taken, [])

    def test_a_certificate_of_another_authority_or_name_gets_nothing(self):
        os.makedirs(self.lab.path("foreign"), exist_ok=True)
        right = self.smtp.context
        for context in (lists.Authority(self.lab.path("foreign")).context("smtp", "127.0.0.1"),
                        self.authority.context("other.example")):
            self.smtp.context = context
            self.smtp.seen.clear()
            done = self.server.operator("alert", "test", "--rule", "malware", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, "certificate|SSL|subject")
            self.assertEqual([l for l in self.smtp.seen if l.startswith(("AUTH", "MAIL"))], [])
        self.smtp.context = right
        self.assertIn(": sent", self.server.operator("alert", "test", "--rule", "malware"))

    def test_while_the_server_is_down_nothing_is_lost_and_then_all_comes_once(self):
        self.smtp.mood = "down"
        watcher = self.watch()
        before = self.smtp.connections
        for i in range(5):
            self.server.ask("down%d.harm.example" % i, client="127.0.0.%d" % (60 + i))
            lab.wait_until("alert %d" % i, lambda: sum("down" in e[2]["name"] for e in self.raised()) == i + 1, 30)
        self.end(watcher, kill=True)
        watcher = self.watch()                  # it is all on disk
        lab.wait_until("some tries", lambda: self.smtp.connections > before + 1, 60)
        self.assertLess(self.smtp.connections - before, 12)     # and not one for each mail and moment
        self.smtp.mood = "good"
        lab.wait_until("all five for both", lambda: self.told("down") == {"dsl": 5, "deputy": 5}, 120, 0.2)
        self.assertEqual(len(self.ids()), len(set(self.ids())))
        self.end(watcher)

    def told(self, word):
        """By recipient: how many alerts whose name begins with the word are in mails that were taken."""
        numbers = {e[1].split()[1] for e in self.raised() if e[2]["name"].startswith(word)}
        counts = {}
        for m in list(self.smtp.taken):
            user = re.search(r"<(\w+)@", m["to"][0].decode()).group(1)
            text = mailer.text_of(m["mail"])
            found = set(re.findall(r"alert (\d+),", text)) & numbers
            counts.setdefault(user, set()).update(found)
        return {user: len(found) for user, found in counts.items() if found}

    def test_killed_at_any_moment_each_alert_is_told_once(self):
        random.seed(17)
        watcher = self.watch()
        count = 24
        for i in range(count):
            self.server.ask("kill%d.harm.example" % i, client="127.0.2.%d" % (i + 1))
            # anywhere between reading the row and having sent the mail
            deadline = time.monotonic() + random.random() * 1.6
            lab.wait_until("the moment", lambda: time.monotonic() >= deadline, 5, 0.002)
            self.end(watcher, kill=True)
            watcher = self.watch()
        lab.wait_until("all", lambda: self.told("kill") == {"dsl": count, "deputy": count}, 120, 0.2)
        raised = [e[2]["name"] for e in self.raised() if e[2]["name"].startswith("kill")]
        self.assertEqual(len(raised), count)
        self.assertEqual(len(set(raised)), count)
        # a mail may come twice, if the server had it and nobody could note that; then it has the same id
        ids = self.ids()
        print("\n%d kills: %d alerts, %d mails, of which %d came twice" % (count, count, len(ids), len(ids) - len(set(ids))))
        for m in self.smtp.taken:
            same = [o for o in self.smtp.taken if o["mail"]["Message-ID"] == m["mail"]["Message-ID"] and o["to"] == m["to"]]
            self.assertEqual(len({mailer.text_of(o["mail"]) for o in same}), 1)
        self.end(watcher)

    def test_a_yes_that_got_lost_is_asked_for_again_with_the_same_id(self):
        watcher = self.watch()
        self.smtp.mood = "drop-yes"
        self.server.ask("yes.worm.example", client="127.0.0.91")
        self.wait_taken(1)
        self.smtp.mood = "good"
        self.wait_taken(2)
        self.assertEqual(len(set(self.ids())), 1)
        self.end(watcher)

    def test_a_mailbox_that_is_no_more_keeps_nobody_else_waiting(self):
        watcher = self.watch()
        self.smtp.mood = "rcpt-550"
        self.server.ask("gone.worm.example", client="127.0.0.93")
        lab.wait_until("the end of it", lambda: "alert.failed" in [e[0] for e in self.register()], 60, 0.2)
        self.smtp.mood = "good"
        self.server.ask("next.harm.example", client="127.0.0.94")
        self.wait_taken(2, 30)
        self.assertIn("550 not this one", self.server.operator("alert", "list"))
        # and those who can mend it hear of it
        lab.wait_until("word of it", lambda: [m for m in list(self.smtp.taken) if "could not be delivered to mail:it@" in
                                              mailer.text_of(m["mail"])], 30)
        self.end(watcher)

    def test_a_disk_that_takes_nothing_keeps_nobody_from_being_told(self):
        watcher = self.watch()
        resource.prlimit(watcher.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))       # as if it were full
        self.server.ask("full.harm.example", client="127.0.0.97")
        self.wait_taken(2, 60)
        self.assertEqual(len(set(self.ids())), 2)
        resource.prlimit(watcher.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        lab.wait_until("the register to have it", lambda: any("full" in e[2]["name"] for e in self.raised()), 30, 0.2)
        self.end(watcher)
        self.assertEqual(len(self.ids()), 2)

    def test_without_the_key_of_the_day_an_alert_is_nobodys(self):
        watcher = self.watch()
        self.server.ask("sealed.worm.example", client="127.0.0.14")
        lab.wait_until("the alert", lambda: any("sealed" in e[2]["name"] for e in self.raised()), 30)
        number = [e[1].split()[1] for e in self.raised() if "sealed" in e[2]["name"]][0]
        self.assertIn("user anna.smith", self.server.operator("alert", "show", number))
        self.end(watcher)
        sock = os.path.join(self.server.dir, "control.sock")
        with socket.socket(socket.AF_UNIX) as control:          # all of it into a segment, where who asked is sealed
            control.connect(sock)
            control.sendall(b"log-flush\n")
            self.assertTrue(control.recv(100).startswith(b"ok"))
        keys = os.path.join(self.server.dir, "keys", "days")
        os.rename(keys, keys + ".away")
        try:
            shown = self.server.operator("alert", "show", number)
            self.assertNotIn("anna", shown)
            self.assertIn("nobody can say here who it was", shown)
        finally:
            os.rename(keys + ".away", keys)
        self.assertIn("user anna.smith", self.server.operator("alert", "show", number))

    def test_two_watchers_do_not_meet(self):
        watcher = self.watch()
        done = self.server.operator("alert", "watch", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another one does it already", done.stderr)
        self.end(watcher)

    def test_what_was_asked_while_it_did_not_run_is_told_when_it_does(self):
        watcher = self.watch()
        self.server.ask("first.worm.example", client="127.0.0.95")
        self.wait_taken(1)
        self.end(watcher)
        self.server.ask("meanwhile.worm.example", client="127.0.0.96")
        watcher = self.watch()
        self.wait_taken(2, 30)
        self.assertEqual([e[2]["name"].split(".")[0] for e in self.raised()[-2:]], ["first", "meanwhile"])
        self.end(watcher)


class Flood(Alerts):
    """What a list with a mistake, or a class with an idea, makes of a minute. With the usual limits."""

    @classmethod
    def set_up(cls):
        cls.make(cls.conf)
        cls.smtp = mailer.Hostile(lab.PORT + 2, cls.authority.context("smtp", "127.0.0.1"))
        cls.lab.closers.append(cls.smtp.close)

    @classmethod
    def conf(cls):
        return cls.mail_conf(lab.PORT + 2) + RECIPIENTS % "5s"

    def test_ten_thousand_questions_are_few_mails(self):
        watcher = self.watch()
        for i in range(10000):
            self.server.ask("f%d.extreme.example" % (i % 97), client="127.0.%d.%d" % (3 + i % 4, 1 + i // 4 % 50))
        people = 200
        lab.wait_until("all people", lambda: sum(e[2]["rule"] == "extremism" for e in self.raised()) >= people, 120, 0.5)
        self.server.ask("after.worm.example", client="127.0.0.92")
        lab.wait_until("what came after", lambda: any("after" in e[2]["name"] for e in self.raised()), 60, 0.2)
        def mails_of_it():
            return [m for m in list(self.smtp.taken) if "extremism" in m["mail"]["Subject"] and "<dsl@" in m["to"][0].decode()]
        lab.wait_until("a mail that has many of them", lambda: mails_of_it() and
                       re.search(r"\d\d+ people or devices|And \d+ more", mailer.text_of(mails_of_it()[-1]["mail"])), 60, 0.1)
        mails = mails_of_it()
        print("\n10,000 questions of %d addresses: %d mails so far" % (people, len(mails)))
        self.assertLessEqual(len(mails), 6)
        self.end(watcher)


class Night(Alerts):
    """Quiet hours that never end, a mail server that says nothing, and a web address that is quick."""

    @classmethod
    def set_up(cls):
        cls.make(cls.conf)
        cls.smtp = mailer.Hostile(lab.PORT + 2, cls.authority.context("smtp", "127.0.0.1"))
        cls.smtp.mood = "slow"
        cls.hook = mailer.Hook(lab.PORT + 4, cls.authority.context("hook", "127.0.0.1"), "a shared secret")
        cls.lab.closers += [cls.smtp.close, cls.hook.close]

    @classmethod
    def conf(cls):
        secret = cls.lab.write("hook.secret", "a shared secret\n")
        os.chmod(secret, 0o600)
        return cls.mail_conf(lab.PORT + 2) + """
webhooks: [{name: incidents, url: "https://127.0.0.1:%d/in", secret_file: %s, ca: %s}]
recipients: [{role: safeguarding, mail: dsl@school.example, webhook: incidents}, {role: technical, webhook: incidents}]
alerts: {gather: 0, service_after: 1h, quiet_hours: [Mon-Sun]}
""" % (lab.PORT + 4, secret, cls.authority.path)

    def rules(self):
        return [p[1]["fields"]["rule"] for p in list(self.hook.posts)]

    def test_only_what_is_urgent_goes_and_no_way_waits_for_another(self):
        watcher = self.watch()
        self.server.ask("a.extreme.example", client="127.0.0.101")
        self.server.ask("a.worm.example", client="127.0.0.102")
        lab.wait_until("both to be raised", lambda: len(self.raised()) == 2, 30, 0.05)
        began = time.monotonic()
        self.server.ask("a.harm.example", client="127.0.0.103")
        lab.wait_until("the post", lambda: "self-harm" in self.rules(), 60, 0.02)
        took = time.monotonic() - began
        print("\nbeside a mail server that says nothing: %.2f s to the web address" % took)
        self.assertLess(took, 60)
        lab.wait_until("word of the mail server", lambda: any(e[0] == "alert.delayed" for e in self.register()), 60, 0.2)
        self.assertEqual(set(self.rules()), {"self-harm"})       # the others wait for the end of the quiet hours
        self.end(watcher)


class Encrypted(Alerts):
    """TLS from the first byte, for mail and for syslog; and a belishad that is gone."""

    @classmethod
    def set_up(cls):
        cls.make(cls.conf)
        cls.exim = mailer.Exim(cls.lab, "exim", lab.PORT + 2, lab.PORT + 3, *cls.authority.certificate("exim", "127.0.0.1")).start()
        cls.syslog = mailer.TlsSyslog(lab.PORT + 4, cls.authority.context("syslog", "127.0.0.1"))
        cls.lab.closers.append(cls.syslog.close)

    @classmethod
    def conf(cls):
        os.makedirs(cls.lab.path("left"))
        return cls.mail_conf(lab.PORT + 3, "implicit") + """
syslog: [{name: siem, server: 127.0.0.1, port: %d, ca: %s}]
recipients:
  - {role: safeguarding, mail: dsl@school.example}
  - {role: technical, mail: it@school.example, syslog: siem, folder: %s}
alerts: {gather: 1s, service_after: 10s, identities: full}
""" % (lab.PORT + 4, cls.authority.path, cls.lab.path("left"))

    def test_all_of_it_goes_by_tls_and_a_resolver_that_is_gone_is_told(self):
        watcher = self.watch()
        self.server.ask("c2.worm.example", client="127.0.0.11")
        mail = lab.wait_until("the mail", lambda: [m for m in self.exim.mails("it") if "Alert 1:" in m["Subject"]], 60, 0.05)[0]
        self.assertIn("LIBRARY-1", mailer.text_of(mail))        # identities: full
        entry = lab.wait_until("the entry", lambda: [e for e in self.syslog.entries if "Alert 1:" in e], 20)[0]
        self.assertRegex(entry, r"^<84>1 \S+Z \S+ belisha \d+ alert \[belisha@32473 id=\"alert-1-technical\" .*\] \ufeff\[Belisha\] Alert 1: malware$")
        lab.wait_until("the file", lambda: os.path.exists(self.lab.path("left", "alert-1-technical.html")), 20)
        self.assertEqual(os.stat(self.lab.path("left", "alert-1-technical.html")).st_mode & 0o777, 0o640)
        before = len(self.exim.mails("it"))
        self.server.kill()
        mail = lab.wait_until("word of it", lambda: [m for m in self.exim.mails("it")[before:] if "service" in m["Subject"]], 90, 0.1)[0]
        self.assertIn("belishad does not answer", mailer.text_of(mail))
        self.end(watcher)

    def test_a_syslog_receiver_of_another_authority_gets_nothing(self):
        right = self.syslog.context
        os.makedirs(self.lab.path("foreign"), exist_ok=True)
        self.syslog.context = lists.Authority(self.lab.path("foreign")).context("syslog", "127.0.0.1")
        before = len(self.syslog.entries)
        done = self.server.operator("alert", "test", "--rule", "malware", check=False)
        self.assertRegex(done.stdout, r"syslog:siem: NOT SENT, .*certificate")
        self.assertNotIn("written down", done.stderr)       # also before a watcher ever ran
        self.assertEqual(len(self.syslog.entries), before)
        self.syslog.context = right


if __name__ == "__main__":
    lab.main()
