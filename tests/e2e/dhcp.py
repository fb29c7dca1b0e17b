"""DHCP on a network of the test's own (netns.py): the real servers beside belishad, and real clients on other machines.

    room = dhcp.Room(lab, "room", "10.5.0.1/24", "fd05::1/64")      # an interface of ours, and a machine at its other end
    client = room.lease("02:00:00:00:00:07", "laptop-7")             # udhcpc, until it has an address: client.address
"""
import json
import os
import shutil
import signal
import socket

import lab
import netns

# What udhcpc does with its lease: the address, and nothing else of the machine.
SCRIPT = """#!/bin/sh
case $1 in
deconfig)
    ip addr flush dev "$interface" scope global
    rm -f "%s"
    ;;
bound | renew)
    ip addr replace "$ip/$mask" dev "$interface"
    echo "$ip" >"%s.new" && mv "%s.new" "%s"
    ;;
esac
"""


def need(*programs):
    for program in programs:
        if shutil.which(program) is None and not os.path.exists("/usr/sbin/" + program):
            raise AssertionError("%s is missing: data/install-packages test" % program)


def read(path):
    """What is in a file, without blanks around it; None when it is not there."""
    try:
        with open(path) as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


class Client:
    """udhcpc on a machine, which renews its lease as a telephone would."""

    def __init__(self, room, mac, host):
        self.room = room
        self.address_file = room.lab.path("%s-%s.address" % (room.interface, host))
        script = room.lab.write("%s-%s.sh" % (room.interface, host), SCRIPT % ((self.address_file,) * 4))
        os.chmod(script, 0o755)
        peer = room.peer
        peer.run("ip", "link", "set", netns.PEER_INTERFACE, "down")
        peer.run("ip", "link", "set", netns.PEER_INTERFACE, "address", mac)
        peer.run("ip", "link", "set", netns.PEER_INTERFACE, "up")
        self.process = room.lab.start(peer._argv(["udhcpc", "-f", "-i", netns.PEER_INTERFACE, "-s", script, "-t", "20",
                                                  "-T", "1", "-R", "-x", "hostname:" + host]),
                                      "udhcpc-%s-%s" % (room.interface, host))
        self.address = lab.wait_until("a lease for " + host, lambda: read(self.address_file), lab.START_S)

    def renew(self):
        os.kill(self.process.pid, signal.SIGUSR1)

    def release(self):
        """Gives the lease back. Who is given its address afterwards keeps it: nothing takes addresses away any more."""
        os.kill(self.process.pid, signal.SIGUSR2)
        lab.wait_until("the address to go", lambda: read(self.address_file) is None)


class Room:
    def __init__(self, lab_, interface, *addresses):
        self.lab = lab_
        self.interface = interface
        self.peer = netns.Peer(interface, [])
        lab_.closers.append(self.peer.close)
        for address in addresses:
            netns.ip("addr", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))
        self.at = addresses[0].split("/")[0]

    def lease(self, mac, host):
        return Client(self, mac, host)

    def dig(self, port, name, *options):
        return self.peer.dig(self.at, port, name, *options)


