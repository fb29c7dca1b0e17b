#!/usr/bin/env python3
"""A change of the policy from proposal to ledger, by several people: who may do what, what is in force, what is kept."""
import datetime
import json
import os
import re
import socket
import subprocess
import sys
import time
import unittest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "tests", "ledger"))
import verify_ledger  # noqa: E402

ADDRESS = "198.51.100.66"
ANNA, BOB, CARLA, DAVE, EVE = 64001, 64002, 64003, 64004, 64005
SLT, STAFF = 64100, 64101

POLICY = """levels:
  - {name: pupils, block: [malware, social-media], allow: [news]}
groups:
  - {name: year-9, networks: [127.0.0.9/32], level: pupils}
default_level: pupils
"""
OPEN = POLICY.replace("block: [malware, social-media], allow: [news]", "block: [social-media], allow: [news, malware]")
SOCIAL = POLICY.replace("block: [malware, social-media], allow: [news]", "block: [malware], allow: [news, social-media]")
CONTROL = """
operators:
  - {user: %d, roles: [technical]}
  - {user: %d, roles: [educational]}
  - {user: %d, roles: [technical, educational]}
  - {group: %d, roles: [senior-leader]}
  - {user: daemon, roles: [educational]}
change_control:
  approvals: [technical, educational]
  rules:
    - {opens: [social-media], approvals: [senior-leader]}
""" % (ANNA, BOB, CARLA, SLT)


def day(days):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def assessment(**changed):
    form = {"purpose": "art lessons", "benefit": "pupils see museums", "risks": "comments", "measures": "a teacher watches",
            "data_protection": "no accounts", "educational_assessor": "Mrs Okafor", "technical_assessor": "Anna",
            "age_minimum": 13, "terms_checked": True, "review": day(200)}
    form.update(changed)
    return "".join("%s: %s\n" % (key, json.dumps(value)) for key, value in form.items())


def next_second():
    """A time on the command line says no more than a second."""
    begun = int(time.time())
    lab.wait_until("the next second", lambda: int(time.time()) > begun, 2)


