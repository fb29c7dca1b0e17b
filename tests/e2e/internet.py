"""A small internet of our own: a network namespace with real name servers (NSD) for a root, a top level domain and zones.

    if __name__ == "__main__":
        internet.enter()            # the program begins anew in a namespace, or ends with a message
        lab.main()

    net = internet.Internet(lab)    # in set_up(): signs and serves
    net.hints, net.anchor           # files for the resolver

    198.51.100.1  the root          signed, NSEC
    198.51.100.2  lab.              signed, NSEC3
    198.51.100.3  the zones below   good, nsec3, bogus, expired, insecure, lame
    198.51.100.4  a server that knows none of them (lame)
"""
import os
import shutil
import subprocess
import sys

import dns
import lab as labs

ROOT, TLD, ZONES, LAME = ("198.51.100.%d" % i for i in (1, 2, 3, 4))
MARK = "BELISHA_TEST_NAMESPACE"
ALGORITHM = "ECDSAP256SHA256"

HEAD = """$ORIGIN %(origin)s
$TTL 300
@ IN SOA %(server)s hostmaster.%(server)s 1 3600 600 86400 60
@ IN NS %(server)s
"""

ROOT_ZONE = """root-server.lab. IN A %s
lab. IN NS ns.lab.
ns.lab. IN A %s
""" % (ROOT, TLD)

TLD_ZONE = """root-server IN A %s
ns IN A %s
ns.zones IN A %s
""" % (ROOT, TLD, ZONES)

# Zones below lab.: what stands in them. The first server of lame.lab does not know it.
LEAVES = {
    "good": """www IN A 203.0.113.10
www IN AAAA 2001:db8::10
deep.down.under IN A 203.0.113.11
blocked IN A 203.0.113.66
alias IN CNAME www.nsec3.lab.
trap IN CNAME blocked.insecure.lab.
long IN TXT "%s" "%s" "%s" "%s" "%s" "%s" "%s"
""" % (("x" * 250,) * 7),
    "nsec3": "www IN A 203.0.113.20\n*.many IN A 203.0.113.21\n",
    "bogus": "www IN A 203.0.113.30\n",
    "expired": "www IN A 203.0.113.40\n",
    "insecure": "www IN A 203.0.113.50\nblocked IN A 203.0.113.66\n",
    "lame": "www IN A 203.0.113.60\n",
}

NSD_CONF = """server:
    ip-address: %(at)s
    do-ip6: no
    username: ""
    chroot: ""
    server-count: 1
    database: ""
    zonesdir: "%(dir)s"
    zonelistfile: "%(dir)s/zones.list"
    xfrdfile: "%(dir)s/xfrd.state"
    xfrdir: "%(dir)s"
    pidfile: ""
    logfile: "%(dir)s/own.log"
    cookie-secret-file: "%(dir)s/cookies"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""


def enter():
    """Begins this program anew in a network namespace of its own, with loopback up."""
    if os.environ.get(MARK):
        return
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
    script = "ip link set lo up && exec \"$@\""
    if subprocess.run(unshare + ["sh", "-c", script, "sh", "true"], capture_output=True).returncode != 0:
        print("skipped: no network namespace can be made here (needs root, unshare and ip)")
        sys.exit(0)
    os.environ[MARK] = "1"
    os.execvp(unshare[0], unshare + ["sh", "-c", script, "sh", sys.executable, "-B"] + sys.argv)


def command(argv, **kw):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **kw).stdout.strip()


class Internet:
    def __init__(self, lab):
        self.lab = lab
        self.dir = lab.path("internet")
        os.mkdir(self.dir)
        for address in (ROOT, TLD, ZONES, LAME):
            command(["ip", "address", "add", address + "/32", "dev", "lo"])
        tld = TLD_ZONE + "".join(self.leaf(name, text) for name, text in LEAVES.items())
        root = ROOT_ZONE + self.signed("lab.", "ns.lab.", tld, nsec3=True)
        root_ds = self.signed(".", "root-server.lab.", root)
        self.anchor = self.write("root.ds", root_ds)
        self.hints = self.write("root.hints", ". 3600 IN NS root-server.lab.\nroot-server.lab. 3600 IN A %s\n" % ROOT)
        self.serve("root", ROOT, ["."])
        self.serve("tld", TLD, ["lab."])
        self.serve("leaves", ZONES, [name + ".lab." for name in LEAVES])
        self.serve("lame", LAME, [])

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def path_of(self, origin):
        return os.path.join(self.dir, (origin.rstrip(".") or "root") + ".zone")

    # ---- zones ----

    def leaf(self, name, text):
        """Makes the zone; returns what stands about it in lab."""
        origin = name + ".lab."
        cut = "%s IN NS ns.zones.lab.\n" % name
        if name == "lame":
            cut = "%s IN NS ns.%s\n%s IN NS ns.zones.lab.\nns.%s IN A %s\n" % (name, origin, name, name, LAME)
        if name in ("insecure", "lame"):
            self.write(origin.rstrip(".") + ".zone", HEAD % {"origin": origin, "server": "ns.zones.lab."} + text)
            return cut
        dates = ["-i", "20190101000000", "-e", "20190201000000"] if name == "expired" else []
        ds = self.signed(origin, "ns.zones.lab.", text, nsec3=name == "nsec3", dates=dates)
        if name == "bogus":
            self.forge(origin, "203.0.113.30", "203.0.113.31")
        return cut + ds

    def forge(self, origin, old, new):
        """Data that is not what was signed."""
        with open(self.path_of(origin)) as file:
            text = file.read()
        assert old in text
        with open(self.path_of(origin), "w") as file:
            file.write(text.replace(old, new))

    def signed(self, origin, server, text, nsec3=False, dates=()):
        """Writes and signs a zone; returns the DS record that its parent needs."""
        plain = self.write("plain", HEAD % {"origin": origin, "server": server} + text)
        keys = [command(["ldns-keygen", "-a", ALGORITHM] + kind + [origin], cwd=self.dir) for kind in (["-k"], [])]
        extra = ["-n", "-s", "abcd", "-t", "1"] if nsec3 else []
        command(["ldns-signzone", *extra, *dates, "-o", origin, "-f", self.path_of(origin), plain] + keys, cwd=self.dir)
        return command(["ldns-key2ds", "-n", "-2", keys[0] + ".key"], cwd=self.dir) + "\n"

    # ---- servers ----

    def serve(self, name, at, origins):
        directory = os.path.join(self.dir, name)
        os.mkdir(directory)
        text = NSD_CONF % {"at": at, "dir": directory}
        for origin in origins:
            text += 'zone:\n    name: "%s"\n    zonefile: "%s"\n' % (origin, self.path_of(origin))
        nsd = shutil.which("nsd") or "/usr/sbin/nsd"
        process = self.lab.start([nsd, "-d", "-c", self.write(name + ".conf", text)], "nsd-" + name)

        def answers():
            assert process.is_running(), process.output()
            try:
                return dns.ask_udp((at, 53), origins[0] if origins else "www.lame.lab", "SOA", timeout=0.5).rcode
            except OSError:
                return False
        labs.wait_until("NSD at " + at, answers, labs.START_S)
