#!/usr/bin/env python3
"""The first command of README.md, from building to stopping, without installing packages."""
import http.client
import os
import re
import signal
import subprocess

import dns
import lab

SCRIPT = os.path.join(lab.ROOT, "operator", "quickstart")


class Quickstart(lab.Case):
    @classmethod
    def set_up(cls):
        cls.at = ("127.0.0.1", lab.PORT)
        cls.page = lab.PORT + 1
        cls.env = dict(os.environ, BELISHA_SKIP_PACKAGES="1", BELISHA_DNS_PORT=str(lab.PORT),
                       BELISHA_PAGE_PORT=str(cls.page), BELISHA_BUILD_DIR=lab.BUILD,
                       BELISHA_STATE_DIR=cls.lab.path("state"))

    def check_that_it_answers(self, text):
        names = re.findall(r"dig @127\.0\.0\.1 -p %d (\S+)" % lab.PORT, text)
        self.assertGreaterEqual(len(names), 2, text)
        allowed, blocked = names[:2]
        answer = dns.ask_udp(self.at, allowed)
        self.assertEqual((answer.rcode, len(answer.data("A"))), ("NOERROR", 1))
        self.assert_sinkholed(dns.ask_udp(self.at, blocked), "127.0.0.1")
        connection = http.client.HTTPConnection("127.0.0.1", self.page, timeout=5)
        connection.request("GET", "/", headers={"Host": blocked})
        reply = connection.getresponse()
        page = reply.read().decode()
        connection.close()
        self.assertIn("html", reply.getheader("Content-Type"))
        self.assertIn("blocked", page.lower())
        # What it tells people to type works as printed.
        for command in re.findall(r"^    (\S+/belisha .*(?:why|status).*)$", text, re.M):
            done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=20, cwd="/")
            self.assertEqual(done.returncode, 0, command + "\n" + done.stdout + done.stderr)

    def pids(self):
        found = []
        for name in ("belishad", "belisha-notice"):
            try:
                with open(self.lab.path("state", name + ".pid")) as file:
                    found.append(int(file.read()))
            except OSError:
                pass
        return found

    def assert_gone(self, pids):
        for pid in pids:
            lab.wait_until("process %d to end" % pid, lambda: not os.path.exists("/proc/%d" % pid) or
                           " Z " in open("/proc/%d/stat" % pid).read(), 10)

    def test_foreground_until_interrupted(self):
        process = self.lab.start(["setsid", SCRIPT], "quickstart", env=self.env, cwd="/")
        process.wait_for_line("Ctrl-C stops both.", timeout_s=240)
        self.check_that_it_answers(process.output())
        pids = self.pids()
        self.assertEqual(len(pids), 2)
        process.popen.send_signal(signal.SIGTERM)
        self.assertIn(process.popen.wait(20), (130, 143))
        self.assert_gone(pids)
        process.stop()
        self.lab.processes.remove(process)

    def test_detached_and_stopped(self):
        done = subprocess.run([SCRIPT, "--detach"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.env, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        pids = self.pids()
        try:
            self.check_that_it_answers(done.stdout)
        finally:
            subprocess.run([SCRIPT, "--stop"], stdin=subprocess.DEVNULL, env=self.env, timeout=30, check=True)
        self.assert_gone(pids)

    def test_a_program_that_cannot_start_is_told(self):
        with dns.udp_socket() as taken:
            env = dict(self.env, BELISHA_DNS_PORT=str(taken.getsockname()[1]))
            done = subprocess.run([SCRIPT, "--detach"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  env=env, timeout=240)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("belishad", done.stderr)
        self.assertEqual(self.pids(), [])


if __name__ == "__main__":
    lab.main()