class Control(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        os.chmod(cls.lab.dir, 0o755)
        cls.lab.write("policy.yaml", POLICY)
        cls.control = CONTROL

    @classmethod
    def start(cls, subdir, control, names=("blocked.example.net",)):
        cls.subdir = subdir
        cls.lab.write(subdir + "-policy.yaml", POLICY)
        fresh = not os.path.exists(cls.lab.path(subdir, "blocklist"))
        cls.server = cls.lab.serve(0, [cls.nsd], list(names) if fresh else None, subdir=subdir,
                                   conf="policy: %s-policy.yaml\n%s" % (subdir, control))
        os.chmod(cls.lab.path(subdir), 0o755)
        # What a group would be for: everybody in this test may reach the socket and read.
        for name in ("control.sock",):
            os.chmod(cls.lab.path(subdir, name), 0o777)
        cls.open_folders()
        return cls.server

    @classmethod
    def open_folders(cls):
        for folder, _, files in os.walk(cls.lab.path(cls.subdir)):
            os.chmod(folder, 0o755)
            for name in files:
                if not name.endswith((".key", ".yaml")) and "/keys" not in folder:
                    path = os.path.join(folder, name)
                    os.chmod(path, os.stat(path).st_mode | 0o044)

    def as_user(self, uid, *words, groups=(), code=0, env=None):
        argv = ["setpriv", "--reuid", str(uid), "--regid", str(uid)]
        argv += ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
        argv += [lab.program("belisha"), *self.server.config, *words]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0", **(env or {})})
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, "%s\n%s" % (" ".join(words), said))
        return said

    def tell(self, *words, code=0):
        done = self.server.operator(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def propose(self, uid, text, reason="a test", form=None, code=0, **kw):
        path = self.lab.write("proposal.yaml", text)
        words = ["policy", "propose", path, "--reason", reason, "--no-replay"]
        if form is not None:
            words += ["--risk-assessment", self.lab.write("assessment.yaml", form)]
        said = self.as_user(uid, *words, code=code, **kw)
        return re.search(r"change (\d+) is proposed", said)[1] if code == 0 else said

    def ledger(self):
        entries, faults, _ = verify_ledger.check(self.lab.path(self.subdir, "state"))
        self.assertEqual(faults, [])
        return entries

    def status(self):
        return json.loads(self.tell("status", "--json"))

    def history(self, number):
        for line in self.tell("policy", "history", "--json").splitlines():
            change = json.loads(line)
            if change["number"] == int(number):
                return change
        return None


PEOPLE_POLICY = """levels:
  - {name: pupils, block: [malware, gaming]}
  - {name: sixth-form, block: [gaming], years: [12]}
  - {name: staff}
default_level: pupils
people: {file: people.csv, may_use: [staff]}
"""


@unittest.skipUnless(os.getuid() == 0, "several users need root")
class People(Control):
    """The people file is data: nobody approves its lines, so it opens only what the version in force names."""

    @classmethod
    def set_up(cls):
        super().set_up()
        cls.people("ann,,9,", "bob,staff,,")
        cls.lab.write("people-policy.yaml", PEOPLE_POLICY)
        cls.subdir = "people"
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.example.net"], subdir=cls.subdir,
                                   conf="policy: people-policy.yaml\n" + CONTROL)

    @classmethod
    def people(cls, *lines):
        cls.lab.write("people.csv", "\n".join(("user,level,year,allow",) + lines) + "\n")

    def test_a_changed_file_is_data_and_opens_nothing_that_the_version_does_not_name(self):
        entries = [e for e in self.ledger() if e["kind"] == "people.change"]
        self.assertEqual((entries[-1]["detail"]["people"], entries[-1]["detail"]["refused"]), (2, 0))
        self.people("ann,,12,gaming", "cat,staff,,", "dan,,9,")
        self.tell("reload")
        last = [e for e in self.ledger() if e["kind"] == "people.change"]
        self.assertEqual(len(last), len(entries) + 1)
        detail = last[-1]["detail"]
        self.assertEqual({key: detail[key] for key in ("people", "added", "gone", "moved", "rules", "opening", "refused")},
                         {"people": 3, "added": 2, "gone": 1, "moved": 1, "rules": 0, "opening": 0, "refused": 1})
        self.assertNotIn("ann", json.dumps(last[-1]["detail"]))
        said = self.tell("status")
        self.assertIn("WARNING     1 cell of the people file does not count:", said)
        self.assertIn("people.csv:2:9: 'gaming' does not count: policy.people.may_open does not name it", said)
        self.assertIn("people.csv:2:9: 'gaming' does not count", self.server.output())
        self.assertIn(detail["sha256"], self.tell("policy", "history"))
        self.tell("reload")  # nothing new
        self.assertEqual(len([e for e in self.ledger() if e["kind"] == "people.change"]), len(last))
        self.assertIn("gaming", self.tell("policy", "plan", self.lab.write("more.yaml", PEOPLE_POLICY.replace(
            "may_use", "may_open: [gaming], may_use")), "--no-replay"))


