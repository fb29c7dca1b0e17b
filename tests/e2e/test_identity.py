#!/usr/bin/env python3
"""Who asks: the sources of this machine itself (configuration, loan register), their grades in log, status and answers."""
import csv
import http.client
import io
import json
import os
import re
import time

import lab

CONF = """
policy:
  levels:
    - {name: pupils, block: [malware]}
    - {name: staff}
  groups:
    - {name: year-9, networks: [127.0.0.0/8], level: pupils}
  default_level: pupils
  people: users.csv
notice:
  ipv4: 127.0.0.1
  listen: ["127.0.0.1:%d"]
identity:
  devices:
    - {address: 127.0.0.18, user: okafor}
    - {address: 127.0.0.11, device: LIBRARY-1}
    - {address: 127.0.0.12, device: LAP-042, user: jones}
    - {address: 127.0.0.13, device: LAP-043, user: jones}
    - {address: 127.0.0.14, user: smith}
    - {address: 127.0.0.16, device: LAP-050}
    - {address: 127.0.0.17, device: "=cmd|calc"}
  shared_addresses: [127.0.0.13]
  loans: loans.csv
""" % (lab.PORT + 2)
TITLES = "device,pupil,from,to\n"


class Identity(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.start()

    @classmethod
    def start(cls):
        names = None if os.path.exists(cls.lab.path("state", "blocklist")) else ["blocked.example.net"]
        cls.lab.write("users.csv", "user,level\nokafor,staff\n")
        cls.server = cls.lab.serve(0, [cls.nsd], names, conf=CONF)

    def rows(self, *filters):
        text = self.server.operator("log", "export", "--format", "csv", *filters)
        return list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))

    def row_of(self, client, name="www.example.net"):
        self.server.ask(name, client=client)
        return self.rows("--client", client)[-1]

    def lend(self, *lines):
        """Saves the register as a person would: a new file in its place."""
        path = self.lab.path("state", "loans.csv")
        with open(path + ".new", "w") as file:
            file.write(TITLES + "".join(line + "\n" for line in lines))
        os.rename(path + ".new", path)

    def test_each_grade_is_logged_as_it_is(self):
        for client, user, device, grade in (("127.0.0.11", "", "LIBRARY-1", "D device"), ("127.0.0.12", "jones", "LAP-042", "C loan"),
                                            ("127.0.0.13", "", "LAP-043", "D device"), ("127.0.0.14", "smith", "", "C loan"),
                                            ("127.0.0.15", "", "", "E address")):
            with self.subTest(client):
                row = self.row_of(client)
                self.assertEqual((row["user"], row["device"], row["grade_letter"] + " " + row["grade"]), (user, device, grade))

    def test_rows_are_found_by_user_and_device(self):
        for client in ("127.0.0.12", "127.0.0.14", "127.0.0.11"):
            self.server.ask("www.example.net", client=client)
        for filters, column, value in ((("--user", "JONES"), "user", "jones"), (("--user", "SCHOOL\\jones"), "user", "jones"),
                                       (("--device", "library-1"), "device", "LIBRARY-1")):
            rows = self.rows(*filters)
            self.assertTrue(rows)
            self.assertEqual({r[column] for r in rows}, {value})
        number = self.rows("--user", "jones")[0]["user_number"]
        self.assertEqual(self.rows("--user", "#" + number), self.rows("--user", "jones"))
        done = self.server.operator("log", "search", "--user", "nobody", check=False)
        self.assertIn("'nobody' was never seen as a user", done.stderr)
        self.assertIn("jones, grade C", self.server.operator("log", "search", "--user", "jones"))

    def test_a_spreadsheet_takes_no_name_for_a_formula(self):
        self.assertEqual(self.row_of("127.0.0.17")["device"], "'=cmd|calc")

    def test_who_asks_for_help_is_nobody(self):
        self.server.ask("www.childline.org.uk", client="127.0.0.12")
        rows = [r for r in self.rows() if "childline" in r["name"]]
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual((row["client"], row["user"], row["device"], row["grade"]), ("", "", "", "none"))

    def test_a_loan_counts_when_it_is_written_and_ends_when_it_is_over(self):
        self.assertEqual(self.row_of("127.0.0.16")["grade"], "device")
        end = time.localtime(time.time() + 6)
        self.lend("LAP-050,brown,2020-01-01," + time.strftime("%Y-%m-%d %H:%M:%S", end), "LAP-051,x,someday,")
        lab.wait_until("the loan", lambda: self.row_of("127.0.0.16")["user"] == "brown", 5, 0.2)
        self.assertEqual(self.row_of("127.0.0.16")["grade"], "loan")
        self.assertIn("line 3: from must be a time", self.server.output())
        lab.wait_until("its end", lambda: self.row_of("127.0.0.16")["grade"] == "device", 10, 0.2)
        self.assertGreaterEqual(time.time(), time.mktime(end))
        with open(self.lab.path("state", "loans.csv"), "w") as file:
            file.write("what is this\n")
        lab.wait_until("the complaint", lambda: "loan register is not read, what was read before counts" in self.server.output(), 5, 0.2)

    def test_belisha_who_tells_what_is_known_and_from_where(self):
        said = self.server.operator("who", "127.0.0.12")
        for part in ("127.0.0.12  grade C: by the loan register or the configuration", "user    jones (#", "device  LAP-042 (#",
                     "group   year-9", "configuration"):
            self.assertIn(part, said)
        self.assertIn("127.0.0.12", self.server.operator("who", "Jones"))
        self.assertIn("127.0.0.11", self.server.operator("who", "library-1"))
        self.assertIn("'nobody' is nowhere now, and was never seen.", self.server.operator("who", "nobody"))
        self.assertIn("grade E: address only", self.server.operator("who", "127.0.0.99"))
        self.assertEqual(json.loads(self.server.operator("who", "--json", "127.0.0.14"))["clients"][0]["user"], "smith")

    def test_why_says_that_somebody_is_left_out_and_not_who(self):
        said = self.server.operator("why", "www.example.net", "--client", "127.0.0.12")
        self.assertIn("somebody is known there", said)
        self.assertNotIn("jones", said)
        for words in (("--client", "127.0.0.12", "--user", "jones"), ("--client", "127.0.0.99")):
            self.assertNotIn("somebody is known there", self.server.operator("why", "www.example.net", *words))

    def page(self, client):
        connection = http.client.HTTPConnection("127.0.0.1", lab.PORT + 2, timeout=10, source_address=(client, 0))
        try:
            connection.request("GET", "/", headers={"Host": "blocked.example.net"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def test_answers_and_the_notice_page_follow_the_person(self):
        notice = self.lab.start([lab.program("belisha-notice"), *self.server.config], "notice")
        self.addCleanup(notice.kill)
        notice.wait_for_line("ready")
        self.assert_sinkholed(self.server.ask("blocked.example.net", client="127.0.0.14"), "127.0.0.1")
        self.assertEqual(self.server.ask("blocked.example.net", client="127.0.0.18").data(), ["198.51.100.66"])
        self.assertTrue("dangerous software" in self.page("127.0.0.14"))
        self.assertFalse("dangerous software" in self.page("127.0.0.18"))
        with open(self.lab.path("state", "state", "presence.public"), "rb") as file:
            self.assertNotIn(b"okafor", file.read())

    def test_who_is_forgotten_is_in_no_row_and_the_others_stay(self):
        for client in ("127.0.0.14", "127.0.0.12"):
            self.server.ask("www.example.net", client=client)
        today = self.rows("--user", "smith")[-1]["time"][:10]
        self.server.operator("log", "hold", "--days-from", today, "--days-to", today, "--reason", "an inquiry")
        done = self.server.operator("forget", "127.0.0.14", "--reason", "left", check=False)
        self.assertIn("no user of this name is known", done.stderr)
        self.assertIn("say why", self.server.operator("forget", "okafor", check=False).stderr)
        self.server.ask("www.example.net", client="127.0.0.18")
        self.assertTrue(self.rows("--user", "okafor"))
        said = self.server.operator("forget", "okafor", "--reason", "asked for it")
        self.assertIn(today + " is held: who asked that day is kept", said)
        self.assertIn("#", [r for r in self.rows("--client", "127.0.0.18")][-1]["user"])
        self.server.operator("log", "hold", "--release", "1")
        smith, others = self.rows("--user", "smith"), [r for r in self.rows() if r["user"] not in ("smith", "")]
        self.assertTrue(smith and others)
        said = self.server.operator("forget", "SMITH", "--reason", "left the school")
        self.assertIn("who asked is forgotten on 1 day, kept on 0 that are held", said)
        rows = self.rows()
        self.assertFalse([r for r in rows if r["user"] == "smith" or r["client"] == "127.0.0.14"])
        self.assertEqual([r for r in rows if r["user"] != ""], others)
        self.assertEqual(self.rows("--user", "smith"), [])
        self.assertIn("0 faults", self.server.operator("log", "verify"))
        ledger = self.server.operator("ledger", "show", "--kind", "identity.forget")
        self.assertIn("user #" + smith[0]["user_number"], ledger)
        self.assertNotIn("smith", ledger)
        self.server.ask("www.example.net", client="127.0.0.14")
        self.assertNotEqual(self.rows("--client", "127.0.0.14")[-1]["user_number"], smith[0]["user_number"])
        okafor = re.search(r"user #(\d+)", ledger)[1]
        self.assertIn("on 1 day", self.server.operator("forget", "#" + okafor, "--reason", "the inquiry is over"))
        self.assertEqual([r for r in self.rows() if r["user_number"] == okafor], [])

    def test_status_counts_by_grade(self):
        status = json.loads(self.server.operator("status", "--json"))
        self.assertEqual(status["identity"]["addresses"]["c"], 3)
        self.assertGreaterEqual(status["identity"]["addresses"]["d"], 3)
        self.assertIn("addresses with a user", self.server.operator("status"))

    def test_a_number_outlives_kills_and_reloads(self):
        before = self.row_of("127.0.0.12")
        self.server.kill()
        self.start()
        after = self.row_of("127.0.0.12")
        self.server.operator("reload")
        again = self.row_of("127.0.0.12")
        for key in ("user", "user_number", "device", "device_number"):
            self.assertEqual({before[key], after[key], again[key]}, {before[key]})


if __name__ == "__main__":
    lab.main()
