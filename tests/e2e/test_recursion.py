#!/usr/bin/env python3
"""Our own recursion, from a root of our making down to signed, forged, expired and unsigned zones."""
import json
import os
import signal
import socket
import subprocess

import dns
import internet
import lab

BLOCKED = ["blocked.good.lab", "blocked.insecure.lab"]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Recursion(lab.Case):
    @classmethod
    def set_up(cls):
        cls.net = internet.Internet(cls.lab)
        cls.zone_server = cls.lab.upstream(1, address="203.0.113.99")
        cls.server = cls.start(0, "state")
        cls.wait_for_recursion(cls.server)

    @classmethod
    def configuration(cls, extra=""):
        return ('recursion: { root_hints: "%s", trust_anchor: "%s", ipv6: false%s }\n'
                'zones:\n  - { name: inside.lab, upstreams: ["127.0.0.1:%d"] }\n' % (
                    cls.net.hints, cls.net.anchor, extra, lab.PORT + 1))

    @classmethod
    def start(cls, offset, subdir, conf=None, **kw):
        return cls.lab.serve(offset, ["recursive"], BLOCKED, conf=conf or cls.configuration(), subdir=subdir, **kw)

    @classmethod
    def status(cls, server):
        return json.loads(server.operator("status", "--json"))["recursion"]

    @classmethod
    def wait_for_recursion(cls, server, other_than=0):
        def running():
            status = cls.status(server)
            return status["state"] == "running" and status["pid"] != other_than and status
        return lab.wait_until("recursion", running, lab.START_S)

    # ---- answers ----

    def test_answers_from_the_root_down(self):
        answer = self.server.ask("www.good.lab")
        self.assertEqual((answer.rcode, answer.data()), ("NOERROR", ["203.0.113.10"]))
        self.assertEqual(self.server.ask("deep.down.under.good.lab").data(), ["203.0.113.11"])
        self.assertEqual(self.server.ask("www.insecure.lab").data(), ["203.0.113.50"])

    def test_says_what_was_validated(self):
        for name in ("www.good.lab", "www.nsec3.lab", "alias.good.lab"):
            self.assertTrue(self.server.ask(name, do=True).ad, name)
        self.assertTrue(self.server.ask("www.good.lab", flags=0x20).ad)
        self.assertFalse(self.server.ask("www.good.lab").ad)
        self.assertFalse(self.server.ask("www.insecure.lab", do=True).ad)
        self.assertIn("46", [r.type for r in self.server.ask("www.good.lab", do=True).answer])

    def test_proves_what_does_not_exist(self):
        for name in ("no.good.lab", "no.nsec3.lab", "no-such-tld"):
            answer = self.server.ask(name, do=True)
            self.assertEqual(answer.rcode, "NXDOMAIN", name)
            self.assertTrue(answer.ad, name)

    def test_gives_nothing_that_is_forged_or_expired(self):
        for name in ("www.bogus.lab", "www.expired.lab"):
            for do in (False, True):
                answer = self.server.ask(name, do=do)
                self.assertEqual((answer.rcode, answer.answer), ("SERVFAIL", []), name)
                self.assertIn(answer.ede_codes()[0], (6, 7, 9), name)  # RFC 8914: bogus, expired, no key that fits

    def test_gives_it_to_who_checks_by_himself(self):
        for name, address in (("www.bogus.lab", "203.0.113.31"), ("www.expired.lab", "203.0.113.40")):
            answer = self.server.ask(name, cd=True)
            self.assertEqual((answer.rcode, answer.data(), answer.ad), ("NOERROR", [address], False))

    def test_goes_past_a_lame_server(self):
        self.assertEqual(self.server.ask("www.lame.lab").data(), ["203.0.113.60"])

    def test_gives_long_answers(self):
        self.assertTrue(self.server.ask("long.good.lab", "TXT").tc)
        answer = self.server.ask_tcp("long.good.lab", "TXT", do=True)
        self.assertEqual((len(answer.data("TXT")[0]), answer.ad), (1750, True))

    def test_blocks_what_is_blocked(self):
        for name in ("blocked.good.lab", "blocked.insecure.lab", "trap.good.lab"):
            self.assert_sinkholed(self.server.ask(name))
            self.assertFalse(self.server.ask(name, do=True, cd=True).ad)

    def test_asks_a_zone_of_the_school_where_it_is_said(self):
        self.assertEqual(self.server.ask("www.inside.lab").data(), ["203.0.113.99"])

    # ---- the process ----

    def test_is_for_this_machine_only_and_has_no_rights(self):
        status = self.wait_for_recursion(self.server)
        for line in command(["ss", "-Hlnp"]).splitlines():
            if "pid=%d," % status["pid"] in line:
                self.assertIn("127.0.0.1:%d " % status["port"], line)
        with open("/proc/%d/status" % status["pid"]) as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual({fields[k] for k in ("CapEff", "CapPrm", "CapBnd", "CapAmb")}, {"0" * 16})
        self.assertEqual(fields["NoNewPrivs"], "1")
        files = os.path.join(self.server.dir, "recursion")
        self.assertEqual(os.stat(os.path.join(files, "unbound.conf")).st_mode & 0o7777, 0o640)

    def test_starts_anew_what_was_killed(self):
        server = self.start(2, "kills")
        for name in ("www.nsec3.lab", "www.good.lab", "alias.good.lab"):
            before = self.wait_for_recursion(server)
            os.kill(before["pid"], signal.SIGKILL)
            answer = server.ask(name, do=True, timeout=8)
            self.assertEqual((answer.rcode, len(answer.data("A")), answer.ad), ("NOERROR", 1, True), name)
            after = self.wait_for_recursion(server, other_than=before["pid"])
            self.assertEqual(after["restarts"], before["restarts"] + 1)
        server.stop()

    def test_lets_the_first_question_wait_for_the_start(self):
        server = self.start(2, "early")
        answer = server.ask("www.good.lab", do=True, timeout=8)
        self.assertEqual((answer.data("A"), answer.ad), (["203.0.113.10"], True))
        server.stop()

    def test_loses_nothing_of_a_rush(self):
        names = ["n%d.many.nsec3.lab" % i for i in range(1000)]
        with dns.udp_socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.settimeout(10)
            for i, name in enumerate(names):
                sock.sendto(dns.pack_question(name, ident=i), self.server.at)
            answers = [dns.unpack(sock.recv(4096)) for _ in names]
        self.assertEqual(sorted(a.ident for a in answers), list(range(len(names))))
        self.assertEqual({(a.rcode, *a.data()) for a in answers}, {("NOERROR", "203.0.113.21")})

    def test_starts_anew_what_hangs(self):
        server = self.start(2, "hangs")
        before = self.wait_for_recursion(server)
        os.kill(before["pid"], signal.SIGSTOP)
        self.wait_for_recursion(server, other_than=before["pid"])
        self.assertFalse(is_alive(before["pid"]))
        server.stop()

    def test_is_shown_to_the_operator(self):
        status = self.wait_for_recursion(self.server)
        self.assertIn("recursion   running, process %d, " % status["pid"], self.server.operator("status"))

    def test_leaves_nothing_behind_when_it_is_killed_itself(self):
        server = self.start(2, "killed")
        child = self.wait_for_recursion(server)["pid"]
        server.kill()
        lab.wait_until("the end of unbound", lambda: not is_alive(child))

    def test_ends_it_when_it_ends(self):
        server = self.start(2, "ended")
        child = self.wait_for_recursion(server)["pid"]
        self.assertEqual(server.stop(), 0)
        self.assertFalse(is_alive(child))

    # ---- its configuration ----

    def test_replaces_it_when_options_change(self):
        server = self.start(3, "changing")
        first = self.wait_for_recursion(server)
        with open(self.lab.path("changing-extra.yaml"), "w") as file:
            file.write(self.configuration(", insecure: [bogus.lab]"))
        self.assertEqual(server.ask("www.bogus.lab").rcode, "SERVFAIL")
        server.operator("reload")
        for i in range(200):
            answer = server.ask("n%d.good.lab" % i)
            self.assertEqual(answer.rcode, "NXDOMAIN", i)
        self.wait_for_recursion(server, other_than=first["pid"])
        server.operator("flush", ".")
        lab.wait_until("the new configuration", lambda: server.ask("www.bogus.lab").data() == ["203.0.113.31"])
        lab.wait_until("the end of the old one", lambda: not is_alive(first["pid"]))
        second = self.status(server)
        server.operator("reload")
        self.assertEqual(self.status(server), second)

    def test_can_be_switched_off_and_on(self):
        server = self.start(4, "switched")
        first = self.wait_for_recursion(server)
        extra = self.lab.path("switched-extra.yaml")
        with open(extra, "w") as file:
            file.write('upstreams: ["127.0.0.1:%d"]\n' % (lab.PORT + 1))
        server.operator("reload")
        lab.wait_until("the forwarder", lambda: server.ask("www.good.lab").data() == ["203.0.113.99"])
        self.assertIsNone(self.status(server))
        lab.wait_until("the end of unbound", lambda: not is_alive(first["pid"]))
        with open(extra, "w") as file:
            file.write(self.configuration())
        server.operator("reload")
        server.operator("flush", ".")
        self.assertEqual(server.ask("www.good.lab").data(), ["203.0.113.10"])

    def test_says_where_an_option_is_wrong(self):
        for text, message in (
                ("upstreams: [recursive, 192.0.2.1]\n", ":1:13: error: recursive must stand alone"),
                ("upstreams: [{ address: recursive, tls: x.example }]\n", ":1:13: error: recursive takes no"),
                ("upstreams: recursive\nrecursion: { ipv4: false, ipv6: false }\n", ":2:33: error: without ipv4"),
                ("upstreams: recursive\nrecursion: { threads: 0 }\n", ":2:23: error: threads must be from 1 to 64"),
                ("upstreams: recursive\nrecursion: { outgoing: [192.0.2.1:53] }\n", ":2:25: error: an entry of outgoing"),
                ("upstreams: recursive\nrecursion: { root_hints: \"a\\\"b\" }\n", ":2:27: error: root_hints can't have")):
            done = self.check("wrong.yaml", text)
            self.assertEqual(done.returncode, 1, text)
            self.assertIn(message, done.stderr)

    def check(self, name, text):
        path = self.lab.write(name, text)
        return lab.run([lab.program("belishad"), "--check", "-c", path], check=False)

    def test_says_what_is_missing(self):
        for extra, message in ((', program: "/no/such/unbound"', "/no/such/unbound can't be run: No such file"),
                               (', trust_anchor: "/no/such/key"', "the trust anchor /no/such/key can't be read")):
            text = "upstreams: recursive\nstate_dir: \"%s\"\n" % self.lab.path("none") + self.configuration(extra)
            if "trust" in extra:
                text = text.replace('trust_anchor: "%s", ' % self.net.anchor, "")
            done = self.check("missing.yaml", text)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)

    def test_says_what_unbound_does_not_like(self):
        hints = self.lab.write("empty.hints", "nonsense here\n")
        conf = self.configuration().replace(self.net.hints, self.lab.path("no-such.hints"))
        done = self.check("disliked.yaml", "upstreams: recursive\nstate_dir: \"%s\"\n" % self.lab.path("none") + conf)
        self.assertEqual(done.returncode, 1, hints)
        self.assertIn("unbound-checkconf refuses", done.stderr)
        self.assertIn("no-such.hints", done.stderr)

    def test_answers_what_it_can_without_the_program(self):
        conf = self.configuration(', program: "/no/such/unbound"')
        server = self.start(5, "without", conf=conf)
        self.assertIn("recursion can't be started", server.output())
        self.assert_sinkholed(server.ask("blocked.good.lab"))
        self.assertEqual(server.ask("www.inside.lab").data(), ["203.0.113.99"])
        lab.wait_until("it to give up waiting", lambda: self.status(server)["state"] == "down")
        answer = server.ask("www.good.lab")
        self.assertEqual(answer.rcode, "SERVFAIL")
        self.assertTrue(answer.ede)

    def test_a_reload_without_the_program_is_refused(self):
        server = self.start(6, "kept")
        first = self.wait_for_recursion(server)
        with open(self.lab.path("kept-extra.yaml"), "w") as file:
            file.write(self.configuration(', program: "/no/such/unbound"'))
        done = lab.run([lab.program("belisha"), *server.config, "reload"], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/no/such/unbound can't be run", done.stdout + done.stderr)
        self.assertEqual(self.status(server), first)


def command(argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    internet.enter()
    lab.main()
