#!/usr/bin/env python3
"""What programs that watch are told: figures, health and life, over HTTP; and what clients of that can't do."""
import ctypes
import glob
import http.client
import json
import os
import shutil
import socket
import subprocess
import unittest

import exposition
import lab

METRICS = lab.PORT + 5
OTHER_METRICS = lab.PORT + 6
NAME = 'isp "A"\\é'
CONF = """
metrics:
  listen: ["127.0.0.1:%d", "[::1]:%d"]
upstreams:
  - { address: "127.0.0.1:%d", name: 'isp "A"\\é' }
limits: { upstream_timeout: 50ms, client_timeout: 500ms }
cache: { failure_ttl: 1s }
"""


def get(path, port=METRICS, method="GET", source=None, host="127.0.0.1"):
    connection = http.client.HTTPConnection(host, port, timeout=10, source_address=source)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), dict(reply.getheaders())
    finally:
        connection.close()


def figures(port=METRICS):
    status, text, headers = get("/metrics", port)
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", (status, headers)
    return exposition.parse(text)


def health(port=METRICS):
    status, text, _ = get("/health", port)
    return status, json.loads(text)


class Metrics(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(1)
        cls.conf = CONF % (METRICS, METRICS, lab.PORT + 1)
        cls.server = cls.lab.serve(0, ["127.0.0.1:9"], ["blocked.example.net"], conf=cls.conf)

    def setUp(self):
        self.upstream.behave = lambda name, qtype, transport: "answer"

    def grows(self, name, by, **labels):
        """A condition for wait_until(): figures are gathered anew some times a second. By more, where a slow machine made
        Belisha ask a server twice."""
        before = figures().value(name, **labels)
        return lambda: figures().value(name, **labels) >= before + by

    def test_answers_are_counted_by_what_was_done_and_why(self):
        blocked = self.grows("belisha_blocked_total", 2, category="malware")
        action = self.grows("belisha_answers_total", 2, action="blocked")
        reason = self.grows("belisha_answer_reasons_total", 2, reason="category")
        here = self.grows("belisha_answer_duration_seconds_count", 2, **{"from": "here"})
        self.server.ask("blocked.example.net")
        self.server.ask_tcp("blocked.example.net")
        for what in (blocked, action, reason, here):
            lab.wait_until("a figure", what)

    def test_upstreams_are_counted_by_name_and_address(self):
        labels = {"server": NAME, "address": "127.0.0.1:%d" % (lab.PORT + 1)}
        asked = self.grows("belisha_upstream_questions_total", 1, transport="udp", **labels)
        answered = self.grows("belisha_upstream_replies_total", 1, outcome="answer", **labels)
        timed = self.grows("belisha_upstream_rtt_seconds_count", 1, **labels)
        waited = self.grows("belisha_answer_duration_seconds_count", 1, **{"from": "upstream"})
        cached = self.grows("belisha_cache_hits_total", 1)
        for _ in range(2):
            self.assertEqual(self.server.ask("counted.example.net").rcode, "NOERROR")
        for what in (asked, answered, timed, waited, cached):
            lab.wait_until("a figure", what)
        self.assertGreaterEqual(figures().value("belisha_upstream_sockets", **labels), 1)
        self.assertEqual(figures().value("belisha_upstream_up", **labels), 1)

    def test_nothing_asked_and_nobody_who_asked_is_in_it(self):
        self.server.ask("blocked.example.net")
        self.server.ask("secret.example.org")
        _, text, _ = get("/metrics")
        self.assertNotIn("example", text)
        self.assertNotIn("statutory\"", text)
        self.assertNotIn("protected-help", text)
        self.assertNotIn("illegal", text)

    def test_prometheus_itself_likes_it(self):
        promtool = shutil.which("promtool") or os.environ.get("BELISHA_PROMTOOL")
        if not promtool:
            self.skipTest("promtool (Debian package prometheus) is not installed")
        _, text, _ = get("/metrics")
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_both_addresses_and_head_are_served(self):
        self.assertEqual(get("/live", host="::1")[0], 200)
        status, text, headers = get("/metrics", method="HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)

    def test_health_follows_the_upstream_servers(self):
        self.assertEqual(self.server.ask("well.example.net").rcode, "NOERROR")
        lab.wait_until("health", lambda: health()[0] == 200)
        self.assertEqual(health()[1], {"status": "ok", "generation": 1})
        self.upstream.behave = lambda name, qtype, transport: "drop"
        for n in range(3):
            self.server.ask("dead%d.example.net" % n)
        status, said = health()
        self.assertEqual((status, said["reasons"]), (503, ["no upstream server answers"]))
        self.assertEqual(get("/live")[0], 200)
        self.assertEqual(figures().value("belisha_upstream_up"), 0)
        self.assertIn("no upstream server answers", self.server.operator("status"))
        self.upstream.behave = lambda name, qtype, transport: "answer"

        def recovered():
            self.server.ask("alive.example.net", timeout=5)
            return health()[0] == 200
        lab.wait_until("health", recovered, 20)

    def test_without_a_list_it_lives_and_is_not_ready(self):
        conf = self.conf.replace(str(METRICS), str(OTHER_METRICS))
        server = self.lab.serve(3, ["127.0.0.1:9"], conf=conf, subdir="empty")
        try:
            status, said = health(OTHER_METRICS)
            self.assertEqual(status, 503)
            self.assertIn("no blocklist is in force", said["reasons"][0])
            self.assertEqual(get("/live", OTHER_METRICS)[0], 200)
            self.assertEqual(figures(OTHER_METRICS).value("belisha_ready"), 0)
            self.lab.publish(["blocked.example.net"], subdir="empty")
            lab.wait_until("health", lambda: health(OTHER_METRICS)[0] == 200)
        finally:
            server.stop()

    def test_figures_stay_with_their_server_when_the_list_changes(self):
        labels = {"address": "127.0.0.1:%d" % (lab.PORT + 1)}
        self.server.ask("before.example.net")
        before = figures().value("belisha_upstream_replies_total", outcome="answer", **labels)
        self.assertGreater(before, 0)
        other = '\n  - { address: "127.0.0.1:9", name: "other" }\n  - '
        self.lab.write("state-extra.yaml", self.conf.replace("\n  - ", other))
        self.server.operator("reload")
        try:
            lab.wait_until("the other server", lambda: "other" in figures().labels("belisha_upstream_up", "server"))
            now = figures()
            self.assertGreaterEqual(now.value("belisha_upstream_replies_total", outcome="answer", **labels), before)
            self.assertEqual(now.value("belisha_upstream_replies_total", server="other"), 0)
        finally:
            self.lab.write("state-extra.yaml", self.conf)
            self.server.operator("reload")

    def test_others_are_kept_out(self):
        self.lab.write("state-extra.yaml", self.conf.replace("metrics:\n", "metrics:\n  access: [127.0.0.2]\n"))
        self.server.operator("reload")
        try:
            with self.assertRaises((OSError, http.client.HTTPException)):
                get("/metrics")
            self.assertEqual(get("/metrics", source=("127.0.0.2", 0))[0], 200)
        finally:
            self.lab.write("state-extra.yaml", self.conf)
            self.server.operator("reload")
        self.assertEqual(get("/metrics")[0], 200)

    def test_clients_that_hang_on_delay_no_answer_and_not_each_other_for_long(self):
        held = []
        try:
            for n in range(80):  # more than are taken at once, and no more than the kernel keeps waiting
                sock = socket.create_connection(("127.0.0.1", METRICS), timeout=5)
                sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-%d: " % n)
                held.append(sock)
            for n in range(50):
                self.assert_sinkholed(self.server.ask("blocked.example.net"))

            def served():
                for sock in held:
                    try:
                        sock.send(b"x", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
                    except OSError:
                        pass
                try:
                    return get("/live")[0] == 200
                except OSError:
                    return False
            lab.wait_until("its turn", served, 60, 0.1)
        finally:
            for sock in held:
                sock.close()
        lab.wait_until("the figures", served, 60, 0.1)

    def test_a_worker_that_hangs_ends_life(self):
        tracer = Tracer(self.server.pid, "worker-0")
        if not tracer.stop():
            self.skipTest("this user may not stop a thread of another program")
        try:
            lab.wait_until("the end of life", lambda: get("/live")[0] == 503, 30)
            self.assertIn("1 of 1 workers does not turn", get("/live")[1])
            self.assertIn("1 of 1 workers does not turn", self.server.operator("status"))
        finally:
            tracer.resume()
        lab.wait_until("life", lambda: get("/live")[0] == 200, 30)


class Tracer:
    """Stops one thread of a program, as a bug would."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, pid, name):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.tid = next(int(path.split("/")[4]) for path in glob.glob("/proc/%d/task/*/comm" % pid)
                        if lab.run(["cat", path]).strip() == name)

    def _is_stopped(self):
        with open("/proc/%d/stat" % self.tid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "t"

    def stop(self):
        if self.libc.ptrace(self.SEIZE, self.tid, None, None) < 0:
            return False
        self.libc.ptrace(self.INTERRUPT, self.tid, None, None)
        lab.wait_until("the thread to stop", self._is_stopped)
        os.waitpid(self.tid, 0x40000000)  # __WALL
        return True

    def resume(self):
        self.libc.ptrace(self.DETACH, self.tid, None, None)


class Reader(unittest.TestCase):
    """The reader above is strict, or the tests with it prove nothing."""

    def test_it_refuses_what_prometheus_refuses(self):
        head = "# HELP a_total x\n# TYPE a_total counter\n"
        for text in (head + "a_total 1", head + "a_total 1\na_total 1\n", head + "b_total 1\n", "a_total 1\n",
                     head + 'a_total{x="1" 1\n', head + 'a_total{x="a"y="b"} 1\n', head + "a_total x\n",
                     head + "a_total 1\n" + head, "# TYPE a_total counter\na_total 1\n", head + 'a_total{x="\\q"} 1\n',
                     "# HELP a x\n# TYPE a counter\na 1\n", head + "\n",
                     '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'):
            with self.subTest(text), self.assertRaises((ValueError, KeyError, IndexError)):
                exposition.parse(text)
        self.assertEqual(exposition.parse(head + 'a_total{x="a\\"\\\\\\n}"} 7\n').value("a_total", x='a"\\\n}'), 7)


if __name__ == "__main__":
    lab.main()
