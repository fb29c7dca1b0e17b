"""A line that breaks where it is told to: a TCP proxy for HTTP requests of which every one has a connection's fate.

    line = WeakLine(port, to_port)
    line.fates = ["pass", "swallow-answer", "cut-request", "refuse"]     one a connection, again and again
"""
import itertools
import socket
import threading


class WeakLine:
    def __init__(self, port, to_port):
        self.to_port = to_port
        self.fates = itertools.repeat("pass")
        self.seen = {"pass": 0, "swallow-answer": 0, "cut-request": 0, "refuse": 0}
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # a socket on which a thread waits outlives its close
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._requests, args=(client,), daemon=True).start()

    def _requests(self, client):
        """Requests that insert have a fate; all others pass."""
        with client, socket.create_connection(("127.0.0.1", self.to_port)) as server:
            try:
                while self._one(client, server):
                    pass
            except OSError:
                pass

    def _one(self, client, server):
        head, body = self._head(client)
        if not head:
            return False
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        fate = next(self.fates) if b"INSERT" in head else "pass"
        self.seen[fate] += 1
        if fate == "refuse":
            return False
        if fate == "cut-request":
            server.sendall(head + self._body(client, body, length // 2))
            return False
        server.sendall(head + self._body(client, body, length))
        answer, rest = self._head(server)
        size = next((int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")), None)
        if fate == "swallow-answer":
            return False
        if size is None:
            client.sendall(answer + self._chunks(server, rest))
        else:
            client.sendall(answer + self._body(server, rest, size))
        return True

    @staticmethod
    def _head(sock):
        """The head with its empty line, and what of the body came with it."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return b"", b""
            data += more
        at = data.index(b"\r\n\r\n") + 4
        return data[:at], data[at:]

    @staticmethod
    def _chunks(sock, data):
        """To the last, empty chunk, which may come in pieces."""
        while not data.endswith(b"\r\n0\r\n\r\n") and data != b"0\r\n\r\n":
            more = sock.recv(65536)
            if not more:
                break
            data += more
        return data

    @staticmethod
    def _body(sock, body, length):
        while len(body) < length:
            more = sock.recv(65536)
            if not more:
                break
            body += more
        return body[:length]
