#include "upstream/reply.h"

#include <string.h>

#include "dns/svcb.h"
#include "upstream/cause.h"
#include "upstream/rdata.h"

bool reply_matches(const uint8_t *msg, size_t len, uint16_t id, const struct question *question)
{
    uint8_t lower[NAME_MAX_LEN];
    size_t end = MSG_HEADER_LEN + (size_t)question->name_len + 4;
    if (len < end || msg_u16(msg) != id)
        return false;
    uint16_t flags = msg_u16(msg + 2);
    if (!(flags & MSG_QR) || (flags & MSG_OPCODE) != 0 || msg_u16(msg + 4) != 1)
        return false;
    if (msg_u16(msg + end - 4) != question->type || msg_u16(msg + end - 2) != question->class)
        return false;
    name_lower(lower, msg + MSG_HEADER_LEN, question->name_len);
    return memcmp(lower, question->name, question->name_len) == 0;
}

bool reply_is_bare_refusal(const uint8_t *msg, size_t len)
{
    uint16_t flags = len < MSG_HEADER_LEN ? 0 : msg_u16(msg + 2);
    unsigned rcode = flags & MSG_RCODE;
    return (flags & MSG_QR) && !(flags & MSG_OPCODE) && msg_u16(msg + 4) == 0 &&
           (rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP);
}

/* The records of a reply while it is being cleaned. The first `count` places of the arrays are used. */
struct draft {
    const uint8_t *msg;
    size_t len;
    const struct question *question;
    bool dnssec;
    size_t count;
    struct msg_rr rr[REPLY_TTLS_MAX];
    bool keep[REPLY_TTLS_MAX];
    uint8_t link[REPLY_TTLS_MAX]; /* of kept answer records: how many aliases lead to their owner */
    bool reordered;
    bool has_final; /* a record of the type that was asked, at the end of the chain */
    bool spoilt;    /* ... of type SVCB or HTTPS, and malformed */
    struct reply *reply;
};

/* Not by an initialiser: the arrays are 6 KiB that most replies have little use for. */
static void draft_begin(struct draft *d, const uint8_t *msg, size_t len, const struct question *question, bool dnssec,
                        struct reply *reply)
{
    d->msg = msg;
    d->len = len;
    d->question = question;
    d->dnssec = dnssec;
    d->reply = reply;
    d->count = 0;
    d->reordered = d->has_final = d->spoilt = false;
}

static const uint8_t *chain_end(const struct draft *d)
{
    const struct reply *r = d->reply;
    return r->chain_count == 0 ? d->question->name : r->chain[r->chain_count - 1];
}

static int owner_unpack(const struct draft *d, const struct msg_rr *rr, uint8_t out[NAME_MAX_LEN])
{
    /* Nearly every owner is a pointer to the question. */
    if (d->msg[rr->name_pos] == 0xc0 && d->msg[rr->name_pos + 1] == MSG_HEADER_LEN) {
        memcpy(out, d->question->name, d->question->name_len);
        return 0;
    }
    int used = msg_name_unpack(d->msg, d->len, rr->name_pos, out);
    if (used < 0)
        return used;
    name_lower(out, out, name_len(out));
    return 0;
}

/* There is one at most, its owner is the root, and it stands among the additional data (RFC 6891, 6.1.1). */
static int read_opt(struct draft *d, const struct msg_rr *rr)
{
    struct edns edns;
    if (rr->section != MSG_ADDITIONAL || d->msg[rr->name_pos] != 0 || d->reply->had_edns)
        return ERR_MALFORMED;
    int code = edns_parse(d->msg + rr->fixed_pos, d->msg + rr->rdata_pos, rr->rdata_len, &edns);
    if (code < 0)
        return code;
    d->reply->had_edns = true;
    d->reply->cookie_len = edns.cookie_len;
    memcpy(d->reply->cookie, edns.cookie, edns.cookie_len);
    d->reply->rcode |= (uint16_t)(d->msg[rr->fixed_pos + 4] << 4);
    if (edns.version == 0)
        d->reply->cause = cause_find(d->msg + rr->rdata_pos, rr->rdata_len, d->reply->rcode);
    return 0;
}

