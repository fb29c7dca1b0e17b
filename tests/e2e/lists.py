"""A web server for lists that does what it is told, good or bad, byte by byte; a proxy; certificates made for the day.

    authority = lists.Authority(folder)
    server = lists.Server(port, authority.context("127.0.0.1"))
    server.pages["/list"] = lists.text("a.example\\n")          # or any function of a Visit
"""
import base64
import os
import socket
import ssl
import subprocess
import threading
import zlib


class Authority:
    """A certificate authority of the test's own; `path` is what programs are told to trust."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "authority.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", self._file("authority.key"), "-out", self.path)

    def _file(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=self.folder)

    def certificate(self, name, address=None, days="2"):
        """Files (certificate, key) for `name`, good for an address."""
        certificate, key = self._file(name + ".pem"), self._file(name + ".key")
        extensions = self._file(name + ".ext")
        with open(extensions, "w") as file:
            file.write("subjectAltName=" + ("IP:" + address if address else "DNS:" + name) + "\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                      "-keyout", key, "-out", self._file(name + ".csr"))
        self._openssl("x509", "-req", "-in", self._file(name + ".csr"), "-CA", self.path, "-CAkey",
                      self._file("authority.key"), "-CAcreateserial", "-days", days, "-extfile", extensions,
                      "-out", certificate)
        os.chmod(key, 0o600)
        return certificate, key

    def context(self, name, address=None, wants_client=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(name, address))
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path)
        return context


class Visit:
    """One request: what was asked, and the connection to answer on."""

    def __init__(self, sock, path, headers, on_answer):
        self.sock = sock
        self.path = path
        self.headers = headers
        self.on_answer = on_answer      # called once, before the first byte of the answer

    def answered(self):
        on_answer, self.on_answer = self.on_answer, lambda: None
        on_answer()

    def send(self, data):
        self.answered()
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def wait_for_end(self):
        """Until the client has had enough."""
        self.sock.settimeout(60)
        while self.sock.recv(4096):
            pass


class Listener:
    """Calls answer(sock) in a thread for each connection until close()."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", port))
        self.lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(sock,), daemon=True).start()

    def _guarded(self, sock):
        try:
            sock.settimeout(30)
            self.answer(sock)
        except (OSError, ValueError):
            pass            # clients that leave early are what this is about
        finally:
            sock.close()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)     # wakes accept(), which would go on with the closed one
        except OSError:
            pass
        self.listener.close()


def read_head(sock):
    """The first line and the headers of a request; ValueError when there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = sock.recv(4096)
        if not got:
            raise ValueError("no request")
        data += got
    first, *rest = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return first, {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}


class Server(Listener):
    def __init__(self, port, context):
        self.context = context
        self.pages = {}
        self.visits = []
        self.now = self.most = 0     # visits that wait for their answer, now and at most
        super().__init__(port)

    def url(self, path):
        return "https://127.0.0.1:%d%s" % (self.port, path)

    def answer(self, sock):
        with self.context.wrap_socket(sock, server_side=True) as tls:
            first, headers = read_head(tls)
            visit = Visit(tls, first.split()[1], headers, self._one_less)
            with self.lock:
                self.visits.append(visit)
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                self.pages.get(visit.path, status(404))(visit)
                tls.unwrap()
            finally:
                visit.answered()

    def _one_less(self):
        with self.lock:
            self.now -= 1

    def asked(self, path):
        return [visit for visit in self.visits if visit.path == path]


class Proxy(Listener):
    """Passes CONNECT on, to those who know the user and the password."""

    def __init__(self, port, user=None):
        self.user = user
        self.targets = []
        super().__init__(port)

    def answer(self, sock):
        first, headers = read_head(sock)
        wanted = self.user and "Basic " + base64.b64encode(self.user.encode()).decode()
        self.targets.append(first.split()[1])
        if wanted and headers.get("proxy-authorization") != wanted:
            sock.sendall(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = first.split()[1].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as to:
            sock.sendall(b"HTTP/1.1 200 Here you are\r\n\r\n")
            back = threading.Thread(target=pump, args=(to, sock), daemon=True)
            back.start()
            pump(sock, to)
            back.join(30)


def pump(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


# ---- answers ----

def head(line="200 OK", *headers):
    return "HTTP/1.1 %s\r\n%s\r\n" % (line, "".join(h + "\r\n" for h in headers + ("Connection: close",)))


def text(body, *headers):
    data = body.encode() if isinstance(body, str) else body
    return lambda visit: visit.send(head("200 OK", "Content-Length: %d" % len(data), *headers).encode() + data)


def status(code, *headers):
    return lambda visit: visit.send(head("%d Because" % code, "Content-Length: 0", *headers))


def redirect(location):
    return status(302, "Location: " + location)


def tagged(body, tag):
    """A list with an ETag, and 304 for who knows it."""
    def answer(visit):
        same = visit.headers.get("if-none-match") == tag
        (status(304, "ETag: " + tag) if same else text(body, "ETag: " + tag))(visit)
    return answer


def deflated(pieces):
    """The bytes of a gzip file, piece by piece, never whole in memory."""
    packer = zlib.compressobj(9, wbits=31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
