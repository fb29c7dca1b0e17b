#!/usr/bin/env python3
"""Zones brought from their primaries: NSD and Knot with keys and changes, and one that plays every trick."""
import json
import os
import shutil
import signal
import time

import lab
import primary
from primary import cname, framed, soa

ZONE = "rpz.test"
KEY = primary.Key()

ZONE_FILE = """$ORIGIN rpz.test.
$TTL 60
@ SOA ns.rpz.test. host.rpz.test. %d 3600 600 86400 60
@ NS ns.rpz.test.
ns A 127.0.0.1
"""

NSD = """server:
    ip-address: 127.0.0.1@%(port)d
    do-ip6: no
    username: ""
    chroot: ""
    server-count: 1
    verbosity: 2
    database: ""
    zonesdir: "%(dir)s"
    zonelistfile: "%(dir)s/nsd-zones.list"
    xfrdfile: "%(dir)s/nsd-xfrd.state"
    xfrdir: "%(dir)s"
    pidfile: ""
    cookie-secret-file: "%(dir)s/nsd-cookies"
remote-control:
    control-enable: no
key:
    name: "key.example"
    algorithm: %(algorithm)s
    secret: "%(secret)s"
zone:
    name: "rpz.test"
    zonefile: "%(file)s"
    store-ixfr: yes
    create-ixfr: yes
    provide-xfr: 127.0.0.1 key.example
"""

KNOT = """server:
    listen: 127.0.0.1@%(port)d
    rundir: "%(dir)s"
database:
    storage: "%(dir)s"
log:
  - target: stdout
    any: info
key:
  - id: key.example
    algorithm: %(algorithm)s
    secret: "%(secret)s"
acl:
  - id: transfers
    key: key.example
    action: transfer
zone:
  - domain: rpz.test
    file: "%(file)s"
    zonefile-load: difference
    zonefile-sync: -1
    journal-content: changes
    acl: transfers
"""


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def zone_text(serial, names):
    return ZONE_FILE % serial + "".join("%s CNAME .\n" % name for name in names)


