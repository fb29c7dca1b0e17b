#!/usr/bin/env python3
"""Fetching from servers that lie, stall, swell and lead astray: the old list stays, and a sentence says why."""
import gzip
import io
import json
import lzma
import os
import tarfile
import time

import lab
import lists

NAMES = "".join("name%d.example\n" % i for i in range(200))
SECRET = "swordfish-of-the-test"


def tar(entries, mode="w:gz"):
    """The bytes of an archive: (name, contents) or a TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return out.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


class Fetching(lab.Case):
    @classmethod
    def set_up(cls):
        cls.authority = lists.Authority(cls.lab.dir)
        cls.server = cls.listen(lists.Server(lab.PORT, cls.authority.context("home", "127.0.0.1")))
        cls.count = 0

    @classmethod
    def listen(cls, listener):
        cls.lab.closers.append(listener.close)
        return listener

    def setUp(self):
        type(self).count += 1
        self.out = self.lab.path("out%d" % self.count)
        self.path = "/list%d" % self.count
        self.server.pages[self.path] = lists.tagged(NAMES, '"one"')

    def compile(self, *feeds, extra="", env=None):
        """Runs the compiler on feeds, each a mapping in YAML's flow form without braces; (code, report, all it said)."""
        recipe = self.lab.write("recipe%d.yaml" % self.count, extra + "feeds:\n" + "".join(
            "  - { category: malware, every: 0, %s }\n" % feed for feed in feeds))
        report = self.lab.path("report.json")
        argv = [lab.program("blocklist-compiler"), "--recipe", recipe, "--out", self.out, "--ca-file",
                self.authority.path, "--report", "json", "--report-file", report, "--quiet"]
        done = lab.subprocess.run(argv, stdin=lab.subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                                  env=dict(os.environ, **(env or {})))
        with open(report) as file:
            said = file.read()
        return done.returncode, json.loads(said), said + done.stdout + done.stderr

    def feed(self, path=None, list_format="domains", limits="bytes: 64KiB, time: 4s", **more):
        return ", ".join(["name: list, source: '%s', format: %s, limits: { %s }" % (
            self.server.url(path or self.path), list_format, limits)] + ["%s: %s" % row for row in more.items()])

    def check_stale(self, code, report, phrase, generation=1):
        feed = report["feeds"][0]
        self.assertEqual((code, feed["state"]), (1, "stale"), feed)
        self.assertIn(phrase, feed["problem"])
        self.assertGreater(feed["fetched_s"], 0)
        self.assertEqual(os.readlink(os.path.join(self.out, "current")), "generation-%d.mdb" % generation)
        self.assertEqual([f for f in os.listdir(os.path.join(self.out, "feeds")) if f.endswith(".new")], [])
        self.assertNotIn("\x1b", feed["problem"])

    def check_refused(self, rows, **feed):
        """rows: (what it is, answer, phrase of the reason)."""
        good = self.server.pages[self.path]
        code, report, said = self.compile(self.feed(**feed))
        self.assertEqual(code, 0, said)
        for what, answer, phrase in rows:
            with self.subTest(what):
                self.server.pages[self.path] = answer
                code, report, said = self.compile(self.feed(**feed))
                self.check_stale(code, report, phrase)
        self.server.pages[self.path] = good
        code, report, said = self.compile(self.feed(**feed))
        self.assertEqual((code, report["outcome"]), (0, "unchanged"), said)

    # ---- bytes that are not the list ----

    def test_a_body_that_is_not_the_list_is_not_taken(self):
        half = NAMES.encode()[:1500]
        chunk = b"%x\r\n%s\r\n" % (len(half), half)

        def cut(visit):
            visit.send(lists.head("200 OK", "Content-Length: 3000").encode() + half)

        def cut_in_a_chunk(visit):
            visit.send(lists.head("200 OK", "Transfer-Encoding: chunked").encode() + chunk)

        def endless(visit):
            visit.send(lists.head("200 OK", "Transfer-Encoding: chunked"))
            while True:
                visit.send(chunk)

        def endless_without_length(visit):
            visit.send(lists.head())
            while True:
                visit.send(half)

        def swells(visit):
            visit.send(lists.head("200 OK", "Content-Encoding: gzip"))
            for piece in lists.deflated(b"a" * (1 << 20) for _ in range(1000)):
                visit.send(piece)

        self.check_refused((
            ("cut in the middle", cut, "the connection ended in the middle of the list"),
            ("cut between chunks", cut_in_a_chunk, "ended in the middle"),
            ("claims fewer bytes than it has", lambda v: v.send(
                lists.head("200 OK", "Content-Length: 1500") + NAMES), "a change of more than 30 per cent"),
            ("claims more bytes than allowed", lists.text(NAMES * 100), "more than the allowed 65536 bytes"),
            ("endless chunks", endless, "more than the allowed 65536 bytes"),
            ("endless body", endless_without_length, "more than the allowed 65536 bytes"),
            ("swells out of gzip", swells, "more than the allowed 65536 bytes"),
            ("broken gzip", lists.text("no gzip at all", "Content-Encoding: gzip"), "can't be unpacked"),
            ("broken chunks", lambda v: v.send(lists.head("200 OK", "Transfer-Encoding: chunked") + "many\r\n"), ""),
            ("a web page", lists.text("<!doctype html><title>Log on</title>"), "a web page instead of a list"),
            ("a web page by its type", lists.text(NAMES, "Content-Type: text/html"), "a web page instead of a list"),
            ("empty", lists.text(""), "empty"),
            ("comments only", lists.text("# nothing today\n"), "only 0 names"),
        ), limits="bytes: 64KiB, time: 6s, change: 30")

    def test_a_body_out_of_gzip_is_bounded_by_how_it_swells(self):
        def swells(visit):
            visit.send(lists.head("200 OK", "Content-Encoding: gzip"))
            for piece in lists.deflated(b"a" * (1 << 20) for _ in range(200)):
                visit.send(piece)
        self.check_refused((("swells", swells, "swell to more than 200 times"),), limits="bytes: 1GiB, time: 30s")

    # ---- servers that refuse, lead astray, or are none ----

    def test_a_refusal_is_told_in_plain_words(self):
        self.check_refused((
            ("401", lists.status(401, 'WWW-Authenticate: Basic realm="x"'), "wants other credentials"),
            ("403", lists.status(403), "does not let us have it"),
            ("404", lists.status(404), "the server has no such file (HTTP 404)"),
            ("410", lists.status(410), "gone for good"),
            ("429", lists.status(429, "Retry-After: 3600"), "we ask too often"),
            ("500", lists.status(500), "trouble of its own (HTTP 500)"),
            ("204", lists.status(204), "has no list (HTTP 204)"),
            ("nothing", lambda visit: None, "the server said nothing"),
            ("another language", lambda visit: visit.send("220 mail.example ESMTP\r\n"), ""),
        ))

    def test_redirects_lead_to_https_only_and_not_for_ever(self):
        self.server.pages["/loop"] = lists.redirect(self.server.url("/loop"))
        self.check_refused((
            ("file:", lists.redirect("file:///etc/passwd"), "redirects to 'file:///etc/passwd', and only https"),
            ("http:", lists.redirect("http://127.0.0.1:%d/" % lab.PORT), "redirects to 'http://"),
            ("ftp:", lists.redirect("ftp://127.0.0.1/"), "only https is followed"),
            ("nowhere", lists.status(302), "without saying where to"),
            ("a terminal's codes", lists.redirect("gopher://\x1b[2J/"), "redirects"),
            ("a loop", lists.redirect(self.server.url("/loop")), "more than 5 times"),
        ))
        self.server.pages["/new"] = lists.text(NAMES + "one-more.example\n")
        self.server.pages[self.path] = lists.redirect("/new")
        code, report, said = self.compile(self.feed())
        self.assertEqual((code, report["outcome"], report["all"]["added"]), (0, "published", 1), said)

    def test_slow_servers_are_left_behind(self):
        def stalls(visit):
            visit.send(lists.head("200 OK", "Content-Length: %d" % len(NAMES)) + NAMES[:100])
            visit.wait_for_end()

        def drips_headers(visit):
            for byte in lists.head("200 OK", *["X-More: %d" % i for i in range(1000)]):
                visit.send(byte)
                time.sleep(0.05)

        def endless_headers(visit):
            visit.send("HTTP/1.1 200 OK\r\n")
            while True:
                visit.send("X-More: %s\r\n" % ("x" * 1000))

        self.check_refused((
            ("stalls in the body", stalls, "the server is too slow"),
            ("says nothing at all", lambda visit: visit.wait_for_end(), "the server is too slow"),
            ("drips headers", drips_headers, "the server is too slow"),
            ("endless headers", endless_headers, "headers"),
        ))

    def test_only_a_certificate_of_the_right_server_will_do(self):
        code, report, said = self.compile(self.feed())
        self.assertEqual(code, 0, said)
        os.mkdir(self.lab.path("stranger"))
        stranger = lists.Authority(self.lab.path("stranger"))
        home, visits = self.server.context, len(self.server.visits)
        for context, phrase in ((self.authority.context("other.example"), "no alternative certificate subject name"),
                                (stranger.context("home", "127.0.0.1"), "the server's certificate is not to be trusted")):
            self.server.context = context
            self.addCleanup(setattr, self.server, "context", home)
            code, report, said = self.compile(self.feed())
            self.check_stale(code, report, phrase)
        self.assertEqual(len(self.server.visits), visits)

    def test_a_server_that_is_not_there_is_told(self):
        gone = self.listen(lists.Server(lab.PORT + 1, self.server.context))
        gone.pages[self.path] = lists.text(NAMES)
        feed = self.feed().replace(self.server.url(self.path), gone.url(self.path))
        self.assertEqual(self.compile(feed)[0], 0)
        gone.close()
        code, report, said = self.compile(feed)
        self.check_stale(code, report, "no connection to the server")

    def test_nothing_changed_means_nothing_without_a_copy(self):
        self.server.pages[self.path] = lists.status(304)
        good = "name: good, source: '%s', format: domains" % self.lab.write("good.txt", "good.example\n")
        code, report, said = self.compile(self.feed(), good)
        self.assertEqual((code, report["outcome"], report["feeds"][0]["state"]), (1, "published", "missing"), said)
        self.assertIn("was not asked", report["feeds"][0]["problem"])

    # ---- what goes well ----

    def test_an_unchanged_list_is_only_asked_about(self):
        for _ in range(2):
            code, report, said = self.compile(self.feed())
            self.assertEqual(code, 0, said)
        asked = self.server.asked(self.path)
        self.assertEqual([v.headers.get("if-none-match") for v in asked], [None, '"one"'])
        self.assertFalse(any("cookie" in visit.headers for visit in asked))

    def test_a_passing_trouble_gets_a_second_try(self):
        def fails_once(visit):
            lists.status(503)(visit) if len(self.server.asked(self.path)) < 2 else lists.text(NAMES)(visit)
        self.server.pages[self.path] = fails_once
        code, report, said = self.compile(self.feed())
        self.assertEqual((code, report["feeds"][0]["state"]), (0, "fresh"), said)
        self.assertEqual(len(self.server.asked(self.path)), 2)

    def test_what_a_server_compressed_is_unpacked(self):
        packed = b"".join(lists.deflated([NAMES.encode()]))
        self.server.pages[self.path] = lists.text(packed, "Content-Encoding: gzip")
        code, report, said = self.compile(self.feed())
        self.assertEqual((code, report["all"]["names"]), (0, 200), said)

    def test_a_list_that_is_a_compressed_file_is_unpacked(self):
        for i, pack in enumerate((gzip.compress, lzma.compress)):
            self.server.pages[self.path] = lists.text(pack((NAMES + "more%d.example\n" % i).encode()),
                                                      "Content-Type: application/octet-stream")
            code, report, said = self.compile(self.feed())
            self.assertEqual((code, report["feeds"][0]["state"], report["all"]["names"]), (0, "fresh", 201), said)
        code, report, said = self.compile(self.feed())
        self.assertEqual((code, report["outcome"]), (0, "unchanged"), said)
        packed = gzip.compress(NAMES.encode())
        for what, body, phrase in (
                ("cut", packed[:len(packed) // 2], "could not be unpacked: "),
                ("swells past the limit", gzip.compress(b"a" * (1 << 20)), "could not be unpacked: more bytes than allowed"),
                ("a web page", gzip.compress(b"<html>Log on"), "a web page instead of a list"),
                ("nothing", gzip.compress(b""), "empty")):
            with self.subTest(what):
                self.server.pages[self.path] = lists.text(body)
                code, report, said = self.compile(self.feed())
                self.check_stale(code, report, phrase, generation=2)

    def test_one_server_serves_two_feeds_at_a_time(self):
        feeds = []
        self.server.most = 0
        for i in range(8):
            path = "%s-%d" % (self.path, i)
            self.server.pages[path] = lambda visit: (time.sleep(0.05), lists.text(NAMES)(visit))
            feeds.append(self.feed(path).replace("name: list", "name: list%d" % i))
        code, report, said = self.compile(*feeds)
        self.assertEqual(code, 0, said)
        self.assertIn(self.server.most, (1, 2))

    # ---- archives ----

    def test_archives_can_not_burst_or_break_out(self):
        bomb = tarfile.TarInfo()
        good = tar([("adult/domains", NAMES.encode())])
        self.server.pages[self.path] = lists.text(good)

        def many(count):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
                for i in range(count):
                    archive.addfile(tarfile.TarInfo("adult/%d" % i))
            return out.getvalue()

        def swelling(name):
            bomb.name, bomb.size = name, 64 << 20
            return lists.text(b"".join(lists.deflated([bomb.tobuf()] + [b"a" * (1 << 20)] * 64)))

        self.check_refused((
            ("a file that swells", swelling("adult/domains"), "could not be read: "),
            ("a file that nobody reads and that swells", swelling("other/file"), "could not be read: "),
            ("too many entries", lists.text(many(70000)), "could not be read: "),
            ("cut short", lists.text(good[:len(good) // 2]), "could not be read: "),
            ("no archive", lists.text("a.example\n"), "could not be read: "),
            ("an archive in an archive", lists.text(tar([("adult/domains.tar.gz", good)])), "only 0 names"),
            ("links and ways out", lists.text(tar([
                link("adult/domains", "/etc/passwd"), link("games/domains", "../../etc/hosts", tarfile.LNKTYPE),
                ("/etc/belisha-was-here", b"x.example\n"), ("../adult/more", b"y.example\n")])), "only 0 names"),
            ("a very long name", lists.text(tar([("adult/" + "x" * 60000, b"z.example\n")])), "only 0 names"),
        ), list_format="ut1", limits="bytes: 2MiB, time: 60s")
        self.assertFalse(os.path.exists("/etc/belisha-was-here"))

    # ---- who asks ----

    def secret(self, name, contents, mode=0o600):
        path = self.lab.write(name, contents)
        os.chmod(path, mode)
        return path

    def test_credentials_are_shown_to_their_server_alone(self):
        elsewhere = self.listen(lists.Server(lab.PORT + 3, self.authority.context("elsewhere", "127.0.0.1")))
        elsewhere.pages["/list"] = lists.text(NAMES)
        headers = self.secret("headers", "X-Key: %s\nAuthorization: Bearer %s\n" % (SECRET, SECRET))
        user = self.secret("user", "anna:%s\n" % SECRET)
        for kind, path, wanted in (("header_file", headers, "Bearer " + SECRET), ("user_file", user, "Basic ")):
            with self.subTest(kind):
                self.server.visits.clear()
                elsewhere.visits.clear()
                self.server.pages[self.path] = lists.redirect(self.path + "/here")
                self.server.pages[self.path + "/here"] = lists.redirect(elsewhere.url("/list"))
                code, report, said = self.compile(self.feed(credentials="{ %s: '%s' }" % (kind, path)))
                self.assertEqual(code, 0, said)
                self.assertEqual(len(self.server.visits), 2)
                for visit in self.server.visits:
                    self.assertTrue(visit.headers["authorization"].startswith(wanted))
                self.assertEqual(len(elsewhere.visits), 1)
                self.assertFalse({"authorization", "x-key"} & set(elsewhere.visits[0].headers))
                self.assertNotIn(SECRET, said)

    def test_a_secret_that_everybody_may_read_is_not_used(self):
        code, report, said = self.compile(self.feed())
        for mode, contents, phrase in ((0o644, "anna:" + SECRET, "everybody may read"), (0o600, "", "is empty"),
                                       (0o600, SECRET, "'user:password'")):
            path = self.secret("loose", contents, mode)
            self.server.visits.clear()
            code, report, said = self.compile(self.feed(credentials="{ user_file: '%s' }" % path))
            self.check_stale(code, report, phrase)
            self.assertNotIn(SECRET, said)
            self.assertEqual(self.server.visits, [])

    def test_a_client_certificate_opens_the_door(self):
        server = self.listen(lists.Server(lab.PORT + 4, self.authority.context("door", "127.0.0.1", wants_client=True)))
        server.pages["/list"] = lists.text(NAMES)
        certificate, key = self.authority.certificate("pupil.example")
        feed = self.feed().replace(self.server.url(self.path), server.url("/list"))
        code, report, said = self.compile(feed)
        self.assertEqual(code, 2, said)
        code, report, said = self.compile(
            feed + ", credentials: { client_certificate: '%s', client_key: '%s' }" % (certificate, key))
        self.assertEqual(code, 0, said)

    def test_a_proxy_is_used_when_the_recipe_says_so(self):
        proxy = self.listen(lists.Proxy(lab.PORT + 5, "anna:" + SECRET))
        address = "http://127.0.0.1:%d" % proxy.port
        user = self.secret("proxy-user", "anna:" + SECRET)
        environment = {"https_proxy": address, "HTTPS_PROXY": address, "all_proxy": address, "no_proxy": ""}
        code, report, said = self.compile(self.feed(), env=environment)
        self.assertEqual((code, proxy.targets), (0, []), said)
        code, report, said = self.compile(self.feed(proxy="environment"), env=environment)
        self.check_stale(code, report, "the proxy refuses (HTTP 407)")
        self.assertEqual(set(proxy.targets), {"127.0.0.1:%d" % lab.PORT})
        code, report, said = self.compile(self.feed(), extra="proxy: '%s'\nproxy_user_file: '%s'\n" % (address, user))
        self.assertEqual((code, report["feeds"][0]["state"]), (0, "current"), said)
        self.assertNotIn(SECRET, said)
        proxy.targets.clear()
        code, report, said = self.compile(self.feed(proxy="none"), extra="proxy: '%s'\n" % address)
        self.assertEqual((code, proxy.targets), (0, []), said)


if __name__ == "__main__":
    lab.main()
