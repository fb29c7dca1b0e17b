"""An upstream server that behaves as a test tells it: answers, keeps silent, truncates, fails, and counts."""
import socket
import struct
import threading

import dns
import lab


class Upstream:
    """Answers every A question with `address` on UDP and TCP of 127.0.0.1:port, in threads of this process.

    behave(name, qtype, transport) may be replaced: it returns "answer", "drop", "truncate", "servfail", "nxdomain" or
    a list of ready-made records [(name, type, ttl, rdata bytes)].
    """

    def __init__(self, port, address="198.51.100.1"):
        self.port = port
        self.address = address
        self.behave = lambda name, qtype, transport: "answer"
        self.seen = []          # (name in lower case, type, transport)
        self.spelt = []         # names as they were asked, letter by letter
        self.loses_case = False  # gives the question back in lower case
        self.errors = {}        # name -> INFO-CODE of an extended error that goes along
        self.delay_s = 0         # each answer comes so much later, without holding up the next one
        self._closing = False
        self._age = 0           # connections of an earlier one hang
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        lab.wait_until("port %d" % port, lambda: self._binds(port), 100, 0.2)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind(("127.0.0.1", port))
        self._tcp.listen(16)
        for target in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=target, daemon=True).start()

    def _binds(self, port):
        """A belishad of another test may ask from this very port for a minute."""
        try:
            self._udp.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False

    def count(self, name, transport=None):
        return sum(1 for n, _, t in list(self.seen) if n == name.lower() and transport in (None, t))

    def hang_connections(self):
        """Those that are open stay open and say nothing more; new ones are served."""
        self._age += 1

    def close(self):
        self._closing = True
        for sock in (self._udp, self._tcp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _serve_udp(self):
        while not self._closing:
            try:
                msg, peer = self._udp.recvfrom(65535)
                reply = self._reply(msg, "udp") if len(msg) >= 17 else None
                if reply is None:
                    continue
                if self.delay_s > 0:
                    threading.Timer(self.delay_s, self._udp.sendto, (reply, peer)).start()
                else:
                    self._udp.sendto(reply, peer)
            except OSError:
                continue

    def _serve_tcp(self):
        while not self._closing:
            try:
                sock, _ = self._tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve_connection, args=(sock,), daemon=True).start()

    def _serve_connection(self, sock):
        age = self._age
        with sock:
            try:
                while True:
                    reply = self._reply(dns.read_tcp(sock), "tcp")
                    if reply is not None and age == self._age:
                        sock.sendall(dns.frame(reply))
            except OSError:
                pass

    def _reply(self, msg, transport):
        query = dns.unpack(msg)
        self.seen.append((query.qname.lower(), query.qtype, transport))
        self.spelt.append(query.qname)
        what = self.behave(query.qname.lower(), query.qtype, transport)
        end = msg.index(b"\0", 12) + 5 if msg[12] else 17
        question = msg[12:end].lower() if self.loses_case else msg[12:end]
        if what == "drop":
            return None
        rcode = {"servfail": 2, "nxdomain": 3}.get(what, 0) if isinstance(what, str) else 0
        truncated = what == "truncate" and transport == "udp"
        records = []
        if isinstance(what, list):
            records = [(dns.pack_name(n), t, ttl, data) for n, t, ttl, data in what]
        elif not truncated and rcode == 0 and query.qtype == "A":
            records = [(b"\xc0\x0c", "A", 60, socket.inet_aton(self.address))]
        flags = 0x8180 | (0x0200 if truncated else 0) | rcode
        code = self.errors.get(query.qname.lower())
        out = msg[:2] + struct.pack("!5H", flags, 1, len(records), 0, int(code is not None)) + question
        for name, rtype, ttl, data in records:
            out += name + struct.pack("!HHIH", dns.TYPES[rtype], 1, ttl, len(data)) + data
        if code is not None:
            text = struct.pack("!H", code) + b"call 0900-STRANGER"
            out += b"\0" + struct.pack("!HHIHHH", dns.OPT, 1232, 0, 4 + len(text), dns.EDE, len(text)) + text
        return out