class Transfer(lab.Case):
    @classmethod
    def set_up(cls):
        cls.lab.write("secret", KEY.base64() + "\n")
        os.chmod(cls.lab.path("secret"), 0o600)
        cls.runs = 0

    # ---- one run of the compiler ----

    def compile(self, ports, out, options="", limits="", key=KEY, every="0s"):
        tsig = "" if key is None else "    tsig: {name: %s, algorithm: %s, secret_file: secret}\n" % (
            key.name, key.algorithm)
        recipe = self.lab.write(out + ".yaml", "out: %s\nfeeds:\n  - name: zone\n    source: dns://%s/%s\n"
                                "    format: rpz\n    category: malware\n    every: %s\n%s%s%s" % (
                                    out, ",".join(p if isinstance(p, str) else "127.0.0.1:%d" % p for p in ports), ZONE, every, tsig, options, limits))
        done = lab.run([lab.program("blocklist-compiler"), "--recipe", recipe, "--report", "json", "--quiet"],
                       check=False)
        report = json.loads(done.stdout)
        return done.returncode, report["feeds"][0], report

    def names(self, out):
        text = lab.run([lab.program("blocklist-compiler"), "export", "--dir", self.lab.path(out), "--format", "domains",
                        "--quiet"])
        return [line for line in text.splitlines() if not line.startswith("#")]

    def kept(self, out):
        with open(self.lab.path(out, "feeds", "zone.feed")) as file:
            return file.read()

    def assert_fresh(self, got, out, names):
        code, feed, _ = got
        self.assertEqual((code, feed["state"], feed.get("problem")), (0, "fresh", None))
        self.assertEqual(self.names(out), names)

    # ---- real servers ----

    def start(self, argv, name, port):
        process = self.lab.start(argv, name)
        self.addCleanup(process.stop)

        def answers():
            assert process.is_running(), process.output()
            try:
                return lab.dns.ask_udp(("127.0.0.1", port), ZONE, "SOA", timeout=0.5).rcode == "NOERROR"
            except OSError:
                return False
        lab.wait_until(name, answers, lab.START_S)
        return process

    def serial(self, port):
        answer = lab.dns.ask_udp(("127.0.0.1", port), ZONE, "SOA")
        return int(answer.data()[0].split()[2])

    def serve_two_versions(self, conf, argv, name, port, key):
        """A first transfer, a change, and the transfer of that change. Returns the server's process."""
        out = name
        path = self.lab.write(name + ".zone", zone_text(1, ["a.example", "gone.example"]))
        with open(self.lab.path("secret"), "w") as file:
            file.write(key.base64() + "\n")
        made = self.lab.write(name + ".conf", conf % {"port": port, "dir": self.lab.path(name + "-dir"), "file": path,
                                                      "algorithm": key.algorithm, "secret": key.base64()})
        os.mkdir(self.lab.path(name + "-dir"))
        process = self.start([word if word != "CONF" else made for word in argv], name, port)
        self.assert_fresh(self.compile([port], out, key=key), out, ["a.example", "gone.example"])
        code, feed, report = self.compile([port], out, key=key)
        self.assertEqual((code, feed["state"], report["outcome"]), (0, "current", "unchanged"))

        self.lab.write(name + ".zone", zone_text(2, ["a.example", "new.example"]))
        os.utime(path, (time.time() + 5, time.time() + 5))
        process.popen.send_signal(signal.SIGHUP)
        lab.wait_until("serial 2", lambda: self.serial(port) == 2)
        self.assert_fresh(self.compile([port], out, key=key), out, ["a.example", "new.example"])
        incremental = self.kept(out)
        # All of it, from the start, is the same file.
        self.assert_fresh(self.compile([port], out + "-whole", options="    transfer: axfr\n", key=key), out + "-whole",
                          ["a.example", "new.example"])
        self.assertEqual(self.kept(out + "-whole"), incremental)
        self.assertTrue(incremental.startswith("rpz.test.\t60\tIN\tSOA\tns.rpz.test. host.rpz.test. 2 "), incremental)

        wrong = primary.Key(name=key.name, secret=b"another", algorithm=key.algorithm)
        with open(self.lab.path("secret"), "w") as file:
            file.write(wrong.base64() + "\n")
        self.lab.write(name + ".zone", zone_text(3, ["a.example", "unseen.example"]))
        os.utime(path, (time.time() + 10, time.time() + 10))
        process.popen.send_signal(signal.SIGHUP)
        lab.wait_until("serial 3", lambda: self.serial(port) == 3)
        code, feed, _ = self.compile([port], out, key=wrong)
        self.assertEqual((code, feed["state"]), (1, "stale"))
        self.assertIn("BADSIG", feed["problem"])
        self.assertEqual(self.names(out), ["a.example", "new.example"])
        with open(self.lab.path("secret"), "w") as file:
            file.write(KEY.base64() + "\n")
        return process

    def test_nsd(self):
        program = find("nsd")
        if program is None:
            self.skipTest("no nsd")
        process = self.serve_two_versions(NSD, [program, "-d", "-c", "CONF"], "nsd", lab.PORT, KEY)
        self.assertIn("ixfr for rpz.test.", process.output())

    def test_knot(self):
        program = find("knotd")
        if program is None:
            self.skipTest("no knotd")
        key = primary.Key(secret=b"s" * 64, algorithm="hmac-sha512")
        process = self.serve_two_versions(KNOT, [program, "-c", "CONF"], "knot", lab.PORT + 1, key)
        self.assertIn("IXFR, outgoing", process.output())

    def test_a_big_zone_of_nsd(self):
        """More than a hundred messages."""
        program = find("nsd")
        if program is None:
            self.skipTest("no nsd")
        names = ["n%d.%s.example" % (i, "x" * 50) for i in range(120000)]
        path = self.lab.write("big.zone", zone_text(7, names))
        os.mkdir(self.lab.path("big-dir"))
        made = self.lab.write("big.conf", NSD % {"port": lab.PORT + 2, "dir": self.lab.path("big-dir"), "file": path,
                                                 "algorithm": KEY.algorithm, "secret": KEY.base64()})
        self.start([program, "-d", "-c", made], "big", lab.PORT + 2)
        code, feed, report = self.compile([lab.PORT + 2], "big")
        self.assertEqual((code, feed["state"], feed.get("problem")), (0, "fresh", None))
        self.assertEqual(report["all"]["names"], len(names))

    # ---- a primary that plays tricks ----

    def trick(self, behave, key=KEY):
        made = primary.Primary(lab.PORT + 5, behave)
        self.addCleanup(made.close)
        return made

    @staticmethod
    def signed(request, messages, key=KEY, **kw):
        signer = primary.Signer(key, request.mac)
        return [framed(signer.sign(msg, **kw)) for msg in messages]

    def honest(self, serial, names, key=KEY):
        """Answers as it should."""
        def behave(request):
            if request.qtype == primary.SOA:
                return self.signed(request, [request.answer([soa(ZONE, serial)])], key)
            records = [soa(ZONE, serial)] + [cname("%s.%s" % (n, ZONE), ".") for n in names] + [soa(ZONE, serial)]
            return self.signed(request, [request.answer(records)], key)
        return behave

    def test_what_damages_a_transfer_leaves_the_copy(self):
        transfers = {
            "cut within a message": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2)])])[0][:-9:1] and [
                self.signed(r, [r.answer([soa(ZONE, 2), cname("b." + ZONE, ".")])])[0][:-20], None],
                "connection ended before the answer did"),
            "cut between messages": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2), cname("b." + ZONE, ".")])]) + [
                None], "connection ended before the answer did"),
            "never closed by a SOA": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2)])] + [
                r.answer([cname("b%d.%s" % (i, ZONE), ".")]) for i in range(50)]) + [None], "connection ended"),
            "another SOA at the end": (lambda r: self.signed(r, [
                r.answer([soa(ZONE, 2), cname("b." + ZONE, "."), soa(ZONE, 3)])]), "changed while it was sent"),
            "no SOA at the start": (lambda r: self.signed(r, [r.answer([cname("b." + ZONE, ".")])]),
                                    "does not begin with the SOA"),
            "no records": (lambda r: self.signed(r, [r.answer([])]), "without a record"),
            "records behind the end": (lambda r: self.signed(r, [
                r.answer([soa(ZONE, 2), soa(ZONE, 2), cname("b." + ZONE, ".")])]), "behind the end"),
            "out of the zone": (lambda r: self.signed(r, [
                r.answer([soa(ZONE, 2), cname("b.example", "."), soa(ZONE, 2)])]), "outside of the zone: b.example CNAME"),
            "another zone's SOA": (lambda r: self.signed(r, [r.answer([soa("x." + ZONE, 2)])]), "outside of the zone"),
            "another question": (lambda r: self.signed(r, [
                r.id + b"\x84\0\0\1\0\1\0\0\0\0" + primary.wire("other.test") + b"\0\xfc\0\1" + soa(ZONE, 2)]),
                "answer to another question"),
            "another id": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2)], rid=bytes([r.id[0] ^ 1, r.id[1]]))]),
                           "no answer to what was asked"),
            "a broken record": (lambda r: self.signed(r, [
                r.answer([soa(ZONE, 2), primary.record("b." + ZONE, 1, b"123"), soa(ZONE, 2)])]), "broken record"),
            "truncated": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2)], flags=0x8600)]), "truncated message"),
            "REFUSED": (lambda r: self.signed(r, [r.answer([], flags=0x8405)]), "answers REFUSED"),
            "SERVFAIL": (lambda r: self.signed(r, [r.answer([], flags=0x8402)]), "answers SERVFAIL"),
            "not signed": (lambda r: [framed(r.answer([soa(ZONE, 2), soa(ZONE, 2)]))], "not signed"),
            "a wrong signature": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2), soa(ZONE, 2)])], spoil=True),
                                  "signature is wrong"),
            "another key": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2), soa(ZONE, 2)])],
                                                  primary.Key(name="other.example")), "signed with another key"),
            "another time": (lambda r: self.signed(r, [r.answer([soa(ZONE, 2), soa(ZONE, 2)])], now=time.time() - 900),
                             "signed at another time"),
            "the end not signed": (self.end_not_signed, "the end of the answer is not signed"),
            "a hundred not signed": (self.hundred_not_signed, "more than 99 messages"),
            "one changed on the way": (self.one_changed, "signature is wrong"),
            "a message of nothing": (lambda r: [framed(b"")], "not a well-formed message"),
        }
        server = self.trick(None)
        server.behave = self.honest(1, ["a.example"])
        self.assert_fresh(self.compile([server.port], "tricks"), "tricks", ["a.example"])
        before = self.kept("tricks")
        for mode in ("ixfr", "axfr"):
            for name, (transfer, problem) in transfers.items():
                with self.subTest(mode + ": " + name):
                    server.behave = lambda r: (self.honest(2, [])(r) if r.qtype == primary.SOA else transfer(r))
                    code, feed, _ = self.compile([server.port], "tricks", options="    transfer: %s\n" % mode)
                    self.assertEqual((code, feed["state"]), (1, "stale"))
                    self.assertIn("127.0.0.1:%d: " % server.port, feed["problem"])
                    self.assertIn(problem, feed["problem"])
                    self.assertEqual(self.kept("tricks"), before)
        self.assertEqual(self.names("tricks"), ["a.example"])

    def end_not_signed(self, request):
        signer = primary.Signer(KEY, request.mac)
        return [framed(signer.sign(request.answer([soa(ZONE, 2)]))), framed(request.answer([soa(ZONE, 2)]))]

    def hundred_not_signed(self, request):
        signer = primary.Signer(KEY, request.mac)
        yield framed(signer.sign(request.answer([soa(ZONE, 2)])))
        for i in range(100):
            yield framed(request.answer([cname("b%d.%s" % (i, ZONE), ".")]))

    def one_changed(self, request):
        signer = primary.Signer(KEY, request.mac)
        yield framed(signer.sign(request.answer([soa(ZONE, 2)])))
        signer.skip(request.answer([cname("b." + ZONE, ".")]))
        yield framed(request.answer([cname("c." + ZONE, ".")]))
        yield framed(signer.sign(request.answer([soa(ZONE, 2)])))

    def test_ninety_nine_may_be_unsigned(self):
        def behave(request):
            if request.qtype == primary.SOA:
                return self.honest(1, [])(request)
            signer = primary.Signer(KEY, request.mac)
            pieces = [framed(signer.sign(request.answer([soa(ZONE, 1)])))]
            for i in range(99):
                msg = request.answer([cname("b%02d.example.%s" % (i, ZONE), ".")], question=False)
                signer.skip(msg)
                pieces.append(framed(msg))
            return pieces + [framed(signer.sign(request.answer([soa(ZONE, 1)], question=False)))]
        server = self.trick(behave)
        self.assert_fresh(self.compile([server.port], "unsigned"), "unsigned",
                          ["b%02d.example" % i for i in range(99)])

    def test_changes(self):
        """IXFR: changes over two versions, what does not fit, and servers that know no IXFR."""
        def first_version(request):
            return self.honest(1, ["a.example", "b.example"])(request)

        def rr(name):
            return cname("%s.%s" % (name, ZONE), ".")
        two_steps = [soa(ZONE, 3), soa(ZONE, 1), rr("a.example"), soa(ZONE, 2), rr("c.example"), soa(ZONE, 2),
                     rr("c.example"), soa(ZONE, 3), rr("d.example"), soa(ZONE, 3)]
        rows = (
            ("two steps", two_steps, ["b.example", "d.example"], [primary.SOA, primary.IXFR]),
            ("all of it", [soa(ZONE, 3), rr("e.example"), soa(ZONE, 3)], ["e.example"], [primary.SOA, primary.IXFR]),
            ("what is not there goes", [soa(ZONE, 3), soa(ZONE, 1), rr("x.example"), soa(ZONE, 3), soa(ZONE, 3)],
             ["whole.example"], [primary.SOA, primary.IXFR, primary.AXFR]),
            ("steps that don't meet", [soa(ZONE, 3), soa(ZONE, 1), soa(ZONE, 2), soa(ZONE, 1)], ["whole.example"],
             [primary.SOA, primary.IXFR, primary.AXFR]),
            ("backwards", [soa(ZONE, 3), soa(ZONE, 1), soa(ZONE, 0), soa(ZONE, 3)], ["whole.example"],
             [primary.SOA, primary.IXFR, primary.AXFR]),
            ("NOTIMP", None, ["whole.example"], [primary.SOA, primary.IXFR, primary.AXFR]),
        )
        server = self.trick(first_version)
        for index, (name, records, names, asked) in enumerate(rows):
            with self.subTest(name):
                def behave(request):
                    if request.qtype != primary.IXFR:
                        return self.honest(3, ["whole.example"])(request)
                    self.assertEqual(request.serial, 1)
                    answer = request.answer(records) if records else request.answer([], flags=0x8404)
                    return self.signed(request, [answer])
                out = "changes%d" % index
                server.behave = first_version
                self.assert_fresh(self.compile([server.port], out), out, ["a.example", "b.example"])
                server.behave = behave
                server.asked.clear()
                self.assert_fresh(self.compile([server.port], out), out, names)
                self.assertEqual([r.qtype for r in server.asked], asked)

    def test_serials_go_round(self):
        server = self.trick(self.honest(0xfffffff0, ["a.example"]))
        self.assert_fresh(self.compile([server.port], "round"), "round", ["a.example"])
        server.behave = self.honest(5, ["b.example"])
        self.assert_fresh(self.compile([server.port], "round"), "round", ["b.example"])
        server.behave = self.honest(4, ["c.example"])
        code, feed, _ = self.compile([server.port], "round")
        self.assertEqual((code, feed["state"]), (1, "stale"))
        self.assertIn("it has serial 4, and the copy is 5", feed["problem"])

    def test_bounds(self):
        def endless(request):
            if request.qtype == primary.SOA:
                yield from self.honest(2, [])(request)
                return
            signer = primary.Signer(KEY, request.mac)
            yield framed(signer.sign(request.answer([soa(ZONE, 2)])))
            for i in range(10**9):
                yield framed(signer.sign(request.answer([cname("b%d-%d.%s" % (i, k, ZONE), ".") for k in range(500)])))

        def silent(request):
            lab.time.sleep(30)
            yield None

        def dripping(request):
            for byte in self.honest(2, [])(request)[0]:
                lab.time.sleep(0.3)
                yield bytes([byte])
        server = self.trick(endless)
        for behave, limits, problem in ((endless, "    limits: {bytes: 1MiB}\n", "than allowed"),
                                        (silent, "    limits: {time: 1s}\n", "in time"),
                                        (dripping, "    limits: {time: 2s}\n", "in time")):
            with self.subTest(behave.__name__):
                server.behave = behave
                begin = time.monotonic()
                code, feed, _ = self.compile([server.port], "bounds", limits=limits)
                self.assertEqual((code, feed["state"]), (2, "missing"))
                self.assertIn(problem, feed["problem"])
                self.assertLess(time.monotonic() - begin, 20)

    def test_the_second_primary_takes_over(self):
        server = self.trick(self.honest(1, ["a.example"]))
        self.assert_fresh(self.compile([lab.PORT + 8, server.port], "second"), "second", ["a.example"])
        code, feed, _ = self.compile([lab.PORT + 8, lab.PORT + 7], "none")
        self.assertEqual((code, feed["state"]), (2, "missing"))
        self.assertIn("127.0.0.1:%d: no connection" % (lab.PORT + 7), feed["problem"])

    def test_a_primary_with_an_ipv6_address(self):
        try:
            server = primary.Primary(lab.PORT + 6, self.honest(1, ["a.example"]), "::1")
        except OSError:
            self.skipTest("no IPv6 on loopback")
        self.addCleanup(server.close)
        self.assert_fresh(self.compile(["[::1]:%d" % server.port], "six"), "six", ["a.example"])

    def test_without_a_key(self):
        def behave(request):
            answer = [soa(ZONE, 1)] if request.qtype == primary.SOA else [
                soa(ZONE, 1), cname("a.example." + ZONE, "."), soa(ZONE, 1)]
            return [framed(request.answer(answer))]
        server = self.trick(behave)
        self.assert_fresh(self.compile([server.port], "open", key=None), "open", ["a.example"])

    def test_secrets(self):
        server = self.trick(self.honest(1, ["a.example"]))
        for mode, text, problem in ((0o644, KEY.base64(), "secret"), (0o600, "not base64!", "base64"),
                                    (0o600, "", "secret")):
            with self.subTest(problem):
                with open(self.lab.path("secret"), "w") as file:
                    file.write(text)
                os.chmod(self.lab.path("secret"), mode)
                code, feed, _ = self.compile([server.port], "secrets")
                self.assertEqual(code, 2)
                self.assertIn(problem, feed["problem"])
        with open(self.lab.path("secret"), "w") as file:
            file.write(KEY.base64() + "\n")
        os.chmod(self.lab.path("secret"), 0o600)

    def test_recipes(self):
        rows = (("dns://192.0.2.1", "must be like dns://"), ("dns:///rpz.test", "must be like dns://"),
                ("dns://primary.example/rpz.test", "must be like dns://"), ("dns://192.0.2.1/", "must be like dns://"),
                ("dns://192.0.2.1/a..b", "must be like dns://"),
                ("dns://" + ",".join("192.0.2.%d" % i for i in range(9)) + "/rpz.test", "more than 8 primaries"))
        for source, problem in rows:
            with self.subTest(source):
                recipe = self.lab.write("bad.yaml", "out: bad\nfeeds:\n  - {name: z, source: \"%s\", format: rpz, "
                                        "category: malware}\n" % source)
                done = lab.run([lab.program("blocklist-compiler"), "--recipe", recipe], check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("bad.yaml:3:", done.stderr)
                self.assertIn(problem, done.stderr)


if __name__ == "__main__":
    lab.main()
