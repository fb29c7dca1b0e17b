"""The table of what Belisha and Unbound may answer differently to the same question, each row with the reason.

A row is a function of (question, Belisha's answer, Unbound's) that tells whether they differ in its way, and the fields
that it explains. What no row explains is a fault of one of them.
"""
import wire
from nasty import ORIGIN, SIGNED

FORMERR, SERVFAIL, NXDOMAIN, REFUSED = 1, 2, 3, 5
SYNTHESIZED = 29    # extended error
CUTS = ["cut." + ORIGIN, "signed-cut." + ORIGIN, "cut." + SIGNED, "signed-cut." + SIGNED]     # NSD knows no more than NS there

FIELDS = ("rcode", "aa", "tc", "rd", "ra", "z", "ad", "cd", "question", "answer", "ttl", "authority", "additional", "opt",
          "ede", "silence")
DIFFERENCES = []      # (function, fields)


def differs(*fields):
    """A row of the table: the function tells whether (question, Belisha's, Unbound's) is of this kind; its text is why."""
    def add(function):
        DIFFERENCES.append((function, set(fields)))
        return function
    return add


EVERYTHING = FIELDS[:-1]


@differs("ttl")
def unbound_keeps_record_sets(q, b, u):
    """Unbound answers with a record set, or an SOA, that came with another question's answer and is older by now.
    Belisha keeps each answer as it came: its TTL may be higher, and is never lower than another question's age makes it."""
    left, right = ttls(b.answer + b.authority), ttls(u.answer + u.authority)
    return all(left[key] >= right[key] - 1 for key in left if key in right)


@differs("rd")
def unbound_has_rd_from_its_cache(q, b, u):
    """RFC 1035, 4.1.1: RD is copied into the answer. Unbound sets it in what it has from the cache."""
    return not q.rd and not b.flags["rd"] and u.flags["rd"]


@differs("ede")
def unbound_says_nothing_more(q, b, u):
    """RFC 8914 leaves it to the server when to explain: Belisha does for each refusal and failure (with 13 when it was one
    before), and for a name that is absent as one above it is."""
    failed = b.rcode in (FORMERR, SERVFAIL, REFUSED) and len(b.ede()) <= 2
    return u.ede() == [] and (failed or (b.rcode == NXDOMAIN and b.ede() == [SYNTHESIZED]))


@differs("rcode", "answer", "authority", "additional", "tc", "ttl")
def any_is_answered_small(q, b, u):
    """RFC 8482, 4.2: Belisha answers ANY with one HINFO of its own and asks nobody."""
    return q.type == 255 and [r.type for r in b.answer] == [13] and b.authority == [] and b.rcode == 0


@differs(*EVERYTHING)
def not_asked_on_without_rd(q, b, u):
    """RFC 1035, 4.3.1: without RD there is only what is known here. Unbound composes it from the record sets of other
    answers; Belisha has whole answers, and says REFUSED (EDE 20) where it has none."""
    return not q.rd and b.rcode == REFUSED and (q.edns is None or b.ede() == [20]) and b.answer == b.authority == []


@differs(*EVERYTHING)
def a_referral_is_no_answer(q, b, u):
    """RFC 2308, 2.2: here NSD sends the forwarder on to other servers, which a client could not follow. Unbound gives the
    referral to the client as it is; Belisha says that no server could answer."""
    return q.is_below(*CUTS) and b.rcode == SERVFAIL and b.answer == [] and (
        q.type == 255 or u.rcode != 0 or any(r.type == 2 for r in u.authority))


@differs(*EVERYTHING)
def unbound_follows_eleven_aliases(q, b, u):
    """RFC 1034, 3.6.2 warns of chains without a number: Unbound ends after 11 CNAMEs, Belisha after 12."""
    return u.rcode == SERVFAIL and q.labels[0] in (b"c2", b"to-c2") and (b.flags["tc"] or sum(r.type == 5 for r in b.answer) == 12)


