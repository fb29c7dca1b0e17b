#!/usr/bin/env python3
"""Every evil of evils.py, alone and beside a server that is honest but slow.

Each evil is the server of two zones of its own, which are filtered as the public names are. Alone, the client gets what
is true of the answer, or SERVFAIL; with the honest server beside it, a failure is not good enough. What a forger planted
is never given to anybody, what leads to a blocked name is blocked, and after each evil a plain question is answered.
"""
import concurrent.futures
import sys

import dns
import evils
import lab

HONEST = "198.51.100.2"
HONEST_DELAY_S = 0.08   # so that the other one is asked first
PATIENCE_S = 10
ASKED_TYPE = {"rebinding-v6": "AAAA", "rebinding-mapped": "AAAA", "rebinding-hint": "HTTPS"}

# What a client may get when nobody else can be asked; the rest is answered truly.
ALONE = {
    "silence": {"failure"}, "too-late": {"failure"},
    "tc-then-close": {"failure"}, "tc-then-silence": {"failure"}, "tc-always": {"failure"},
    "tcp-length-short": {"failure"}, "tcp-length-long": {"failure"}, "tcp-half": {"failure"}, "tcp-reset": {"failure"},
    "nxdomain-for-all": {"absent"}, "nxdomain-with-an-answer": {"absent"},
    "referral": {"failure"},
    # A CNAME leads where it leads: the address is right for this name, and for no other.
    "cname-with-its-address": {"led to poison"},
    "cname-to-itself": {"failure"}, "cname-circle": {"failure"},
    "blocked-cname": {"blocked"}, "blocked-cname-spelt-otherwise": {"blocked"}, "blocked-cname-alone": {"blocked"},
    "blocked-by-a-long-chain": {"blocked"}, "blocked-out-of-order": {"blocked"},
    "blocked-behind-its-address": {"blocked", "failure"}, "blocked-by-a-second-alias": {"led"},
    "blocked-by-dname": {"blocked"}, "blocked-by-dname-alone": {"nothing", "blocked", "failure"},
    "blocked-by-a-lying-dname": {"blocked"}, "blocked-by-pointer": {"blocked"}, "blocked-with-nxdomain": {"blocked"},
    "rebinding": {"rebinding"}, "rebinding-beside-a-public-one": {"rebinding"}, "rebinding-to-this-host": {"rebinding"},
    "rebinding-behind-an-alias": {"rebinding"}, "rebinding-v6": {"rebinding"}, "rebinding-mapped": {"rebinding"},
    "rebinding-hint": {"rebinding"},
    "chain-12": {"led"}, "chain-13": {"failure"}, "records-250": {"many"}, "records-300": {"failure"},
    "records-4000": {"failure"},
    "formerr": {"failure"}, "servfail": {"failure"}, "notimp": {"failure"}, "refused": {"failure"},
    "yxdomain": {"failure"}, "notauth": {"failure"}, "rcode-15": {"failure"}, "extended-rcode": {"failure"},
    "badvers": {"failure"},
}


def outcome(answer):
    """One word for what a client got."""
    data = answer.data()
    addresses = answer.data("A")
    if lab.SINKHOLE in addresses:
        return "blocked" if addresses == [lab.SINKHOLE] and len(data) == 1 and answer.ede_codes() == [4] else "half blocked"
    if answer.rcode == "REFUSED" and answer.ede_codes() == [15] and data == []:
        return "rebinding"
    if answer.rcode == "SERVFAIL" and data == []:
        return "failure"
    if answer.rcode == "NXDOMAIN":
        return "absent" if addresses == [] else "absent with " + ", ".join(addresses)
    if answer.rcode != "NOERROR":
        return answer.rcode
    aliased = bool(answer.data("CNAME"))
    if [r for r in answer.answer if r.type in ("A", "AAAA") and not r.data.startswith(("198.51.100.", "198.51.101."))]:
        return "led to poison" if aliased else "poison"
    if addresses == [evils.TRUE]:
        return "led" if aliased else "true"
    if addresses == [HONEST]:
        return "honest"
    if len(addresses) > 1:
        return "many"
    return "nothing"


