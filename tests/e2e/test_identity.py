#!/usr/bin/env python3
"""Who asks: the sources of this machine itself (configuration, loan register), their grades in log and answers."""
import csv
import io

import lab

CONF = """
policy:
  levels:
    - {name: pupils, block: [malware]}
    - {name: staff}
  groups:
    - {name: year-9, networks: [127.0.0.0/8], level: pupils}
  default_level: pupils
identity:
  devices:
    - {address: 127.0.0.11, device: LIBRARY-1}
    - {address: 127.0.0.12, device: LAP-042, user: jones}
    - {address: 127.0.0.13, device: LAP-043, user: jones}
    - {address: 127.0.0.14, user: smith}
  shared_addresses: [127.0.0.13]
"""


class Identity(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.example.net"], conf=CONF)

    def rows(self, *filters):
        text = self.server.operator("log", "export", "--format", "csv", *filters)
        return list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))

    def row_of(self, client, name="www.example.net"):
        self.server.ask(name, client=client)
        return self.rows("--client", client)[-1]

    def test_each_grade_is_logged_as_it_is(self):
        for client, grade in (("127.0.0.11", "device"), ("127.0.0.12", "loan"), ("127.0.0.13", "device"),
                              ("127.0.0.14", "loan"), ("127.0.0.15", "address")):
            with self.subTest(client):
                row = self.row_of(client)
                self.assertEqual(row["grade"], grade)
                self.assertEqual(row["user"] != "", grade == "loan")
                self.assertEqual(row["device"] != "", client in ("127.0.0.11", "127.0.0.12", "127.0.0.13"))

    def test_who_asks_for_help_is_nobody(self):
        self.server.ask("www.childline.org.uk", client="127.0.0.12")
        for row in self.rows():
            if "childline" in row["name"]:
                self.assertEqual((row["client"], row["user"], row["device"], row["grade"]), ("", "", "", "none"))


if __name__ == "__main__":
    lab.main()
