"""What every end-to-end test starts from: a folder of its own, ports of its own, processes that end with it.

    class Answers(lab.Case):
        @classmethod
        def set_up(cls):
            cls.nsd = cls.lab.start_nsd(port_offset=1)
            cls.server = cls.lab.serve(port_offset=0, upstreams=[cls.nsd], names=["blocked.example.net"])

Environment: BELISHA_BUILD (the build folder whose bin/ is tested), BELISHA_E2E_PORT (first of ten ports).
Nothing here sleeps for a fixed time: wait_until() polls with a bound.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import dns

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BELISHA_BUILD", os.path.join(ROOT, "build", "release")))


def first_port(wanted):
    """wanted, or some hundreds further on when somebody has one of its ten ports: two runs on one machine must not meet, and
    upstream questions of others leave from ports that they drew."""
    for base in range(wanted, wanted + 2000, 100):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for port in range(base, base + 10):
                    with socket.socket(socket.AF_INET, kind) as sock:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                        sock.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise SystemExit("no ten ports in a row are free from %d on" % wanted)


PORT = first_port(int(os.environ.get("BELISHA_E2E_PORT", "15600")))
SINKHOLE = "127.9.9.9"
START_S = 30


def program(name):
    return os.path.join(BUILD, "bin", name)


def wait_until(what, condition, timeout_s=10.0, step_s=0.01):
    """Polls condition() until it gives something true and returns that; AssertionError naming `what` after timeout_s."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited %.1f s in vain for %s" % (timeout_s, what))
        time.sleep(step_s)


class Process:
    """A program that runs beside the test, its output in a file."""

    def __init__(self, argv, log_path, cwd=None, env=None):
        self.argv = argv
        self.log_path = log_path
        self._log = open(log_path, "ab")
        self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
                                      cwd=cwd, env=env)

    @property
    def pid(self):
        return self.popen.pid

    def output(self):
        with open(self.log_path, "r", errors="replace") as file:
            return file.read()

    def is_running(self):
        return self.popen.poll() is None

    def wait_for_line(self, line, timeout_s=START_S, count=1):
        def there():
            if self.output().splitlines().count(line) >= count:
                return True
            if not self.is_running():
                raise AssertionError("%s ended with %s before it said %r:\n%s" % (
                    self.argv[0], self.popen.returncode, line, self.output()[-4000:]))
            return False
        wait_until("%r of %s" % (line, self.argv[0]), there, timeout_s)

    def kill(self):
        self._end(signal.SIGKILL)

    def stop(self):
        """Asks it to end; returns its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number):
        if self.is_running():
            self.popen.send_signal(number)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if not self._log.closed:
            self._log.close()
        return self.popen.returncode


class Server(Process):
    """belishad as tests/serve starts it."""

    def __init__(self, directory, port, argv, log_path, conf=None):
        self.dir = directory
        self.port = port
        # What belishad itself was given, for the other programs.
        self.config = ["-c", os.path.join(directory, "belisha.yaml")] + (["-c", conf] if conf else [])
        self.at = ("127.0.0.1", port)
        super().__init__(argv, log_path)

    def ask(self, name, qtype="A", **kw):
        return dns.ask_udp(self.at, name, qtype, **kw)

    def ask_tcp(self, name, qtype="A", **kw):
        return dns.ask_tcp(self.at, name, qtype, **kw)

    def operator(self, *args, check=True, timeout=60):
        """Runs `belisha ARGS` on this server's configuration and returns its standard output."""
        return run([program("belisha"), *self.config, *args], check, timeout)


def run(argv, check=True, timeout=120, cwd=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, cwd=cwd)
    if check and done.returncode != 0:
        raise AssertionError("%s gave %d\n%s%s" % (" ".join(argv), done.returncode, done.stdout, done.stderr))
    return done.stdout if check else done


