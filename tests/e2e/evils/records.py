"""Records that cannot be read: a forged answer with one, then the truth, which over UDP is waited for."""
import struct

import dns
from evils.asked import POISON, SELF, VICTIM, Wait, address, evil, record


def broken(q, reply):
    return [reply] if q.stream else [reply, Wait(20), q.good()]


@evil
def pointer_loop(q):
    at = struct.pack("!H", 0xc000 | q.end)
    return broken(q, q.reply([record(at, "A", address(POISON))]))


@evil
def pointer_chain(q):
    """Two pointers that lead to each other."""
    pair = struct.pack("!HH", 0xc000 | (q.end + 2), 0xc000 | q.end)
    return broken(q, q.reply([pair + record(b"", "A", address(POISON))]))


@evil
def pointer_forward(q):
    at = struct.pack("!H", 0xc000 | (q.end + 16))
    return broken(q, q.reply([record(at, "A", address(POISON)), q.a(POISON)]))


@evil
def pointer_over_the_end(q):
    return broken(q, q.reply([record(b"\xff\xff", "A", address(POISON))]))


@evil
def pointer_cut(q):
    return broken(q, q.reply(counts=[1, 0, 0]) + b"\xc0")


@evil
def rdlength_over_the_end(q):
    return broken(q, q.reply([record(SELF, "A", address(POISON), rdlength=400)]))


@evil
def rdlength_zero(q):
    return broken(q, q.reply([record(SELF, "A", b"")]))


@evil
def rdlength_five(q):
    return broken(q, q.reply([record(SELF, "A", address(POISON) + b"\0")]))


@evil
def count_high(q):
    return broken(q, q.reply([q.a(POISON)], counts=[65535, 0, 0]))


@evil
def count_additional_high(q):
    return broken(q, q.reply([q.a(POISON)], counts=[1, 0, 3]))


@evil
def name_too_long(q):
    return broken(q, q.reply([record((b"\x3f" + b"x" * 63) * 4 + b"\0", "A", address(POISON)), q.a(POISON)]))


@evil
def name_too_long_by_pointer(q):
    """127 + labels of the name asked: over 255 bytes once put together."""
    return broken(q, q.reply([record((b"\x3f" + b"x" * 63) * 3 + b"\x3b" + b"x" * 59 + SELF, "A", address(POISON)),
                              q.a(POISON)]))


@evil
def label_type_reserved(q):
    return broken(q, q.reply([record(b"\x41x\0", "A", address(POISON)), q.a(POISON)]))


@evil
def cname_with_a_tail(q):
    return broken(q, q.reply([record(SELF, "CNAME", dns.pack_name(q.below(VICTIM)) + b"tail"),
                              q.a(POISON, owner=q.below(VICTIM))]))


@evil
def cname_cut(q):
    return broken(q, q.reply([record(SELF, "CNAME", b"\x07victim")]))


@evil
def opt_twice(q):
    opt = record(b"\0", 41, b"", ttl=0, rclass=1232)
    return broken(q, q.reply([q.a(POISON)], additional=[opt, opt]))


@evil
def opt_with_a_broken_option(q):
    return broken(q, q.reply([q.a(POISON)], additional=[record(b"\0", 41, b"\0\x0f\0\xff\0", ttl=0, rclass=1232)]))


@evil
def opt_with_an_owner(q):
    return broken(q, q.reply([q.a(POISON)], additional=[record("opt.test", 41, b"", ttl=0, rclass=1232)]))


@evil
def opt_in_the_answer(q):
    return broken(q, q.reply([record(b"\0", 41, b"", ttl=0, rclass=1232), q.a(POISON)]))


@evil
def opt_huge(q):
    """A size of 65,535 and an option nobody knows: nothing wrong with it."""
    return [q.reply([q.a()], additional=[record(b"\0", 41, b"\xff\x00\0\x03abc", ttl=0, rclass=65535)])]


@evil
def edns_version_1(q):
    """A later version that says no error: its options are not to be read, its records are."""
    return [q.reply([q.a()], additional=[record(b"\0", 41, b"\1", ttl=0x00010000, rclass=1232)])]


@evil
def trailing_bytes(q):
    """Nothing wrong with what stands before them."""
    return [q.good() + b"tail"]
