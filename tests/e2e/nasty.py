"""The names of zones/nasty.example.org.zone and the questions about them that test_comparison.py asks."""
import collections
import re
import struct

import dns
import wire

ORIGIN = "nasty.example.org"
SIGNED = "seals.example.org"     # the same zone, signed; its name is as long, so that the longest names stay the longest
TYPES = dict(dns.TYPES, HINFO=13, NULL=10, RP=17, AFSDB=18, NAPTR=35, KX=36, CERT=37, DNAME=39, APL=42, DS=43, SSHFP=44,
             RRSIG=46, NSEC=47, DNSKEY=48, DHCID=49, TLSA=52, SMIMEA=53, CDS=59, OPENPGPKEY=61, LOC=29, SPF=99, NID=104,
             L32=105, EUI48=108, EUI64=109, URI=256, CAA=257, TYPE65280=65280, TYPE65281=65281)
NUMBERS = {number: name for name, number in TYPES.items()}

class Question(collections.namedtuple("Question", "labels type qclass rd cd ad do edns tcp")):
    def pack(self):
        flags = (0x0100 if self.rd else 0) | (0x0010 if self.cd else 0) | (0x0020 if self.ad else 0)
        msg = struct.pack("!6H", 4711, flags, 1, 0, 0, 0 if self.edns is None else 1)
        msg += b"".join(bytes([len(label)]) + label for label in self.labels) + b"\0"
        msg += struct.pack("!HH", self.type, self.qclass)
        if self.edns is not None:
            msg += b"\0" + struct.pack("!HHIH", wire.OPT, self.edns, 0x8000 if self.do else 0, 0)
        return msg

    def __str__(self):
        name = b".".join(self.labels).decode("latin-1")
        words = [NUMBERS.get(self.type, "TYPE%d" % self.type), "tcp" if self.tcp else "udp", "edns=%s" % self.edns]
        words += [flag for flag in ("rd", "cd", "ad", "do") if getattr(self, flag)]
        return "%s. %s class %d" % (ascii(name)[1:-1], " ".join(words), self.qclass)

    @property
    def limit(self):
        return 65535 if self.tcp else 512 if self.edns is None else max(512, min(self.edns, 1232))

    def is_below(self, *names):
        return any(wire.lower(self.labels[-name.count(".") - 1:]) == labels_of(name) for name in names)


PLAIN = dict(qclass=1, rd=1, cd=0, ad=0, do=0, edns=None, tcp=0)
MANNERS = [dict(PLAIN, **manner) for manner in (
    {}, {"edns": 512}, {"edns": 1232}, {"edns": 4096}, {"edns": 0}, {"edns": 1232, "do": 1}, {"edns": 4096, "do": 1},
    {"cd": 1}, {"ad": 1}, {"edns": 1232, "do": 1, "cd": 1}, {"edns": 1232, "ad": 1, "cd": 1}, {"tcp": 1},
    {"tcp": 1, "edns": 1232, "do": 1}, {"rd": 0}, {"rd": 0, "edns": 1232})]
FEW = [MANNERS[0], MANNERS[2], MANNERS[5], MANNERS[12]]


def labels_of(text):
    r"""Labels of a name in a zone file, with \DDD and \X."""
    labels, label, at = [], b"", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1:at + 4].isdigit():
            label += bytes([int(text[at + 1:at + 4])])
            at += 4
        elif text[at] == "\\":
            label += text[at + 1].encode()
            at += 2
        else:
            if text[at] == ".":
                labels.append(label)
                label = b""
            else:
                label += text[at].encode("latin-1")
            at += 1
    return tuple(labels + [label] if label else labels)


def owners(zone_text, origin):
    """All names that have records, and some that have none."""
    found = {}
    for line in zone_text.splitlines():
        word = re.match(r"[^\s;$]+", line)
        if word:
            name = word.group()
            found[origin if name == "@" else name[:-1] if name.endswith(".") else name + "." + origin] = None
    missing = ["nothing.nothing2", "x.end", "b.c.ent", "c.ent", "ent", "x.ent", "deep.deep.wild", "y.x.wild", "sub.wild",
               "q.sub.wild", "some.wild-alias", "one.two.wild2", "only.wild2", "www.dname", "no.dname", "alias.dname",
               "a.deep.dname", "dname.dname", "x.dname-out", "x.dname-long", "x" * 40 + ".dname-long", "www.cut", "cut.cut",
               "x.signed-cut", "END", "AlL", "mixed.case", "x.all", "_443._tcp.all", "4.3.2.1"]
    return [labels_of(name) for name in found] + [labels_of(name + "." + origin) for name in missing]


def questions(zone_text, origin):
    for labels in owners(zone_text, origin):
        for rtype in ("A", "MX", "CNAME"):
            yield from (Question(labels=labels, type=TYPES[rtype], **manner) for manner in MANNERS)
        for rtype in ("AAAA", "TXT", "ANY", "DS", "NSEC", "SOA", "HTTPS"):
            yield from (Question(labels=labels, type=TYPES[rtype], **manner) for manner in FEW)
    for labels in (labels_of("all." + origin), labels_of("mname." + origin), labels_of(origin), ()):
        for rtype in sorted(set(TYPES.values())):
            yield from (Question(labels=labels, type=rtype, **manner) for manner in FEW)
    for labels in ((), (b"zz",), (b"absent",), (b"www", b"absent"), (b"example",)):
        for rtype in ("A", "NS", "SOA", "TXT", "DNSKEY", "MX"):
            yield from (Question(labels=labels, type=TYPES[rtype], **manner) for manner in MANNERS)
    for qclass in (0, 2, 3, 4, 254, 255, 65280):
        for rtype in ("A", "TXT", "SOA"):
            yield Question(labels=labels_of("end." + origin), type=TYPES[rtype], **dict(MANNERS[2], qclass=qclass))
    for rtype in (0, 128, 249, 250, 251, 252, 253, 254, 65535):
        yield from (Question(labels=labels_of("end." + origin), type=rtype, **manner) for manner in FEW)
