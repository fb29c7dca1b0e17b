#!/usr/bin/env python3
"""A real dnsmasq downstream says whom it asks for: cards, addresses, its own name; and nobody else is believed."""
import csv
import io
import os
import shutil
import struct
import sys

import dns
import lab
import netns

GATE = "10.7.0.1"
CLIENT = "10.7.0.2"
CONF = """
access: [127.0.0.0/8, "::1", 10.7.0.0/23]
policy:
  levels:
    - {name: pupils, block: [malware]}
    - {name: staff}
  groups:
    - {name: site, networks: [127.0.0.0/8], level: pupils}
    - {name: staff-room, networks: [10.7.0.0/24], level: staff}
    - {name: office, networks: [10.7.1.0/28], level: staff}
  default_level: pupils
identity:
  devices:
    - {mac: "02:00:00:00:07:02", device: LAP-042, user: jones}
    - {mac: "02:00:00:00:07:03", device: LAP-043, user: smith}
    - {cpe_id: annexe, device: Annexe}
  forwarders:
    - {networks: [127.0.0.21], believe: [mac]}
    - {networks: [127.0.0.22], believe: [subnet]}
    - {networks: [127.0.0.23], believe: [cpe_id]}
    - {networks: [127.0.0.24], believe: [mac, subnet, cpe_id]}
"""
MAC, MAC_TEXT, CPE, SUBNET = 65001, 65073, 65074, 8
LIE = """
import socket, struct, sys
sys.path.insert(0, %r)
import dns
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(10)
sock.connect(("10.7.0.1", int(sys.argv[1])))
sock.send(dns.pack_question(sys.argv[2], options=struct.pack("!HH", 65001, 6) + bytes.fromhex("020000000703")))
sock.recv(4096)
"""
CARD = bytes.fromhex("020000000702")


