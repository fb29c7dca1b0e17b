#!/usr/bin/env python3
"""The query log as people read it: tail, search, and exports read back by somebody else's parser."""
import csv
import io
import json

import lab


class Log(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"])
        for client, name, qtype in (("127.0.0.1", "www.example.net", "A"), ("127.0.0.1", "www.example.net", "A"),
                                    ("127.0.0.2", "blocked.example.net", "A"), ("127.0.0.2", "WWW.blocked.example.net", "AAAA"),
                                    ("127.0.0.3", "tracker.example.net", "A"), ("127.0.0.3", "nothing.example.net", "A"),
                                    ("127.0.0.4", "=1+1.blocked.example.net", "TXT"),
                                    ("127.0.0.4", "@sum,\"x\".blocked.example.net", "A"),
                                    ("127.0.0.5", "childline.org.uk", "A")):
            cls.server.ask(name, qtype, client=client)
        cls.server.ask_tcp("www.example.net", "TXT", client="127.0.0.6")

    def rows(self, *filters):
        text = self.server.operator("log", "export", "--format", "csv", *filters)
        return list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))

    def test_every_question_has_its_row(self):
        rows = [(r["client"], r["name"].rstrip("."), r["type"], r["verdict"], r["rcode"]) for r in self.rows()]
        for expected in (("127.0.0.1", "www.example.net", "A", "allowed", "NOERROR"),
                         ("127.0.0.2", "blocked.example.net", "A", "blocked", "NOERROR"),
                         ("127.0.0.2", "www.blocked.example.net", "AAAA", "blocked", "NOERROR"),
                         ("127.0.0.3", "tracker.example.net", "A", "blocked", "NOERROR"),
                         ("127.0.0.3", "nothing.example.net", "A", "allowed", "NXDOMAIN"),
                         ("127.0.0.6", "www.example.net", "TXT", "allowed", "NOERROR")):
            self.assertIn(expected, rows)
        self.assertEqual(len(rows), 10)

    def test_a_row_says_why(self):
        row = self.rows("--name", "tracker.example.net")[0]
        self.assertEqual(row["category"], "malware")
        self.assertEqual(row["matched_name"].rstrip("."), "cdn.blocked.example.net")
        self.assertEqual(row["match"], "cname")
        lab.wait_until("the feed's name", lambda: self.rows("--name", "tracker.example.net")[0]["feed"] == "list", 5, 0.2)
        self.assertEqual(row["answer"], lab.SINKHOLE)

    def test_a_spreadsheet_takes_no_cell_for_a_formula(self):
        for row in csv.reader(l for l in io.StringIO(self.server.operator("log", "export", "--format", "csv"))
                              if not l.startswith("#")):
            for cell in row:
                self.assertNotIn(cell[:1], ("=", "+", "@", "\t", "\r"), row)
        self.assertEqual(len(self.rows("--client", "127.0.0.4")), 2)

    def test_protected_help_is_counted_but_nobody_asked(self):
        rows = [r for r in self.rows() if "childline" in r["name"]]
        clients = {r["client"] for r in self.rows()}
        self.assertNotIn("127.0.0.5", clients)
        for row in rows:
            self.assertEqual(row["client"], "")

    def test_ndjson_says_the_same_as_csv(self):
        text = self.server.operator("log", "export", "--format", "ndjson")
        rows = [json.loads(line) for line in text.splitlines()]
        rows = [r for r in rows if "name" in r]
        self.assertEqual(len(rows), len(self.rows()))
        self.assertIn("www.blocked.example.net", [r["name"].rstrip(".") for r in rows])
        self.assertTrue(all(isinstance(r["name"], str) for r in rows))

    def test_search_filters(self):
        search = self.server.operator
        self.assertIn("tracker.example.net", search("log", "search", "--client", "127.0.0.3"))
        self.assertNotIn("www.example.net", search("log", "search", "--client", "127.0.0.3"))
        below = search("log", "search", "--name", "blocked.example.net", "--below")
        self.assertIn("www.blocked.example.net", below)
        self.assertNotIn("nothing.example.net", below)
        blocked = search("log", "search", "--verdict", "blocked")
        self.assertIn("tracker.example.net", blocked)
        self.assertNotIn("nothing.example.net", blocked)
        self.assertEqual(search("log", "search", "--category", "gambling").count("example.net"), 0)

    def test_tail_follows_the_living_log(self):
        tail = self.lab.start([lab.program("belisha"), *self.server.config, "log", "tail"], "tail")
        numbers = iter(range(10000))

        def seen():
            self.server.ask("tail%d.blocked.example.net" % next(numbers), client="127.0.0.2")
            return "tail" in tail.output()
        lab.wait_until("the tail to show a new row", seen, 10, step_s=0.1)
        tail.stop()
        self.lab.processes.remove(tail)


class Restart(lab.Case):
    """What was logged before a restart and after it is one log."""

    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(3)

    def test_the_log_goes_on(self):
        for turn in range(3):
            server = self.lab.serve(2, [self.nsd], ["blocked.example.net"])
            server.ask("turn%d.blocked.example.net" % turn)
            self.assertEqual(server.stop(), 0)
        text = server.operator("log", "export", "--format", "csv")
        for turn in range(3):
            self.assertEqual(text.count("turn%d.blocked.example.net" % turn), 1)


if __name__ == "__main__":
    lab.main()
