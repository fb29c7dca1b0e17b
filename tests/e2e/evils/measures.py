"""Much of it, odd numbers, and codes."""
import struct

import dns
from evils.asked import EVILS, POISON, SELF, TC, Wait, address, evil, record

# ---- much of it, and odd numbers ----

@evil
def chain_12(q):
    return chain_of(q, 12)


@evil
def chain_13(q):
    return chain_of(q, 13)


def chain_of(q, count):
    names = [q.below("step%d" % i) for i in range(count)]
    chain = [q.cname(names[0])] + [q.cname(b, owner=a) for a, b in zip(names, names[1:])]
    return [q.reply(chain + [q.a(owner=names[-1])])] if q.stream else [q.reply(flags=TC)]


@evil
def cname_to_itself(q):
    return [q.reply([q.cname(q.name)])]


@evil
def cname_circle(q):
    return [q.reply([q.cname(q.below("there")), q.cname(q.name, owner=q.below("there"))])]


@evil
def records_250(q):
    return q.over_tcp(q.reply([q.a("198.51.%d.%d" % (100, i)) for i in range(250)]))


@evil
def records_300(q):
    return q.over_tcp(q.reply([q.a("198.51.%d.%d" % (100 + i // 256, i % 256)) for i in range(300)]))


@evil
def records_4000(q):
    return q.over_tcp(q.reply([q.a()] * 4000))


@evil
def ttl_zero(q):
    return [q.reply([q.a(ttl=0)])]


@evil
def ttl_max(q):
    return [q.reply([q.a(ttl=0x7fffffff)])]


@evil
def ttl_top_bit(q):
    return [q.reply([q.a(ttl=0xffffffff)])]


# ---- codes ----

def code(rcode):
    return lambda q: [q.reply(flags=0x8180 | rcode)]


for _rcode, _name in ((1, "formerr"), (2, "servfail"), (4, "notimp"), (5, "refused"), (6, "yxdomain"), (9, "notauth"),
                      (15, "rcode-15")):
    EVILS[_name] = code(_rcode)


@evil
def extended_rcode(q):
    """NOERROR in the header, 16 with what OPT adds."""
    return [q.reply([q.a(POISON)], additional=[record(b"\0", 41, b"", ttl=0x01000000, rclass=1232)])]


@evil
def badcookie_for_ever(q):
    cookie = q.query.options.get(10, b"")[:8] + b"server88"
    opt = record(b"\0", 41, struct.pack("!HH", 10, 16) + cookie, ttl=0x01000000, rclass=1232)
    return [q.good()] if q.stream else [q.reply(additional=[opt], flags=0x8187)]


@evil
def cookie_of_another(q):
    """A forged reply with somebody else's cookie, then the truth with ours."""
    def opt(cookie):
        return record(b"\0", 41, struct.pack("!HH", 10, 16) + cookie, ttl=0, rclass=1232)
    ours = q.query.options.get(10, b"")[:8]
    if q.stream or not ours:
        return [q.good()]
    return [q.reply([q.a(POISON)], additional=[opt(b"another!server88")]), Wait(20),
            q.reply([q.a()], additional=[opt(ours + b"server88")])]


@evil
def no_edns(q):
    """FORMERR for OPT, as servers of 1999 did."""
    return [q.reply(flags=0x8181)] if q.query.edns_size is not None else [q.good()]


@evil
def edns_dropped(q):
    return [] if q.query.edns_size is not None else [q.good()]


@evil
def badvers(q):
    return [q.reply(additional=[record(b"\0", 41, b"", ttl=0x01000000, rclass=1232)])]


def first_label(name):
    """The evil that a name asks for, or None."""
    label = name.partition(".")[0].lower()
    # Some evils end with a number themselves: "records-250" and "records-250-1" are the same.
    return next((name for name in (label, label.rpartition("-")[0]) if name in EVILS), None)
