#!/usr/bin/env python3
"""Exports of a generation, loaded by the servers they are meant for: each must block what the list blocks."""
import os
import shutil
import socket
import subprocess

import dns
import lab

REAL = ["198.51.100.1"]     # what the upstream says of every name

LIST = """||tree.example.com^
@@||ok.deep.tree.example.com^
|exact.example.com^
||*.below.example.com^
||to4.example.com^$dnsrewrite=192.0.2.7
||txt.example.com^$dnsrewrite=NOERROR;TXT;a "quote"; \\ and more
||refused.example.com^$dnsrewrite=REFUSED
||empty.example.com^$dnsrewrite=NOERROR
||type.example.com^$dnstype=AAAA
203.0.113.77
"""

UNBOUND = """server:
    interface: 127.0.0.1@%(port)d
    do-ip6: no
    do-not-query-localhost: no
    username: ""
    chroot: ""
    directory: "%(dir)s"
    pidfile: ""
    use-syslog: no
    logfile: ""
    num-threads: 1
    module-config: "%(modules)s"
    val-permissive-mode: yes
    local-zone: "example.com." nodefault
%(server)s
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@%(upstream)d
%(zones)s
"""

NAMED = """options {
    directory "%(dir)s";
    listen-on port %(port)d { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file "%(dir)s/named.pid";
    session-keyfile "%(dir)s/session.key";
    recursion yes;
    forward only;
    forwarders { 127.0.0.1 port %(upstream)d; };
    dnssec-validation no;
    qname-minimization off;
    response-policy { zone "rpz.test"; } qname-wait-recurse no;
};
controls { };
zone "rpz.test" { type primary; file "%(file)s"; };
"""


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Export(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(9)
        special = {"bad-address.example.com": "203.0.113.77"}
        cls.upstream.behave = lambda name, qtype, transport: [
            (name, "A", 60, socket.inet_aton(special[name]))] if name in special else "answer"
        lab.run([lab.program("blocklist-compiler"), "--list", cls.lab.write("all.list", LIST), "--format", "adblock",
                 "--category", "malware", "--out", cls.lab.path("lists"), "--quiet"])

    def export(self, form, *options):
        path = self.lab.path("export." + form)
        done = lab.run([lab.program("blocklist-compiler"), "export", "--dir", self.lab.path("lists"), "--format", form,
                        "--output", path, *options], check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, done.stderr

    def check(self, at, rows):
        for name, qtype, expected in rows:
            with self.subTest(name=name, type=qtype):
                answer = dns.ask_udp(at, name, qtype)
                self.assertEqual(answer.data() or answer.rcode, expected)

    def start(self, argv, name, at):
        process = self.lab.start(argv, name)
        self.addCleanup(process.stop)

        def answers():
            assert process.is_running(), process.output()
            try:
                return dns.ask_udp(at, "ready.example.org", timeout=0.5).data() == REAL
            except OSError:
                return False
        lab.wait_until(name, answers, lab.START_S)

    def start_unbound(self, offset, modules, server="", zones=""):
        program = find("unbound")
        if program is None:
            self.skipTest("no unbound")
        port = lab.PORT + offset
        conf = self.lab.write("unbound-%d.conf" % offset, UNBOUND % {
            "port": port, "dir": self.lab.dir, "modules": modules, "server": server, "zones": zones,
            "upstream": self.upstream.port})
        lab.run([find("unbound-checkconf"), conf])
        self.start([program, "-d", "-c", conf], "unbound-%d" % offset, ("127.0.0.1", port))
        return "127.0.0.1", port

    # What every reader of response policy zones must come to.
    ZONE_ROWS = (
        ("tree.example.com", "A", "NXDOMAIN"), ("x.y.tree.example.com", "A", "NXDOMAIN"),
        ("deep.tree.example.com", "A", "NXDOMAIN"), ("x.deep.tree.example.com", "A", "NXDOMAIN"),
        ("ok.deep.tree.example.com", "A", REAL), ("x.ok.deep.tree.example.com", "A", REAL),
        ("exact.example.com", "A", "NXDOMAIN"), ("x.exact.example.com", "A", REAL),
        ("below.example.com", "A", REAL), ("x.below.example.com", "A", "NXDOMAIN"),
        ("to4.example.com", "A", ["192.0.2.7"]), ("x.to4.example.com", "A", ["192.0.2.7"]),
        ("to4.example.com", "AAAA", "NOERROR"), ("txt.example.com", "TXT", ["a \"quote\"; \\ and more"]),
        ("empty.example.com", "A", "NOERROR"), ("refused.example.com", "A", "NXDOMAIN"),
        ("type.example.com", "A", REAL), ("bad-address.example.com", "A", "NXDOMAIN"),
        ("other.example.com", "A", REAL))

    def test_a_response_policy_zone_in_unbound(self):
        path, said = self.export("rpz")
        self.assertIn("1 rules for some record types only, left out", said)
        at = self.start_unbound(0, "respip iterator", zones="rpz:\n    name: rpz.test\n    zonefile: \"%s\"\n" % path)
        self.check(at, self.ZONE_ROWS)

    def test_a_response_policy_zone_in_bind(self):
        program = find("named")
        if program is None:
            self.skipTest("no named")
        path, _ = self.export("rpz")
        port = lab.PORT + 1
        conf = self.lab.write("named.conf", NAMED % {"dir": self.lab.dir, "port": port, "file": path,
                                                     "upstream": self.upstream.port})
        lab.run([find("named-checkzone"), "rpz.test", path])
        self.start([program, "-g", "-n", "1", "-c", conf], "named", ("127.0.0.1", port))
        self.check(("127.0.0.1", port), self.ZONE_ROWS)

    def test_a_zone_with_a_name_of_its_own(self):
        path, _ = self.export("rpz", "--zone", "my.rpz.example")
        with open(path) as file:
            self.assertIn("$ORIGIN my.rpz.example.\n", file.read())

    def test_lines_for_unbound(self):
        path, said = self.export("unbound")
        self.assertIn("1 trees without the name at their top, left out", said)
        at = self.start_unbound(2, "iterator", server="include: \"%s\"" % path)
        self.check(at, (
            ("tree.example.com", "A", "NXDOMAIN"), ("x.y.tree.example.com", "A", "NXDOMAIN"),
            ("x.deep.tree.example.com", "A", "NXDOMAIN"), ("ok.deep.tree.example.com", "A", REAL),
            ("x.ok.deep.tree.example.com", "A", REAL), ("exact.example.com", "A", ["0.0.0.0"]),
            ("exact.example.com", "TXT", "NOERROR"), ("x.exact.example.com", "A", REAL),
            ("x.below.example.com", "A", REAL), ("to4.example.com", "A", ["192.0.2.7"]),
            ("x.to4.example.com", "A", ["192.0.2.7"]), ("txt.example.com", "TXT", ["a \"quote\"; \\ and more"]),
            ("empty.example.com", "A", "NOERROR"), ("refused.example.com", "A", "REFUSED"),
            ("other.example.com", "A", REAL)))

    def test_a_hosts_file_in_dnsmasq(self):
        program = find("dnsmasq")
        if program is None:
            self.skipTest("no dnsmasq")
        path, said = self.export("hosts")
        self.assertIn("trees under a listed name: the name alone is written", said)
        port = lab.PORT + 3
        self.start([program, "-k", "-C", "/dev/null", "-p", str(port), "-a", "127.0.0.1", "-z", "-h", "-R", "-u", "root",
                    "-H", path, "--server=127.0.0.1#%d" % self.upstream.port], "dnsmasq", ("127.0.0.1", port))
        self.check(("127.0.0.1", port), (
            ("tree.example.com", "A", ["0.0.0.0"]), ("exact.example.com", "A", ["0.0.0.0"]),
            ("to4.example.com", "A", ["192.0.2.7"]), ("x.exact.example.com", "A", REAL),
            ("ok.deep.tree.example.com", "A", REAL), ("other.example.com", "A", REAL)))

    def test_plain_domains_come_back(self):
        path, said = self.export("domains")
        self.assertIn("1 exceptions within a listed tree, left out", said)
        lab.run([lab.program("blocklist-compiler"), "--list", path, "--exact", "--category", "malware", "--out",
                 self.lab.path("again"), "--quiet"])
        with open(path) as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("#")]
        again = lab.run([lab.program("blocklist-compiler"), "export", "--dir", self.lab.path("again"), "--format",
                         "domains", "--quiet"])
        self.assertEqual([line for line in again.splitlines() if not line.startswith("#")], lines)

    def test_what_cannot_be_written_leaves_what_was_there(self):
        path = self.lab.write("kept", "as it was\n")
        for options in (["--format", "rpz", "--dir", self.lab.path("none")], ["--format", "nonsense"],
                        ["--format", "rpz", "--dir", self.lab.path("lists"), "--feed", "nobody"],
                        ["--format", "rpz", "--dir", self.lab.path("lists"), "--category", "illegal"],
                        ["--format", "rpz", "--dir", self.lab.path("lists"), "--generation", "99"]):
            with self.subTest(options=options):
                done = lab.run([lab.program("blocklist-compiler"), "export", *options, "--output", path], check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("blocklist-compiler export: ", done.stderr)
                with open(path) as file:
                    self.assertEqual(file.read(), "as it was\n")
        self.assertEqual([n for n in os.listdir(self.lab.dir) if n.startswith("kept")], ["kept"])

    def test_standard_output_that_is_full(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([lab.program("blocklist-compiler"), "export", "--dir", self.lab.path("lists"),
                                   "--format", "rpz"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("not written", done.stderr)


if __name__ == "__main__":
    lab.main()
