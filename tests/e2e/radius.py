"""RADIUS for tests: packets from Debian's radclient, and some that it would not send."""
import hashlib
import hmac
import os
import socket
import struct
import subprocess

SECRET = "the-corridor-secret"


def radclient(port, attributes, secret=SECRET, client="127.0.0.1", server="127.0.0.1", timeout=2.0, command="acct",
              folder=None):
    """Whether a right answer came. attributes: "User-Name = anna, ..."."""
    text = "%s, Packet-Src-IP-Address = %s\n" % (attributes, client)
    done = subprocess.run(["radclient", "-r", "1", "-t", str(timeout), "-x", "%s:%d" % (server, port), command, secret],
                          input=text, capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, HOME=folder or "/tmp"))
    return done.returncode == 0 and "Accounting-Response" in done.stdout


def start(session, user, address, mac="0a-1b-2c-3d-4e-5f", more=""):
    return ('Acct-Status-Type = Start, Acct-Session-Id = "%s", User-Name = "%s", Framed-IP-Address = %s, '
            'Calling-Station-Id = "%s"%s' % (session, user, address, mac, more))


def interim(session, user, address, mac="0a-1b-2c-3d-4e-5f", more=""):
    return start(session, user, address, mac, more).replace("= Start", "= Interim-Update")


def stop(session, user, more=""):
    return 'Acct-Status-Type = Stop, Acct-Session-Id = "%s", User-Name = "%s"%s' % (session, user, more)


def attribute(number, value):
    return bytes([number, len(value) + 2]) + value


def number(value):
    return struct.pack(">I", value)


def request(attributes, identifier=1, secret=SECRET, code=4, signature=None):
    """A signed request. signature: None, "right" or "wrong": its Message-Authenticator."""
    body = b"".join(attributes)
    if signature is not None:
        body += attribute(80, bytes(16))
    head = struct.pack(">BBH", code, identifier, 20 + len(body))
    if signature is not None:
        made = hmac.new(secret.encode(), head + bytes(16) + body, "md5").digest()
        body = body[:-16] + (made if signature == "right" else bytes([made[0] ^ 1]) + made[1:])
    return head + hashlib.md5(head + bytes(16) + body + secret.encode()).digest() + body


def send(port, packet, client="127.0.0.1", server="127.0.0.1", timeout=2.0):
    """The answer to a packet, or None; and that it is the right one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((client, 0))
        sock.settimeout(timeout)
        sock.sendto(packet, (server, port))
        try:
            answer, peer = sock.recvfrom(4096)
        except socket.timeout:
            return None
    if peer != (server, port):
        raise AssertionError("the answer came from %s:%d" % peer)
    return answer


def is_right(answer, packet, secret=SECRET):
    return (answer is not None and answer[0] == 5 and answer[1] == packet[1] and
            answer[4:20] == hashlib.md5(answer[:4] + packet[4:20] + answer[20:] + secret.encode()).digest())
