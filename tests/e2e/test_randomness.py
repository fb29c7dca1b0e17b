#!/usr/bin/env python3
"""What one who would forge an answer has to guess: source port, id and spelling of the questions to the upstream server.

Two workers are asked one question at a time and many at once; the figures are printed. The bounds asserted are so wide
that only a broken generator fails them (a chance of less than one in 10^12 where there is one).
"""
import collections
import math
import random
import select
import socket
import struct
import threading

import dns
import lab

QUESTIONS = 24000       # in each manner
CLIENTS = 24            # sockets: each is always heard by the same worker
FIRST_PORT = 1024
LETTERS = 24            # in each name asked
Z_MAX = 8.0


class Ear(threading.Thread):
    """The upstream server: notes each question's port, id and name, and answers NXDOMAIN without an SOA."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sock.bind(("127.0.0.1", port))
        self.heard = []     # (port, id, client number, name as spelt)

    def run(self):
        while True:
            try:
                msg, peer = self.sock.recvfrom(4096)
                if len(msg) < 20:
                    return
            except OSError:
                return
            end = msg.index(b"\0", 12) + 5
            name = msg[13:13 + msg[12]]
            number = msg[14 + msg[12]:14 + msg[12] + msg[13 + msg[12]]]
            self.heard.append((peer[1], struct.unpack("!H", msg[:2])[0], int(number), name))
            self.sock.sendto(msg[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0) + msg[12:end], peer)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


# ---- figures ----


def chi_square_z(counts, expected=None):
    """How many standard deviations the counts are from evenly spread: a normal value, by Wilson and Hilferty."""
    expected = expected or sum(counts) / len(counts)
    free = len(counts) - 1
    x = sum((c - expected) ** 2 / expected for c in counts)
    return ((x / free) ** (1 / 3) - (1 - 2 / (9 * free))) / math.sqrt(2 / (9 * free))


def correlation_z(values, lag=1):
    """Of each value with the one `lag` before, in standard deviations from none."""
    mean = sum(values) / len(values)
    around = [v - mean for v in values]
    var = sum(a * a for a in around)
    return sum(a * b for a, b in zip(around, around[lag:])) / var * math.sqrt(len(values))


def bins(values, count, low, high):
    out = [0] * count
    for value in values:
        out[(value - low) * count // (high - low)] += 1
    return out


def workers_of(heard):
    """The clients by worker: those whose questions come through many of the same ports."""
    ports = collections.defaultdict(set)
    for port, _, client, _ in heard:
        ports[client].add(port)
    groups = []
    for client in sorted(ports):
        group = next((g for g in groups if len(ports[client] & ports[g[0]]) > min(len(ports[client]), len(ports[g[0]])) / 2), None)
        if group is None:
            groups.append([client])
        else:
            group.append(client)
    return groups


class Randomness(lab.Case):
    @classmethod
    def set_up(cls):
        cls.ear = Ear(lab.PORT + 1)
        cls.lab.closers.append(cls.ear.close)
        cls.ear.start()
        cls.server = cls.lab.serve(0, ["127.0.0.1:%d" % (lab.PORT + 1)], ["blocked.test"],
                                   options=["--workers", "2", "--no-log"])

    def ask_all(self, window):
        """QUESTIONS questions, `window` of each client at once; all of one client at a time where it is 1."""
        socks = []
        for _ in range(CLIENTS):
            sock = dns.udp_socket()
            sock.connect(self.server.at)
            sock.setblocking(False)
            socks.append(sock)
        todo = [(client, "".join(random.choice("bcdfghjklmnpqrstvwxz") for _ in range(LETTERS)))
                for client in range(CLIENTS) for _ in range(QUESTIONS // CLIENTS)]
        random.shuffle(todo)
        waiting = collections.Counter()
        at_once = 1 if window == 1 else window * CLIENTS
        answered = 0
        while answered < len(todo):
            while todo[answered + sum(waiting.values()):] and sum(waiting.values()) < at_once:
                client, label = todo[answered + sum(waiting.values())]
                socks[client].send(dns.pack_question("%s.%d.test" % (label, client), edns=None))
                waiting[client] += 1
            ready = select.select(socks, [], [], 10)[0]
            self.assertTrue(ready, "no answers any more")
            for sock in ready:
                sock.recv(4096)
                answered += 1
                waiting[socks.index(sock)] -= 1
        for sock in socks:
            sock.close()

    def measure(self, window):
        del self.ear.heard[:]
        self.ask_all(window)
        heard = list(self.ear.heard)
        ports, ids = [h[0] for h in heard], [h[1] for h in heard]
        first_use = list(dict.fromkeys(ports))
        groups = workers_of(heard)
        figures = collections.OrderedDict()
        figures["questions"] = len(heard)
        figures["distinct ports"] = len(first_use)
        figures["lowest, highest port"] = (min(ports), max(ports))
        figures["ports over 16 parts of the range, z"] = chi_square_z(bins(first_use, 16, FIRST_PORT, 65536))
        figures["port after port as drawn, z"] = correlation_z(first_use)
        figures["ids over 256 parts, z"] = chi_square_z(bins(ids, 256, 0, 65536))
        figures["low byte of ids, z"] = chi_square_z(bins([i & 255 for i in ids], 256, 0, 256))
        figures["id after id, z"] = max((correlation_z(ids, lag) for lag in (1, 2, 3, 8)), key=abs)
        figures["distinct ids"] = len(set(ids))
        figures["same port as the question before"] = sum(a == b for a, b in zip(ports, ports[1:])) / len(ports)
        figures["questions through one port, median and most"] = self.uses(ports)
        bits = [[byte & 0x20 == 0 for byte in h[3]] for h in heard]
        capitals = [sum(b[i] for b in bits) for i in range(LETTERS)]
        half = len(bits) / 2
        figures["capitals, letter by letter, largest z"] = max(((c - half) / math.sqrt(half / 2) for c in capitals), key=abs)
        flat = [bit for b in bits for bit in b]
        figures["letter after letter, z"] = correlation_z(flat)
        figures["spelling after spelling, z"] = correlation_z(flat, LETTERS)
        figures["workers seen, clients each"] = [len(g) for g in groups]
        by_worker = [{h[0] for h in heard if h[2] in set(g)} for g in groups]
        figures["ports of each worker"] = [len(p) for p in by_worker]
        figures["ports that two workers had"] = len(set.intersection(*by_worker)) if len(by_worker) > 1 else 0
        print("\n%s" % ("one at a time" if window == 1 else "%d at once" % (window * CLIENTS)))
        for name, value in figures.items():
            print("    %-46s %s" % (name, "%.3f" % value if isinstance(value, float) else value))
        return figures

    @staticmethod
    def uses(ports):
        counts = sorted(collections.Counter(ports).values())
        return counts[len(counts) // 2], counts[-1]

    def check(self, figures):
        for name, value in figures.items():
            if name.endswith(" z"):
                self.assertLess(abs(value), Z_MAX, name)
        self.assertGreaterEqual(figures["questions"], QUESTIONS)
        self.assertGreaterEqual(figures["distinct ports"], 120)     # a worker holds 128 open; both may not have been asked
        self.assertGreaterEqual(figures["distinct ids"], 15000)     # 20,100 expected of 24,000
        self.assertLess(figures["lowest, highest port"][0], 8192)
        self.assertGreater(figures["lowest, highest port"][1], 57344)

    def test_one_question_at_a_time(self):
        figures = self.measure(1)
        self.check(figures)
        # One in 128 ports of a worker: whoever knows one question's port knows little of the next one's.
        self.assertLess(figures["same port as the question before"], 0.05)

    def test_many_questions_at_once(self):
        self.check(self.measure(8))


if __name__ == "__main__":
    lab.main()
