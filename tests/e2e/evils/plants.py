"""Answers that say too much, ways to a blocked name, and private addresses for public names."""
import struct

import dns
from evils.asked import BLOCKED, POISON, SELF, TRUE, VICTIM, address, evil, record

# ---- answers that say too much ----

@evil
def foreign_additional(q):
    return [q.reply([q.a()], additional=[q.a(POISON, owner=q.below(VICTIM), ttl=86400)])]


@evil
def foreign_authority(q):
    ns = record(q.zone, "NS", dns.pack_name(q.below(VICTIM)), ttl=86400)
    return [q.reply([q.a()], [ns], [q.a(POISON, owner=q.below(VICTIM), ttl=86400)])]


@evil
def foreign_answer(q):
    return [q.reply([q.a(POISON, owner=q.below(VICTIM)), q.a()])]


@evil
def foreign_soa(q):
    """No such name, says somebody for a zone that the name is not in."""
    soa = dns.pack_name("ns.test") * 2 + struct.pack("!5I", 1, 3600, 900, 86400, 86400)
    return [q.reply([q.a()], [record("elsewhere.test", "SOA", soa, ttl=86400)])]


@evil
def cname_with_its_address(q):
    """Right as an answer to this question; not what others are told of the victim."""
    return [q.reply([q.cname(q.below(VICTIM)), q.a(POISON, owner=q.below(VICTIM), ttl=86400)])]


@evil
def nxdomain_for_all(q):
    """That this name is absent says nothing about its neighbours, whatever the SOA stands for."""
    soa = dns.pack_name("ns.test") * 2 + struct.pack("!5I", 1, 3600, 900, 86400, 86400)
    return [q.reply([], [record(b"\0", "SOA", soa, ttl=86400)], flags=0x8183)]


@evil
def nxdomain_with_an_answer(q):
    return [q.reply([q.a(POISON)], flags=0x8183)]


@evil
def referral(q):
    ns = record("test", "NS", dns.pack_name("ns.elsewhere.test"))
    return [q.reply([], [ns], [q.a(POISON, owner="ns.elsewhere.test")], flags=0x8100)]


@evil
def other_class(q):
    return [q.reply([record(SELF, "A", address(POISON), rclass=3), q.a()])]


@evil
def signature_unasked(q):
    rrsig = struct.pack("!HBBIIIH", 1, 8, 2, 60, 2000000000, 1700000000, 1) + dns.pack_name(q.zone) + b"s" * 64
    return [q.reply([q.a(), record(SELF, 46, rrsig)])]


# ---- ways to a blocked name ----

def leads_to_blocked(q, *records):
    return [q.reply(records)]


@evil
def blocked_cname(q):
    return leads_to_blocked(q, q.cname(BLOCKED), q.a(POISON, owner=BLOCKED))


@evil
def blocked_cname_spelt_otherwise(q):
    return leads_to_blocked(q, q.cname("wWw.BlOcKeD.tEsT"), q.a(POISON, owner="www.blocked.test"))


@evil
def blocked_cname_alone(q):
    return leads_to_blocked(q, q.cname(BLOCKED))


@evil
def blocked_by_a_long_chain(q):
    names = [q.below("step%d" % i) for i in range(8)] + ["cdn." + BLOCKED, q.below("after")]
    chain = [q.cname(names[0])] + [q.cname(b, owner=a) for a, b in zip(names, names[1:])]
    return leads_to_blocked(q, *chain, q.a(POISON, owner=names[-1]))


@evil
def blocked_out_of_order(q):
    return leads_to_blocked(q, q.a(POISON, owner=q.below("after")), q.cname(q.below("after"), owner=BLOCKED),
                            q.cname(BLOCKED, owner=q.below("step")), q.cname(q.below("step")))


@evil
def blocked_behind_its_address(q):
    """An address and an alias for one name: the address may not hide where the alias leads."""
    return leads_to_blocked(q, q.a(POISON), q.cname(BLOCKED), q.a(POISON, owner=BLOCKED))


@evil
def blocked_by_a_second_alias(q):
    """Of two aliases the first counts, and nothing of the second may come along."""
    return leads_to_blocked(q, q.cname(q.below("fine")), q.cname(BLOCKED), q.a(TRUE, owner=q.below("fine")),
                            q.a(POISON, owner=BLOCKED))


@evil
def blocked_by_dname(q):
    label = q.name.partition(".")[0]
    dname = record(q.zone, 39, dns.pack_name(BLOCKED))
    return leads_to_blocked(q, dname, q.cname(label + "." + BLOCKED), q.a(POISON, owner=label + "." + BLOCKED))


@evil
def blocked_by_dname_alone(q):
    """Without the CNAME that should come along: nobody may be led on by what is left."""
    label = q.name.partition(".")[0]
    return leads_to_blocked(q, record(q.zone, 39, dns.pack_name(BLOCKED)), q.a(POISON, owner=label + "." + BLOCKED))


@evil
def blocked_by_a_lying_dname(q):
    """The DNAME says one thing, the CNAME another."""
    return leads_to_blocked(q, record(q.zone, 39, dns.pack_name("fine.test")), q.cname(BLOCKED),
                            q.a(POISON, owner=BLOCKED))


@evil
def blocked_by_pointer(q):
    """The alias's target is put together from a label and a pointer into the record before."""
    first = record(SELF, "TXT", b"\x04text" + dns.pack_name(BLOCKED))
    at = q.end + len(first) - len(dns.pack_name(BLOCKED))
    return leads_to_blocked(q, first, record(SELF, "CNAME", b"\x03cdn" + struct.pack("!H", 0xc000 | at)))


@evil
def blocked_with_nxdomain(q):
    return [q.reply([q.cname(BLOCKED)], flags=0x8183)]


# ---- private addresses for public names ----

@evil
def rebinding(q):
    return [q.reply([q.a("192.168.1.1")])]


@evil
def rebinding_beside_a_public_one(q):
    return [q.reply([q.a(), q.a("10.0.0.1")])]


@evil
def rebinding_to_this_host(q):
    return [q.reply([q.a("0.0.0.0")])]


@evil
def rebinding_behind_an_alias(q):
    return [q.reply([q.cname(q.below("inside")), q.a("127.0.0.1", owner=q.below("inside"))])]


@evil
def rebinding_v6(q):
    return [q.reply([record(SELF, "AAAA", address("fd00::1"))])] if q.type == 28 else [q.good()]


@evil
def rebinding_mapped(q):
    return [q.reply([record(SELF, "AAAA", address("::ffff:192.168.1.1"))])] if q.type == 28 else [q.good()]


@evil
def rebinding_hint(q):
    hint = struct.pack("!H", 1) + b"\0" + struct.pack("!HH", 4, 4) + address("10.0.0.1")
    return [q.reply([record(SELF, "HTTPS", hint)])] if q.type == 65 else [q.good()]
