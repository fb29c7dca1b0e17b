"""One question to a hostile server, the replies that can be made of it, and the steps in which they are sent."""
import socket
import struct
from dataclasses import dataclass

import dns

TRUE = "198.51.100.1"
POISON = "203.0.113.66"
BLOCKED = "blocked.test"    # on the list of those who test with this
VICTIM = "victim"           # a name beside the evil one, which it would like to poison
TC = 0x8380

EVILS = {}      # name as in a label -> function(Asked) -> steps


def evil(function):
    EVILS[function.__name__.replace("_", "-")] = function
    return function


# ---- steps; plain bytes are a message that is sent to the asker ----

@dataclass
class Wait:
    ms: int


@dataclass
class Raw:
    """Bytes of a stream as they are, without a length before them; over UDP the same as a message."""
    data: bytes


@dataclass
class From:
    """A datagram from another socket: another port of the same address, or another address with the same port."""
    data: bytes
    address: str = None


class Close:
    pass


class Reset:
    pass


# ---- making replies ----

def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def record(owner, rtype, data, ttl=60, rclass=1, rdlength=None):
    """owner: a name, or bytes as they are to stand there."""
    owner = owner if isinstance(owner, bytes) else dns.pack_name(owner)
    number = dns.TYPES.get(rtype, rtype)
    return owner + struct.pack("!HHIH", number, rclass, ttl, len(data) if rdlength is None else rdlength) + data


SELF = b"\xc0\x0c"  # the name asked, as an owner


class Asked:
    """One question, and the replies that can be made of it."""

    def __init__(self, msg, stream):
        self.msg = msg
        self.stream = stream
        self.end = 12
        while msg[self.end]:
            self.end += 1 + msg[self.end]
        self.end += 5
        self.query = dns.unpack(msg)
        self.name = self.query.qname
        self.zone = self.name.partition(".")[2]
        self.type = struct.unpack("!H", msg[self.end - 4:self.end - 2])[0]

    def below(self, label):
        return label + "." + self.zone

    def reply(self, answer=(), authority=(), additional=(), flags=0x8180, question=None, ident=None, counts=None):
        sections = [list(answer), list(authority), list(additional)]
        counts = counts or [len(s) for s in sections]
        head = (self.msg[:2] if ident is None else struct.pack("!H", ident)) + struct.pack("!5H", flags, 1, *counts)
        return head + (question or self.msg[12:self.end]) + b"".join(sum(sections, []))

    def a(self, text=TRUE, owner=SELF, ttl=60):
        return record(owner, "A", address(text), ttl)

    def cname(self, target, owner=SELF, ttl=60):
        return record(owner, "CNAME", dns.pack_name(target), ttl)

    def good(self):
        if self.type == 1:
            return self.reply([self.a()])
        soa = dns.pack_name("ns." + self.zone) * 2 + struct.pack("!5I", 1, 3600, 900, 86400, 60)
        return self.reply(authority=[record(self.zone, "SOA", soa)])

    def forged(self, **kw):
        return self.reply([self.a(POISON)], **kw)

    def asked_as(self, name=None, qtype=None, qclass=1):
        return (dns.pack_name(name) if name else self.msg[12:self.end - 4]) + struct.pack("!HH", qtype or self.type, qclass)

    def over_tcp(self, *steps):
        """The steps over a stream, where TC sends the asker first."""
        return list(steps) if self.stream else [self.reply(flags=TC)]
