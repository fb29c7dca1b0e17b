#include <string.h>

#include "base/verdict.h"
#include "belisha/block_text.h"
#include "dns/svcb.h"
#include "query/engine.h"
#include "query/local.h"

#define ANY_TTL_S      3600
#define REWRITTEN_TEXT "Rewritten by the school's policy"
#define SAFE_TEXT      "SafeSearch, by the school's policy"

static const struct ede ede_stripped = {.code = EDE_FORGED_ANSWER,
                                        .text = "Encrypted ClientHello removed by the school's policy"};

/* The OPT for this client in *reply, or NULL when it sent none. cookie must live as long as *reply. */
static const struct edns_reply *edns_for(struct query_engine *e, const struct client *c, unsigned rcode, struct ede ede,
                                         struct edns_reply *reply, uint8_t cookie[EDNS_COOKIE_MAX])
{
    if (!c->request.edns.present)
        return NULL;
    *reply = (struct edns_reply){
        .udp_size = MSG_UDP_EDNS,
        .rcode = (uint16_t)rcode,
        .dnssec_ok = c->request.edns.dnssec_ok,
        .ede = ede.code,
        .ede_cached = ede.cached,
        .ede_text = ede.text,
        .ede_short = ede.short_text,
        .cookie = cookie,
    };
    if (__builtin_expect(c->structured, 0) && ede.code == EDE_FORGED_ANSWER)
        reply->ede = EDE_OTHER; /* the draft, 5.2: never "forged" to those who can be told more */
    reply->cookie_len = cookie_make(e, c, cookie);
    reply->subnet = c->asker.subnet;
    reply->subnet_len = c->asker.subnet_len;
    /* RFC 7828, 3.3.2: only over a connection, and only to those who know the option. */
    reply->keepalive = c->request.edns.keepalive && c->source.stream;
    /* Padding hides lengths from who reads along, which is nobody's need in the clear (RFC 8467, 3). */
    if (c->request.edns.padding && source_is_encrypted(&c->source))
        reply->padding_block = EDNS_PADDING_BLOCK;
    reply->keepalive_100ms = (uint16_t)(e->env.opts->stream_idle_ms / 100);
    return reply;
}

static size_t end(struct query_engine *e, const struct client *c, struct answer *a, unsigned rcode, struct ede ede)
{
    struct edns_reply reply;
    uint8_t cookie[EDNS_COOKIE_MAX];
    return answer_end(a, edns_for(e, c, rcode, ede, &reply, cookie));
}

static void begin(const struct client *c, struct answer *a, unsigned rcode, uint8_t *out, size_t cap)
{
    answer_begin(a, out, cap, answer_limit(&c->request, c->source.stream), c->head, &c->request, rcode);
}

size_t compose_error(struct query_engine *e, const struct client *c, unsigned rcode, struct ede ede, uint8_t *out,
                     size_t cap)
{
    struct answer a;
    begin(c, &a, rcode, out, cap);
    return end(e, c, &a, rcode, ede);
}

/* The notice page's address for the asked type; 0: there is none, the answer is NODATA. */
static size_t sinkhole_rdata(const struct query_opts *opts, uint16_t type, const uint8_t **out)
{
    if (type == DNS_TYPE_A && opts->has_sinkhole_v4) {
        *out = ipaddr_v4(&opts->sinkhole_v4);
        return 4;
    }
    if (type == DNS_TYPE_AAAA && opts->has_sinkhole_v6) {
        *out = opts->sinkhole_v6.bytes;
        return 16;
    }
    return 0;
}

/* What ends soon is told for no longer. */
static uint32_t bounded_ttl_s(const struct client *c, uint32_t ttl_s)
{
    return ttl_s < c->ttl_max_s ? ttl_s : c->ttl_max_s;
}

static uint32_t blocked_ttl_s(const struct query_engine *e, const struct client *c)
{
    return bounded_ttl_s(c, e->env.opts->blocked_ttl_s);
}

static const char *block_text(const struct verdict *v)
{
    if (v->reason == REASON_HOLD)
        return BLOCK_TEXT_HOLD;
    return v->reason == REASON_UNLESS_APPROVED ? BLOCK_TEXT_UNLESS_APPROVED : BLOCK_TEXT;
}

/* No list and no category in the text: it must not tell one list from another. */
static struct ede ede_of_block(const struct query_engine *e, const struct client *c)
{
    const struct query_structured *s = &e->env.opts->structured;
    if (__builtin_expect(c->structured, 0))
        return (struct ede){.code = EDE_BLOCKED, .text = s->text, .short_text = s->short_text};
    return (struct ede){.code = EDE_BLOCKED, .text = block_text(&c->verdict), .short_text = BLOCK_TEXT};
}