@differs("answer", "authority", "rcode", "tc", "ttl")
def unbound_follows_aliases_for_nsec(q, b, u):
    """RFC 4034, 4.1.2 and RFC 2181, 10.1: NSEC and RRSIG stand beside a CNAME and are had from there. Unbound goes on to
    the CNAME's target."""
    return q.type in (wire.NSEC, wire.RRSIG) and b.rcode == 0 and any(r.type == q.type for r in b.answer) and (
        u.rcode == SERVFAIL or u.flags["tc"] or any(r.type == 5 for r in u.answer))


@differs("authority", "ttl", "tc", "answer")
def unbound_proves_otherwise(q, b, u):
    """RFC 4035, 3.1.3: Unbound asks for the end of an alias once more and gives the proofs of that answer, or of both;
    Belisha gives those that came."""
    other = set(keys(u.authority)) ^ set(keys(b.authority))
    return q.do and b.rcode == u.rcode and (u.flags["tc"] or all(key[1] in (wire.NSEC, wire.RRSIG) for key in other))


@differs(*EVERYTHING)
def unbound_refers_without_rd(q, b, u):
    """RFC 1034, 4.3.1: without RD a server may answer with a referral. Unbound gives one to the root where it has other
    record sets of the name than those asked for; Belisha has the whole answer."""
    return not q.rd and u.answer == [] and [(r.owner, r.type) for r in u.authority] == [((), 2)]


@differs("rcode", "answer", "tc", "ttl")
def more_records_than_are_kept(q, b, u):
    """Belisha takes answers of up to 256 records (REPLY_TTLS_MAX) and has SERVFAIL for more."""
    return q.labels[0] == b"a300" and b.rcode == SERVFAIL and (u.flags["tc"] or len(u.answer) > 256)


@differs("additional")
def belisha_adds_nothing(q, b, u):
    """RFC 1035, 6.2: additional data is for those who find it useful. Unbound adds addresses to NS records; Belisha believes
    an upstream's answer chain alone."""
    return b.additional == [] and all(r.type in (1, 28, 46) for r in u.additional)


@differs("answer", "authority", "ttl")
def truncated_answers_are_empty(q, b, u):
    """RFC 2181, 9: who gets TC asks again over TCP and drops what came with it. Unbound sends what fits, Belisha nothing."""
    return b.flags["tc"] and u.flags["tc"] and b.answer == b.authority == []


@differs("rcode", "ra", "authority")
def unbound_finds_these_types_malformed(q, b, u):
    """TKEY, TSIG, transfers, mail and NXNAME questions that no client needs: Unbound says FORMERR and clears RA, Belisha
    REFUSED, and FORMERR for NXNAME alone (RFC 9824, 3.5)."""
    return q.type in (0, 128, 249, 250, 251, 252, 253, 254) and b.rcode in (FORMERR, REFUSED) and u.answer == []


@differs("rcode", "answer", "authority")
def class_any_is_refused(q, b, u):
    """RFC 1035, 3.2.5: Belisha serves the Internet class alone. Unbound takes class ANY for it."""
    return q.qclass == 255 and b.rcode == REFUSED and u.rcode == 0


# ---- comparing ----


def keys(records):
    return sorted(record.key() for record in records)


def ttls(records):
    return {record.key(): record.ttl for record in records}


def compare(b, u):
    """{field: (Belisha's, Unbound's)} of those that differ."""
    if b is None or u is None:
        return {} if b is u else {"silence": (b is None, u is None)}
    out = {}

    def note(what, left, right):
        if left != right:
            out[what] = (left, right)
    note("rcode", b.rcode, u.rcode)
    for flag in ("aa", "tc", "rd", "ra", "z", "ad", "cd"):
        note(flag, b.flags[flag], u.flags[flag])
    note("question", (b.qname, b.qtype, b.qclass), (u.qname, u.qtype, u.qclass))
    for section in ("answer", "authority", "additional"):
        note(section, keys(getattr(b, section)), keys(getattr(u, section)))
    left, right = ttls(b.answer + b.authority), ttls(u.answer + u.authority)
    far = {key: (left[key], right[key]) for key in left if key in right and abs(left[key] - right[key]) > 1}
    note("ttl", far, {})
    note("opt", b.opt and (b.opt.size, b.opt.version, b.opt.do, b.opt.z), u.opt and (u.opt.size, u.opt.version, u.opt.do, u.opt.z))
    note("ede", b.ede(), u.ede())
    return out
