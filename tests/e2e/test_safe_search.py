#!/usr/bin/env python3
"""SafeSearch by level, against a real server that has the engines' zones."""
import json
import os
import socket
import subprocess

import dns
import lab

PUPIL, SIXTH, STAFF = "127.7.0.1", "127.8.0.1", "127.9.0.1"

POLICY = """
access: [127.0.0.0/8]
cache: { serve_stale: false }
policy:
  levels:
    - { name: pupils, block: [malware, circumvention, unsafe-search] }
    - { name: sixth, block: [malware], safe_search: { bing: off, others: strict }, youtube: moderate }
    - { name: staff, block: [malware], safe_search: off, youtube: off }
  groups:
    - { name: pupils, networks: [127.7.0.0/16], level: pupils }
    - { name: sixth, networks: [127.8.0.0/16], level: sixth }
    - { name: staff, networks: [127.9.0.0/16], level: staff }
"""

HEAD = "$ORIGIN %s.\n$TTL 300\n@ SOA ns.example.net. host.example.net. 1 3600 900 86400 60\n  NS ns.example.net.\n"

ZONES = {
    "google.com": """
www              A     198.51.100.1
                 AAAA  2001:db8::1
                 HTTPS 1 . alpn=h2 ipv4hint=198.51.100.1
images           A     198.51.100.2
maps             A     198.51.100.3
accounts         A     198.51.100.4
forcesafesearch  %s A     %s
                 AAAA  2001:db8::120
""",
    "google.co.uk": "www A 198.51.100.5\n",
    "youtube.com": """
www              CNAME youtube-ui
m                CNAME youtube-ui
youtube-ui       A     198.51.100.10
                 HTTPS 1 . ipv4hint=198.51.100.10
restrict         CNAME strict-node
strict-node      A     198.51.100.119
restrictmoderate A     198.51.100.118
""",
    "bing.com": "www A 198.51.100.20\nstrict A 198.51.100.21\n",
    "duckduckgo.com": "@ A 198.51.100.30\n MX 10 mail\nsafe A 198.51.100.31\nhtml A 198.51.100.32\nmail A 198.51.100.33\n",
    "yandex.com": "@ A 198.51.100.40\nwww A 198.51.100.40\n",
}


class World(lab.Case):
    """The engines' zones on an NSD that can be stopped, changed and started again."""

    @classmethod
    def write_zones(cls, target="198.51.100.120", ttl="300"):
        files = {}
        for zone, text in ZONES.items():
            files[zone] = cls.lab.write(zone + ".zone", HEAD % zone + (text % (ttl, target) if zone == "google.com" else text))
        return files

    @classmethod
    def start_world(cls, **kw):
        at = cls.lab.start_nsd(1, cls.write_zones(**kw))
        cls.nsd = cls.lab.processes[-1]
        return at

    def ask(self, client, name, qtype="A", **kw):
        return self.server.ask(name, qtype, client=client, **kw)

    def assert_led(self, answer, host, target, data):
        self.assertEqual(answer.rcode, "NOERROR")
        self.assertEqual((answer.answer[0].name.lower(), answer.answer[0].type), (host, "CNAME"))
        self.assertEqual(answer.answer[0].data.lower().rstrip("."), target)
        self.assertLessEqual(answer.answer[0].ttl, 60)
        self.assertEqual([r.data for r in answer.answer if r.type in ("A", "AAAA")], data)
        self.assertEqual(answer.ede_codes(), [4])
        self.assertFalse(answer.ad)