def setUpModule():
    netns.enter()


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def subnet(address, bits=32):
    data = bytes(int(part) for part in address.split("."))[:(bits + 7) // 8]
    return option(SUBNET, struct.pack("!HBB", 1, bits, 0) + data)


class Forwarders(lab.Case):
    @classmethod
    def set_up(cls):
        cls.asked = []
        cls.upstream = cls.lab.upstream(1)
        reply = cls.upstream._reply
        cls.upstream._reply = lambda msg, transport: (cls.asked.append(msg), reply(msg, transport))[1]
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % cls.upstream.port], ["blocked.example.net"], conf=CONF)
        cls.peer = netns.Peer("eth0", [CLIENT + "/24"])
        cls.peer.run("ip", "link", "set", netns.PEER_INTERFACE, "address", "02:00:00:00:07:02")
        netns.ip("addr", "add", GATE + "/24", "dev", "eth0")
        cls.next = 0

    def row(self, name):
        """The last row about a name, once the log knows what its group is called."""
        def rows():
            text = self.server.operator("log", "export", "--format", "csv", "--name", name)
            return list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))
        lab.wait_until("the group's name", lambda: not rows()[-1]["group"].isdigit(), 5, 0.2)
        return rows()[-1]

    def fresh(self):
        Forwarders.next += 1
        return "name-%d.example.net" % Forwarders.next

    def dnsmasq(self, source, *options):
        """Starts a forwarder that asks us from an address of its own; returns its port."""
        program = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            self.skipTest("no dnsmasq")
        port = lab.PORT + 5
        running = self.lab.start([program, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                                  "--pid-file=", "--user=", "--port=%d" % port, "--listen-address=" + GATE,
                                  "--bind-interfaces", "--log-facility=-",
                                  "--server=127.0.0.1#%d@%s" % (self.server.port, source), *options], "dnsmasq-" + source)
        self.addCleanup(running.kill)
        lab.wait_until("dnsmasq", lambda: self.peer.dig(GATE, port, self.fresh(), "+notcp"), 10)
        return port

    def asked_through(self, source, *options):
        """What is logged of a question that the peer asks dnsmasq."""
        port = self.dnsmasq(source, *options)
        name = self.fresh()
        self.assertEqual(self.peer.dig(GATE, port, name, "+notcp"), ["198.51.100.1"])
        return self.row(name)

    def test_cards_in_each_form_of_dnsmasq(self):
        for form in ("--add-mac", "--add-mac=text", "--add-mac=base64"):
            with self.subTest(form):
                row = self.asked_through("127.0.0.21", form)
                self.assertEqual((row["user"], row["device"], row["grade"], row["grade_letter"]), ("jones", "LAP-042", "loan", "C"))
                self.assertEqual((row["client"], row["group"]), ("127.0.0.21", "site"))
                self.doCleanups()

    def test_the_clients_address_is_the_one_that_counts(self):
        port = self.dnsmasq("127.0.0.22", "--add-subnet=32,128")
        name = self.fresh()
        self.assertEqual(self.peer.dig(GATE, port, name, "+notcp"), ["198.51.100.1"])
        row = self.row(name)
        self.assertEqual((row["client"], row["group"], row["client_port"]), (CLIENT, "staff-room", ""))
        self.assertEqual(self.peer.dig(GATE, port, "blocked.example.net", "+notcp"), ["198.51.100.1"])
        self.assert_sinkholed(self.server.ask("blocked.example.net", client="127.0.0.22"))

    def test_a_network_is_a_group_and_nobody_in_it(self):
        row = self.asked_through("127.0.0.22", "--add-subnet=24,64")
        self.assertEqual((row["client"], row["group"], row["grade"]), ("127.0.0.22", "staff-room", "address"))

    def test_a_network_that_only_begins_in_a_group_is_not_of_it(self):
        """The rest of it would get what staff may see."""
        for said, bits, group in (("10.7.1.0", 28, "office"), ("10.7.1.0", 24, "site"), ("10.7.0.0", 16, "site")):
            with self.subTest(said, bits=bits):
                name = self.fresh()
                dns.ask_udp(self.server.at, name, client="127.0.0.22", options=subnet(said, bits))
                self.assertEqual(self.row(name)["group"], group)
                answer = dns.ask_udp(self.server.at, "blocked.example.net", client="127.0.0.22", options=subnet(said, bits))
                self.assertEqual(answer.data() == [lab.SINKHOLE], group == "site")

    def test_a_site_by_its_name(self):
        row = self.asked_through("127.0.0.23", "--add-cpe-id=annexe")
        self.assertEqual((row["device"], row["user"], row["grade"]), ("Annexe", "", "device"))

    def test_a_card_that_nobody_knows_is_numbered_within_a_second(self):
        card = option(MAC, bytes.fromhex("020000000799"))
        name = self.fresh()
        def device():
            dns.ask_udp(self.server.at, name, client="127.0.0.21", options=card)
            return self.row(name)["device"]
        lab.wait_until("its number", lambda: device() == "02:00:00:00:07:99", 5, 0.2)

    def test_others_are_not_believed(self):
        said = option(MAC, CARD) + subnet(CLIENT) + option(CPE, b"annexe")
        for client in ("127.0.0.1", "127.0.0.2"):
            name = self.fresh()
            answer = dns.ask_udp(self.server.at, name, client=client, options=said)
            row = self.row(name)
            self.assertEqual((row["client"], row["group"], row["user"], row["device"], row["grade"]),
                             (client, "site", "", "", "address"))
            self.assertNotIn(SUBNET, answer.options)

    def test_each_is_believed_in_what_he_may_say(self):
        said = option(MAC, CARD) + subnet(CLIENT) + option(CPE, b"annexe")
        for client, expected in (("127.0.0.21", ("127.0.0.21", "jones")), ("127.0.0.22", (CLIENT, "")),
                                 ("127.0.0.23", ("127.0.0.23", "")), ("127.0.0.24", (CLIENT, "jones"))):
            name = self.fresh()
            dns.ask_udp(self.server.at, name, client=client, options=said)
            row = self.row(name)
            self.assertEqual((row["client"], row["user"]), expected, client)

    def test_what_a_client_adds_to_it_is_not_believed(self):
        name = self.fresh()
        dns.ask_udp(self.server.at, name, client="127.0.0.21", options=option(MAC, CARD) + option(MAC, bytes.fromhex("020000000701")))
        self.assertEqual(self.row(name)["user"], "")

    def test_dnsmasq_must_take_away_what_its_clients_say(self):
        """Without --strip-mac it hands on a card that a client made up: docs/identity.md tells so."""
        for options, user in ((("--add-mac", "--strip-mac"), "jones"), (("--add-mac",), "smith")):
            port = self.dnsmasq("127.0.0.21", *options)
            name = self.fresh()
            self.peer.run(sys.executable, "-c", LIE % lab.HERE, str(port), name)
            self.assertEqual(self.row(name)["user"], user, options)
            self.doCleanups()

    def test_an_answer_says_for_whom_it_is(self):
        answer = dns.ask_udp(self.server.at, self.fresh(), client="127.0.0.22", options=subnet(CLIENT))
        self.assertEqual(answer.options.get(SUBNET), bytes.fromhex("000120200a070002"))
        answer = dns.ask_udp(self.server.at, "blocked.example.net", client="127.0.0.22", options=subnet("10.7.0.0", 24))
        self.assertEqual(answer.options.get(SUBNET), bytes.fromhex("000118180a0700"))

    def test_none_of_it_leaves_us(self):
        self.asked.clear()
        dns.ask_udp(self.server.at, self.fresh(), client="127.0.0.24",
                    options=option(MAC, CARD) + subnet(CLIENT) + option(CPE, b"annexe"))
        self.assertTrue(self.asked)
        for msg in self.asked:
            for secret in (CARD, b"annexe", bytes.fromhex("0a070002")):
                self.assertNotIn(secret, msg)

    def test_help_is_nobodys(self):
        dns.ask_udp(self.server.at, "www.childline.org.uk", client="127.0.0.24", options=option(MAC, CARD) + subnet(CLIENT))
        row = self.row("www.childline.org.uk")
        self.assertEqual((row["client"], row["user"], row["device"], row["grade"]), ("", "", "", "none"))


if __name__ == "__main__":
    lab.main()
