"""A dnstap reader: Frame Streams on a Unix socket, and the protocol buffers in them, read with a mind of its own.

    reader = dnstap.Reader(path)
    reader.messages         what has come, a Message each
    reader.reads = False    stops reading, but keeps the connection
    reader.close()
"""
import os
import socket
import struct
import threading
from dataclasses import dataclass, field

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
TYPES = {5: "CLIENT_QUERY", 6: "CLIENT_RESPONSE", 7: "FORWARDER_QUERY", 8: "FORWARDER_RESPONSE"}
PROTOCOLS = {1: "UDP", 2: "TCP", 3: "DOT", 4: "DOH"}
ACTIONS = {None: None, 1: "NXDOMAIN", 2: "NODATA", 3: "PASS", 4: "DROP", 5: "TRUNCATE", 6: "LOCAL_DATA"}


def fields(data):
    """The fields of one protocol buffer: {number: value}; bytes, or a number."""
    found, pos = {}, 0

    def varint():
        nonlocal pos
        value = shift = 0
        while True:
            byte = data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
    while pos < len(data):
        tag = varint()
        if tag & 7 == 0:
            found[tag >> 3] = varint()
        elif tag & 7 == 2:
            length = varint()
            found[tag >> 3] = data[pos:pos + length]
            assert len(found[tag >> 3]) == length
            pos += length
        elif tag & 7 == 5:
            found[tag >> 3] = struct.unpack("<I", data[pos:pos + 4])[0]
            pos += 4
        else:
            raise ValueError("wire type %d" % (tag & 7))
    return found


def _address(raw):
    return None if raw is None else socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


@dataclass
class Message:
    identity: str
    version: str
    type: str
    protocol: str
    query_at: tuple
    response_at: tuple
    query_time: float
    response_time: float
    query: bytes
    response: bytes
    zone: bytes
    policy: dict = field(default_factory=dict)


def unpack(frame):
    top = fields(frame)
    assert top[15] == 1
    m = fields(top[14])
    policy = fields(m[15]) if 15 in m else {}
    assert (16 in m) == (m[3] == 4)
    return Message(
        identity=top.get(1, b"").decode(), version=top.get(2, b"").decode(), type=TYPES[m[1]],
        protocol=PROTOCOLS[m[3]], query_at=(_address(m.get(4)), m.get(6)), response_at=(_address(m.get(5)), m.get(7)),
        query_time=m.get(8, 0) + m.get(9, 0) / 1e9, response_time=m.get(12, 0) + m.get(13, 0) / 1e9,
        query=m.get(10), response=m.get(14), zone=m.get(11),
        policy=policy and {"type": policy[1].decode(), "rule": policy.get(2, b"").decode(),
                           "action": ACTIONS[policy.get(3)], "match": policy.get(4), "value": policy.get(5)})


class Reader:
    def __init__(self, path, reads=True):
        self.messages = []
        self.reads = reads
        self.connections = 0
        self._conn = None
        self._path = path
        if os.path.exists(path):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(4)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _take(self, count):
        data = b""
        while len(data) < count:
            piece = self._conn.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _frame(self):
        """(control type or None, bytes)"""
        length, = struct.unpack("!I", self._take(4))
        if length > 0:
            return None, self._take(length)
        length, = struct.unpack("!I", self._take(4))
        control = self._take(length)
        return struct.unpack("!I", control[:4])[0], control[4:]

    def _control(self, kind, with_type=False):
        body = struct.pack("!I", kind)
        if with_type:
            body += struct.pack("!II", 1, len(CONTENT_TYPE)) + CONTENT_TYPE
        self._conn.sendall(struct.pack("!II", 0, len(body)) + body)

    def _serve(self):
        while True:
            try:
                self._conn, _ = self._listener.accept()
            except OSError:
                return
            try:
                self._stream()
            except (EOFError, OSError):
                pass
            self._conn.close()

    def _stream(self):
        kind, body = self._frame()
        assert kind == READY and CONTENT_TYPE in body
        self._control(ACCEPT, with_type=True)
        kind, body = self._frame()
        assert kind == START and CONTENT_TYPE in body
        self.connections += 1
        if not self.reads:
            self._listener.accept() # for ever: nobody else comes
        while True:
            kind, body = self._frame()
            if kind == STOP:
                self._control(FINISH)
                return
            assert kind is None
            self.messages.append(unpack(body))

    def close(self):
        """Goes away as a program does that was killed."""
        for sock in (self._listener, self._conn):
            if sock is None:
                continue
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        os.unlink(self._path)