@unittest.skipUnless(os.getuid() == 0, "several users need root")
class Change(Control):
    @classmethod
    def set_up(cls):
        super().set_up()
        cls.start("state", CONTROL)

    def blocked(self):
        return self.server.ask("blocked.example.net").data() == [lab.SINKHOLE]

    def setUp(self):
        if self.status()["policy"]["version"] != 1:
            self.tell("policy", "rollback", "1", "--reason", "the next test", code=1)  # root has no role
            self.as_user(ANNA, "policy", "rollback", "1", "--reason", "the next test")
        self.assertTrue(self.blocked())

    def test_a_change_goes_from_proposal_to_ledger(self):
        before = len(self.ledger())
        number = self.propose(ANNA, OPEN, "malware research", form=assessment())
        said = self.as_user(ANNA, "policy", "approve", number, code=1)
        self.assertIn("who proposed a change can't approve it", said)
        self.assertIn("waits for the approval of: technical, educational", self.as_user(ANNA, "policy", "activate", number, code=1))
        self.assertTrue(self.blocked())
        self.assertIn("waits for the approval of: technical", self.as_user(BOB, "policy", "approve", number, "--reason", "fine"))
        self.assertIn("has approved it already", self.as_user(BOB, "policy", "approve", number, code=1))
        self.assertIn("may be activated", self.as_user(CARLA, "policy", "approve", number))
        self.assertIn("may not activate", self.as_user(BOB, "policy", "activate", number, code=1))
        begin = time.monotonic()
        self.assertIn("ok: version %s is in force" % number, self.as_user(ANNA, "policy", "activate", number))
        lab.wait_until("it", lambda: not self.blocked(), 1)
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(self.server.ask("blocked.example.net").data(), [ADDRESS])
        self.assertEqual(self.status()["policy_version"], int(number))
        said = self.as_user(ANNA, "policy", "rollback", "--reason", "pupils found it")
        self.assertIn("ok: version 1 is in force", said)
        lab.wait_until("the old one", self.blocked, 1)
        self.assertEqual(self.status()["policy_version"], 1)
        steps = [(e["kind"], e["object"], e["uid"]) for e in self.ledger()[before:] if e["kind"].startswith("policy.")]
        version = "version %s" % number
        self.assertEqual(steps, [("policy.propose", version, ANNA), ("policy.approve", version, BOB),
                                 ("policy.approve", version, CARLA), ("policy.activate", version, ANNA),
                                 ("policy.rollback", "version 1", ANNA)])
        proposal = next(e for e in self.ledger() if e["kind"] == "policy.propose" and e["object"] == version)
        self.assertEqual(proposal["reason"], "malware research")
        self.assertEqual(proposal["detail"]["opens"], ["malware"])
        self.assertEqual(proposal["detail"]["assessment"]["age_minimum"], 13)
        change = self.history(number)
        self.assertEqual(change["state"], "was in force")
        self.assertEqual([a["roles"] for a in change["approvals"]], [["educational"], ["technical", "educational"]])
        self.assertEqual([(t["how"], "to_s" in t) for t in change["in_force"]], [("activate", True)])
        shown = self.as_user(EVE, "policy", "show", number)
        for words in ("# opens malware", "#   purpose                art lessons", "# approved ", "allow: [news, malware]"):
            self.assertIn(words, shown)
        # Log rows say which version decided.
        self.tell("log", "search", "--name", "blocked.example.net", code=1)  # root has no role to read with
        rows = self.as_user(ANNA, "log", "export", "--name", "blocked.example.net", "--format", "ndjson", "--plain", "--reason", "a test")
        versions = {json.loads(row)["policy_version"] for row in rows.splitlines() if row.startswith("{") and "policy_version" in row}
        self.assertEqual(versions, {1, int(number)} | versions)
        self.assertEqual(self.ledger()[-1]["kind"], "log.export")
        self.open_folders()
        self.assertIn("each goes on from the one before", self.as_user(EVE, "ledger", "verify"))

    def test_why_names_those_who_changed_it(self):
        number = self.propose(ANNA, OPEN, "malware research", form=assessment())
        self.as_user(BOB, "policy", "approve", number, "--reason", "fine")
        self.as_user(CARLA, "policy", "approve", number)
        self.as_user(ANNA, "policy", "activate", number)
        lab.wait_until("it", lambda: not self.blocked(), 1)
        next_second()
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time()))     # gmtime() alone lags by some milliseconds
        self.assertFalse(self.blocked())
        next_second()
        self.as_user(ANNA, "policy", "rollback", "--reason", "the end of the test")
        lab.wait_until("the old one", self.blocked, 1)
        self.open_folders()
        words = ["why", "blocked.example.net", "--at", at, "--within", "0s"]
        said = json.loads(self.as_user(ANNA, *words, "--json"))
        self.assertEqual([(r["verdict"], r["policy_version"]) for r in said["logged"]], [("allowed", int(number))])
        change = said["change"]
        self.assertEqual(change["number"], int(number))
        self.assertEqual(said["made_again"]["agrees"], True)
        self.assertEqual(change["reason"], "malware research")
        self.assertEqual([a["roles"] for a in change["approvals"]], [["educational"], ["technical", "educational"]])
        self.assertEqual(change["approvals"][0]["comment"], "fine")
        self.assertEqual(change["assessment"]["age_minimum"], 13)
        kinds = [e["kind"] for e in said["policy_ledger"]]
        self.assertEqual(kinds, ["policy.propose", "policy.approve", "policy.approve", "policy.activate"])
        self.assertIn("may not read", self.as_user(EVE, *words, code=1))

    def test_a_rule_asks_for_one_more(self):
        number = self.propose(ANNA, SOCIAL, form=assessment())
        self.as_user(BOB, "policy", "approve", number)
        said = self.as_user(CARLA, "policy", "approve", number)
        self.assertIn("waits for the approval of: senior-leader", said)
        self.as_user(ANNA, "policy", "activate", number, code=1)
        self.assertIn("has none of the roles", self.as_user(DAVE, "policy", "approve", number, groups=[STAFF], code=1).replace(
            "may not approve", "has none of the roles"))
        self.assertIn("may be activated", self.as_user(DAVE, "policy", "approve", number, groups=[STAFF, SLT]))
        self.as_user(ANNA, "policy", "activate", number)

    def test_nobody_counts_twice_and_nobody_without_a_role(self):
        number = self.propose(BOB, OPEN, form=assessment())
        self.as_user(CARLA, "policy", "approve", number)
        self.assertIn("waits for the approval of: ", self.as_user(ANNA, "policy", "activate", number, code=1))
        self.assertIn("may not approve", self.as_user(EVE, "policy", "approve", number, code=1))
        self.assertIn("may not propose", self.propose(EVE, OPEN, form=assessment(), code=1))
        self.tell("policy", "approve", number, code=1)  # root has no role of its own
        self.as_user(ANNA, "policy", "reject", number, "--reason", "not now")
        self.assertIn("it was rejected", self.as_user(ANNA, "policy", "approve", number, code=1))
        self.assertEqual(self.history(number)["closed_reason"], "not now")
        number = self.propose(BOB, OPEN, form=assessment())
        self.assertIn("only uid %d" % BOB, self.as_user(ANNA, "policy", "withdraw", number, "--reason", "x", code=1))
        self.as_user(BOB, "policy", "withdraw", number, "--reason", "a mistake")

    def test_who_uses_sudo_is_the_person_that_sudo_names(self):
        number = self.propose(ANNA, OPEN, form=assessment())
        argv = [lab.program("belisha"), *self.server.config, "policy", "approve", number]
        done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "SUDO_USER": "daemon"})
        self.assertEqual((done.returncode, "ok: daemon approves" in done.stdout), (0, True), done.stdout + done.stderr)
        entry = self.ledger()[-1]
        self.assertEqual((entry["by"], entry["uid"], entry["detail"]["roles"]), ("daemon", 0, ["educational"]))
        # To others nobody listens who they say they are.
        said = self.as_user(EVE, "policy", "approve", number, code=1, env={"SUDO_USER": "daemon"})
        self.assertIn("uid %d may not approve" % EVE, said)
        self.as_user(CARLA, "policy", "reject", number, "--reason", "done")

    def test_what_is_not_enough_is_refused(self):
        for form, said in ((None, "a risk assessment is needed"),
                           (assessment(terms_checked=False), "terms and conditions were not checked"),
                           (assessment(benefit=" "), "the benefit"),
                           (assessment(review=day(-1)), "its day of review is over"),
                           (assessment(review=day(500)), "too far away"),
                           (assessment(review="2027-02-30"), "assessment.yaml:10:"),
                           (assessment(age_minimum="old"), "age_minimum must be a number of years or none")):
            with self.subTest(said):
                self.assertIn(said, self.propose(ANNA, OPEN, form=form, code=1))
        self.assertIn("proposal.yaml:2:", self.propose(ANNA, OPEN.replace("malware", "malwear"), form=assessment(), code=1))
        self.assertIn("that is what is in force", self.propose(ANNA, POLICY, form=assessment(), code=1))
        self.assertIn("say why", self.propose(ANNA, OPEN, reason="", form=assessment(), code=2))
        self.assertIn("there is no change of this number", self.as_user(ANNA, "policy", "approve", "999", code=1))

    def test_two_proposals_from_one_version_do_not_undo_each_other(self):
        one, two = (self.propose(ANNA, text, form=assessment()) for text in (OPEN, POLICY.replace("news", "sports")))
        for number in (one, two):
            self.as_user(BOB, "policy", "approve", number)
            self.as_user(CARLA, "policy", "approve", number)
        self.as_user(ANNA, "policy", "activate", two)
        self.assertIn("propose it anew", self.as_user(ANNA, "policy", "activate", one, code=1))

    def test_a_changed_file_is_told_and_not_in_force(self):
        path = self.lab.path("state-policy.yaml")
        try:
            with open(path, "w") as file:
                file.write(OPEN)
            self.assertIn("ok", self.as_user(ANNA, "reload"))
            self.assertTrue(self.blocked())
            self.assertTrue(self.status()["policy"]["files_differ"])
            self.assertIn("the files say something else", self.tell("status"))
            self.assertIn("not the one in force", self.server.output())
            self.assertIn("blocked (category)", self.as_user(EVE, "why", "blocked.example.net"))
        finally:
            with open(path, "w") as file:
                file.write(POLICY)
            self.as_user(ANNA, "reload")
        self.assertFalse(self.status()["policy"]["files_differ"])

    def test_planned_for_later_it_comes_by_itself(self):
        number = self.propose(ANNA, OPEN, form=assessment())
        self.as_user(BOB, "policy", "approve", number)
        self.as_user(CARLA, "policy", "approve", number)
        at = datetime.datetime.now() + datetime.timedelta(seconds=2)
        self.assertIn("will be in force from", self.as_user(ANNA, "policy", "activate", number, "--at", at.strftime("%Y-%m-%dT%H:%M:%S")))
        self.assertEqual(self.history(number)["state"], "planned")
        lab.wait_until("the time", lambda: not self.blocked(), 6)
        self.assertGreaterEqual(datetime.datetime.now(), at - datetime.timedelta(seconds=1))
        self.assertIn("as planned", [t["reason"] for t in self.history(number)["in_force"]])

    def test_changed_rights_are_in_the_ledger_before_they_hold(self):
        conf = self.lab.path("state-extra.yaml")
        with open(conf) as file:
            before = file.read()
        try:
            with open(conf, "w") as file:
                file.write(before.replace("[technical]}", "[technical, governor]}"))
            self.as_user(ANNA, "reload")
            entry = [e for e in self.ledger() if e["kind"] == "rights.change"][-1]
            self.assertEqual((entry["uid"], "governor" in entry["detail"]["text"]), (ANNA, True))
        finally:
            with open(conf, "w") as file:
                file.write(before)
            self.as_user(ANNA, "reload")
        self.assertIn("may not operate", self.as_user(BOB, "reload", code=1))

    def test_overdue_reviews_are_shown(self):
        number = self.propose(ANNA, OPEN, form=assessment(review=day(1)))
        self.as_user(BOB, "policy", "approve", number)
        self.as_user(CARLA, "policy", "approve", number)
        self.as_user(ANNA, "policy", "activate", number)
        self.assertIn("No review is overdue.", self.as_user(EVE, "policy", "history", "--overdue"))
        self.assertIn("the next time is " + day(300), self.as_user(BOB, "policy", "review", number, "--next", day(300), "--reason", "still fine"))
        self.assertEqual(self.history(number)["review"], day(300))