class Levels(World):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.start_world()], ["blocked.example.net"], conf=POLICY)

    def test_a_host_leads_to_the_engines_own(self):
        for _ in range(2):    # asked for, and kept
            self.assert_led(self.ask(PUPIL, "wWw.GoOgle.com"), "www.google.com", "forcesafesearch.google.com",
                            ["198.51.100.120"])
            self.assert_led(self.ask(PUPIL, "www.google.co.uk", do=True), "www.google.co.uk",
                            "forcesafesearch.google.com", ["198.51.100.120"])
            self.assert_led(self.ask(PUPIL, "www.google.com", "AAAA"), "www.google.com", "forcesafesearch.google.com",
                            ["2001:db8::120"])
            self.assert_led(self.ask(PUPIL, "www.youtube.com"), "www.youtube.com", "restrict.youtube.com",
                            ["198.51.100.119"])
        self.assertEqual(self.ask(PUPIL, "yandex.com").data("A"), ["213.180.193.56"])

    def test_each_level_gets_its_own_at_the_same_time(self):
        for _ in range(3):
            self.assert_led(self.ask(PUPIL, "m.youtube.com"), "m.youtube.com", "restrict.youtube.com", ["198.51.100.119"])
            self.assert_led(self.ask(SIXTH, "m.youtube.com"), "m.youtube.com", "restrictmoderate.youtube.com",
                            ["198.51.100.118"])
            self.assertEqual(self.ask(STAFF, "m.youtube.com").data("A"), ["198.51.100.10"])
            self.assertEqual(self.ask(SIXTH, "www.bing.com").data(), ["198.51.100.20"])
            self.assert_led(self.ask(PUPIL, "www.bing.com"), "www.bing.com", "strict.bing.com", ["198.51.100.21"])

    def test_nothing_leads_round_it(self):
        self.assertEqual([r.type for r in self.ask(STAFF, "www.google.com", "HTTPS").answer], ["HTTPS"])
        for qtype in ("HTTPS", "SVCB", "SRV"):
            for name in ("www.google.com", "www.youtube.com"):
                answer = self.ask(PUPIL, name, qtype)
                self.assertEqual((answer.rcode, answer.answer, [r.type for r in answer.authority]), ("NOERROR", [], ["SOA"]))

    def test_neighbours_and_mail_go_on_as_they_are(self):
        for name, address in (("images.google.com", "198.51.100.2"), ("maps.google.com", "198.51.100.3"),
                              ("accounts.google.com", "198.51.100.4"), ("forcesafesearch.google.com", "198.51.100.120")):
            self.assertEqual(self.ask(PUPIL, name).data(), [address])
        self.assertEqual([r.type for r in self.ask(PUPIL, "duckduckgo.com", "MX").answer], ["MX"])

    def test_dig_sees_the_chain(self):
        said = subprocess.run(["dig", "+noall", "+answer", "-b", PUPIL, "-p", str(self.server.at[1]), "@127.0.0.1",
                               "www.google.com"], capture_output=True, text=True, timeout=20, check=True).stdout
        rows = [line.split() for line in said.splitlines()]
        self.assertEqual([(r[0], r[3], r[4]) for r in rows],
                         [("www.google.com.", "CNAME", "forcesafesearch.google.com."),
                          ("forcesafesearch.google.com.", "A", "198.51.100.120")])

    def test_it_is_told_why_and_logged_and_no_block(self):
        self.ask(PUPIL, "www.google.com")
        said = self.server.operator("why", "www.google.com", "--client", PUPIL)
        self.assertIn("search engine 'google'", said)
        self.assertIn("level 'pupils' has SafeSearch for it (strict)", said)
        self.assertIn("an alias (CNAME) of forcesafesearch.google.com", said)
        self.assertNotIn("SafeSearch", self.server.operator("why", "www.google.com", "--client", STAFF))
        rows = lab.wait_until("the row", lambda: [json.loads(line) for line in self.server.operator(
            "log", "export", "--format", "ndjson", "--name", "www.google.com", "--client", PUPIL).splitlines()
            if '"safe-search"' in line])
        self.assertEqual((rows[0]["verdict"], rows[0]["reason"]), ("rewritten", "safe-search"))
        blocked = self.server.operator("log", "search", "--blocked", "--client", PUPIL, check=False).stdout
        self.assertNotIn("www.google.com", blocked)

    def test_an_exception_of_the_day_leaves_it_on(self):
        self.lab.publish(["blocked.example.net", "edgeservices.bing.com"])
        lab.wait_until("the list", lambda: self.ask(PUPIL, "edgeservices.bing.com").data() == [lab.SINKHOLE])
        self.server.operator("allow", "edgeservices.bing.com", "--reason", "a lesson about search", "--group", "pupils")
        answer = lab.wait_until("the exception", lambda: (lambda a: a.data("A") != [lab.SINKHOLE] and a)(
            self.ask(PUPIL, "edgeservices.bing.com")))
        self.assert_led(answer, "edgeservices.bing.com", "strict.bing.com", ["198.51.100.21"])