/* Collects the records of answer and authority; reads OPT. */
static int collect(struct draft *d)
{
    struct msg_walk walk;
    struct msg_rr rr;
    int code = msg_walk_begin(&walk, d->msg, d->len);
    if (code < 0)
        return code;
    while ((code = msg_walk_next(&walk, &rr)) > 0) {
        if (rr.type == DNS_TYPE_OPT && (code = read_opt(d, &rr)) < 0)
            return code;
        if (rr.section == MSG_ADDITIONAL)
            continue;
        if (d->count == REPLY_TTLS_MAX)
            return ERR_LIMIT;
        d->keep[d->count] = false;
        d->rr[d->count++] = rr;
    }
    return code;
}

static bool chain_has(const struct draft *d, const uint8_t *name)
{
    bool found = name_equal(name, d->question->name);
    for (unsigned i = 0; i < d->reply->chain_count && !found; i++)
        found = name_equal(name, d->reply->chain[i]);
    return found;
}

static int chain_push(struct draft *d, const struct msg_rr *rr)
{
    struct reply *r = d->reply;
    if (r->chain_count == REPLY_CHAIN_MAX)
        return ERR_LIMIT;
    uint8_t *target = r->chain[r->chain_count];
    int used = msg_name_unpack(d->msg, d->len, rr->rdata_pos, target);
    if (used < 0)
        return used;
    if (used != rr->rdata_len)
        return ERR_MALFORMED;
    name_lower(target, target, name_len(target));
    if (chain_has(d, target))
        return ERR_LIMIT; /* it would have no end (RFC 1034, 3.6.2) */
    r->chain_count++;
    return 0;
}

/* The type an RRSIG record is over; 0: not to be read. */
static uint16_t covered_type(const struct draft *d, const struct msg_rr *rr)
{
    return rr->rdata_len < 2 ? 0 : msg_u16(d->msg + rr->rdata_pos);
}

/* A signature over a name of the chain, or over a DNAME above it (RFC 6672, 5.3.1). */
static bool is_signature_in_chain(const struct draft *d, const struct msg_rr *rr, const uint8_t *owner)
{
    if (!d->dnssec || rr->type != DNS_TYPE_RRSIG || d->question->type == DNS_TYPE_RRSIG)
        return false;
    bool above = covered_type(d, rr) == DNS_TYPE_DNAME;
    const uint8_t *name = d->question->name;
    for (unsigned i = 0;; i++) {
        if (above ? name_is_at_or_below(name, owner) : name_equal(name, owner))
            return true;
        if (i == d->reply->chain_count)
            return false;
        name = d->reply->chain[i];
    }
}

static void look_into(struct draft *d, const struct msg_rr *rr)
{
    struct svcb service;
    if (svcb_parse(d->msg + rr->rdata_pos, rr->rdata_len, &service) < 0)
        d->spoilt = true;
    else if (service.ech.bytes != NULL)
        d->reply->has_ech = true;
}

/* Looks at one answer record: 1 when it moved the chain on, 0, or an error. */
static int chain_step(struct draft *d, size_t i)
{
    const struct msg_rr *rr = &d->rr[i];
    uint16_t qtype = d->question->type;
    uint8_t owner[NAME_MAX_LEN];
    int code = owner_unpack(d, rr, owner);
    if (code < 0)
        return code;
    if (is_signature_in_chain(d, rr, owner)) {
        d->keep[i] = true;
        return 0;
    }
    if (rr->type == DNS_TYPE_DNAME && qtype != DNS_TYPE_DNAME && qtype != DNS_TYPE_ANY) {
        d->keep[i] = name_is_at_or_below(chain_end(d), owner);
        return 0;
    }
    if (!name_equal(owner, chain_end(d)))
        return 0;
    if (rr->type == qtype || qtype == DNS_TYPE_ANY) {
        /* NXDOMAIN is about the end of the chain: nothing is there (RFC 6604, 3). */
        d->keep[i] = d->has_final = d->reply->rcode != DNS_RCODE_NXDOMAIN;
        if (d->keep[i] && svcb_is_type(rr->type))
            look_into(d, rr);
        return 0;
    }
    if (rr->type != DNS_TYPE_CNAME)
        return 0;
    d->keep[i] = true;
    code = chain_push(d, rr);
    return code < 0 ? code : 1;
}