class Kea:
    """kea-dhcp4 with its leases in a memfile and its control socket."""

    def __init__(self, lab_, rooms, lifetime_s=3600, lfc_s=0):
        need("kea-dhcp4")
        self.lab = lab_
        self.leases = lab_.path("kea-leases4.csv")
        self.socket = lab_.path("kea4.sock")
        subnets = [{"id": i + 1, "subnet": room.at.rsplit(".", 1)[0] + ".0/24",
                    "pools": [{"pool": "%s.10 - %s.99" % ((room.at.rsplit(".", 1)[0],) * 2)}]}
                   for i, room in enumerate(rooms)]
        hooks = [path for path in self._hooks() if os.path.exists(path)]
        conf = {"Dhcp4": {
            "interfaces-config": {"interfaces": [room.interface for room in rooms], "dhcp-socket-type": "raw"},
            "lease-database": {"type": "memfile", "persist": True, "name": self.leases, "lfc-interval": lfc_s},
            "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 1,
                                          "flush-reclaimed-timer-wait-time": 1},
            "control-socket": {"socket-type": "unix", "socket-name": self.socket},
            "hooks-libraries": [{"library": path} for path in hooks],
            "valid-lifetime": lifetime_s,
            "subnet4": subnets,
            "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stderr"}], "severity": "INFO"}]}}
        path = lab_.write("kea4.conf", json.dumps(conf))
        env = dict(os.environ, KEA_LOCKFILE_DIR="none", KEA_PIDFILE_DIR=lab_.dir)
        self.process = lab_.start(["/usr/sbin/kea-dhcp4", "-c", path], "kea4", env=env)
        lab.wait_until("Kea", lambda: "DHCP4_STARTED" in self.process.output(), lab.START_S)

    @staticmethod
    def _hooks():
        for base in ("/usr/lib", "/usr/lib/" + os.uname().machine + "-linux-gnu"):
            yield os.path.join(base, "kea", "hooks", "libdhcp_lease_cmds.so")

    def command(self, name, **arguments):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(self.socket)
            sock.sendall(json.dumps({"command": name, "arguments": arguments}).encode())
            answer = b""
            while part := sock.recv(65536):
                answer += part
        return json.loads(answer)


class Dnsmasq:
    """dnsmasq as a DHCP server for both families, without DNS."""

    def __init__(self, lab_, room):
        need("dnsmasq")
        self.leases = lab_.path("dnsmasq.leases")
        net = room.at.rsplit(".", 1)[0]
        program = shutil.which("dnsmasq") or "/usr/sbin/dnsmasq"
        self.process = lab_.start(
            [program, "-k", "-p", "0", "-C", "/dev/null", "--interface=" + room.interface, "--user=root", "--pid-file=",
             "--dhcp-range=%s.10,%s.99,2m" % (net, net), "--dhcp-range=fd05::10,fd05::99,64,2m",
             "--dhcp-leasefile=" + self.leases, "--dhcp-authoritative", "--log-facility=-"], "dnsmasq")
        lab.wait_until("dnsmasq", lambda: "lease time" in self.process.output(), lab.START_S)


class Isc:
    """dhcpd of ISC DHCP."""

    def __init__(self, lab_, room, lifetime_s):
        need("dhcpd")
        self.leases = lab_.write("dhcpd.leases", "")
        net = room.at.rsplit(".", 1)[0]
        conf = lab_.write("dhcpd.conf", "authoritative; default-lease-time %d; max-lease-time %d; min-lease-time %d;\n"
                          "subnet %s.0 netmask 255.255.255.0 { range %s.10 %s.99; }\n" % ((lifetime_s,) * 3 + (net,) * 3))
        self.process = lab_.start(["/usr/sbin/dhcpd", "-4", "-f", "-cf", conf, "-lf", self.leases, "-pf",
                                   lab_.path("dhcpd.pid"), room.interface], "dhcpd")
        lab.wait_until("dhcpd", lambda: "Sending on   Socket" in self.process.output(), lab.START_S)


SCRIPT6 = """#!/bin/sh
case $reason in
BOUND6 | RENEW6 | REBIND6)
    ip -6 addr replace "$new_ip6_address/64" dev "$interface" nodad
    echo "$new_ip6_address" >"%s.new" && mv "%s.new" "%s"
    ;;
esac
"""


def lease6(room):
    """Asks for an IPv6 address by dhclient, on the machine as it is; returns the address."""
    need("dhclient")
    lab_, name = room.lab, room.interface + "-dhclient6"
    address_file = lab_.path(name + ".address")
    script = lab_.write(name + ".sh", SCRIPT6 % ((address_file,) * 3))
    os.chmod(script, 0o755)
    # with the card in its DUID, whatever machine-id there is
    conf = lab_.write(name + ".conf", "send fqdn.fqdn \"tablet\";\n")
    lab_.start(room.peer._argv(["/usr/sbin/dhclient", "-6", "-d", "-D", "LLT", "-cf", conf, "-lf",
                                lab_.write(name + ".leases", ""), "-pf", lab_.path(name + ".pid"), "-sf", script,
                                netns.PEER_INTERFACE]), name)
    return lab.wait_until("an IPv6 lease", lambda: read(address_file), 60)
