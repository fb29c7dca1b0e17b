"""Clients of the soak: each thread asks over one transport at its pace, leaves now and then without a word, and judges
every answer by what is true at that moment."""
import random
import socket
import ssl
import threading
from collections import Counter

import dns
import evils
import h2
import lab

ALWAYS_BLOCKED = evils.BLOCKED
PATIENCE_S = 8


class Truth:
    """What the lists in force say. settled: the number of the list in force, or None while another one comes."""

    def __init__(self):
        self.settled = None

    @staticmethod
    def names_of(number):
        """A list has the name blocked for good, its own, and half of the names that come and go."""
        return [ALWAYS_BLOCKED, "list%d.test" % number] + ["turn%d.test" % i for i in range(64) if Truth.has(number, i)]

    @staticmethod
    def has(number, turn):
        return (number + turn) % 2 == 0


class Question:
    """One question and what it may be answered with."""

    def __init__(self, truth):
        self.truth = truth
        self.number = truth.settled
        self.kind = random.choices(("fine", "cached", "blocked", "turn", "alias", "evil", "victim"),
                                   (20, 25, 15, 20, 5, 10, 5))[0]
        n = random.randrange(10 ** 6)
        self.turn = n % 64
        self.name = {"fine": "fine%d.test" % n, "cached": "cached%d.test" % (n % 50),
                     "blocked": "w%d.%s" % (n % 300, ALWAYS_BLOCKED), "turn": "w%d.turn%d.test" % (n % 20, self.turn),
                     "alias": "blocked-cname-%d.test" % (n % 5000), "evil": "any%d.test" % n,
                     "victim": evils.VICTIM + ".test"}[self.kind]

    def packed(self, ident=None):
        return dns.pack_question(self.name, "A", ident=ident)

    def complaint(self, answer):
        """None, or what is wrong with the answer."""
        got = answer.data("A")
        if answer.tc or answer.qname.lower() != self.name.lower():
            return None if answer.tc else "another question: %s" % answer
        if self.kind == "blocked":
            return None if got == [lab.SINKHOLE] else "not blocked: %s" % answer
        if answer.rcode == "SERVFAIL" and not got:
            return None     # the upstream servers come and go
        if self.kind == "alias":
            return None if got == [lab.SINKHOLE] else "led to a blocked name: %s" % answer
        if self.kind == "turn" and self.number is not None and self.number == self.truth.settled:
            wanted = lab.SINKHOLE if Truth.has(self.number, self.turn) else evils.TRUE
            return None if got == [wanted] else "list %d says otherwise: %s" % (self.number, answer)
        if self.kind in ("fine", "cached", "victim") and got != [evils.TRUE]:
            return "not what the server said: %s" % answer
        return None


class Client(threading.Thread):
    """Asks at a pace until stop(). counts: what it did; complaints: the first wrong answers."""

    def __init__(self, truth, rate):
        super().__init__(daemon=True)
        self.truth = truth
        self.pause_s = 1 / rate
        self.counts = Counter()
        self.complaints = []
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                self.play()
            except (OSError, AssertionError, EOFError) as error:
                self.counts["error " + type(error).__name__] += 1
                self.stopping.wait(self.pause_s)

    def stop(self):
        self.stopping.set()
        self.join(60)

    def judge(self, question, msg):
        answer = dns.unpack(msg)
        self.counts[answer.rcode] += 1
        complaint = question.complaint(answer)
        if complaint and len(self.complaints) < 20:
            self.complaints.append("%s %s: %s" % (type(self).__name__, question.name, complaint))

    def pace(self, count=1):
        self.stopping.wait(self.pause_s * count)


class Udp(Client):
    """One socket for some questions, a few of which are out at once; now and then it is closed before they are answered."""

    def play(self):
        with dns.udp_socket("127.0.0.%d" % random.randrange(1, 20)) as sock:
            sock.settimeout(PATIENCE_S)
            for _ in range(random.randrange(1, 20)):
                asked = {i: Question(self.truth) for i in range(random.randrange(1, 6))}
                for ident, question in asked.items():
                    sock.sendto(question.packed(ident), self.at)
                self.pace(len(asked))
                if random.randrange(30) == 0:
                    self.counts["left"] += 1
                    return
                while asked:
                    msg = sock.recv(65535)
                    question = asked.pop(int.from_bytes(msg[:2], "big"), None)
                    if question is not None:
                        self.judge(question, msg)


class Tcp(Client):
    """Pipelined questions over a connection, which ends well or in the middle of a message."""

    def connect(self):
        return socket.create_connection(self.at, timeout=PATIENCE_S)

    def play(self):
        with self.connect() as sock:
            for _ in range(random.randrange(1, 10)):
                asked = {i: Question(self.truth) for i in range(random.randrange(1, 8))}
                sent = b"".join(dns.frame(question.packed(ident)) for ident, question in asked.items())
                self.pace(len(asked))
                if random.randrange(12) == 0:
                    sock.sendall(sent[:random.randrange(1, len(sent))])
                    self.counts["left"] += 1
                    return
                sock.sendall(sent)
                while asked:
                    msg = dns.read_tcp(sock)
                    self.judge(asked.pop(int.from_bytes(msg[:2], "big")), msg)


class Dot(Tcp):
    def connect(self):
        context = ssl.create_default_context(cafile=self.cafile)
        return context.wrap_socket(socket.create_connection(self.at, timeout=PATIENCE_S), server_hostname=self.server_name)


class Doh(Client):
    def play(self):
        with h2.Connection(self.at, self.cafile, self.server_name, timeout=PATIENCE_S) as conn:
            stream = 1
            for _ in range(random.randrange(1, 6)):
                asked = {stream + 2 * i: Question(self.truth) for i in range(random.randrange(1, 8))}
                stream += 2 * len(asked)
                for at, question in asked.items():
                    conn.post(at, question.packed(0))
                self.pace(len(asked))
                if random.randrange(12) == 0:
                    self.counts["left"] += 1
                    return
                for at, msg in conn.bodies(len(asked)).items():
                    self.judge(asked[at], msg)


def clients(truth, rate, cafile, server_name, at):
    """One of each kind; at: transport -> (address, port). UDP asks the most, as in life."""
    made = []
    for kind, share in ((Udp, 0.55), (Tcp, 0.15), (Dot, 0.15), (Doh, 0.15)):
        client = kind(truth, rate * share)
        client.at, client.cafile, client.server_name = at[kind.__name__.lower()], cafile, server_name
        made.append(client)
    return made


def wait_for_list(server, truth, number):
    """Until the list is in force; from then on its word counts. Each question has a socket of its own, and so either of the
    workers: a row of them tells that both have it."""
    def there():
        return all(server.ask("list%d.test" % number, timeout=PATIENCE_S).data("A") == [lab.SINKHOLE] for _ in range(20))
    lab.wait_until("list %d" % number, there, 60, 0.1)
    truth.settled = number