/* Marks the answer records that belong to the chain. Servers send it in order; another order costs another pass. */
static int follow_chain(struct draft *d)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < d->count; i++) {
            if (d->keep[i] || d->rr[i].section != MSG_ANSWER || d->rr[i].class != d->question->class)
                continue;
            int code = chain_step(d, i);
            if (code < 0)
                return code;
            d->link[i] = (uint8_t)(d->reply->chain_count - code);
            /* A moved chain may make earlier records fit. */
            moved = moved || (code > 0 && i > 0);
        }
    }
    return 0;
}

/*
 * A malformed SVCB or HTTPS record spoils its whole set (RFC 9460, 2.2): a client that reads it all the same could find a
 * target or an address in it that we did not.
 */
static void withhold_services(struct draft *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct msg_rr *rr = &d->rr[i];
        if (svcb_is_type(rr->type == DNS_TYPE_RRSIG ? covered_type(d, rr) : rr->type))
            d->keep[i] = false;
    }
    d->has_final = false;
    d->reply->withheld = true;
    d->reply->authentic = false;
    d->reply->has_ech = false;
}

static bool is_kept_answer(const struct draft *d, size_t i)
{
    return d->keep[i] && d->rr[i].section == MSG_ANSWER;
}

static bool is_in_order(const struct draft *d)
{
    unsigned link = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (is_kept_answer(d, i) && d->link[i] < link)
            return false;
        if (is_kept_answer(d, i))
            link = d->link[i];
    }
    return true;
}

/* Stub resolvers read an answer once, from the front: an alias must come before what it leads to. Rare. */
static void order_chain(struct draft *d)
{
    struct msg_rr ordered[REPLY_TTLS_MAX];
    size_t answers = 0;
    for (unsigned link = 0; link <= d->reply->chain_count; link++)
        for (size_t i = 0; i < d->count; i++)
            if (is_kept_answer(d, i) && d->link[i] == link)
                ordered[answers++] = d->rr[i];
    size_t count = answers;
    for (size_t i = 0; i < d->count; i++)
        if (d->rr[i].section != MSG_ANSWER)
            ordered[count++] = d->rr[i];
    memcpy(d->rr, ordered, count * sizeof ordered[0]);
    for (size_t i = 0; i < count; i++)
        d->keep[i] = i < answers;
    d->count = count;
    d->reordered = true;
}

/* With the top bit set it counts as zero (RFC 2181, 8). */
static uint32_t ttl_checked(uint32_t ttl_s)
{
    return ttl_s > INT32_MAX ? 0 : ttl_s;
}

static int note_soa(struct draft *d, const struct msg_rr *rr)
{
    size_t pos = rr->rdata_pos;
    for (int name = 0; name < 2; name++) {
        int used = msg_name_skip(d->msg, d->len, pos);
        if (used < 0)
            return used;
        pos += (size_t)used;
    }
    if (pos + 20 != (size_t)rr->rdata_pos + rr->rdata_len)
        return ERR_MALFORMED;
    uint32_t minimum_s = ttl_checked(msg_u32(d->msg + pos + 16));
    uint32_t ttl_s = ttl_checked(rr->ttl);
    d->reply->has_soa = true;
    d->reply->soa_minimum_s = minimum_s < ttl_s ? minimum_s : ttl_s;
    return 0;
}

/* What a validator needs to see that there is no such name or type, and that a wildcard was meant (RFC 4035, 3.1.3). */
static bool is_proof(const struct draft *d, const struct msg_rr *rr)
{
    uint16_t type = rr->type == DNS_TYPE_RRSIG ? covered_type(d, rr) : rr->type;
    if (type == DNS_TYPE_SOA)
        return rr->type == DNS_TYPE_RRSIG && d->reply->negative;
    return type == DNS_TYPE_NSEC || type == DNS_TYPE_NSEC3;
}

