"""Where alerts end up in tests: a real mail server (Exim with a configuration of its own), a hostile one, a web address that
checks signatures, syslog receivers.

All of them speak TLS with certificates of a test's own authority (lists.Authority).
"""
import email
import email.policy
import grp
import hashlib
import hmac
import http.server
import json
import os
import pwd
import shutil
import socket
import ssl
import threading
import time

import lab

PASSWORD = "correct horse battery staple"

EXIM_CONF = """exim_path = %(exim)s
spool_directory = %(dir)s/spool
log_file_path = %(dir)s/log/%%slog
pid_file_path = %(dir)s/exim.pid
primary_hostname = mail.school.example
exim_user = %(user)s
exim_group = %(group)s
local_interfaces = 127.0.0.1
daemon_smtp_ports = %(port)d : %(tls_port)d
tls_on_connect_ports = %(tls_port)d
tls_certificate = %(certificate)s
tls_privatekey = %(key)s
tls_advertise_hosts = *
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = data
deliver_drop_privilege = true
keep_environment =
qualify_domain = school.example
host_lookup =
rfc1413_hosts =
smtp_accept_max = 50
begin acl
rcpt:
  deny message = authenticate first
       !authenticated = *
  deny message = no such user here
       local_parts = nobody
  accept
data:
  accept
begin routers
local:
  driver = accept
  local_parts = dsl : deputy : it : head
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = %(dir)s/mail/$local_part_data
  maildir_format
  create_directory
  user = %(user)s
  group = %(group)s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{belisha}}{eq{$auth3}{%(password)s}}}{yes}{no}}
  server_set_id = $auth2
"""


class Exim:
    """Debian's exim4-daemon-light, from a folder of the test's own, on two ports: STARTTLS with a password, and TLS at once."""

    def __init__(self, the_lab, name, port, tls_port, certificate, key):
        self.lab = the_lab
        self.name = name
        self.dir = the_lab.path(name)
        self.port, self.tls_port = port, tls_port
        user = pwd.getpwnam("Debian-exim") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for folder in ("", "spool", "log", "mail"):
            path = os.path.join(self.dir, folder)
            os.makedirs(path, exist_ok=True)
            if os.getuid() == 0:
                os.chown(path, user.pw_uid, user.pw_gid)
        os.chmod(the_lab.dir, 0o755)
        own = [shutil.copy(f, os.path.join(self.dir, os.path.basename(f))) for f in (certificate, key)]
        for path in own:
            if os.getuid() == 0:
                os.chown(path, user.pw_uid, user.pw_gid)
        exim = shutil.which("exim4") or "/usr/sbin/exim4"
        self.argv = [exim, "-C", os.path.join(self.dir, "exim.conf"), "-bdf"]
        with open(self.argv[2], "w") as file:
            file.write(EXIM_CONF % {"exim": exim, "dir": self.dir, "user": user.pw_name, "port": port,
                                    "tls_port": tls_port, "certificate": own[0], "key": own[1], "password": PASSWORD,
                                    "group": grp.getgrgid(user.pw_gid).gr_name})
        self.process = None

    def start(self):
        self.process = self.lab.start(self.argv, self.name)
        lab.wait_until("exim", lambda: answers(self.port) and answers(self.tls_port), 20)
        return self

    def stop(self):
        self.process.stop()
        self.lab.processes.remove(self.process)

    def mails(self, user):
        """What the user has, oldest first, as email.message.EmailMessage."""
        folder = os.path.join(self.dir, "mail", user, "new")
        names = sorted(os.listdir(folder), key=lambda n: os.stat(os.path.join(folder, n)).st_mtime_ns) if os.path.isdir(folder) else []
        found = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found.append(email.message_from_binary_file(file, policy=email.policy.default))
        return found


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


class Hostile(threading.Thread):
    """An SMTP server that does what `mood` says, to each connection anew; `taken` are the mails it said yes to.

    moods: good, down (closes at once), slow (says nothing), no-tls (offers none), 421, rcpt-450, rcpt-550, data-451, data-554,
    drop-data (closes in the middle of DATA), drop-yes (takes the mail and closes before it says so), auth-535, endless (a
    greeting that never ends)
    """

    def __init__(self, port, context):
        super().__init__(daemon=True)
        self.context = context
        self.mood = "good"
        self.taken = []
        self.connections = 0
        self.seen = []          # commands, of all connections
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(50)
        self.closing = False
        self.start()

    def run(self):
        while not self.closing:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.guarded, args=(connection, self.mood), daemon=True).start()

    def close(self):
        self.closing = True
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def guarded(self, connection, mood):
        try:
            with connection:
                connection.settimeout(60)
                self.talk(connection, mood)
        except (OSError, ValueError):
            pass

    def talk(self, c, mood):
        if mood == "down":
            return
        if mood == "slow":
            c.recv(1)
            return
        while mood == "endless":
            c.sendall(b"220-hello\r\n" * 100)
        if mood == "421":
            c.sendall(b"421 too busy\r\n")
            return
        c.sendall(b"220 mail.school.example ESMTP\r\n")
        file = c.makefile("rb")
        mail, tls = {}, False
        while True:
            line = file.readline(2000)
            if not line:
                return
            word = line.strip().split(b" ")[0].upper()
            self.seen.append(line.strip().decode("latin-1"))
            if word == b"EHLO":
                c.sendall(b"250-mail.school.example\r\n%s250 AUTH PLAIN\r\n" %
                          (b"" if tls or mood == "no-tls" else b"250-STARTTLS\r\n"))
            elif word == b"STARTTLS":
                c.sendall(b"220 go on\r\n")
                c = self.context.wrap_socket(c, server_side=True)
                file, tls = c.makefile("rb"), True
            elif word == b"AUTH":
                if len(line.split()) == 2:
                    c.sendall(b"334 \r\n")
                    file.readline(2000)
                c.sendall(b"535 no\r\n" if mood == "auth-535" else b"235 yes\r\n")
            elif word == b"MAIL":
                mail = {"from": line, "to": []}
                c.sendall(b"250 yes\r\n")
            elif word == b"RCPT":
                if mood.startswith("rcpt-"):
                    c.sendall(mood[5:].encode() + b" not this one\r\n")
                else:
                    mail["to"].append(line)
                    c.sendall(b"250 yes\r\n")
            elif word == b"DATA":
                c.sendall(b"354 go on\r\n")
                if mood == "drop-data":
                    file.readline(2000)
                    return
                data = []
                while True:
                    line = file.readline(2000)
                    if not line or line == b".\r\n":
                        break
                    data.append(line[1:] if line.startswith(b"..") else line)
                if mood.startswith("data-"):
                    c.sendall(mood[5:].encode() + b" not now\r\n")
                    continue
                mail["mail"] = email.message_from_bytes(b"".join(data), policy=email.policy.default)
                self.taken.append(mail)
                if mood == "drop-yes":
                    c.close()
                    return
                c.sendall(b"250 taken\r\n")
            elif word == b"QUIT":
                c.sendall(b"221 bye\r\n")
                return
            else:
                c.sendall(b"250 yes\r\n")


