"""A primary for zone transfers that does as it is told: signs or does not, cuts, lies, never ends."""
import base64
import hashlib
import hmac
import socket
import struct
import threading
import time

SOA, AXFR, IXFR, TSIG = 6, 252, 251, 250


def wire(name):
    out = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label)
    return out + b"\0"


def record(owner, rtype, data, ttl=60, rclass=1):
    return wire(owner) + struct.pack("!HHIH", rtype, rclass, ttl, len(data)) + data


def soa(zone, serial):
    return record(zone, SOA, wire("ns." + zone) + wire("host." + zone) + struct.pack("!IIIII", serial, 1, 2, 3, 4))


def cname(owner, target):
    return record(owner, 5, wire(target))


class Key:
    def __init__(self, name="key.example", secret=b"0123456789abcdef0123456789abcdef", algorithm="hmac-sha256"):
        self.name, self.secret, self.algorithm = name, secret, algorithm
        self.hash = {"hmac-sha256": hashlib.sha256, "hmac-sha512": hashlib.sha512}[algorithm]

    def base64(self):
        return base64.b64encode(self.secret).decode()


class Signer:
    """The signatures of one answer (RFC 8945, 5.3)."""

    def __init__(self, key, request_mac):
        self.key, self.before, self.pending, self.first = key, request_mac, b"", True

    def skip(self, msg):
        self.pending += msg

    def sign(self, msg, now=None, spoil=False):
        key = self.key
        times = struct.pack("!HIH", 0, int(time.time() if now is None else now), 300)
        digest = struct.pack("!H", len(self.before)) + self.before + self.pending + msg
        if self.first:
            digest += (wire(key.name) + struct.pack("!HI", 255, 0) + wire(key.algorithm) + times +
                       struct.pack("!HH", 0, 0))
        else:
            digest += times
        mac = hmac.new(key.secret, digest, key.hash).digest()
        self.before, self.pending, self.first = mac, b"", False
        if spoil:
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        data = (wire(key.algorithm) + times + struct.pack("!H", len(mac)) + mac + msg[:2] + struct.pack("!HH", 0, 0))
        count = struct.unpack("!H", msg[10:12])[0] + 1
        return msg[:10] + struct.pack("!H", count) + msg[12:] + record(key.name, TSIG, data, 0, 255)


class Request:
    def __init__(self, msg):
        self.msg = msg
        self.id = msg[:2]
        at = 12
        while msg[at]:
            at += msg[at] + 1
        self.question = msg[12:at + 5]
        self.qtype = struct.unpack("!H", msg[at + 1:at + 3])[0]
        self.mac = b""
        additional = struct.unpack("!H", msg[10:12])[0]
        if additional:                      # our own request ends with the TSIG record, its MAC before six bytes
            for length in (32, 64):
                if msg[-6 - length - 2:-6 - length] == struct.pack("!H", length):
                    self.mac = msg[-6 - length:-6]
        self.serial = None
        if self.qtype == IXFR:
            self.serial = struct.unpack("!I", msg[at + 5 + 14:at + 5 + 18])[0]

    def answer(self, records, question=True, flags=0x8400, rid=None):
        return ((rid or self.id) + struct.pack("!HHHHH", flags, int(question), len(records), 0, 0) +
                (self.question if question else b"") + b"".join(records))


def framed(msg):
    return struct.pack("!H", len(msg)) + msg


class Primary:
    """behave(request) yields what goes down the connection: bytes as they stand; None closes it."""

    def __init__(self, port, behave, address="127.0.0.1"):
        self.behave = behave
        self.asked = []
        self.listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(16)
        self.port = port
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)    # a thread waits in accept(), which holds the port
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            with sock:
                while True:
                    head = self.read(sock, 2)
                    request = Request(self.read(sock, struct.unpack("!H", head)[0]))
                    self.asked.append(request)
                    for piece in self.behave(request):
                        if piece is None:
                            return
                        sock.sendall(piece)
        except OSError:
            pass

    @staticmethod
    def read(sock, count):
        got = b""
        while len(got) < count:
            piece = sock.recv(count - len(got))
            if not piece:
                raise OSError("closed")
            got += piece
        return got