class Evil(lab.Case):
    """One belishad for a part of the table; subclasses say which. NAMES in the order of the hostile server's addresses."""
    first_offset = None
    names = ()

    @classmethod
    def set_up(cls):
        if not cls.names:
            raise lab.unittest.SkipTest("this is where the others start from")
        port = lab.PORT + cls.first_offset
        addresses = ["127.1.0.%d" % (i + 1) for i in range(len(cls.names))]
        cls.hostile = cls.lab.start([sys.executable, "-B", lab.os.path.join(lab.HERE, "hostile_upstream.py"), str(port),
                                     "127.0.0.1"] + addresses, "hostile")
        cls.hostile.wait_for_line("ready")
        cls.honest = cls.lab.upstream(cls.first_offset + 1, address=HONEST)
        cls.honest.delay_s = HONEST_DELAY_S
        zones = ""
        for name, address in zip(cls.names, addresses):
            for kind, servers in (("alone", [port]), ("pair", [port, cls.honest.port])):
                at = ["'%s:%d'" % (address if p == port else "127.0.0.1", p) for p in servers]
                zones += "  - { name: %s.%s.test, upstreams: [%s], filter: true, rebinding_check: true }\n" % (
                    name, kind, ", ".join(at))
        cls.server = cls.lab.serve(cls.first_offset + 2, ["127.0.0.1:%d" % cls.honest.port], [evils.BLOCKED],
                                   conf="zones:\n" + zones)

    def each(self, play):
        """play(name) for all evils side by side: many of them take a client's whole patience."""
        with concurrent.futures.ThreadPoolExecutor(len(self.names)) as pool:
            done = {name: pool.submit(play, name) for name in self.names}
        for name, future in done.items():
            with self.subTest(evil=name):
                future.result()

    def ask(self, label, zone, qtype="A", tcp=False):
        answer = None if tcp else self.server.ask("%s.%s" % (label, zone), qtype, timeout=PATIENCE_S)
        if tcp or answer.tc:
            answer = self.server.ask_tcp("%s.%s" % (label, zone), qtype, timeout=PATIENCE_S)
        return answer

    def was_asked(self, label, zone):
        return (" %s.%s" % (label, zone)) in self.hostile.output()

    def play_alone(self, name):
        zone = name + ".alone.test"
        qtype = ASKED_TYPE.get(name, "A")
        may_be = ALONE.get(name, {"true"})
        for number, tcp in ((1, False), (1, False), (2, True)):
            answer = self.ask("%s-%d" % (name, number), zone, qtype, tcp)
            self.assertIn(outcome(answer), may_be, answer)
        victim = self.ask(evils.VICTIM, zone)
        self.assertEqual(outcome(victim), "true", victim)
        other = self.ask("fine-1", zone)
        self.assertEqual(outcome(other), "true", other)

    def play_pair(self, name):
        zone = name + ".pair.test"
        qtype = ASKED_TYPE.get(name, "A")
        may_be = ALONE.get(name, {"true"}) - {"failure"} | {"honest"}
        if qtype != "A":
            may_be.add("nothing")   # what the honest one says
        for number in range(1, 9):
            answer = self.ask("%s-%d" % (name, number), zone, qtype)
            self.assertIn(outcome(answer), may_be, answer)
            if self.was_asked("%s-%d" % (name, number), zone):
                break
        else:
            self.fail("the hostile server was not asked")
        self.assertIn(outcome(self.ask(evils.VICTIM, zone)), {"true", "honest"})

    def test_1_beside_an_honest_server(self):
        self.each(self.play_pair)

    def test_2_alone(self):
        self.each(self.play_alone)
        self.assert_sinkholed(self.server.ask(evils.BLOCKED))
        self.assertEqual(outcome(self.server.ask("www.example.net")), "honest")

    def test_3_what_the_log_says_it_gave(self):
        """No planted address got into an answer under another's name, whatever was asked when."""
        for name in self.names:
            for kind in ("alone", "pair"):
                answer = self.ask(evils.VICTIM, "%s.%s.test" % (name, kind))
                self.assertNotIn(evils.POISON, answer.data(), name)


class Datagrams(Evil):
    first_offset = 0
    names = evils.of(evils.datagrams) + evils.of(evils.streams)


class Records(Evil):
    first_offset = 3
    names = evils.of(evils.records) + evils.of(evils.measures)


class Plants(Evil):
    first_offset = 6
    names = evils.of(evils.plants)


if __name__ == "__main__":
    lab.main()