/*
 * Rare: instead of the notice page's address, those who read structured errors get NXDOMAIN. Where another type of the
 * name may be open (a list's rule about one type, or about an address), NODATA: "no such name" would speak for them all.
 */
__attribute__((noinline)) static unsigned structured_rcode(const struct query_engine *e, const struct client *c)
{
    struct policy_facts facts = c->facts;
    if (c->verdict.action == VERDICT_NODATA || c->verdict.match == MATCH_ADDRESS)
        return DNS_RCODE_NOERROR;
    if (c->verdict.match == MATCH_CNAME)
        facts_of(e, c->matched, c->request.question.type, &facts);
    bool whole = c->verdict.match == MATCH_CLIENT || !facts.typed;
    return whole ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
}

static size_t compose_block(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    const struct query_opts *opts = e->env.opts;
    const uint8_t *rdata = NULL;
    unsigned rcode = c->verdict.action == VERDICT_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
    bool empty = c->verdict.action != VERDICT_NOTICE || c->structured;
    size_t rdata_len = empty ? 0 : sinkhole_rdata(opts, c->request.question.type, &rdata);
    struct answer a;
    if (__builtin_expect(c->structured, 0) && rcode != DNS_RCODE_NXDOMAIN)
        rcode = structured_rcode(e, c);
    begin(c, &a, rcode, out, cap);
    if (rdata_len > 0) {
        answer_add(&a, MSG_ANSWER, NULL, c->request.question.type, blocked_ttl_s(e, c), rdata, rdata_len);
        return end(e, c, &a, rcode, (struct ede){.code = EDE_FORGED_ANSWER, .text = block_text(&c->verdict), .short_text = BLOCK_TEXT});
    }
    answer_add_soa(&a, blocked_ttl_s(e, c));
    return end(e, c, &a, rcode, ede_of_block(e, c));
}

/* A list that asks for REFUSED, or for silence where silence can't be given, blocks too: it is no matter of access. */
static size_t compose_refusal(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    struct ede ede = {.code = EDE_PROHIBITED};
    if (verdict_reason_is_category(c->verdict.reason))
        ede = ede_of_block(e, c);
    return compose_error(e, c, DNS_RCODE_REFUSED, ede, out, cap);
}

/* An alias stands for every type. Where it leads to local records, these come along. */
static void add_listed_alias(struct query_engine *e, const struct client *c, const struct blockdb_clause *r,
                             struct answer *a)
{
    uint8_t target[NAME_MAX_LEN];
    if (!alias_target(r->rdata, r->rdata_len, c->request.question.name, target))
        return;
    answer_add(a, MSG_ANSWER, NULL, DNS_TYPE_CNAME, r->ttl_s, target, name_len(target));
    if (c->request.question.type != DNS_TYPE_CNAME)
        local_add_below(a, e->env.opts, target, c->request.question.type);
}

/* Adds a record that may have ECH for clients who may not. */
static void add_record(const struct query_engine *e, const struct client *c, struct answer *a, const uint8_t *owner,
                       uint16_t type, uint32_t ttl_s, const uint8_t *rdata, size_t rdata_len)
{
    size_t len = a->len;
    answer_add(a, MSG_ANSWER, owner, type, ttl_s, rdata, rdata_len);
    if (svcb_is_type(type) && ech_is_withheld(e, c))
        ech_strip_added(a, len, rdata_len);
}

/* Records that a list gives; NODATA where it gives none of this type. */
static size_t compose_rewrite(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    struct blockdb_clause records[BLOCKDB_CLAUSES_MAX];
    uint16_t type = c->request.question.type;
    struct answer a;
    size_t count = verdict_records(e, c, records);
    begin(c, &a, DNS_RCODE_NOERROR, out, cap);
    for (size_t i = 0; i < count; i++) {
        const struct blockdb_clause *r = &records[i];
        if (r->type == DNS_TYPE_CNAME) {
            add_listed_alias(e, c, r, &a);
        } else if (r->type == type || type == DNS_TYPE_ANY) {
            add_record(e, c, &a, NULL, r->type, r->ttl_s, r->rdata, r->rdata_len);
        }
    }
    if (a.count[MSG_ANSWER] == 0)
        answer_add_soa(&a, e->env.opts->blocked_ttl_s);
    return end(e, c, &a, DNS_RCODE_NOERROR, (struct ede){.code = EDE_FORGED_ANSWER, .text = REWRITTEN_TEXT});
}

static size_t compose_safe(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    uint32_t ttl_s = bounded_ttl_s(c, SAFE_TTL_S);
    struct answer a;
    begin(c, &a, DNS_RCODE_NOERROR, out, cap);
    safe_add(&a, e->env.opts, c, ttl_s);
    if (a.count[MSG_ANSWER] == 0)
        answer_add_soa(&a, ttl_s);
    return end(e, c, &a, DNS_RCODE_NOERROR, (struct ede){.code = EDE_FORGED_ANSWER, .text = SAFE_TEXT});
}