static int pick_authority(struct draft *d)
{
    bool names_servers = false;
    for (size_t i = 0; i < d->count; i++) {
        const struct msg_rr *rr = &d->rr[i];
        uint8_t owner[NAME_MAX_LEN];
        int code;
        if (rr->section != MSG_AUTHORITY || rr->class != d->question->class)
            continue;
        names_servers = names_servers || rr->type == DNS_TYPE_NS;
        d->keep[i] = d->dnssec && is_proof(d, rr);
        if (rr->type != DNS_TYPE_SOA || !d->reply->negative || d->reply->has_soa)
            continue;
        if ((code = owner_unpack(d, rr, owner)) < 0)
            return code;
        if (!name_is_at_or_below(chain_end(d), owner))
            continue;
        if ((code = note_soa(d, rr)) < 0)
            return code;
        d->keep[i] = true;
    }
    bool helpless = (msg_u16(d->msg + 2) & (MSG_AA | MSG_RA)) == 0;
    d->reply->referral = (names_servers || helpless) && d->reply->negative && d->reply->rcode == DNS_RCODE_NOERROR &&
                         !d->reply->has_soa && !d->reply->withheld && d->reply->chain_count == 0;
    return 0;
}

static int check_kept(const struct draft *d)
{
    int code = 0;
    for (size_t i = 0; i < d->count && code == 0; i++)
        if (d->keep[i])
            code = rdata_check(d->msg, d->len, &d->rr[i]);
    return code;
}

struct writer {
    uint8_t *bytes;
    size_t cap, len;
};

static int write_bytes(struct writer *w, const uint8_t *from, size_t count)
{
    if (w->cap - w->len < count)
        return ERR_LIMIT;
    memcpy(w->bytes + w->len, from, count);
    w->len += count;
    return 0;
}

/* Where a name ends in the question's, letters are as our spelling had them (spelling.h): not for clients to see. */
static void unspell(const struct draft *d, uint8_t *name)
{
    const uint8_t *spelt = d->msg + MSG_HEADER_LEN;
    size_t spelt_len = d->question->name_len;
    size_t len = name_len(name);
    size_t at = 0;
    size_t same = 1; /* bytes at the end of both; the root is */
    while (same < len && same < spelt_len && name[len - 1 - same] == spelt[spelt_len - 1 - same])
        same++;
    while (len - at > same)
        at += name[at] + 1u;
    name_lower(name + at, name + at, len - at);
}

static int write_name(struct writer *w, const struct draft *d, size_t pos)
{
    uint8_t name[NAME_MAX_LEN];
    int used = msg_name_unpack(d->msg, d->len, pos, name);
    if (used < 0)
        return used;
    unspell(d, name);
    int code = write_bytes(w, name, name_len(name));
    return code < 0 ? code : used;
}

/* Old servers may have compressed the names in it (RFC 3597, 4). */
static int write_rdata(struct writer *w, const struct draft *d, const struct msg_rr *rr)
{
    const struct rdata_layout *layout = rdata_layout_of(rr->type);
    size_t end = (size_t)rr->rdata_pos + rr->rdata_len;
    int code = rdata_names_at(layout, d->msg, rr);
    if (code < 0)
        return code;
    size_t pos = (size_t)code;
    if ((code = write_bytes(w, d->msg + rr->rdata_pos, pos - rr->rdata_pos)) < 0)
        return code;
    for (unsigned i = 0; i < layout->names; i++) {
        if ((code = write_name(w, d, pos)) < 0)
            return code;
        pos += (size_t)code;
    }
    return write_bytes(w, d->msg + pos, end - pos);
}