class Hook:
    """An HTTPS address that takes messages; `posts` are (headers, body as JSON, whether the signature was right)."""

    def __init__(self, port, context, secret):
        hook = self
        self.posts = []
        self.status = 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = self.headers["Belisha-Timestamp"].encode() + b"." + body
                right = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
                fresh = abs(time.time() - int(self.headers["Belisha-Timestamp"])) < 300
                hook.posts.append((dict(self.headers), json.loads(body),
                                   fresh and hmac.compare_digest(right, self.headers["Belisha-Signature"])))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


RSYSLOG_CONF = """global(workDirectory="%(dir)s" maxMessageSize="64k"
       defaultNetstreamDriverCAFile="%(ca)s" defaultNetstreamDriverCertFile="%(certificate)s"
       defaultNetstreamDriverKeyFile="%(key)s")
module(load="imudp")
module(load="imtcp" streamDriver.name="%(driver)s" streamDriver.mode="%(mode)d" streamDriver.authMode="anon")
module(load="imuxsock" sysSock.use="off")
template(name="json" type="list") {
    constant(value="{") property(name="pri" format="jsonf") constant(value=",") property(name="hostname" format="jsonf")
    constant(value=",") property(name="app-name" format="jsonf") constant(value=",") property(name="msgid" format="jsonf")
    constant(value=",") property(name="structured-data" format="jsonf") constant(value=",")
    property(name="msg" format="jsonf") constant(value=",") property(name="inputname" format="jsonf") constant(value="}\\n")
}
input(type="imudp" address="127.0.0.1" port="%(udp)d")
input(type="imtcp" address="127.0.0.1" port="%(tcp)d")
input(type="imuxsock" socket="%(dir)s/log.sock")
action(type="omfile" file="%(dir)s/out" template="json")
"""


class Rsyslog:
    """The syslog server of Debian, from a folder of the test's own: UDP, TCP (TLS where gnutls is there) and a local socket."""

    def __init__(self, the_lab, udp, tcp, authority=None):
        self.lab, self.dir = the_lab, the_lab.path("rsyslog")
        os.makedirs(self.dir, exist_ok=True)
        self.socket = os.path.join(self.dir, "log.sock")
        certificate, key = authority.certificate("rsyslog", "127.0.0.1") if authority else ("", "")
        conf = RSYSLOG_CONF % {"dir": self.dir, "udp": udp, "tcp": tcp, "ca": authority.path if authority else "",
                               "certificate": certificate, "key": key, "driver": "gtls" if authority else "ptcp",
                               "mode": 1 if authority else 0}
        if not authority:
            conf = conf.replace(conf[conf.index("\n       defaultNetstream"):conf.index(")\nmodule")], "")
        path = os.path.join(self.dir, "rsyslog.conf")
        with open(path, "w") as file:
            file.write(conf)
        rsyslogd = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
        self.process = the_lab.start([rsyslogd, "-n", "-f", path, "-i", os.path.join(self.dir, "pid")], "rsyslog")
        lab.wait_until("rsyslog", lambda: answers(tcp) and os.path.exists(self.socket), 20)

    def entries(self):
        try:
            with open(os.path.join(self.dir, "out")) as file:
                return [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []


class TlsSyslog(threading.Thread):
    """A syslog receiver over TLS that reads entries counted by octets (RFC 5425)."""

    def __init__(self, port, context):
        super().__init__(daemon=True)
        self.context = context
        self.entries = []
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(10)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as tls, tls.makefile("rb") as file:
                while True:
                    count = b""
                    while not count.endswith(b" "):
                        byte = file.read(1)
                        if not byte.isdigit() and byte != b" ":
                            return
                        count += byte
                    self.entries.append(file.read(int(count)).decode())
        except (OSError, ValueError):
            pass

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
