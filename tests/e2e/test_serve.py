#!/usr/bin/env python3
"""tests/serve itself: what benchmarks and outside test suites rely on."""
import os
import subprocess

import dns
import lab

SERVE = os.path.join(lab.ROOT, "tests", "serve")


class Handle(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(1)

    def start(self, port_offset, *options, cwd=None):
        port = lab.PORT + port_offset
        argv = [SERVE, "--port", str(port), "--build-dir", lab.BUILD, *options]
        process = self.lab.start(argv, "serve-%d" % port, cwd=cwd)
        process.wait_for_line("ready")
        return process, ("127.0.0.1", port)

    def test_it_becomes_belishad_with_the_same_process_id(self):
        self.lab.write("one.list", "blocked.example.net\n")
        process, at = self.start(0, "--dir", "one", "--list", "one.list", "--upstream", "127.0.0.1@%d" %
                                 self.upstream.port, cwd=self.lab.dir)
        self.assertEqual(os.readlink("/proc/%d/exe" % process.pid), lab.program("belishad"))
        self.assertTrue(os.path.isdir(self.lab.path("one", "blocklist")))
        for ask in (dns.ask_udp, dns.ask_tcp):
            self.assertEqual(ask(at, "blocked.example.net").data(), [lab.SINKHOLE])
            self.assertEqual(ask(at, "www.blocked.example.net").data(), [lab.SINKHOLE])
            self.assertEqual(ask(at, "www.example.net").data(), ["198.51.100.1"])
        self.assertEqual(process.stop(), 0)

    def test_formats_category_sinkholes_and_extra_configuration(self):
        self.lab.write("two.hosts", "0.0.0.0 exact.example.net\n")
        conf = self.lab.write("two.yaml", "access: [127.0.0.1/32]\n")
        process, at = self.start(2, "--dir", self.lab.path("two"), "--list", self.lab.path("two.hosts"), "--format",
                                 "hosts", "--category", "gambling", "--sinkhole", "127.8.8.8", "--sinkhole", "fd00::8",
                                 "--no-log", "--workers", "2", "--conf", conf,
                                 "--upstream", "127.0.0.1:%d" % self.upstream.port)
        self.assertEqual(dns.ask_udp(at, "exact.example.net").data(), ["127.8.8.8"])
        self.assertEqual(dns.ask_udp(at, "exact.example.net", "AAAA").data(), ["fd00::8"])
        self.assertEqual(dns.ask_udp(at, "below.exact.example.net").data(), ["198.51.100.1"])
        self.assertEqual(dns.ask_udp(at, "www.example.net", client="127.0.0.2").rcode, "REFUSED")
        self.assertFalse(os.path.exists(self.lab.path("two", "log")))
        publish = subprocess.run([SERVE, "--dir", "two", "--list", "new.list", "--publish-only", "--build-dir",
                                  lab.BUILD], cwd=self.lab.dir, capture_output=True, text=True)
        self.assertEqual(publish.returncode, 2)
        self.assertIn("new.list", publish.stderr)
        self.lab.write("new.list", "second.example.net\n")
        lab.run([SERVE, "--dir", self.lab.path("two"), "--list", self.lab.path("new.list"), "--publish-only",
                 "--build-dir", lab.BUILD])
        lab.wait_until("the new list", lambda: dns.ask_udp(at, "second.example.net").data() == ["127.8.8.8"], 1)
        self.assertEqual(dns.ask_udp(at, "exact.example.net").data(), ["198.51.100.1"])
        self.assertEqual(process.stop(), 0)

    def test_adblock_and_rpz_lists_are_read(self):
        for offset, list_format, expected, text in (
                (4, "adblock", [lab.SINKHOLE], "! title\n||blocked.example.net^\n@@||ok.blocked.example.net^\n"),
                (5, "rpz", "NXDOMAIN", "$TTL 60\n@ SOA ns host 1 2 3 4 5\n  NS localhost.\nblocked.example.net CNAME .\n"
                           "*.blocked.example.net CNAME .\nok.blocked.example.net CNAME rpz-passthru.\n")):
            with self.subTest(list_format):
                path = self.lab.write(list_format + ".list", text)
                process, at = self.start(offset, "--dir", self.lab.path(list_format), "--list", path, "--format",
                                         list_format, "--upstream", "127.0.0.1:%d" % self.upstream.port)
                blocked = dns.ask_udp(at, "www.blocked.example.net")
                self.assertEqual(blocked.data() or blocked.rcode, expected)
                self.assertEqual(dns.ask_udp(at, "ok.blocked.example.net").data(), ["198.51.100.1"])
                self.assertEqual(process.stop(), 0)

    def test_wrong_usage_is_told_and_starts_nothing(self):
        path = self.lab.write("some.list", "a.example\n")
        whole = ["--dir", self.lab.path("no"), "--port", str(lab.PORT + 6), "--upstream", "127.0.0.1", "--list", path,
                 "--build-dir", lab.BUILD]
        for change, word in ((["--port", "0"], "--port"), (["--port", "x"], "--port"), (["--workers", "no"], "--workers"),
                             (["--list", "/nowhere/list"], "/nowhere/list"), (["--unknown", "1"], "--unknown"),
                             (["--format", "xml"], "xml"), (["--category", "cats"], "cats"),
                             (["--build-dir", "/nowhere"], "/nowhere"), (["--dir"], "--dir")):
            with self.subTest(change[0]):
                done = subprocess.run([SERVE, *whole, *change], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=20)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr)
                self.assertNotIn("ready", done.stdout)
        for change, word in ((["--upstream", "not-an-address"], "not-an-address"), (["--sinkhole", "x.y"], "x.y")):
            with self.subTest(change[0]):
                done = subprocess.run([SERVE, *whole, *change], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=20)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr + done.stdout)


if __name__ == "__main__":
    lab.main()
