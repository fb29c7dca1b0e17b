"""Datagrams that are lost, late, forged, doubled or cut."""
import random
import struct

from evils.asked import POISON, SELF, From, Wait, evil, record


@evil
def silence(q):
    return []


@evil
def delay(q):
    return [Wait(300), q.good()]


@evil
def too_late(q):
    return [Wait(6000), q.good()]


@evil
def wrong_id(q):
    return [q.forged(ident=struct.unpack("!H", q.msg[:2])[0] ^ 1), Wait(20), q.good()]


@evil
def wrong_port(q):
    return [q.good()] if q.stream else [From(q.forged()), Wait(20), q.good()]


@evil
def wrong_address(q):
    return [q.good()] if q.stream else [From(q.forged(), "127.2.0.1"), Wait(20), q.good()]


@evil
def wrong_name(q):
    return [q.forged(question=q.asked_as(q.below("other"))), Wait(20), q.good()]


@evil
def wrong_type(q):
    return [q.forged(question=q.asked_as(qtype=16)), Wait(20), q.good()]


@evil
def wrong_class(q):
    return [q.forged(question=q.asked_as(qclass=3)), Wait(20), q.good()]


@evil
def wrong_case(q):
    """Another spelling than was asked, as a forger must guess it; over TCP the truth."""
    return [q.good()] if q.stream else [q.forged(question=q.msg[12:q.end].swapcase())]


@evil
def a_question(q):
    return [q.forged(flags=0x0100), Wait(20), q.good()]


@evil
def wrong_opcode(q):
    return [q.forged(flags=0xa980), Wait(20), q.good()]


@evil
def no_question(q):
    return [q.msg[:2] + struct.pack("!5H", 0x8180, 0, 1, 0, 0) + q.a(POISON, owner=q.name), Wait(20), q.good()]


@evil
def two_questions(q):
    twice = q.msg[:2] + struct.pack("!5H", 0x8180, 2, 1, 0, 0) + q.msg[12:q.end] * 2 + q.a(POISON)
    return [twice, Wait(20), q.good()]


@evil
def many_forged(q):
    return [q.forged(ident=random.randrange(65536) & ~1 | (~q.msg[1] & 1)) for _ in range(200)] + [q.good()]


@evil
def duplicate(q):
    return [q.good()] * 10


@evil
def empty(q):
    return [b"", q.msg[:1], q.msg[:11], Wait(20), q.good()] if not q.stream else [q.good()]


@evil
def cut_everywhere(q):
    """A forged answer cut at every byte, then the truth."""
    forged = q.forged()
    return [forged[:at] for at in range(len(forged))] + [Wait(20), q.good()]


@evil
def oversize(q):
    """More than was said to be taken, as fragments can bring it; the truth over TCP."""
    if q.stream:
        return [q.good()]
    return [q.reply([q.a(POISON)] + [record(SELF, 16, b"\xf9" + b"x" * 249)] * 20)]


@evil
def just_over(q):
    """One byte more than was said to be taken."""
    if q.stream:
        return [q.good()]
    forged = q.reply([q.a(POISON)], additional=[record(b"\0", 65280, b"x" * 600)] * 2)
    return [forged + b"\0" * (1233 - len(forged))]
