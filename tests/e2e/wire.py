"""A strict reader of DNS messages, for comparing what two servers say field by field.

read() takes nothing on trust: counts must hold to the last byte, pointers lead backwards, names fit 255 bytes, and the
data of known types has its shape; anything else is a Malformed. Names become tuples of labels, lower case where DNS
does not care.
"""
import struct
from dataclasses import dataclass, field

OPT, RRSIG, NSEC = 41, 46, 47

# Data as a sequence: a number is so many bytes, "n" a name that may be compressed, "N" one that may not, "s" a
# character string, "*" the rest, "S" strings to the end (one at least).
SHAPES = {1: [4], 2: ["n"], 5: ["n"], 6: ["n", "n", 20], 10: ["*"], 12: ["n"], 13: ["s", "s"], 15: [2, "n"], 16: ["S"],
          17: ["N", "N"], 18: [2, "N"], 28: [16], 33: [6, "N"], 35: [4, "s", "s", "s", "N"], 36: [2, "N"], 39: ["N"],
          43: [4, "*"], RRSIG: [18, "N", "*"], NSEC: ["N", "*"], 48: [4, "*"], 50: [5, "*"], 64: [2, "N", "*"],
          65: [2, "N", "*"], 99: ["S"]}
COMPRESSED_SINCE_1035 = {2, 5, 6, 12, 15}   # RFC 3597, 4: in newer types no name may be compressed


class Malformed(Exception):
    pass


@dataclass(frozen=True)
class Record:
    owner: tuple
    type: int
    rclass: int
    ttl: int
    data: tuple

    def key(self):
        """Everything but the TTL."""
        return self.owner, self.type, self.rclass, self.data


@dataclass
class Opt:
    size: int
    version: int
    do: bool
    z: int
    options: list       # (code, bytes)


@dataclass
class Message:
    ident: int
    flags: dict         # qr opcode aa tc rd ra z ad cd
    rcode: int          # 12 bits
    qname: tuple        # as it is spelt
    qtype: int
    qclass: int
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)
    opt: Opt = None
    size: int = 0

    def ede(self):
        """Codes of its extended errors (RFC 8914)."""
        return [struct.unpack("!H", data[:2])[0] for code, data in (self.opt.options if self.opt else ()) if code == 15]


def lower(labels):
    return tuple(label.lower() for label in labels)


class Reader:
    def __init__(self, msg):
        self.msg = msg
        self.pos = 0

    def take(self, count):
        if self.pos + count > len(self.msg):
            raise Malformed("%d bytes wanted at %d of %d" % (count, self.pos, len(self.msg)))
        self.pos += count
        return self.msg[self.pos - count:self.pos]

    def u16(self):
        return struct.unpack("!H", self.take(2))[0]

    def name(self, compressed=True):
        labels, size, at, end = [], 1, self.pos, None
        floor = at
        while True:
            if at >= len(self.msg):
                raise Malformed("a name goes on over the end")
            length = self.msg[at]
            if length & 0xC0 == 0xC0:
                if not compressed:
                    raise Malformed("a compressed name where none may be")
                target = struct.unpack("!H", self.msg[at:at + 2])[0] & 0x3FFF
                if target >= floor or target < 12:
                    raise Malformed("a pointer to %d at %d" % (target, at))
                end = end or at + 2
                at = floor = target
                continue
            if length & 0xC0:
                raise Malformed("a label of type %d" % (length >> 6))
            if at + 1 + length > len(self.msg):
                raise Malformed("a label goes on over the end")
            if length == 0:
                self.pos = end or at + 1
                return tuple(labels)
            labels.append(bytes(self.msg[at + 1:at + 1 + length]))
            size += 1 + length
            at += 1 + length
            if size > 255:
                raise Malformed("a name of more than 255 bytes")

    def data(self, rtype, length):
        end = self.pos + length
        if end > len(self.msg):
            raise Malformed("data over the end")
        parts = []
        for part in SHAPES.get(rtype, ["*"]):
            if part == "*":
                parts.append(self.take(end - self.pos))
            elif part in ("n", "N"):
                parts.append(lower(self.name(part == "n" and rtype in COMPRESSED_SINCE_1035)))
            elif part == "s":
                parts.append(self.take(self.take(1)[0]))
            elif part == "S":
                parts.append(self.take(self.take(1)[0]))
                while self.pos < end:
                    parts.append(self.take(self.take(1)[0]))
            else:
                parts.append(self.take(part))
        if self.pos != end:
            raise Malformed("data of type %d of another length than said" % rtype)
        return tuple(parts)

    def record(self):
        owner = self.name()
        rtype, rclass, ttl, length = struct.unpack("!HHIH", self.take(10))
        if rtype == OPT:
            return self.opt(owner, rclass, ttl, length)
        return Record(lower(owner), rtype, rclass, ttl, self.data(rtype, length))

    def opt(self, owner, size, ttl, length):
        if owner:
            raise Malformed("OPT with an owner")
        end, options = self.pos + length, []
        while self.pos < end:
            code = self.u16()
            options.append((code, self.take(self.u16())))
        if self.pos != end:
            raise Malformed("options over the end of OPT")
        return ttl >> 24, Opt(size, ttl >> 16 & 255, bool(ttl & 0x8000), ttl & 0x7fff, options)


def read(msg):
    r = Reader(msg)
    ident, flags, qd, *counts = struct.unpack("!6H", r.take(12))
    if qd != 1:
        raise Malformed("%d questions" % qd)
    bits = {"qr": flags >> 15, "opcode": flags >> 11 & 15, "aa": flags >> 10 & 1, "tc": flags >> 9 & 1,
            "rd": flags >> 8 & 1, "ra": flags >> 7 & 1, "z": flags >> 6 & 1, "ad": flags >> 5 & 1, "cd": flags >> 4 & 1}
    out = Message(ident, bits, flags & 15, r.name(False), r.u16(), r.u16(), size=len(msg))
    for section, count in zip((out.answer, out.authority, out.additional), counts):
        for _ in range(count):
            record = r.record()
            if isinstance(record, Record):
                section.append(record)
            elif out.opt is not None or section is not out.additional:
                raise Malformed("OPT where none may be")
            else:
                high, out.opt = record
                out.rcode |= high << 4
    if r.pos != len(msg):
        raise Malformed("%d bytes behind the last record" % (len(msg) - r.pos))
    return out
