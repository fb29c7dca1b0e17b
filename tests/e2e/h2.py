"""As much HTTP/2 (RFC 9113) as it takes to ask over HTTPS, properly or not: frames, and headers without compression."""
import socket
import ssl
import struct

import dns

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def headers(*pairs):
    """Literals without indexing (RFC 7541, 6.2.2)."""
    def text(value):
        value = value.encode()
        if len(value) < 127:
            return bytes([len(value)]) + value
        rest, out = len(value) - 127, bytes([127])
        while rest >= 128:
            out += bytes([rest % 128 + 128])
            rest //= 128
        return out + bytes([rest]) + value
    return b"".join(b"\0" + text(name) + text(value) for name, value in pairs)


class Connection:
    def __init__(self, at, cafile, name, alpn=("h2",), timeout=5):
        context = ssl.create_default_context(cafile=cafile)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self.sock = context.wrap_socket(socket.create_connection(at, timeout=timeout), server_hostname=name)
        self.name = name
        self.got = b""
        self.send(PREFACE + frame(SETTINGS, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def post(self, stream, msg, path="/dns-query"):
        self.send(frame(HEADERS, END_HEADERS, stream, headers(
            (":method", "POST"), (":scheme", "https"), (":authority", self.name), (":path", path),
            ("content-type", "application/dns-message"))) + frame(DATA, END_STREAM, stream, msg))

    def next(self):
        """(kind, flags, stream, payload), or None at the end."""
        try:
            while len(self.got) < 9 or len(self.got) < 9 + int.from_bytes(self.got[:3], "big"):
                piece = self.sock.recv(65536)
                if not piece:
                    return None
                self.got += piece
        except (ConnectionError, ssl.SSLError):
            return None
        size = int.from_bytes(self.got[:3], "big")
        head, payload, self.got = self.got[:9], self.got[9:9 + size], self.got[9 + size:]
        return head[3], head[4], struct.unpack("!I", head[5:])[0] & 0x7fffffff, payload

    def answers(self, count):
        """{stream: answer} of so many streams."""
        return {stream: dns.unpack(body) for stream, body in self.bodies(count).items()}

    def bodies(self, count):
        """{stream: message} of so many streams."""
        bodies, done = {}, {}
        while len(done) < count:
            got = self.next()
            if got is None:
                raise AssertionError("closed after %d of %d answers" % (len(done), count))
            kind, flags, stream, payload = got
            if kind == DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
                if flags & END_STREAM:
                    done[stream] = bodies[stream]
        return done

    def is_ended(self):
        """Whether the server ends the connection, whatever it says before."""
        try:
            while True:
                if self.next() is None:
                    return True
        except socket.timeout:
            return False