class Files(Control):
    """Without change control, and what is left of it when somebody dies."""

    @classmethod
    def set_up(cls):
        super().set_up()
        cls.start("files", "change_control: none\n")

    def write(self, text):
        with open(self.lab.path("files-policy.yaml"), "w") as file:
            file.write(text)
        self.tell("reload")

    def test_every_text_of_the_files_is_a_version_by_itself(self):
        self.assertEqual(self.status()["policy_version"], 1)
        before = len(self.ledger())
        self.write(OPEN)
        version = self.status()["policy_version"]
        self.assertIn(version, range(2, 1000))
        self.write(OPEN + "# a remark changes nothing\n")
        self.assertEqual(self.status()["policy_version"], version)
        self.write(POLICY)
        self.assertEqual(self.status()["policy_version"], 1)
        self.assertEqual([(e["kind"], e["object"]) for e in self.ledger()[before:] if e["kind"].startswith("policy.")],
                         [("policy.adopt", "version %d" % version), ("policy.rollback", "version 1")])
        self.assertIn("change_control: none", self.tell("policy", "propose", self.lab.path("files-policy.yaml"),
                                                        "--reason", "x", "--no-replay", code=1))
        self.assertEqual(json.loads(self.tell("why", "blocked.example.net", "--json"))["policy_version"], 1)
        path = self.lab.path("files", "state", "policy", "%06d.yaml" % version)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o444)
        self.assertIn("everyone", self.tell("status"))

    def ask_socket(self, *pieces):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(self.lab.path("files", "control.sock"))
            for piece in pieces:
                sock.sendall(piece)
                self.status()  # what was sent is taken before the next piece comes
            sock.shutdown(socket.SHUT_WR)
            return sock.makefile().read()

    def test_a_body_may_come_in_pieces_too_short_or_too_long(self):
        body = b'{"op": "bless"}\n'
        whole = b"change +%d\n" % len(body)
        for pieces, said in (((whole + body,), "error: not understood"),
                             ((whole, body[:5], body[5:]), "error: not understood"),
                             ((whole[:4], whole[4:] + body[:1], body[1:]), "error: not understood"),
                             ((whole + body + b"more",), "error: not understood"),
                             ((b"change +10\nno line en",), "error: change needs a body"),
                             ((b"change +0\n",), "error: change needs a body"),
                             ((b"change +99999999999\n",), "error: change needs a body"),
                             ((b"change +5x\n",), "error: change needs a body"),
                             ((b"change\n",), "error: change needs +BYTES"),
                             ((b'change +3\n[]\n',), "error: not understood"),
                             ((whole, body[:-1]), "")):
            with self.subTest(pieces):
                self.assertTrue(self.ask_socket(*pieces).startswith(said))
        self.assertIn("version", self.tell("status"))

    def test_killed_at_any_moment_versions_and_ledger_agree(self):
        for turn in range(8):
            text = POLICY.replace("news", ("sports", "finance", "shopping", "video")[turn % 4])
            with open(self.lab.path("files-policy.yaml"), "w") as file:
                file.write(text)
            reloading = subprocess.Popen([lab.program("belisha"), *self.server.config, "reload"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lab.wait_until("a moment", lambda begin=time.monotonic(): time.monotonic() - begin > turn * 0.004, step_s=0.001)
            self.server.kill()
            reloading.wait(20)
            self.restart()
            version = self.status()["policy"]["version"]
            self.assertIn(text.split("allow: [")[1].split("]")[0], self.tell("policy", "show", str(version)))
            self.ledger()
        self.assertNotIn("does not count", self.server.output())
        self.write(POLICY)

    def restart(self):
        type(self).server = self.lab.serve(0, [self.nsd], None, subdir="files",
                                           conf="policy: files-policy.yaml\nchange_control: none\n")

    def test_a_step_that_the_ledger_alone_knows_is_told_as_not_taken(self):
        self.write(POLICY.replace("news", "webmail"))
        version = self.status()["policy"]["version"]
        before = len(self.ledger())
        self.server.kill()
        path = self.lab.path("files", "state", "policy", "history")
        with open(path, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        with open(path, "wb") as file:
            file.writelines(lines[:-1])
        self.restart()
        told = [(e["kind"], e["object"]) for e in self.ledger()[before:] if e["kind"].startswith("policy.")]
        self.assertEqual(told, [("policy.failed", "version %d" % version), ("policy.adopt", "version %d" % version)])
        self.server.kill()
        self.restart()
        self.assertEqual([e["kind"] for e in self.ledger()[before:] if e["kind"].startswith("policy.")],
                         ["policy.failed", "policy.adopt"])
        self.write(POLICY)

    def test_what_can_not_be_written_down_is_not_read(self):
        if os.getuid() == 0 and subprocess.run(["setpriv", "--reuid", str(EVE), "--clear-groups", "--regid", str(EVE), "true"]).returncode == 0:
            self.server.stop()
            self.open_folders()
            said = self.as_user(EVE, "log", "search", code=1)
            self.assertIn("has to be written down in the ledger first, and can't be", said)
            before = len(self.ledger())
            self.tell("log", "search", "--limit", "1")
            self.assertEqual([e["kind"] for e in self.ledger()[before:]], ["log.search"])
            self.restart()


@unittest.skipUnless(os.getuid() == 0, "a small disk needs root")
class Disk(Control):
    """A disk that is full, or can't be written: filtering goes on, nothing is told as done that is not."""

    @classmethod
    def set_up(cls):
        super().set_up()
        cls.state = cls.lab.path("disk", "state")
        os.makedirs(cls.state)
        cls.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", cls.state]).returncode == 0
        cls.start("disk", "change_control: none\n")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        if cls.mounted:
            subprocess.run(["umount", cls.state], check=True)
        super().tearDownClass()

    def setUp(self):
        if not self.mounted:
            self.skipTest("no disk of its own can be mounted here")

    def write(self, text, code=0):
        with open(self.lab.path("disk-policy.yaml"), "w") as file:
            file.write(text)
        return self.tell("reload", code=code)

    def read_until_refused(self):
        """A page of the file may have room for some entries still. How often the log could be read; what was said then."""
        for done in range(100):
            result = self.server.operator("log", "search", "--limit", "1", check=False)
            if result.returncode != 0:
                return done, result.stderr
        self.fail("the log can be read for ever")

    def test_a_full_disk_stops_records_and_not_the_filter(self):
        self.assertEqual(self.server.ask("blocked.example.net").data(), [lab.SINKHOLE])
        filler = os.path.join(self.state, "filler")
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)
        before = len(self.ledger())
        self.write(OPEN)
        self.assertGreaterEqual(self.status()["policy_version"], 1 << 31)
        self.assertIn("in force without being kept as a version", self.server.output())
        lab.wait_until("the new policy", lambda: self.server.ask("blocked.example.net").data() == [ADDRESS], 2)
        count, said = self.read_until_refused()
        self.assertIn("the ledger can't be written, so nothing is read: No space left", said)
        self.assertEqual([e["kind"] for e in self.ledger()[before:]], ["log.search"] * count)
        os.remove(filler)
        self.write(OPEN)
        self.assertLess(self.status()["policy_version"], 1 << 31)
        self.tell("log", "search", "--limit", "1")
        self.assertEqual(self.ledger()[-1]["kind"], "log.search")
        self.write(POLICY)

    def test_nothing_is_read_where_nothing_can_be_written(self):
        self.server.stop()
        subprocess.run(["mount", "-o", "remount,ro", self.state], check=True)
        try:
            said = self.tell("log", "search", code=1)
            self.assertIn("has to be written down in the ledger first, and can't be", said)
            self.assertIn("Permission denied", said)
            self.tell("ledger", "verify")
        finally:
            subprocess.run(["mount", "-o", "remount,rw", self.state], check=True)
        type(self).start("disk", "change_control: none\n")
        self.assertEqual(self.status()["policy_version"], 1)


if __name__ == "__main__":
    lab.main()