static size_t compose_truncated(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    struct answer a;
    begin(c, &a, DNS_RCODE_NOERROR, out, cap);
    a.overflow = true;
    return end(e, c, &a, DNS_RCODE_NOERROR, (struct ede){.code = EDE_NONE});
}

static size_t compose_negative(struct query_engine *e, const struct client *c, unsigned rcode, uint8_t *out, size_t cap)
{
    struct answer a;
    begin(c, &a, rcode, out, cap);
    answer_add_soa(&a, e->env.opts->negative_ttl_max_s);
    return end(e, c, &a, rcode, (struct ede){.code = EDE_NONE});
}

/* Special-use names and local records. */
static size_t compose_local(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    const struct query_opts *opts = e->env.opts;
    struct answer a;
    switch ((enum policy_special)c->facts.special) {
    case POLICY_SPECIAL_NXDOMAIN:
        return compose_negative(e, c, DNS_RCODE_NXDOMAIN, out, cap);
    case POLICY_SPECIAL_RECORD:
        if (c->facts.special_index >= opts->record_count)
            break;
        begin(c, &a, DNS_RCODE_NOERROR, out, cap);
        if (local_add(&a, opts, c->facts.special_index, c->request.question.type) == 0)
            answer_add_soa(&a, opts->negative_ttl_max_s);
        return end(e, c, &a, DNS_RCODE_NOERROR, (struct ede){.code = EDE_NONE});
    case POLICY_SPECIAL_NODATA:
    case POLICY_SPECIAL_NONE:
    case POLICY_SPECIAL_HELP:
    case POLICY_SPECIAL_ZONE:
    case POLICY_SPECIAL_BLOCK:
    case POLICY_SPECIAL_ALLOW:
    case POLICY_SPECIAL_SAFE_SEARCH:
        break;
    }
    return compose_negative(e, c, DNS_RCODE_NOERROR, out, cap);
}

size_t compose_verdict(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    switch ((enum verdict_action)c->verdict.action) {
    case VERDICT_RESOLVE:
        break;
    case VERDICT_REWRITE:
        return verdict_is_safe_search(&c->verdict) ? compose_safe(e, c, out, cap) : compose_rewrite(e, c, out, cap);
    case VERDICT_TRUNCATED:
        return compose_truncated(e, c, out, cap);
    case VERDICT_NOTICE:
    case VERDICT_NXDOMAIN:
    case VERDICT_NODATA:
        return compose_block(e, c, out, cap);
    case VERDICT_LOCAL:
        return compose_local(e, c, out, cap);
    case VERDICT_NOT_READY:
        return compose_error(e, c, DNS_RCODE_SERVFAIL,
                             (struct ede){.code = EDE_NOT_READY, .text = "The blocklist is not loaded"}, out, cap);
    case VERDICT_REFUSED:
    case VERDICT_ERROR:
    case VERDICT_DROPPED:
        return compose_refusal(e, c, out, cap);
    }
    return 0;
}

size_t compose_any(struct query_engine *e, const struct client *c, uint8_t *out, size_t cap)
{
    static const uint8_t hinfo[] = "\x07RFC8482"; /* CPU; the string's own zero is the empty OS */
    struct answer a;
    begin(c, &a, DNS_RCODE_NOERROR, out, cap);
    answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_HINFO, ANY_TTL_S, hinfo, sizeof hinfo);
    return end(e, c, &a, DNS_RCODE_NOERROR, (struct ede){.code = EDE_NONE});
}

static struct ede ede_of_stored(const struct stored *stored, unsigned rcode)
{
    int16_t cause = reply_cause(stored->msg);
    if (__builtin_expect(stored->stale, 0))
        return (struct ede){.code = rcode == DNS_RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE_ANSWER};
    if (__builtin_expect(stored->withheld, 0))
        return (struct ede){.code = EDE_INVALID_DATA, .text = "A record of the answer is malformed"};
    if (__builtin_expect(cause != EDE_NONE, 0))
        return (struct ede){.code = cause, .text = EDE_TEXT_UPSTREAM};
    return (struct ede){.code = stored->above ? EDE_SYNTHESIZED : EDE_NONE};
}

static uint32_t ttl_now(const struct client *c, const struct stored *stored, uint32_t ttl_s)
{
    uint32_t left_s = stored->stale ? STALE_TTL_S : ttl_s > stored->age_s ? ttl_s - stored->age_s : 0;
    return left_s < c->ttl_max_s ? left_s : c->ttl_max_s;
}

