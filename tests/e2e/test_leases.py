#!/usr/bin/env python3
"""DHCP leases as identity: real DHCP servers, real clients, and what belishad makes of their leases."""
import csv
import io
import json
import os

import dhcp
import lab
import netns

ACCESS = 'access: [127.0.0.0/8, 10.0.0.0/8, "fd00::/8"]\n'
POLICY = """
policy:
  levels:
    - { name: pupils, block: [malware] }
    - { name: staff, allow: [malware] }
  groups:
    - { name: wifi, networks: [10.0.0.0/8, "fd00::/8"], level: pupils }
    - { name: teachers, level: staff }
  default_level: pupils
  people: people.csv
"""
# The laptop of a teacher is known by its card; the other one only says that it is it.
IDENTITY = """
identity:
  devices:
    - { mac: "02:00:00:00:00:07", device: LAP-007, user: marple }
  leases:
%s
  silence: { report: true }
"""
LAPTOP = "02:00:00:00:00:07"
STRANGER = "02:00:00:00:00:66"
NAME = "blocked.example.net"
OPEN = ["198.51.100.1"]


def setUpModule():
    netns.enter()
    dhcp.need("udhcpc")


class Leases(lab.Case):
    @classmethod
    def serve(cls, leases, rooms):
        lab_ = cls.lab
        port = lab.PORT
        if "upstream" not in cls.__dict__:
            cls.upstream = lab_.upstream(1)
        listen = ['"127.0.0.1:%d"' % port] + ['"%s:%d"' % (room.at, port) for room in rooms] + ['"[fd05::1]:%d"' % port]
        lines = "".join("    - { %s: %s }\n" % (kind, path) for kind, path in leases)
        lab_.write("people.csv", "user,group\nmarple,teachers\n")
        conf = "listen: [%s]\n" % ", ".join(listen) + ACCESS + POLICY + IDENTITY % lines
        return lab_.serve(0, ["127.0.0.1:%d" % cls.upstream.port], [NAME], conf=conf)

    def rows(self, *filters):
        text = self.server.operator("log", "export", "--format", "csv", *filters)
        return list(csv.DictReader(l for l in io.StringIO(text) if not l.startswith("#")))

    def status(self):
        return json.loads(self.server.operator("status", "--json"))

    def is_answered(self, room, expected):
        return room.dig(self.server.port, NAME) == expected

    def wait_until_answered(self, room, expected):
        """The answers show the group."""
        lab.wait_until("answers of another group", lambda: self.is_answered(room, expected), 10)


class FromKea(Leases):
    KIND = "kea"

    @classmethod
    def set_up(cls):
        cls.room = dhcp.Room(cls.lab, "room", "10.5.0.1/24", "fd05::1/64")
        cls.hall = dhcp.Room(cls.lab, "hall", "10.6.0.1/24")
        cls.kea = dhcp.Kea(cls.lab, [cls.room, cls.hall], lfc_s=2)
        source = cls.kea.leases if cls.KIND == "kea" else cls.kea.socket
        cls.server = cls.serve([(cls.KIND, source)], [cls.room, cls.hall])
        cls.laptop = cls.room.lease(LAPTOP, "toms-laptop")
        cls.stranger = cls.hall.lease(STRANGER, "LAP-007")

    def test_1_the_card_has_its_group_and_the_log_its_device(self):
        self.wait_until_answered(self.room, OPEN)
        row = self.rows("--client", self.laptop.address)[-1]
        self.assertEqual((row["grade"], row["verdict"]), ("loan", "allowed"))
        self.assertTrue(row["device"] and row["user"])

    def test_2_who_only_says_that_it_is_that_device_is_itself(self):
        lab.wait_until("the stranger's lease", lambda: sum(s["leases"] for s in self.status()["leases"]["sources"]) == 2, 10)

        def grade():
            self.assertEqual(self.hall.dig(self.server.port, NAME), [lab.SINKHOLE])
            return self.rows("--client", self.stranger.address)[-1]["grade"] == "device"
        lab.wait_until("a row with its device", grade, 10, 0.1)
        row = self.rows("--client", self.stranger.address)[-1]
        self.assertNotEqual(row["device"], self.rows("--client", self.laptop.address)[-1]["device"])
        self.assertEqual(row["user"], "")

    def test_3_a_cleanup_of_kea_takes_nothing_away(self):
        before = os.stat(self.kea.leases).st_ino
        for _ in range(3): # each cleanup makes the file anew
            self.laptop.renew()
            lab.wait_until("a cleanup", lambda: os.path.exists(self.kea.leases) and
                           os.stat(self.kea.leases).st_ino != before, 30)
            before = os.stat(self.kea.leases).st_ino
            self.assertTrue(self.is_answered(self.room, OPEN))
        self.assertIsNone(self.status()["leases"]["sources"][0]["trouble"])

    def test_4_a_killed_belishad_knows_them_from_its_first_answer_on(self):
        if self.KIND != "kea":
            return # a socket is asked when it runs
        self.server.kill()
        type(self).server = self.serve([(self.KIND, self.kea.leases)], [self.room, self.hall])
        self.assertTrue(self.is_answered(self.room, OPEN))
        self.assertEqual(self.hall.dig(self.server.port, NAME), [lab.SINKHOLE])

    def test_5_nobody_is_silent_who_has_just_come(self):
        self.assertEqual(self.server.operator("silent"), "No device is silent.\n")
        self.assertIn("0 devices renew their leases and ask nothing", self.server.operator("status"))

    def test_6_a_lease_that_is_given_back_is_nobodys(self):
        self.wait_until_answered(self.room, OPEN)
        self.laptop.release()
        # whoever takes the address now is not the teacher
        self.room.peer.run("ip", "addr", "add", self.laptop.address + "/24", "dev", netns.PEER_INTERFACE)
        self.wait_until_answered(self.room, [lab.SINKHOLE])
        self.assertEqual(self.rows("--client", self.laptop.address)[-1]["grade"], "address")


