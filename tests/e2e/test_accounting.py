#!/usr/bin/env python3
"""RADIUS accounting: real packets of radclient make questions somebody's; what was answered is there after a kill."""
import csv
import io
import json
import os
import socket
import threading

import lab
import radius

CONF = """
workers: 2
policy:
  levels:
    - {name: pupils, block: [malware]}
  groups:
    - {name: wifi, networks: [127.0.0.0/8], level: pupils}
  default_level: pupils
identity:
  radius:
    listen: [0.0.0.0:%(port)d]
    nas:
      - {name: wifi, address: [127.0.0.1, 127.0.0.2], secret: %(dir)s/wifi-secret}
      - {name: strict, address: 127.0.0.3, secret: %(dir)s/wifi-secret, message_authenticator: required}
"""
NOBODY = ("", "address")


class Accounting(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.port = lab.PORT + 2
        path = cls.lab.write("wifi-secret", radius.SECRET + "\n")
        os.chmod(path, 0o600)
        cls.conf = CONF % {"port": cls.port, "dir": cls.lab.dir}
        cls.start()

    @classmethod
    def start(cls):
        names = None if os.path.exists(cls.lab.path("state", "blocklist")) else ["blocked.example.net"]
        cls.server = cls.lab.serve(0, [cls.nsd], names, conf=cls.conf)

    def told(self, attributes, **kw):
        return radius.radclient(self.port, attributes, folder=self.lab.dir, **kw)

    def tell(self, attributes, **kw):
        self.assertTrue(self.told(attributes, **kw), attributes)

    def who(self, client):
        """Whose the next question of an address is, as the log has it."""
        self.server.ask("www.example.net", client=client)
        text = self.server.operator("log", "export", "--format", "csv", "--client", client)
        row = list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))[-1]
        return row["user"], row["grade"]

    def wait_for(self, client, user, grade="user"):
        lab.wait_until("%s at %s" % (user, client), lambda: self.who(client) == (user, grade), 5, 0.05)

    def status(self):
        return json.loads(self.server.operator("status", "--json"))["sessions"]

    def figures(self):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self.server.dir + "/control.sock")
            sock.sendall(b"metrics\n")
            return sock.makefile().read()

    def refused(self, cause):
        return self.status()["accounting"]["refused"][cause]

    def test_a_session_makes_questions_somebodys_until_it_ends(self):
        self.assertEqual(self.who("127.0.1.1"), NOBODY)
        self.tell(radius.start("a1", "anna", "127.0.1.1"))
        self.wait_for("127.0.1.1", "anna")
        self.tell(radius.interim("a1", "anna", "127.0.1.2", more=", Acct-Session-Time = 60"))
        self.wait_for("127.0.1.2", "anna")
        self.wait_for("127.0.1.1", *NOBODY)
        self.tell(radius.stop("a1", "anna"))
        self.wait_for("127.0.1.2", *NOBODY)
        self.tell(radius.start("a1", "anna", "127.0.1.2"))  # came late: it is over
        self.assertEqual(self.who("127.0.1.2"), NOBODY)

    def test_an_address_is_whose_session_began_last(self):
        self.tell(radius.start("b1", "ben", "127.0.2.1", "020000000001"))
        self.wait_for("127.0.2.1", "ben")
        self.tell(radius.start("b2", "bea", "127.0.2.1", "020000000002", ", Event-Timestamp = %d" % (2 ** 31 - 5)))
        self.wait_for("127.0.2.1", "bea")
        self.tell(radius.stop("b1", "ben"))
        self.assertEqual(self.who("127.0.2.1"), ("bea", "user"))
        self.tell(radius.stop("b2", "bea"))
        self.wait_for("127.0.2.1", *NOBODY)

    def test_a_nas_that_starts_anew_ends_its_sessions(self):
        self.tell(radius.start("c1", "carol", "127.0.3.1", "020000000003", ", NAS-IP-Address = 192.0.2.7"))
        self.tell(radius.start("c2", "cleo", "127.0.3.2", "020000000004", ", NAS-IP-Address = 192.0.2.8"))
        self.wait_for("127.0.3.1", "carol")
        self.tell("Acct-Status-Type = Accounting-On, NAS-IP-Address = 192.0.2.7")
        self.wait_for("127.0.3.1", *NOBODY)
        self.assertEqual(self.who("127.0.3.2"), ("cleo", "user"))
        self.tell("Acct-Status-Type = Accounting-Off, NAS-IP-Address = 192.0.2.8")
        self.wait_for("127.0.3.2", *NOBODY)

    def test_who_does_not_know_the_secret_gets_no_answer(self):
        before = self.refused("authenticator")
        self.assertFalse(self.told(radius.start("d1", "dora", "127.0.4.1"), secret="wrong", timeout=0.5))
        self.assertGreater(self.refused("authenticator"), before)
        before = self.refused("unknown_nas")
        self.assertFalse(self.told(radius.start("d2", "dora", "127.0.4.1"), client="127.0.0.99", timeout=0.5))
        self.assertGreater(self.refused("unknown_nas"), before)
        self.assertEqual(self.who("127.0.4.1"), NOBODY)
        self.assertIn("accounting refused: a wrong secret address=127.0.0.1", self.server.output())

    def test_a_message_authenticator_must_be_right_and_there_where_it_is_required(self):
        made = [radius.attribute(40, radius.number(1)), radius.attribute(44, b"e1"), radius.attribute(1, b"eve")]
        for signature, client, answered in (("right", "127.0.0.1", True), ("wrong", "127.0.0.1", False),
                                            (None, "127.0.0.1", True), ("right", "127.0.0.3", True),
                                            ("wrong", "127.0.0.3", False), (None, "127.0.0.3", False)):
            with self.subTest(signature=signature, client=client):
                packet = radius.request(made, 9, signature=signature)
                answer = radius.send(self.port, packet, client, timeout=2 if answered else 0.3)
                self.assertEqual(radius.is_right(answer, packet), answered)
        self.tell(radius.start("e2", "eve", "127.0.5.1", more=", Message-Authenticator = 0x00"), client="127.0.0.3")
        self.wait_for("127.0.5.1", "eve")
        self.assertGreaterEqual(self.refused("no_message_authenticator"), 1)
        self.assertGreaterEqual(self.refused("message_authenticator"), 2)

    def test_the_same_request_gets_the_same_answer_with_its_proxy_states(self):
        made = [radius.attribute(33, b"near"), radius.attribute(40, radius.number(1)), radius.attribute(44, b"f1"),
                radius.attribute(33, b"far"), radius.attribute(1, b"fay")]
        packet = radius.request(made, 77)
        answers = {radius.send(self.port, packet) for _ in range(5)}
        self.assertEqual(len(answers), 1)
        answer = answers.pop()
        self.assertTrue(radius.is_right(answer, packet))
        self.assertEqual(answer[20:], radius.attribute(33, b"near") + radius.attribute(33, b"far"))

    def test_an_answer_comes_from_the_address_that_was_asked(self):
        packet = radius.request([radius.attribute(40, radius.number(15)), radius.attribute(44, b"g")], 5)
        for server in ("127.0.0.1", "127.0.9.9"):
            self.assertTrue(radius.is_right(radius.send(self.port, packet, "127.0.0.2", server), packet))

    def test_status_server_is_answered(self):
        # radclient checks the answer
        self.assertTrue(radius.radclient(self.port, "Message-Authenticator = 0x00", command="status",
                                         folder=self.lab.dir))

    def test_what_is_no_request_gets_no_answer(self):
        for packet in (b"", b"\x04", os.urandom(20), os.urandom(4000), bytes(4096),
                       radius.request([radius.attribute(44, b"h")], 1), radius.request([], 1, code=1),
                       radius.request([radius.attribute(40, radius.number(1))], 1),
                       radius.request([radius.attribute(40, radius.number(1)), radius.attribute(44, b"h"),
                                       radius.attribute(1, b"\x1b[31m")], 1)):
            self.assertIsNone(radius.send(self.port, packet, timeout=0.1))
        self.assertGreaterEqual(self.refused("malformed"), 3)

    def test_what_was_answered_is_there_after_a_kill(self):
        for turn in range(3):
            stop = threading.Event()
            answered = []

            def talk(worker):
                i = 0
                while not stop.is_set():
                    session = b"k%d-%d-%d" % (turn, worker, i)
                    packet = radius.request([radius.attribute(40, radius.number(1)), radius.attribute(44, session),
                                             radius.attribute(1, b"kim"),
                                             radius.attribute(8, bytes([127, 10 + turn, worker, 1 + i % 250]))], i % 256)
                    try:
                        if radius.is_right(radius.send(self.port, packet, timeout=0.3), packet):
                            answered.append(session.decode())
                    except ConnectionError:
                        pass
                    i += 1
            threads = [threading.Thread(target=talk, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            lab.wait_until("sessions", lambda: len(answered) > 60 * (turn + 1), 20)
            self.server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            with open(self.lab.path("state", "state", "sessions"), errors="replace") as file:
                kept = {json.loads(line[17:]).get("id") for line in file if line.endswith("}\n")}
            self.assertEqual(set(answered) - kept, set())
            type(self).start()
            self.assertEqual(self.status()["damaged_lines"], 0)
            self.assertEqual(self.who("127.%d.1.1" % (10 + turn)), ("kim", "user"))

    def test_secrets_change_with_a_reload_and_a_bad_file_changes_nothing(self):
        path = self.lab.path("wifi-secret")
        try:
            self.lab.write("wifi-secret", "another-secret")
            self.server.operator("reload")
            self.assertFalse(self.told(radius.start("l1", "lea", "127.0.6.1"), timeout=0.5))
            self.tell(radius.start("l1", "lea", "127.0.6.1"), secret="another-secret")
            os.chmod(path, 0o644)
            said = self.server.operator("reload", check=False)
            self.assertNotEqual(said.returncode, 0)
            self.assertIn("everybody may read the secret in", said.stdout + said.stderr)
            self.tell(radius.interim("l1", "lea", "127.0.6.1"), secret="another-secret")
        finally:
            os.chmod(path, 0o600)
            self.lab.write("wifi-secret", radius.SECRET)
            self.server.operator("reload")

    def test_status_and_figures_tell_of_it(self):
        self.tell(radius.start("m1", "mia", "127.0.7.1"))
        sessions = self.status()
        self.assertGreaterEqual(sessions["radius"], 1)
        nas = {row["name"]: row for row in sessions["accounting"]["nas"]}
        self.assertGreaterEqual(nas["wifi"]["requests"], 1)
        self.assertIsNotNone(nas["wifi"]["last_heard_s"])
        said = self.server.operator("status")
        self.assertRegex(said, r"(?m)^sessions    \d+ by RADIUS, 0 by logon$")
        self.assertRegex(said, r"(?m)^accounting  \d+ requests answered")
        self.assertRegex(said, r"(?m)^            wifi: last heard .* ago, \d+ requests$")
        self.assertNotIn("mia", said)
        self.assertRegex(self.figures(), r'(?m)^belisha_sessions\{source="radius"\} \d+$')


class Level(lab.Case):
    """Who has logged on to the network has the level that the people file gives, at whatever address."""

    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(6)
        cls.port = lab.PORT + 7
        os.chmod(cls.lab.write("wifi-secret", radius.SECRET), 0o600)
        people = cls.lab.write("users.csv", "user,level\nanna,staff\n")
        conf = (CONF % {"port": cls.port, "dir": cls.lab.dir}).replace("policy:\n", "policy:\n  people: %s\n" % people)
        conf = conf.replace("block: [malware]}\n", "block: [malware]}\n    - {name: staff, allow: [malware]}\n")
        cls.server = cls.lab.serve(5, [cls.nsd], ["blocked.example.net"], conf=conf)

    def wait_for(self, expected, client):
        lab.wait_until("%s for %s" % (expected, client),
                       lambda: self.server.ask("blocked.example.net", client=client).data() == [expected], 5, 0.05)

    def test_a_level_comes_with_a_session_and_goes_with_it(self):
        self.wait_for(lab.SINKHOLE, "127.0.1.1")
        for user, sees in (("ben", lab.SINKHOLE), ("anna", "198.51.100.66"), ("SCHOOL\\\\ANNA", "198.51.100.66")):
            with self.subTest(user):
                self.assertTrue(radius.radclient(self.port, radius.start("l-" + user[-4:], user, "127.0.1.1")))
                self.wait_for(sees, "127.0.1.1")
                self.assertEqual(self.server.ask("blocked.example.net", client="127.0.1.2").data(), [lab.SINKHOLE])
                self.assertTrue(radius.radclient(self.port, radius.stop("l-" + user[-4:], user)))
                self.wait_for(lab.SINKHOLE, "127.0.1.1")


if __name__ == "__main__":
    lab.main()