class Targets(World):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.start_world(ttl="1")], ["blocked.example.net"], conf=POLICY)

    def test_a_target_that_moves_dies_and_is_blocked(self):
        led = lambda: self.ask(PUPIL, "www.google.com", timeout=10)
        self.assert_led(led(), "www.google.com", "forcesafesearch.google.com", ["198.51.100.120"])
        # moves
        self.nsd.stop()
        self.start_world(ttl="1", target="198.51.100.121")
        lab.wait_until("the new address", lambda: led().data("A") == ["198.51.100.121"], 20)
        # dies: never the host's own address, which staff have just asked for
        self.assertEqual(self.ask(STAFF, "www.google.com").data(), ["198.51.100.1"])
        self.nsd.stop()
        answer = lab.wait_until("an error", lambda: (lambda a: a.rcode == "SERVFAIL" and a)(led()), 20)
        self.assertEqual(answer.answer, [])
        self.assertEqual(self.ask(STAFF, "www.google.com").data(), ["198.51.100.1"])
        # comes back
        self.start_world(ttl="1", target="198.51.100.122")
        lab.wait_until("an answer", lambda: led().data("A") == ["198.51.100.122"], 30)
        # is blocked by somebody of the school
        self.server.operator("block", "forcesafesearch.google.com", "--reason", "no search today")
        lab.wait_until("the block", lambda: led().data() == [lab.SINKHOLE], 10)


class WaysRound(lab.Case):
    """The shipped lists: other resolvers by name and by address, VPNs, engines without a safe mode."""

    ADDRESSES = {"mine.example.org": ("A", "1.1.1.1"), "six.example.org": ("AAAA", "2001:4860:4860::8888"),
                 "near.example.org": ("A", "1.1.1.4"), "next.example.org": ("A", "45.90.28.77")}

    @classmethod
    def set_up(cls):
        upstream = cls.lab.upstream(1)
        upstream.behave = cls.behave
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % upstream.port], ["blocked.example.net"], conf=POLICY)

    @classmethod
    def behave(cls, name, qtype, transport):
        kind, address = cls.ADDRESSES.get(name, ("A", "198.51.100.7"))
        family = socket.AF_INET6 if kind == "AAAA" else socket.AF_INET
        return [(name, kind, 60, socket.inet_pton(family, address))] if qtype == kind else []

    def publish(self, file, list_format, category, expected):
        self.lab.publish_file(os.path.join(lab.ROOT, "data", "sample-feeds", file), list_format=list_format, category=category)
        lab.wait_until("the list", lambda: self.server.ask(*expected, client=PUPIL).answer in ([],) or
                       self.server.ask(*expected, client=PUPIL).data() == [lab.SINKHOLE])

    def test_other_resolvers_do_not_exist(self):
        self.publish("circumvention.rpz", "rpz", "circumvention", ("dns.google",))
        for name in ("dns.google", "mozilla.cloudflare-dns.com", "abc123.dns.nextdns.io", "mine.example.org", "next.example.org"):
            self.assertEqual(self.server.ask(name, client=PUPIL).rcode, "NXDOMAIN", name)
        self.assertEqual(self.server.ask("six.example.org", "AAAA", client=PUPIL).rcode, "NXDOMAIN")
        self.assertEqual(self.server.ask("near.example.org", client=PUPIL).data(), ["1.1.1.4"])
        self.assertEqual(self.server.ask("mine.example.org", client=STAFF).data(), ["1.1.1.1"])

    def test_vpns_and_unsafe_search_lead_to_the_page(self):
        self.publish("circumvention.domains", "domains", "circumvention", ("nordvpn.com",))
        for name in ("www.nordvpn.com", "nordvpn.com"):
            self.assert_sinkholed(self.server.ask(name, client=PUPIL))
        self.publish("unsafe-search.domains", "domains", "unsafe-search", ("www.startpage.com",))
        for name in ("www.startpage.com", "uk.search.yahoo.com", "html.duckduckgo.com", "yewtu.be"):
            self.assert_sinkholed(self.server.ask(name, client=PUPIL))
        self.assertEqual(self.server.ask("www.startpage.com", client=STAFF).data(), ["198.51.100.7"])
        self.assertEqual(self.server.ask("yahoo.com", client=PUPIL).data(), ["198.51.100.7"])


if __name__ == "__main__":
    lab.main()