class Lab:
    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix="belisha-e2e-%s-" % name)
        self.processes = []
        self.closers = []

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, argv, name, **kw):
        process = Process(argv, self.path(name + ".log"), **kw)
        self.processes.append(process)
        return process

    def upstream(self, port_offset, **kw):
        from upstream import Upstream
        made = Upstream(PORT + port_offset, **kw)
        self.closers.append(made.close)
        return made

    def start_nsd(self, port_offset, zones=None):
        """NSD with example.net of zones/ and those of zones (name -> file); returns "127.0.0.1:port"."""
        port = PORT + port_offset
        text = NSD_CONF % {"port": port, "dir": self.dir, "zones": os.path.join(HERE, "zones")}
        for name, path in {"example.net": "example.net.zone", **(zones or {})}.items():
            text += 'zone:\n    name: "%s"\n    zonefile: "%s"\n' % (name, path)
        nsd = shutil.which("nsd") or "/usr/sbin/nsd"
        process = self.start([nsd, "-d", "-c", self.write("nsd.conf", text)], "nsd")

        def answers():
            assert process.is_running(), process.output()
            try:
                return dns.ask_udp(("127.0.0.1", port), "www.example.net", timeout=0.5).rcode == "NOERROR"
            except OSError:
                return False
        wait_until("NSD", answers, START_S)
        return "127.0.0.1:%d" % port

    def serve(self, port_offset, upstreams, names=None, conf=None, subdir="state", ready=True, options=()):
        """Starts belishad through tests/serve. names: the blocked names, or None to start with what the folder holds."""
        port = PORT + port_offset
        directory = self.path(subdir)
        argv = [os.path.join(ROOT, "tests", "serve"), "--dir", directory, "--port", str(port), "--build-dir", BUILD]
        for upstream in upstreams:
            argv += ["--upstream", upstream]
        if names is not None:
            argv += ["--list", self.write(subdir + ".list", "".join(n + "\n" for n in names))]
        if conf is not None:
            conf = self.write(subdir + "-extra.yaml", conf)
            argv += ["--conf", conf]
        log_path = self.path(subdir + ".log")
        seen = 0
        if os.path.exists(log_path):
            with open(log_path, errors="replace") as file:
                seen = file.read().splitlines().count("ready")
        server = Server(directory, port, argv + list(options), log_path, conf)
        self.processes.append(server)
        if ready:
            server.wait_for_line("ready", count=seen + 1)
        return server

    def publish(self, names, subdir="state", list_format="domains", category="malware"):
        """Publishes another list into the folder of a running server."""
        path = self.write(subdir + ".list", "".join(n + "\n" for n in names))
        return self.publish_file(path, subdir, list_format, category)

    def publish_file(self, path, subdir="state", list_format="domains", category="malware"):
        return run([os.path.join(ROOT, "tests", "serve"), "--dir", self.path(subdir), "--list", path, "--format",
                    list_format, "--category", category, "--publish-only", "--build-dir", BUILD])

    def stop_processes(self):
        """Stops what runs, and returns those that ended badly: a crash, a sanitizer's complaint, an early end."""
        for process in reversed(self.processes):
            process.stop()
        fine = (0, -signal.SIGKILL, -signal.SIGTERM)
        return [p for p in self.processes if p.popen.returncode not in fine]

    def close(self, keep=False):
        for process in self.processes:
            process.stop()
        for closer in self.closers:
            closer()
        if keep:
            print("state and logs are kept in", self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


class Case(unittest.TestCase):
    """A test class with a Lab of its own. Subclasses define set_up(cls)."""

    lab = None
    failed = False
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.__name__.lower())
        try:
            cls.set_up()
        except BaseException:
            cls.show_logs()
            cls.lab.close(keep=True)
            raise

    @classmethod
    def set_up(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        bad = cls.lab.stop_processes()
        if cls.failed or bad:
            cls.show_logs()
        cls.lab.close(keep=cls.failed or bool(bad))
        if bad:
            raise AssertionError("ended badly: " + ", ".join("%s (%s)" % (p.argv[0], p.popen.returncode) for p in bad))

    @classmethod
    def show_logs(cls):
        for process in cls.lab.processes:
            print("---- %s\n%s" % (process.log_path, process.output()[-3000:]), file=sys.stderr)

    def run(self, result=None):
        before = 0 if result is None else len(result.failures) + len(result.errors)
        super().run(result)
        if result is not None and len(result.failures) + len(result.errors) > before:
            type(self).failed = True

    # ---- what is asserted all over ----

    def assert_sinkholed(self, answer, address=SINKHOLE):
        self.assertEqual(answer.rcode, "NOERROR")
        self.assertEqual(answer.data(), [address])
        self.assertEqual([r.ttl for r in answer.answer], [10])
        self.assertEqual(answer.ede_codes(), [4])
        self.assertFalse(answer.ad)

    def assert_blocked_without_data(self, answer):
        self.assertEqual(answer.rcode, "NOERROR")
        self.assertEqual(answer.answer, [])
        self.assertEqual([r.type for r in answer.authority], ["SOA"])
        self.assertEqual([r.ttl for r in answer.authority], [10])
        self.assertEqual(answer.ede_codes(), [15])
        self.assertFalse(answer.ad)


NSD_CONF = """server:
    ip-address: 127.0.0.1@%(port)d
    do-ip6: no
    username: ""
    chroot: ""
    server-count: 1
    hide-version: yes
    database: ""
    zonesdir: "%(zones)s"
    zonelistfile: "%(dir)s/nsd-zones.list"
    xfrdfile: "%(dir)s/nsd-xfrd.state"
    xfrdir: "%(dir)s"
    pidfile: ""
    logfile: "%(dir)s/nsd-own.log"
    cookie-secret-file: "%(dir)s/nsd-cookies"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""


def main():
    unittest.main(verbosity=2)
