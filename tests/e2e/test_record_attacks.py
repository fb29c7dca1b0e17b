#!/usr/bin/env python3
"""Tricks with the record: to look without the ledger noticing, to pass for a region's server, to cut off what was written last."""
import glob
import http.server
import json
import os
import subprocess
import threading

import lab


class Portal(http.server.BaseHTTPRequestHandler):
    """Says 200 and a page to whatever is asked, as the page does that guests log on at."""
    page = b"<html>Welcome to our network. Code: 1</html>\n"

    def do_POST(self):
        page = self.server.answer(self.path.encode() + self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


class Record(lab.Case):
    @classmethod
    def set_up(cls):
        key = cls.lab.write("pseudonyms", "0123456789abcdef" * 2 + "\n")
        os.chmod(key, 0o600)
        cls.portal = http.server.ThreadingHTTPServer(("127.0.0.1", lab.PORT + 2), Portal)
        cls.portal.answer = lambda asked: Portal.page
        threading.Thread(target=cls.portal.serve_forever, daemon=True).start()
        cls.lab.closers.append(cls.portal.server_close)
        cls.conf = """
identity: {devices: [{address: 127.0.0.14, user: anna.smith}]}
shipping: {site: oakfield, destinations: [{name: region, kind: clickhouse, address: "http://127.0.0.1:%d", pseudonym_key: %s}]}
""" % (lab.PORT + 2, key)
        cls.nsd = cls.lab.start_nsd(1)
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.example.net"], conf=cls.conf)
        cls.server.ask("blocked.example.net", client="127.0.0.14")
        cls.restart()

    @classmethod
    def restart(cls):
        """Journals become a segment."""
        cls.server.stop()
        cls.lab.processes.remove(cls.server)
        cls.server = cls.lab.serve(0, [cls.nsd], None, conf=cls.conf)

    def belisha(self, *words):
        return subprocess.run([lab.program("belisha"), *self.server.config, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)

    def ledger(self):
        with open(self.lab.path("state", "state", "ledger")) as file:
            return file.readlines()

    def test_what_the_ledger_could_not_hold_is_not_read(self):
        many = ["--limit", "5"] * 40 + ["--user", "anna.smith"]
        for words in (many, ["--reason", "a" * 2000, "--user", "anna.smith"], ["--group", b"\xff", "--user", "anna.smith"]):
            before = len(self.ledger())
            for command in (["log", "search"], ["visits"]):
                done = self.belisha(*command, *words)
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn(b"blocked.example", done.stdout)
            self.assertEqual(len(self.ledger()), before)
        done = self.belisha("log", "search", *many[-22:])
        self.assertIn(b"blocked.example", done.stdout)
        self.assertIn("anna.smith", json.loads(self.ledger()[-1])["detail"]["words"])

    def test_a_full_disk_below_the_output_is_no_success(self):
        for words in (["log", "search"], ["visits", "--all"], ["visits", "--all", "--format", "ndjson", "--plain", "--reason", "a test"],
                      ["log", "export", "--format", "csv"], ["ledger", "show"], ["alert", "list"], ["log", "verify"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([lab.program("belisha"), *self.server.config, *words], stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(b"what stands there is not all of it", done.stderr, words)

    def test_a_page_that_says_200_has_taken_no_rows(self):
        def half(asked):
            return (Portal.page if b"INSERT" in asked else b"21.3.1\ninsert_deduplication_token\n" if b"version" in asked else
                    b"0\n" if b"processes" in asked else b"")
        for answer in (lambda asked: Portal.page, lambda asked: b"", half):
            self.portal.answer = answer
            done = self.belisha("log", "ship", "--to", "region")
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(b"does not answer as ClickHouse does", done.stderr)
            with open(self.lab.path("state", "log", "shipping", "region.json")) as file:
                self.assertEqual(json.load(file)["rows_sent"], 0)

    def test_the_newest_segment_can_not_be_cut_off_unseen(self):
        self.assertEqual(self.belisha("log", "verify").returncode, 0)
        newest = max(glob.glob(self.lab.path("state", "log", "segment-*")))
        self.server.ask("www.example.net")
        self.restart()
        self.assertNotEqual(newest, max(glob.glob(self.lab.path("state", "log", "segment-*"))))
        newest = max(glob.glob(self.lab.path("state", "log", "segment-*")))
        os.rename(newest, self.lab.path("away"))
        done = self.belisha("log", "verify")
        os.rename(self.lab.path("away"), newest)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"the newest segments, up to the number in this file, are missing", done.stderr)


if __name__ == "__main__":
    lab.main()
