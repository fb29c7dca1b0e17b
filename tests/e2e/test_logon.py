#!/usr/bin/env python3
"""The local API: logon scripts and captive portals say by curl who is where, over HTTPS and over the Unix socket."""
import csv
import io
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import lab
from certificates import make_certificate

PORTAL = "portal-token-0123456789"
SCRIPT = "script-token-0123456789"
CONF = """
workers: 2
policy:
  levels:
    - {name: pupils, block: [malware]}
  groups:
    - {name: wifi, networks: [127.0.0.0/8], level: pupils}
tls: {certificate: %(dir)s/school.pem, key: %(dir)s/school.key}
identity:
  api:
    listen: ["127.0.0.1:%(port)d"]
    socket: api.sock
    users: [root, %(uid)d]
    ttl: 1h
    ttl_max: 8h
    tokens:
      - {name: portal, file: %(dir)s/portal, networks: [127.1.0.0/16]}
      - {name: script, file: %(dir)s/script, own_address: true}
"""


class Logon(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.port = lab.PORT + 2
        make_certificate(cls.lab.path, "school", "school.example")
        digest = subprocess.run(["sha256sum"], input=SCRIPT, capture_output=True, text=True).stdout.split()[0]
        for name, text in (("portal", PORTAL + "\n"), ("script", "sha256:%s\n" % digest)):
            os.chmod(cls.lab.write(name, text), 0o600)
        cls.conf = CONF % {"port": cls.port, "dir": cls.lab.dir, "uid": os.getuid()}
        cls.start()

    @classmethod
    def start(cls):
        names = None if os.path.exists(cls.lab.path("state", "blocklist")) else ["blocked.example.net"]
        cls.server = cls.lab.serve(0, [cls.nsd], names, conf=cls.conf)

    # ---- asking ----

    def curl(self, *args, data=None):
        """Status and body, by the program that a script would use."""
        argv = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *args]
        if data is not None:
            argv += ["--data-binary", data if isinstance(data, str) else json.dumps(data)]
        text = lab.run(argv)
        body, _, status = text.rpartition("\n")
        return int(status), json.loads(body)

    def call(self, path, data=None, token=PORTAL, client="127.0.0.1", more=()):
        header = ["-H", "Authorization: Bearer " + token] if token else []
        return self.curl("--cacert", self.lab.path("school.pem"), "--interface", client, *header, *more,
                         "https://127.0.0.1:%d/v1/%s" % (self.port, path), data=data)

    def call_here(self, path, data=None, more=()):
        return self.curl("--unix-socket", self.lab.path("state", "api.sock"), *more, "http://localhost/v1/" + path,
                         data=data)

    def who(self, client):
        self.server.ask("www.example.net", client=client)
        text = self.server.operator("log", "export", "--format", "csv", "--client", client)
        row = list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))[-1]
        return row["user"], row["grade"]

    def wait_for(self, client, user, grade="logon"):
        lab.wait_until("%s at %s" % (user, client), lambda: self.who(client) == (user, grade), 5, 0.05)

    def sessions(self):
        return json.loads(self.server.operator("status", "--json"))["sessions"]

    def connect(self):
        context = ssl.create_default_context(cafile=self.lab.path("school.pem"))
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 20), server_hostname="127.0.0.1")

    # ---- tests ----

    def test_a_portal_logs_on_and_off(self):
        status, said = self.call("logon", {"user": "anna", "address": "127.1.0.1", "host": "tablet", "ttl": "45m"})
        self.assertEqual(status, 201, said)
        self.assertEqual(said["until_s"] - said["from_s"], 45 * 60)
        self.wait_for("127.1.0.1", "anna")
        status, again = self.call("logon", {"user": "anna", "address": "127.1.0.1"})
        self.assertEqual((status, again["session"]), (200, said["session"]))
        status, mine = self.call("sessions")
        self.assertEqual((status, "anna" in [s["user"] for s in mine["sessions"]]), (200, True))
        self.assertEqual(self.call("logoff", {"address": "127.1.0.1"})[0], 200)
        self.wait_for("127.1.0.1", "", "address")
        self.assertEqual(self.call("logoff", {"address": "127.1.0.1"})[0], 404)

    def test_a_script_speaks_for_its_own_address(self):
        status, said = self.call("logon", {"user": "SCHOOL\\ben", "host": "PC17"}, SCRIPT, "127.2.0.1")
        self.assertEqual((status, said["address"]), (201, "127.2.0.1"))
        self.wait_for("127.2.0.1", "ben")
        self.assertEqual(self.call("logon", {"user": "ben", "address": "127.2.0.9"}, SCRIPT, "127.2.0.1")[0], 403)
        self.assertEqual(self.call("logoff", {}, SCRIPT, "127.2.0.1")[0], 200)
        self.wait_for("127.2.0.1", "", "address")

    def test_a_token_speaks_for_its_networks_only(self):
        status, said = self.call("logon", {"user": "carol", "address": "127.3.0.1"})
        self.assertEqual((status, said["error"]), (403, "forbidden"))
        self.assertEqual(self.who("127.3.0.1"), ("", "address"))

    def test_a_program_of_this_machine_needs_no_token(self):
        status, said = self.call_here("logon", {"user": "dora", "address": "127.4.0.1"})
        self.assertEqual(status, 201, said)
        self.wait_for("127.4.0.1", "dora")
        self.assertEqual(self.call_here("sessions")[1]["sessions"][0]["user"], "dora")
        self.assertEqual(self.call_here("logoff", {"address": "127.4.0.1"})[0], 200)
        self.assertEqual(os.stat(self.lab.path("state", "api.sock")).st_mode & 0o777, 0o660)

    def test_a_user_who_is_not_named_is_refused(self):
        if os.getuid() != 0:
            self.skipTest("only root can be another user")
        path = self.lab.path("state", "api.sock")
        for place in (self.lab.dir, self.lab.path("state")):
            os.chmod(place, 0o755)
        os.chmod(path, 0o666)
        try:
            done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "--unix-socket", path,
                                   "http://localhost/v1/sessions"], capture_output=True, text=True, user=65534, group=65534)
        finally:
            os.chmod(path, 0o660)
        self.assertEqual(done.stdout.rpartition("\n")[2], "403", done.stdout + done.stderr)

    def test_a_wrong_token_is_refused_and_then_not_looked_at(self):
        for client, token, expected in (("127.5.0.1", None, 401), ("127.5.0.1", "wrong-token-0123456789", 401)):
            status, said = self.call("logon", {"user": "eve", "address": "127.1.0.5"}, token, client)
            self.assertEqual((status, said["error"]), (expected, "unauthorized"))
        statuses = [self.call("sessions", None, "wrong-token-%d" % i, "127.5.0.2")[0] for i in range(12)]
        self.assertEqual(statuses, [401] * 10 + [429] * 2)
        self.assertEqual(self.call("sessions", None, PORTAL, "127.5.0.2")[0], 429)  # not even a right one
        self.assertEqual(self.call("sessions", None, PORTAL, "127.5.0.3")[0], 200)
        self.assertIn("a wrong token was shown to the local API address=127.5.0.", self.server.output())

    def test_what_cannot_be_is_refused_with_a_reason(self):
        for path, data, more, status in (
                ("logon", "{", (), 400),
                ("logon", {"user": "x" * 200}, (), 400),
                ("logon", {"user": "x", "address": "127.1.0.999"}, (), 400),
                ("logon", {"user": "x" * 3000}, (), 413),
                ("logon", "x" * 100000, (), 413),
                ("logon", None, (), 405),
                ("nowhere", {}, (), 404),
                ("sessions", {}, (), 405),
                ("logon", {"user": "x"}, ("-X", "PUT"), 405),
                ("logon", {"user": "x"}, ("-H", "Transfer-Encoding: chunked"), 501),
                ("logon", {"user": "x"}, ("-H", "X-Long: " + "y" * 9000), 431)):
            with self.subTest(path=path, status=status):
                got, said = self.call(path, data, more=more)
                self.assertEqual(got, status, said)
                self.assertTrue(said["error"] and said["message"])

    def test_a_client_that_waits_for_a_word_gets_it(self):
        # as Invoke-RestMethod of Windows PowerShell does
        status, said = self.call("logon", {"user": "fay", "address": "127.1.0.6"}, more=("-H", "Expect: 100-continue"))
        self.assertEqual(status, 201, said)

    def test_a_slow_client_is_cut_off_and_delays_nobody(self):
        slow = self.connect()
        slow.sendall(b"POST /v1/logon HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 50\r\n\r\n{" %
                     PORTAL.encode())
        begin = time.monotonic()
        while time.monotonic() - begin < 5:
            self.assertEqual(self.call("sessions")[0], 200)
            slow.sendall(b" ")
            time.sleep(0.2)
        slow.settimeout(20)
        self.assertEqual(slow.recv(100), b"")
        self.assertLess(time.monotonic() - begin, 15)
        slow.close()

    def test_many_connections_have_a_bound_and_go_again(self):
        held = []
        try:
            for _ in range(80):
                held.append(socket.create_connection(("127.0.0.1", self.port), 20))
            def closed():
                count = 0
                for sock in held:
                    sock.setblocking(False)
                    try:
                        count += sock.recv(1) == b""
                    except BlockingIOError:
                        pass
                    except OSError:
                        count += 1
                return count >= 16
            lab.wait_until("the end of those that are too many", closed, 5)
            self.assertEqual(self.call("sessions", client="127.6.0.1")[0], 200)  # another address has its own
        finally:
            for sock in held:
                sock.close()
        lab.wait_until("room", lambda: self.call_here("sessions")[0] == 200, 5)
        lab.wait_until("room for this address", lambda: subprocess.run(
            ["curl", "-sk", "https://127.0.0.1:%d/v1/sessions" % self.port], capture_output=True).returncode == 0, 5)

    def test_half_a_request_and_noise_harm_nothing(self):
        for noise in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", os.urandom(500)):
            with socket.create_connection(("127.0.0.1", self.port), 20) as sock:
                sock.sendall(noise)
        for text in (b"GET /v1/sessions HTTP/1.1\r\n", b"\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"\0" * 100 + b"\r\n\r\n",
                     b"GET /v1/sessions HTTP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\nA : b\r\n\r\n"):
            with self.connect() as sock:
                sock.sendall(text)
                if text.endswith(b"\r\n\r\n"):
                    self.assertRegex(sock.recv(4096), rb"^HTTP/1\.1 (400|505) ")
        self.assertEqual(self.call("sessions")[0], 200)

    def test_what_was_answered_is_there_after_a_kill(self):
        answered = []
        stop = threading.Event()

        def talk(worker):
            i = 0
            while not stop.is_set():
                address = "127.1.%d.%d" % (100 + worker, i % 250 + 1)
                try:
                    if self.call_here("logon", {"user": "kim", "address": address})[0] in (200, 201):
                        answered.append(address)
                except (AssertionError, ValueError):
                    pass
                i += 1
        threads = [threading.Thread(target=talk, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        lab.wait_until("logons", lambda: len(answered) > 40, 30)
        self.server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        type(self).start()
        mine = {s["address"] for s in self.call_here("sessions")[1]["sessions"]}
        self.assertEqual(set(answered) - mine, set())
        self.assertEqual(self.who(answered[0]), ("kim", "logon"))

    def test_tokens_change_with_a_reload(self):
        try:
            self.lab.write("portal", "another-token-0123456789")
            self.server.operator("reload")
            self.assertEqual(self.call("sessions", client="127.7.0.1")[0], 401)
            self.assertEqual(self.call("sessions", token="another-token-0123456789", client="127.7.0.1")[0], 200)
        finally:
            self.lab.write("portal", PORTAL)
            self.server.operator("reload")

    def test_status_tells_of_it(self):
        self.call("logon", {"user": "mia", "address": "127.1.0.8"})
        self.assertGreaterEqual(self.sessions()["api"]["on"], 1)
        said = self.server.operator("status")
        self.assertRegex(said, r"(?m)^sessions    0 by RADIUS, \d+ by logon$")
        self.assertRegex(said, r"(?m)^local API   \d+ logons, \d+ logoffs; refused: \d+$")
        self.assertNotIn("mia", said)


if __name__ == "__main__":
    lab.main()
