#!/usr/bin/env python3
"""Changed configuration in force without a lost answer; a bad one refused, the running one stays."""
import os
import signal

import lab
from load import Load

CONF = """
policy:
  levels:
    - name: everyone
      block: [%s]
"""


class Reload(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.server = cls.lab.serve(0, [cls.nsd], ["blocked.example.net"], conf=CONF % "malware")

    def configure(self, text):
        self.lab.write("state-extra.yaml", text)
        return self.server.operator("reload", check=False)

    def setUp(self):
        self.assertEqual(self.configure(CONF % "malware").returncode, 0)
        lab.wait_until("the block", lambda: self.server.ask("blocked.example.net").data() == [lab.SINKHOLE], 2)

    def test_a_changed_configuration_is_in_force_at_once(self):
        done = self.configure(CONF % "gambling")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lab.wait_until("the new policy", lambda: self.server.ask("blocked.example.net").data() == ["198.51.100.66"], 2)

    def test_a_bad_configuration_is_refused_with_file_and_line(self):
        for text, word in ((CONF % "malwear", "malware"), ("polcy: {}\n", "policy"), ("access: [not/an/address]\n", "not/an"),
                           ("access: [\n", "state-extra.yaml"), ("workers: -1\n", "workers")):
            with self.subTest(text.strip()):
                done = self.configure(text)
                self.assertNotEqual(done.returncode, 0)
                said = done.stdout + done.stderr
                self.assertRegex(said, r"state-extra\.yaml:\d+")
                self.assertIn(word, said)
                # belisha refuses by itself; belishad must do so too.
                refusals = self.server.output().count("state-extra.yaml:")
                os.kill(self.server.pid, signal.SIGHUP)
                lab.wait_until("belishad to refuse", lambda:
                               self.server.output().count("state-extra.yaml:") > refusals, 5)
                self.assert_sinkholed(self.server.ask("blocked.example.net"))
                self.assertEqual(self.server.ask("www.example.net").data(), ["198.51.100.10"])

    def test_reloading_under_load_loses_nothing(self):
        load = Load(self.server.at, lambda n: ("www.example.net", "blocked.example.net", "q%d.wild.example.net" % n)[n % 3],
                    check=lambda n, msg: "rcode %d" % (msg[3] & 15) if msg[3] & 15 else None)
        load.start()
        for turn in range(20):
            self.assertEqual(self.configure(CONF % ("malware", "gambling")[turn % 2]).returncode, 0)
        load.stop()
        self.assertGreater(load.sent, 100)
        self.assertEqual((load.lost, load.bad), (0, []))

    def test_zones_that_change_places_do_not_mix_their_answers(self):
        other = self.lab.upstream(2, address="198.51.100.99")
        zone = "zones: [{name: %s, upstreams: ['%s']}]\n"
        for name, upstream, answer in (("example.net", "127.0.0.1:%d" % other.port, "198.51.100.99"),
                                       ("www.example.net", self.nsd, "198.51.100.10")):
            self.assertEqual(self.configure(CONF % "malware" + zone % (name, upstream)).returncode, 0)
            lab.wait_until("the zone's own answer", lambda: self.server.ask("www.example.net").data() == [answer], 2)

    def test_config_check_agrees(self):
        self.lab.write("state-extra.yaml", "polcy: {}\n")
        done = self.server.operator("config", "check", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("policy", done.stdout + done.stderr)


if __name__ == "__main__":
    lab.main()
