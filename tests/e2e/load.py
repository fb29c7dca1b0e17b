"""A closed-loop load of questions that keeps account of every single one."""
import select
import socket
import struct
import threading
import time

import dns


class Load(threading.Thread):
    """Asks make_name(0), make_name(1), ... over one UDP socket, `window` at a time, until stop().

    Afterwards: sent (how many), answered (set of the numbers answered), lost (numbers never answered), refused (the
    server's port was closed), slowest_s, and bad: the first few answers that check(number, message) refused.
    """

    def __init__(self, at, make_name, window=64, check=None, patience_s=3.0):
        super().__init__(daemon=True)
        self.make_name = make_name
        self.window = window
        self.check = check
        self.patience_s = patience_s
        self.sent = 0
        self.answered = set()
        self.bad = []
        self.slowest_s = 0.0
        self.refused = False
        self._stopping = threading.Event()
        self._waiting = {}      # ident -> (number, time sent)
        self._free = list(range(window))
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._sock.connect(at)
        self._sock.setblocking(False)

    @property
    def lost(self):
        return self.sent - len(self.answered)

    def stop(self):
        """Sends nothing more, waits for what is outstanding, returns self."""
        self._stopping.set()
        self.join(self.patience_s + 10)
        assert not self.is_alive()
        return self

    def run(self):
        last = time.monotonic()
        try:
            while True:
                if not self._stopping.is_set():
                    self._fill()
                elif not self._waiting:
                    break
                if self._drain():
                    last = time.monotonic()
                elif time.monotonic() - last > self.patience_s:
                    break
                else:
                    select.select([self._sock], [], [], 0.05)
        except ConnectionRefusedError:
            self.refused = True
        self._sock.close()

    def _fill(self):
        while self._free:
            ident = self._free.pop()
            self._waiting[ident] = (self.sent, time.monotonic())
            msg = dns.pack_question(self.make_name(self.sent), ident=ident)
            self.sent += 1
            self._sock.send(msg)

    def _drain(self):
        got = 0
        while True:
            try:
                msg = self._sock.recv(4096)
            except BlockingIOError:
                return got
            got += 1
            (ident,) = struct.unpack_from("!H", msg)
            entry = self._waiting.pop(ident, None)
            if entry is None:
                self.bad.append("an answer nobody waits for: %s" % msg[:40].hex())
                continue
            number, at = entry
            self._free.append(ident)
            self.answered.add(number)
            self.slowest_s = max(self.slowest_s, time.monotonic() - at)
            if self.check is not None and len(self.bad) < 10:
                complaint = self.check(number, msg)
                if complaint:
                    self.bad.append(complaint)
