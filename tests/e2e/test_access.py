#!/usr/bin/env python3
"""Who may ask, and what each group gets: access, groups by network, log-only, and no list at all."""
import csv
import io
import threading
import time

import dns
import lab

CONF = """
access: [127.0.0.1/32, 127.0.0.2/32, 127.0.0.3/32, 127.0.0.4/32]
policy:
  levels:
    - name: everyone
      block: [gambling, malware]
    - name: staff
      block: [malware]
      log_only: [gambling]
    - name: sixth-form
      allow: [gambling]
      block: [malware]
  groups:
    - { name: pupils, networks: [127.0.0.2/32], level: everyone }
    - { name: staff, networks: [127.0.0.3/32], level: staff }
    - { name: sixth-form, networks: [127.0.0.4/32], level: sixth-form }
"""


class Access(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"], conf=CONF,
                                   options=["--category", "gambling"])

    def test_a_client_outside_of_the_networks_is_refused(self):
        for name in ("www.example.net", "blocked.example.net"):
            answer = self.server.ask(name, client="127.0.0.5")
            self.assertEqual((answer.rcode, answer.answer), ("REFUSED", []))
            self.assertEqual(answer.ede_codes(), [18])

    def test_a_client_outside_of_the_networks_is_refused_over_tcp(self):
        try:
            self.assertEqual(self.server.ask_tcp("www.example.net", client="127.0.0.5").rcode, "REFUSED")
        except ConnectionError:
            pass    # closing the connection is as good

    def test_groups_get_different_verdicts(self):
        self.assert_sinkholed(self.server.ask("blocked.example.net", client="127.0.0.2"))
        self.assertEqual(self.server.ask("blocked.example.net", client="127.0.0.3").data(), ["198.51.100.66"])
        self.assertEqual(self.server.ask("blocked.example.net", client="127.0.0.4").data(), ["198.51.100.66"])
        self.assert_sinkholed(self.server.ask("blocked.example.net", client="127.0.0.1"))

    def test_one_group_s_answer_in_the_cache_is_not_another_s(self):
        for _ in range(3):
            self.assertEqual(self.server.ask("cdn.blocked.example.net", client="127.0.0.3").data(), ["198.51.100.67"])
            self.assert_sinkholed(self.server.ask("cdn.blocked.example.net", client="127.0.0.2"))

    def test_the_cname_verdict_is_the_group_s_own(self):
        for _ in range(2):
            self.assertIn("198.51.100.67", self.server.ask("tracker.example.net", client="127.0.0.3").data())
            self.assertEqual(self.server.ask("tracker.example.net", client="127.0.0.2").data("A"), [lab.SINKHOLE])

    def test_the_log_says_group_and_reason(self):
        for client in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            self.server.ask("log.blocked.example.net", client=client)

        def rows():
            text = self.server.operator("log", "export", "--format", "csv", "--name", "log.blocked.example.net")
            return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))
        # The log's keeper writes the names of groups down within a second.
        lab.wait_until("the names of the groups", lambda: all(not row["group"].isdigit() for row in rows()), 5, 0.2)
        self.assertEqual({row["client"]: (row["group"], row["verdict"], row["reason"]) for row in rows()}, {
            "127.0.0.2": ("pupils", "blocked", "category"),
            "127.0.0.3": ("staff", "allowed", "log-only"),
            "127.0.0.4": ("sixth-form", "allowed", "category-allowed")})

    def test_why_explains_each_group(self):
        for client, word in (("127.0.0.2", "blocked"), ("127.0.0.3", "log-only")):
            text = self.server.operator("why", "blocked.example.net", "--client", client)
            self.assertIn("gambling", text)
            self.assertIn(word, text)


class NoList(lab.Case):
    """Without any generation nothing is "allowed": SERVFAIL with EDE 14, until a list is published."""

    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(2, [cls.lab.start_nsd(3)])

    def test_servfail_until_the_first_list_is_published(self):
        answer = self.server.ask("www.example.net")
        self.assertEqual((answer.rcode, answer.answer, answer.ede_codes()), ("SERVFAIL", [], [14]))
        self.lab.publish(["blocked.example.net"])
        lab.wait_until("the first list", lambda: self.server.ask("www.example.net").rcode == "NOERROR", 2)
        self.assert_sinkholed(self.server.ask("blocked.example.net"))


class FairShare(lab.Case):
    """limits.client_rate: a flood from one address is cut, counted and logged; the others notice nothing."""

    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(4, [cls.lab.start_nsd(5)], ["blocked.example.net"],
                                   conf="limits: { client_rate: 50, client_burst: 50, unlimited: [] }\n")

    def flood(self, count):
        """Sends count questions from 127.0.0.9, not faster than a socket's buffer holds. Returns the answers."""
        answers = []
        with dns.udp_socket("127.0.0.9") as sock:
            sock.settimeout(0.5)
            for ident in range(count):
                sock.sendto(dns.pack_question("blocked.example.net", ident=ident), self.server.at)
                if ident % 50 == 49:
                    time.sleep(0.002)
            try:
                while True:
                    answers.append(dns.unpack(sock.recv(4096)))
            except TimeoutError:
                return answers

    def test_a_flood_is_cut_counted_and_logged_and_others_are_served(self):
        self.server.ask("www.example.net", client="127.0.0.8")
        alone = self.slowest("127.0.0.8", 20)
        flooding = threading.Thread(target=self.flood, args=(3000,))
        flooding.start()
        beside = self.slowest("127.0.0.8", 20)
        flooding.join()
        self.assertLess(beside, alone + 0.5)    # in s; no retry, no wait behind the flood
        answers = self.flood(500)
        whole = [a for a in answers if not a.tc]
        cut = [a for a in answers if a.tc]
        self.assertLess(len(whole), 120)
        self.assertTrue(0 < len(cut) < 50, len(cut))
        self.assertEqual({tuple(a.ede_codes()) for a in cut}, {(18,)})
        over_tcp = self.server.ask_tcp("www.example.net", client="127.0.0.9")
        self.assertEqual(over_tcp.rcode, "NOERROR")
        text = self.server.operator("log", "export", "--format", "csv", "--client", "127.0.0.9", "--verdict", "dropped")
        rows = list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))
        self.assertTrue(0 < len(rows) < 100, len(rows))
        self.assertEqual({row["reason"] for row in rows}, {"rate-limit"})

    def slowest(self, client, count):
        """The longest that one of count questions takes, in s."""
        took = []
        for _ in range(count):
            begin = time.monotonic()
            self.assertEqual(self.server.ask("www.example.net", client=client, timeout=2).rcode, "NOERROR")
            took.append(time.monotonic() - begin)
        return max(took)


if __name__ == "__main__":
    lab.main()