static int write_owner(struct writer *w, const struct draft *d, const struct msg_rr *rr)
{
    static const uint8_t question_pointer[2] = {0xc0, MSG_HEADER_LEN};
    uint8_t owner[NAME_MAX_LEN];
    int code = owner_unpack(d, rr, owner);
    if (code < 0)
        return code;
    return name_equal(owner, d->question->name) ? write_bytes(w, question_pointer, sizeof question_pointer)
                                                : write_name(w, d, rr->name_pos);
}

/* One record anew. No name leads to another record, which may be gone or go later; the question stays. */
static int write_record(struct writer *w, const struct draft *d, const struct msg_rr *rr)
{
    int code = write_owner(w, d, rr);
    if (code < 0)
        return code;
    size_t fixed = w->len;
    if ((code = write_bytes(w, d->msg + rr->fixed_pos, 10)) < 0 || (code = write_rdata(w, d, rr)) < 0)
        return code;
    msg_put_u16(w->bytes + fixed + 8, (unsigned)(w->len - fixed - 10));
    d->reply->ttl_at[d->reply->ttl_count++] = (uint16_t)(fixed + 4);
    return 0;
}

/* The same of the name at pos in the reply, in the copy of it in out, as long as no pointer is in it. Returns its bytes. */
static size_t unspell_copy(const struct draft *d, size_t pos, uint8_t *out)
{
    int used = msg_name_skip(d->msg, d->len, pos); /* it was read before */
    if (name_check(out + pos, d->len - pos) > 0)
        unspell(d, out + pos);
    return used < 0 ? 0 : (size_t)used;
}

/* Servers that do not compress names write the question's anew in each record. */
static void unspell_record(const struct draft *d, const struct msg_rr *rr, uint8_t *out)
{
    const struct rdata_layout *layout = rdata_layout_of(rr->type);
    int at = rdata_names_at(layout, d->msg, rr);
    (void)unspell_copy(d, rr->name_pos, out);
    if (at < 0) /* it was checked before */
        return;
    size_t pos = (size_t)at;
    for (unsigned i = 0; i < layout->names; i++)
        pos += unspell_copy(d, pos, out);
}

/* The kept records come first in the reply: its bytes can be taken as they are. */
static bool kept_is_prefix(const struct draft *d, size_t *out_end)
{
    size_t kept = 0;
    if (d->reordered)
        return false;
    while (kept < d->count && d->keep[kept])
        kept++;
    for (size_t i = kept; i < d->count; i++)
        if (d->keep[i])
            return false;
    *out_end = kept == 0 ? d->reply->question_end : (size_t)d->rr[kept - 1].rdata_pos + d->rr[kept - 1].rdata_len;
    return true;
}

static int write_prefix(struct writer *w, const struct draft *d, size_t end)
{
    const struct question *q = d->question;
    bool spelt = memcmp(d->msg + MSG_HEADER_LEN, q->name, q->name_len) != 0;
    int code = write_bytes(w, d->msg + w->len, end - w->len);
    for (size_t i = 0; code == 0 && i < d->count && d->keep[i]; i++) {
        d->reply->ttl_at[d->reply->ttl_count++] = (uint16_t)(d->rr[i].fixed_pos + 4);
        if (spelt)
            unspell_record(d, &d->rr[i], w->bytes);
    }
    return code;
}

static int write_records(struct writer *w, struct draft *d)
{
    size_t end;
    if (!d->reply->has_ech && kept_is_prefix(d, &end))
        return write_prefix(w, d, end);
    for (size_t i = 0; i < d->count; i++) {
        int code = d->keep[i] ? write_record(w, d, &d->rr[i]) : 0;
        if (code < 0)
            return code;
    }
    return 0;
}