class FromKeaSocket(FromKea):
    KIND = "kea_socket"


class Expiry(Leases):
    @classmethod
    def set_up(cls):
        cls.room = dhcp.Room(cls.lab, "room2", "10.7.0.1/24", "fd05::1/64")
        cls.kea = dhcp.Kea(cls.lab, [cls.room], lifetime_s=6)
        cls.server = cls.serve([("kea", cls.kea.leases)], [cls.room])

    def test_a_lease_that_is_not_renewed_ends_by_itself(self):
        client = self.room.lease(LAPTOP, "laptop")
        self.wait_until_answered(self.room, OPEN)
        client.process.kill()
        self.assertIn(client.address, self.room.peer.run("ip", "addr", "show", "dev", netns.PEER_INTERFACE))
        lab.wait_until("the lease to end", lambda: self.is_answered(self.room, [lab.SINKHOLE]), 20)


class FromDnsmasq(Leases):
    @classmethod
    def set_up(cls):
        cls.room = dhcp.Room(cls.lab, "room3", "10.8.0.1/24", "fd05::1/64")
        cls.dnsmasq = dhcp.Dnsmasq(cls.lab, cls.room)
        cls.server = cls.serve([("dnsmasq", cls.dnsmasq.leases)], [cls.room])
        cls.client = cls.room.lease(LAPTOP, "laptop")

    def test_1_a_lease_of_ipv4(self):
        self.wait_until_answered(self.room, OPEN)
        self.assertEqual(self.rows("--client", self.client.address)[-1]["grade"], "loan")

    def test_2_a_lease_of_ipv6_is_the_same_device(self):
        address = dhcp.lease6(self.room)
        lab.wait_until("an answer over IPv6", lambda: self.room.peer.dig("fd05::1", self.server.port, NAME) == OPEN, 20)
        rows = [self.rows("--client", a)[-1] for a in (self.client.address, address)]
        self.assertEqual(rows[0]["device"], rows[1]["device"])

    def test_3_a_lease_that_is_given_back_is_nobodys(self):
        self.client.release()
        self.room.peer.run("ip", "addr", "add", self.client.address + "/24", "dev", netns.PEER_INTERFACE)
        self.wait_until_answered(self.room, [lab.SINKHOLE])


class FromIsc(Leases):
    @classmethod
    def set_up(cls):
        cls.room = dhcp.Room(cls.lab, "room4", "10.9.0.1/24", "fd05::1/64")
        cls.dhcpd = dhcp.Isc(cls.lab, cls.room, lifetime_s=8)
        cls.server = cls.serve([("isc", cls.dhcpd.leases)], [cls.room])

    def test_a_lease_holds_while_it_is_renewed_and_ends_by_itself(self):
        client = self.room.lease(LAPTOP, "laptop")
        self.wait_until_answered(self.room, OPEN)
        self.assertEqual(self.rows("--client", client.address)[-1]["grade"], "loan")
        client.process.kill()
        lab.wait_until("the lease to end", lambda: self.is_answered(self.room, [lab.SINKHOLE]), 30)


if __name__ == "__main__":
    lab.main()
