"""DNS messages for the end-to-end tests: as little as they need, written apart from the product's own code.

A test asks with ask_udp() or ask_tcp() and looks at an Answer.
"""
import random
import socket
import struct
from dataclasses import dataclass, field

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "SVCB": 64,
         "HTTPS": 65, "ANY": 255}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS"}
OPT = 41
EDE = 15


def pack_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in labels) + b"\0"


def pack_question(name, qtype="A", ident=None, rd=True, do=False, cd=False, edns=1232, options=b"", flags=0):
    """A query message. edns: advertised size, or None for no OPT record."""
    ident = random.randrange(65536) if ident is None else ident
    number = TYPES[qtype] if isinstance(qtype, str) else qtype
    flags |= (0x0100 if rd else 0) | (0x0010 if cd else 0)
    msg = struct.pack("!6H", ident, flags, 1, 0, 0, 0 if edns is None else 1) + pack_name(name)
    msg += struct.pack("!HH", number, 1)
    if edns is not None:
        msg += b"\0" + struct.pack("!HHIH", OPT, edns, 0x8000 if do else 0, len(options)) + options
    return msg


@dataclass
class Record:
    name: str
    type: str
    ttl: int
    data: str


@dataclass
class Answer:
    ident: int
    rcode: str
    tc: bool
    aa: bool
    ad: bool
    ra: bool
    rd: bool
    cd: bool
    qname: str
    qtype: str
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)
    ede: list = field(default_factory=list)       # (code, text)
    options: dict = field(default_factory=dict)   # code -> bytes
    edns_size: int = None                         # None: no OPT record
    size: int = 0

    def data(self, rtype=None):
        """The texts of the answer section, of one type or of all."""
        return [r.data for r in self.answer if rtype is None or r.type == rtype]

    def ede_codes(self):
        return [code for code, _ in self.ede]


def _name(msg, pos):
    labels, end, jumps = [], None, 0
    while True:
        length = msg[pos]
        if length & 0xC0 == 0xC0:
            if end is None:
                end = pos + 2
            pos = ((length & 0x3F) << 8) | msg[pos + 1]
            jumps += 1
            if jumps > 64:
                raise ValueError("compression loop")
            continue
        pos += 1
        if length == 0:
            return ".".join(labels) or ".", end or pos
        labels.append(msg[pos:pos + length].decode("latin-1"))
        pos += length


def _rdata(msg, pos, length, rtype):
    data = msg[pos:pos + length]
    if rtype == 1 and length == 4:
        return socket.inet_ntop(socket.AF_INET, data)
    if rtype == 28 and length == 16:
        return socket.inet_ntop(socket.AF_INET6, data)
    if rtype in (2, 5, 12):
        return _name(msg, pos)[0]
    if rtype == 15:
        return "%d %s" % (struct.unpack("!H", data[:2])[0], _name(msg, pos + 2)[0])
    if rtype == 16:
        texts = b""
        at = 0
        while at < length:
            texts += data[at + 1:at + 1 + data[at]]
            at += 1 + data[at]
        return texts.decode("latin-1")
    if rtype == 6:
        mname, at = _name(msg, pos)
        rname, at = _name(msg, at)
        return "%s %s %d %d %d %d %d" % ((mname, rname) + struct.unpack("!5I", msg[at:at + 20]))
    return data.hex()


def unpack(msg):
    ident, flags, qd, an, ns, ar = struct.unpack("!6H", msg[:12])
    pos, qname, qtype = 12, "", 0
    for _ in range(qd):
        qname, pos = _name(msg, pos)
        qtype, _ = struct.unpack("!HH", msg[pos:pos + 4])
        pos += 4
    out = Answer(ident=ident, rcode="", tc=bool(flags & 0x200), aa=bool(flags & 0x400), ad=bool(flags & 0x20),
                 ra=bool(flags & 0x80), rd=bool(flags & 0x100), cd=bool(flags & 0x10), qname=qname,
                 qtype=TYPE_NAMES.get(qtype, str(qtype)), size=len(msg))
    rcode = flags & 15
    for section, count in ((out.answer, an), (out.authority, ns), (out.additional, ar)):
        for _ in range(count):
            name, pos = _name(msg, pos)
            rtype, rclass, ttl, length = struct.unpack("!HHIH", msg[pos:pos + 10])
            pos += 10
            if rtype == OPT:
                rcode |= (ttl >> 24) << 4
                out.edns_size = rclass
                _options(out, msg[pos:pos + length])
            else:
                section.append(Record(name, TYPE_NAMES.get(rtype, str(rtype)), ttl, _rdata(msg, pos, length, rtype)))
            pos += length
    out.rcode = RCODES.get(rcode, str(rcode))
    return out


def _options(out, data):
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack("!HH", data[at:at + 4])
        value = data[at + 4:at + 4 + length]
        out.options[code] = value
        if code == EDE and length >= 2:
            out.ede.append((struct.unpack("!H", value[:2])[0], value[2:].decode("utf-8", "replace")))
        at += 4 + length


def udp_socket(client="127.0.0.1"):
    sock = socket.socket(socket.AF_INET6 if ":" in client else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((client, 0))
    return sock


def ask_udp(server, name, qtype="A", client="127.0.0.1", timeout=5.0, raw=None, **kw):
    """Asks once. server: (address, port). raw: a whole message instead of a question. socket.timeout when silent."""
    msg = pack_question(name, qtype, **kw) if raw is None else raw
    with udp_socket(client) as sock:
        sock.settimeout(timeout)
        sock.sendto(msg, server)
        while True:
            reply, peer = sock.recvfrom(65535)
            if peer[:2] == server and reply[:2] == msg[:2]:
                return unpack(reply)


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError("closed after %d of %d bytes" % (len(data), count))
        data += piece
    return data


def read_tcp(sock):
    (length,) = struct.unpack("!H", read_exactly(sock, 2))
    return read_exactly(sock, length)


def frame(msg):
    return struct.pack("!H", len(msg)) + msg


def ask_tcp(server, name, qtype="A", client="127.0.0.1", timeout=5.0, **kw):
    with socket.create_connection(server, timeout=timeout, source_address=(client, 0)) as sock:
        sock.sendall(frame(pack_question(name, qtype, **kw)))
        return unpack(read_tcp(sock))