static void write_head(struct writer *w, const struct draft *d)
{
    const struct question *q = d->question;
    unsigned answers = 0;
    unsigned authority = 0;
    for (size_t i = 0; i < d->count; i++) {
        answers += d->keep[i] && d->rr[i].section == MSG_ANSWER;
        authority += d->keep[i] && d->rr[i].section == MSG_AUTHORITY;
    }
    uint8_t *out = w->bytes;
    reply_put_cause(out, d->reply->cause);
    msg_put_u16(out + 2, MSG_QR | MSG_RA | (d->reply->authentic ? MSG_AD : 0) | (d->reply->rcode & MSG_RCODE));
    msg_put_u16(out + 4, 1);
    msg_put_u16(out + 6, answers);
    msg_put_u16(out + 8, authority);
    msg_put_u16(out + 10, 0);
    memcpy(out + MSG_HEADER_LEN, q->name, q->name_len);
    msg_put_u16(out + MSG_HEADER_LEN + q->name_len, q->type);
    msg_put_u16(out + MSG_HEADER_LEN + q->name_len + 2, q->class);
    w->len = d->reply->question_end;
}

/* Whether record i is of the set that was asked for, or a signature over it: their TTLs are one (RFC 4034, 3). */
static bool is_asked_set(const struct draft *d, size_t i)
{
    const struct msg_rr *rr = &d->rr[i];
    uint16_t type = rr->type == DNS_TYPE_RRSIG ? covered_type(d, rr) : rr->type;
    return d->keep[i] && rr->section == MSG_ANSWER && type == d->question->type;
}

/* No two records of a set may differ: the lowest TTL counts for all (RFC 2181, 5.2). */
static uint32_t set_ttl(const struct draft *d)
{
    uint32_t lowest_s = UINT32_MAX;
    for (size_t i = 0; i < d->count; i++)
        if (is_asked_set(d, i) && ttl_checked(d->rr[i].ttl) < lowest_s)
            lowest_s = ttl_checked(d->rr[i].ttl);
    return lowest_s;
}

/* The SOA of a "no" carries how long that is good. */
static void settle_ttls(const struct draft *d, uint8_t *out)
{
    struct reply *r = d->reply;
    uint32_t set_ttl_s = set_ttl(d);
    size_t n = 0;
    r->ttl_min_s = UINT32_MAX;
    for (size_t i = 0; i < d->count; i++) {
        if (!d->keep[i])
            continue;
        uint8_t *ttl = out + r->ttl_at[n++];
        uint32_t ttl_s = is_asked_set(d, i) ? set_ttl_s : ttl_checked(d->rr[i].ttl);
        if (d->rr[i].section == MSG_AUTHORITY && d->rr[i].type == DNS_TYPE_SOA)
            ttl_s = r->soa_minimum_s;
        else if (ttl_s < r->ttl_min_s)
            r->ttl_min_s = ttl_s;
        msg_put_u32(ttl, ttl_s);
    }
}

int reply_clean(const uint8_t *msg, size_t len, const struct question *question, bool dnssec, uint8_t *out, size_t cap,
                struct reply *reply)
{
    struct draft d;
    draft_begin(&d, msg, len, question, dnssec, reply);
    struct writer w = {.bytes = out, .cap = cap};
    uint16_t flags = msg_u16(msg + 2);
    int code;
    reply->rcode = flags & MSG_RCODE;
    reply->truncated = flags & MSG_TC;
    reply->authentic = flags & MSG_AD;
    reply->had_edns = reply->has_soa = reply->has_ech = reply->withheld = false;
    reply->cause = EDE_NONE;
    reply->soa_minimum_s = 0;
    reply->cookie_len = 0;
    reply->ttl_count = 0;
    reply->chain_count = 0;
    reply->question_end = (uint16_t)(MSG_HEADER_LEN + question->name_len + 4);
    if (cap < reply->question_end)
        return ERR_LIMIT;
    if ((code = collect(&d)) < 0 || (code = follow_chain(&d)) < 0)
        return code;
    if (d.spoilt)
        withhold_services(&d);
    if (!is_in_order(&d))
        order_chain(&d);
    reply->negative = reply->rcode == DNS_RCODE_NXDOMAIN || !d.has_final;
    if ((code = pick_authority(&d)) < 0 || (code = check_kept(&d)) < 0)
        return code;
    write_head(&w, &d);
    if ((code = write_records(&w, &d)) < 0)
        return code;
    settle_ttls(&d, out);
    reply->len = (uint16_t)w.len;
    return 0;
}
