#!/usr/bin/env python3
"""What the forms of list entries do to answers, from the list's text to the packet."""
import socket

import dns
import lab

REAL = ["198.51.100.1"]     # what the upstream says of every name
BLOCK = [lab.SINKHOLE]


class Feeds(lab.Case):
    @classmethod
    def set_up(cls):
        cls.upstream = cls.lab.upstream(9)

    def serve(self, offset, list_format, text, *options):
        path = self.lab.write(list_format + ".list", text)
        argv = [lab.os.path.join(lab.ROOT, "tests", "serve"), "--port", str(lab.PORT + offset), "--build-dir", lab.BUILD,
                "--dir", self.lab.path(list_format), "--list", path, "--format", list_format,
                "--upstream", "127.0.0.1:%d" % self.upstream.port, *options]
        process = self.lab.start(argv, "feeds-%s-%d" % (list_format, offset))
        process.wait_for_line("ready")
        self.addCleanup(process.stop)
        return "127.0.0.1", lab.PORT + offset

    def check(self, at, rows):
        for name, qtype, expected in rows:
            with self.subTest(name=name, type=qtype):
                answer = dns.ask_udp(at, name, qtype)
                self.assertEqual(answer.data() or answer.rcode, expected)

    def test_adblock_patterns(self):
        at = self.serve(0, "adblock", "\n".join((
            "! comment", "||tree.example.com^", "@@||ok.tree.example.com^", "|exact.example.com^", "plain.example.com",
            "0.0.0.0 null.example.com", "192.0.2.99 other.example.com", "||*.below.example.com^", "*.under.example.com^",
            "suffix.example.com^", "||ads*.cdn.example.com^", "||track-*.example.*^", "||prefix.exa", "/^rx[0-9]+\\./",
            "://start.example.com^", "@@||ads-ok*.cdn.example.com^", "-banner-",
            "||off.example.com^", "||off.example.com^$badfilter", "||imp.example.com^$important",
            "@@||imp.example.com^", "@@||impok.imp.example.com^$important",
            "||deny.example.com^$denyallow=a.deny.example.com|b.deny.example.com",
            "||type.example.com^$dnstype=AAAA|TXT", "||nottype.example.com^$dnstype=~A",
            "||client.example.com^$client=127.0.0.1", "||tag.example.com^$ctag=user_child",
            "||unknown.example.com^$third-party", "cosmetic.example.com##.ad",
            "||to4.example.com^$dnsrewrite=192.0.2.7", "||to6.example.com^$dnsrewrite=NOERROR;AAAA;2001:db8::7",
            "||toname.example.com^$dnsrewrite=garden.example.net", "||gone.example.com^$dnsrewrite=NXDOMAIN",
            "||refused.example.com^$dnsrewrite=REFUSED;;", "||txt.example.com^$dnsrewrite=NOERROR;TXT;hello",
            "@@||no.gone.example.com^$dnsrewrite", "")))
        self.check(at, (
            ("tree.example.com", "A", BLOCK), ("x.tree.example.com", "A", BLOCK), ("ok.tree.example.com", "A", REAL),
            ("x.ok.tree.example.com", "A", REAL), ("xtree.example.com", "A", REAL),
            ("exact.example.com", "A", BLOCK), ("x.exact.example.com", "A", REAL),
            ("plain.example.com", "A", BLOCK), ("x.plain.example.com", "A", REAL),
            ("null.example.com", "A", BLOCK), ("other.example.com", "A", BLOCK),
            ("below.example.com", "A", REAL), ("x.below.example.com", "A", BLOCK),
            ("under.example.com", "A", REAL), ("x.under.example.com", "A", BLOCK),
            ("suffix.example.com", "A", BLOCK), ("mysuffix.example.com", "A", BLOCK),
            ("x.suffix.example.com", "A", BLOCK), ("suffix.example.com.net", "A", REAL),
            ("ads7.cdn.example.com", "A", BLOCK), ("x.ads.cdn.example.com", "A", BLOCK),
            ("myads.cdn.example.com", "A", REAL), ("ads-ok1.cdn.example.com", "A", REAL),
            ("track-1.example.net", "A", BLOCK), ("track.example.net", "A", REAL),
            ("prefix.example.com", "A", BLOCK), ("x.prefix.exact.com", "A", BLOCK), ("xprefix.exact.com", "A", REAL),
            ("rx12.example.com", "A", BLOCK), ("x.rx12.example.com", "A", REAL),
            ("start.example.com", "A", BLOCK), ("x.start.example.com", "A", REAL),
            ("the-banner-cdn.example.com", "A", BLOCK),
            ("off.example.com", "A", REAL), ("imp.example.com", "A", BLOCK), ("impok.imp.example.com", "A", REAL),
            ("deny.example.com", "A", BLOCK), ("x.deny.example.com", "A", BLOCK), ("a.deny.example.com", "A", REAL),
            ("x.b.deny.example.com", "A", REAL),
            ("type.example.com", "A", REAL), ("type.example.com", "TXT", "NOERROR"),
            ("nottype.example.com", "A", REAL), ("nottype.example.com", "MX", "NOERROR"),
            ("client.example.com", "A", REAL), ("tag.example.com", "A", REAL), ("unknown.example.com", "A", REAL),
            ("cosmetic.example.com", "A", REAL),
            ("to4.example.com", "A", ["192.0.2.7"]), ("to4.example.com", "AAAA", "NOERROR"),
            ("to6.example.com", "AAAA", ["2001:db8::7"]), ("toname.example.com", "CNAME", ["garden.example.net"]),
            ("toname.example.com", "A", ["garden.example.net"] + REAL),
            ("gone.example.com", "A", "NXDOMAIN"), ("no.gone.example.com", "A", REAL),
            ("refused.example.com", "A", "REFUSED"), ("txt.example.com", "TXT", ["hello"])))

    def test_response_policy_zones(self):
        at = self.serve(2, "rpz", "\n".join((
            "$TTL 60", "@ SOA ns host 1 2 3 4 5", "  NS localhost.", "gone.example.com CNAME .",
            "*.gone.example.com CNAME .", "pass.gone.example.com CNAME rpz-passthru.",
            "again.pass.gone.example.com CNAME .", "empty.example.com CNAME *.", "drop.example.com CNAME rpz-drop.",
            "tcp.example.com CNAME rpz-tcp-only.", "data.example.com A 192.0.2.1", "data.example.com A 192.0.2.2",
            "data.example.com 30 TXT \"a; b\"", "*.wild.example.com A 192.0.2.3", "alias.example.com CNAME garden.example.net.",
            "*.plot.example.com CNAME *.garden.example.net.", "mail.example.com MX 10 mx.example.com.",
            "*.passed.example.com CNAME rpz-passthru.", "no.passed.example.com CNAME .",
            "32.1.113.0.203.rpz-ip CNAME .", "24.0.114.0.203.rpz-ip CNAME rpz-passthru.",
            "ns.example.com.rpz-nsdname CNAME .", "")))
        special = {"bad-address.example.com": "203.0.113.1", "near.example.com": "203.0.113.2"}
        self.upstream.behave = lambda name, qtype, transport: [
            (name, "A", 60, socket.inet_aton(special[name]))] if name in special else "answer"
        self.check(at, (
            ("gone.example.com", "A", "NXDOMAIN"), ("x.gone.example.com", "A", "NXDOMAIN"),
            ("pass.gone.example.com", "A", REAL), ("again.pass.gone.example.com", "A", "NXDOMAIN"),
            ("no.passed.example.com", "A", "NXDOMAIN"), ("x.passed.example.com", "A", REAL),
            ("empty.example.com", "A", "NOERROR"), ("x.empty.example.com", "A", REAL),
            ("data.example.com", "TXT", ["a; b"]), ("data.example.com", "AAAA", "NOERROR"),
            ("x.wild.example.com", "A", ["192.0.2.3"]), ("wild.example.com", "A", REAL),
            ("alias.example.com", "CNAME", ["garden.example.net"]),
            ("alias.example.com", "A", ["garden.example.net"] + REAL),
            ("x.plot.example.com", "A", ["x.plot.example.com.garden.example.net"] + REAL),
            ("mail.example.com", "MX", ["10 mx.example.com"]),
            ("bad-address.example.com", "A", "NXDOMAIN"), ("near.example.com", "A", ["203.0.113.2"]),
            ("bad-address.example.com", "A", "NXDOMAIN")))  # from the cache
        self.assertEqual(sorted(dns.ask_udp(at, "data.example.com").data()), ["192.0.2.1", "192.0.2.2"])
        self.assertTrue(dns.ask_udp(at, "tcp.example.com").tc)
        self.assertEqual(dns.ask_tcp(at, "tcp.example.com").data(), REAL)
        with self.assertRaises(OSError):
            dns.ask_udp(at, "drop.example.com", timeout=0.5)

    def test_addresses_in_other_formats(self):
        self.upstream.behave = lambda name, qtype, transport: [
            (name, "A", 60, socket.inet_aton("203.0.113.77" if name.startswith("bad") else "203.0.112.77"))]
        for offset, list_format, text in ((4, "domains", "203.0.113.77\n"), (5, "hosts", "0.0.0.0 203.0.113.77\n"),
                                          (6, "adblock", "||203.0.113.77^\n")):
            with self.subTest(list_format):
                at = self.serve(offset, list_format, text)
                self.check(at, (("bad.example.com", "A", BLOCK), ("good.example.com", "A", ["203.0.112.77"]),
                                ("bad.example.com", "A", BLOCK)))


if __name__ == "__main__":
    lab.main()