static void count_down(const struct client *c, const struct stored *stored, uint8_t *msg)
{
    for (size_t i = 0; i < stored->ttl_count; i++) {
        uint8_t *at = msg + stored->ttl_at[i];
        msg_put_u32(at, ttl_now(c, stored, msg_u32(at)));
    }
}

/* The data of types that are followed for an alias holds no compressed name, but for CNAME itself. */
static bool add_followed(const struct query_engine *e, const struct client *c, struct answer *a,
                         const struct stored *stored, const struct msg_rr *rr)
{
    uint8_t owner[NAME_MAX_LEN];
    uint8_t target[NAME_MAX_LEN];
    uint32_t ttl_s = ttl_now(c, stored, rr->ttl);
    if (msg_name_unpack(stored->msg, stored->len, rr->name_pos, owner) < 0)
        return false;
    if (rr->type == c->request.question.type) {
        add_record(e, c, a, owner, rr->type, ttl_s, stored->msg + rr->rdata_pos, rr->rdata_len);
        return true;
    }
    if (rr->type != DNS_TYPE_CNAME)
        return true;
    if (msg_name_unpack(stored->msg, stored->len, rr->rdata_pos, target) < 0)
        return false;
    answer_add(a, MSG_ANSWER, owner, rr->type, ttl_s, target, name_len(target));
    return true;
}

/* Not EDE_INVALID_DATA: it was read before, so it is no fault of whoever gave it. */
static const struct ede ede_unreadable = {.code = EDE_OTHER, .text = "The answer can't be read"};

size_t compose_alias(struct query_engine *e, const struct client *c, const struct stored *stored, uint8_t *out,
                     size_t cap)
{
    const struct query_opts *opts = e->env.opts;
    unsigned rcode = msg_u16(stored->msg + 2) & MSG_RCODE;
    struct ede ede = ede_of_stored(stored, rcode);
    if (c->alias_kind != ALIAS_LOCAL)
        ede = (struct ede){.code = EDE_FORGED_ANSWER, .text = c->alias_kind == ALIAS_SAFE ? SAFE_TEXT : REWRITTEN_TEXT};
    else if (stored->has_ech && ech_is_withheld(e, c))
        ede = ede_stripped;
    struct msg_walk walk;
    struct msg_rr rr;
    struct answer a;
    int code = msg_walk_begin(&walk, stored->msg, stored->len);
    begin(c, &a, rcode, out, cap);
    if (c->alias_kind != ALIAS_LOCAL)
        answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_CNAME, bounded_ttl_s(c, c->alias_ttl_s), c->request.question.name,
                   c->request.question.name_len);
    else
        local_add(&a, opts, c->alias, c->request.question.type);
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0 && rr.section == MSG_ANSWER)
        if (!add_followed(e, c, &a, stored, &rr))
            code = ERR_MALFORMED;
    if (code < 0)
        return compose_error(e, c, DNS_RCODE_SERVFAIL, ede_unreadable, out, cap);
    return end(e, c, &a, rcode, ede);
}

size_t compose_stored(struct query_engine *e, const struct client *c, const struct stored *stored, uint8_t *out,
                      size_t cap)
{
    const struct request *request = &c->request;
    uint16_t flags = msg_u16(stored->msg + 2);
    unsigned rcode = flags & MSG_RCODE;
    bool stripped = __builtin_expect(stored->has_ech, 0) && ech_is_withheld(e, c);
    bool wants_ad = request->edns.dnssec_ok || (request->flags & MSG_AD);
    bool ad = wants_ad && (flags & MSG_AD) && !stored->stale && !stripped;
    struct answer a = {
        .bytes = out,
        .cap = cap,
        .limit = answer_limit(request, c->source.stream),
        .len = stored->len,
        .question_end = (uint16_t)stored->question_end,
        .count = {1, msg_u16(stored->msg + 6), msg_u16(stored->msg + 8), 0},
    };
    struct ede ede = ede_of_stored(stored, rcode); /* before out, which may be stored->msg, is written to */
    size_t room = a.limit < cap ? a.limit : cap;
    if (stored->len > (stripped ? cap : room)) {
        a.overflow = true;
        a.len = stored->question_end;
    } else if (stored->msg != out) {
        memcpy(out, stored->msg, stored->len);
    }
    if (!a.overflow)
        count_down(c, stored, out);
    if (stripped && !a.overflow)
        ech_strip(&a, stored);
    memcpy(out, c->head, stored->question_end);
    msg_put_u16(out, request->id);
    msg_put_u16(out + 2, MSG_QR | MSG_RA | (request->flags & (MSG_RD | MSG_CD)) | (ad ? MSG_AD : 0) | rcode);
    return end(e, c, &a, rcode, stripped ? ede_stripped : ede);
}
