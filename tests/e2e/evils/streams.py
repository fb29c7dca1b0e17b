"""What a server can do with a connection, and answers that only fit there."""
import random
import struct

import dns
from evils.asked import POISON, TC, VICTIM, Close, Raw, Reset, Wait, evil


@evil
def tc_then_close(q):
    return q.over_tcp(Close())


@evil
def tc_then_silence(q):
    return q.over_tcp()


@evil
def tc_always(q):
    return [q.reply(flags=TC)]


@evil
def tc_with_records(q):
    return [q.good()] if q.stream else [q.reply([q.a(POISON)], flags=TC)]


@evil
def tcp_bytes(q):
    return q.over_tcp(*[step for byte in dns.frame(q.good()) for step in (Raw(bytes([byte])), Wait(2))])


@evil
def tcp_length_zero(q):
    return q.over_tcp(Raw(b"\0\0" * 3), q.good())


@evil
def tcp_length_short(q):
    good = q.good()
    return q.over_tcp(Raw(struct.pack("!H", len(good) - 5) + good))


@evil
def tcp_length_long(q):
    good = q.good()
    return q.over_tcp(Raw(b"\xff\xff" + good))


@evil
def tcp_half(q):
    good = dns.frame(q.good())
    return q.over_tcp(Raw(good[:len(good) // 2]))


@evil
def tcp_reset(q):
    return q.over_tcp(Raw(dns.frame(q.good())[:9]), Reset())


@evil
def tcp_other_ids(q):
    return q.over_tcp(*[q.forged(ident=struct.unpack("!H", q.msg[:2])[0] ^ (1 << bit)) for bit in range(16)], q.good())


@evil
def tcp_wrong_question(q):
    return q.over_tcp(q.forged(question=q.asked_as(q.below(VICTIM))), q.good())


@evil
def tcp_flood(q):
    """Unasked replies, then the answer."""
    other = struct.unpack("!H", q.msg[:2])[0] ^ 1
    return q.over_tcp(Raw(dns.frame(q.forged(ident=other)) * 3000), q.good())


@evil
def tcp_out_of_order(q):
    return q.over_tcp(Wait(random.randrange(200)), q.good())


@evil
def tcp_close_after_each(q):
    return q.over_tcp(q.good(), Close())
