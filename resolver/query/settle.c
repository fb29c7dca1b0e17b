#include <string.h>

#include "dns/svcb.h"
#include "query/failure.h"
#include "query/flight.h"
#include "upstream/cause.h"

static void hand_over(struct query_engine *e, struct client *c, size_t len, struct query_time now)
{
    client_end_alias(c);
    note_answer(e, c, e->out, len, now);
    /* As a list asks. A connection counts its questions: there, REFUSED takes the place of silence. */
    if (c->verdict.action == VERDICT_DROPPED && !c->source.stream)
        return;
    e->io.answer(e->io.ctx, &c->source, e->out, len);
}

/* What the target of a list's alias, or of SafeSearch, is answered with. */
static void settle_given(struct query_engine *e, struct client *c, const struct stored *stored, struct query_time now)
{
    switch (c->alias_void ? ALIAS_GONE : alias_judge(e, c, stored)) {
    case ALIAS_STANDS:
        hand_over(e, c, compose_alias(e, c, stored, e->out, sizeof e->out), now);
        return;
    case ALIAS_KEPT:
        hand_over(e, c, compose_verdict(e, c, e->out, sizeof e->out), now);
        return;
    case ALIAS_GONE:
        settle_failure(e, c, (struct ede){.code = EDE_OTHER, .text = ALIAS_GONE_TEXT}, now);
        return;
    }
}

void settle_stored(struct query_engine *e, struct client *c, const struct stored *stored, struct query_time now)
{
    if (c->aliased && c->alias_kind != ALIAS_LOCAL) {
        settle_given(e, c, stored, now);
        return;
    }
    if (c->aliased && c->verdict.action == VERDICT_LOCAL) {
        if (c->alias_void)
            settle_failure(e, c, (struct ede){.code = EDE_OTHER, .text = "The local records have changed: ask again"},
                           now);
        else
            hand_over(e, c, compose_alias(e, c, stored, e->out, sizeof e->out), now);
        return;
    }
    /* The policy may have changed since the question went out: today's verdict need not be to resolve. */
    size_t len = compose_verdict(e, c, e->out, sizeof e->out);
    if (len == 0)
        len = compose_stored(e, c, stored, e->out, sizeof e->out);
    hand_over(e, c, len, now);
}

void settle_failure(struct query_engine *e, struct client *c, struct ede ede, struct query_time now)
{
    hand_over(e, c, compose_error(e, c, DNS_RCODE_SERVFAIL, ede, e->out, sizeof e->out), now);
}

bool settle_stale(struct query_engine *e, struct client *c, struct query_time now)
{
    const struct query_opts *opts = e->env.opts;
    struct cache_key key;
    struct cache_hit hit;
    if (!opts->serve_stale)
        return false;
    client_cache_key(e, c, &key);
    if (!cache_get(e->env.cache, &key, now.mono_ms, (int64_t)opts->stale_max_s * 1000, e->clean, STORED_MSG_CAP, &hit))
        return false;
    struct stored stored = {.msg = e->clean,
                            .len = hit.msg_len,
                            .question_end = hit.question_end,
                            .ttl_at = hit.ttl_at,
                            .ttl_count = hit.ttl_count,
                            .age_s = (uint32_t)((now.mono_ms - hit.stored_ms) / 1000),
                            .stale = now.mono_ms >= hit.expires_ms, /* else another worker has it anew */
                            .has_ech = mark_has_ech(hit.mark)};
    /* The lists may have changed since it was fetched: a stale answer passes today's policy. */
    facts_of(e, c->request.question.name, c->request.question.type, &c->facts);
    if (!c->aliased)
        verdict_decide(e, c);
    if ((c->aliased ? verdict_follow_alias(e, c, &stored) : verdict_follow_stored(e, c, &stored)) < 0)
        return false;
    c->cache_state = stored.stale ? QLOG_CACHE_STALE : QLOG_CACHE_HIT;
    settle_stored(e, c, &stored, now);
    return true;
}

/* ---- an accepted reply ---- */

struct settled {
    const struct stored *stored;
    const struct reply *reply;
    const struct flight *flight;
    uint16_t server;
    struct ipaddr inside; /* the address that makes it a rebinding */
};

/* What is asked for says itself where it leads; of other types the aliases before it do. */
static bool leads_by_data(uint16_t type)
{
    return type == DNS_TYPE_CNAME || svcb_is_type(type);
}

/* What the reply makes of a waiting client's verdict. Negative: nobody knows where it leads. */
static int judge(const struct query_engine *e, struct client *c, const struct settled *s)
{
    c->facts = s->flight->facts;
    c->upstream = s->server;
    if (c->aliased) /* the school's own record leads there: that is its decision, as far as it may decide */
        return verdict_follow_alias(e, c, s->stored);
    verdict_decide(e, c);
    if (leads_by_data(s->flight->question.type))
        return verdict_follow_stored(e, c, s->stored);
    verdict_follow_chain(e, c, s->reply->chain, s->reply->chain_count);
    verdict_check_addresses(e, c, s->stored);
    return 0;
}

static void answer_waiter(struct query_engine *e, struct client *c, const void *ctx, struct query_time now)
{
    const struct settled *s = ctx;
    if (judge(e, c, s) < 0)
        settle_failure(e, c, (struct ede){.code = EDE_OTHER, .text = "The answer can't be read"}, now);
    else
        settle_stored(e, c, s->stored, now);
}

static void refuse_rebinding(struct query_engine *e, struct client *c, const void *ctx, struct query_time now)
{
    const struct settled *s = ctx;
    struct ede ede = {.code = EDE_BLOCKED, .text = "A public name led to a private address"};
    if (judge(e, c, s) == 0 && c->verdict.reason == REASON_STATUTORY) { /* no record may name what leads there */
        settle_stored(e, c, s->stored, now);
        return;
    }
    c->matched_address = s->inside;
    c->verdict.action = VERDICT_REFUSED;
    c->verdict.reason = REASON_REBINDING;
    c->verdict.match = MATCH_ADDRESS;
    hand_over(e, c, compose_error(e, c, DNS_RCODE_REFUSED, ede, e->out, sizeof e->out), now);
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Puts all TTLs between the configured bounds and returns for how long the message is good, in s. */
static uint32_t ttl_settle(const struct query_opts *opts, uint8_t *msg, const struct reply *r)
{
    uint32_t max_s =
        r->negative && opts->negative_ttl_max_s < opts->ttl_max_s ? opts->negative_ttl_max_s : opts->ttl_max_s;
    uint32_t min_s = opts->ttl_min_s < max_s ? opts->ttl_min_s : max_s;
    for (size_t i = 0; i < r->ttl_count; i++)
        msg_put_u32(msg + r->ttl_at[i], clamp(msg_u32(msg + r->ttl_at[i]), min_s, max_s));
    if (!r->negative)
        return clamp(r->ttl_min_s, min_s, max_s);
    /* Without an SOA nobody said how long "no" is good (RFC 2308, 5). */
    if (!r->has_soa)
        return 0;
    uint32_t good_s = r->ttl_min_s < r->soa_minimum_s ? r->ttl_min_s : r->soa_minimum_s;
    return clamp(good_s, min_s, max_s);
}

static uint64_t chain_listed(const struct query_engine *e, const struct flight *f, const struct reply *r,
                             const struct stored *stored)
{
    if (leads_by_data(f->question.type))
        return answer_listed(e, stored, f->question.type);
    uint64_t listed = addresses_listed(e, stored);
    for (unsigned i = 0; i < r->chain_count; i++) {
        struct policy_facts facts;
        facts_of(e, r->chain[i], f->question.type, &facts);
        listed |= facts_chain_listed(&facts);
    }
    return listed;
}

static void keep(struct query_engine *e, const struct flight *f, const struct reply *r, const struct stored *stored,
                 uint32_t good_s, int64_t now_ms)
{
    struct mark mark = {
        .facts = f->facts,
        .chain_listed = chain_listed(e, f, r, stored),
    };
    mark.facts.callers = r->has_ech;
    uint8_t bytes[CACHE_MARK_BYTES];
    memcpy(bytes, &mark, sizeof bytes);
    cache_put(e->env.cache, &f->key, e->clean, r->len, r->question_end, r->ttl_at, r->ttl_count, now_ms,
              (int64_t)good_s * 1000, bytes);
}

static void settle_reply(struct query_engine *e, struct flight *f, struct reply *r, uint16_t server,
                         struct query_time now)
{
    uint32_t good_s = ttl_settle(e->env.opts, e->clean, r);
    struct stored stored = {.msg = e->clean,
                            .len = r->len,
                            .question_end = r->question_end,
                            .ttl_at = r->ttl_at,
                            .ttl_count = r->ttl_count,
                            .has_ech = r->has_ech,
                            .withheld = r->withheld};
    struct settled ctx = {.stored = &stored, .reply = r, .flight = f, .server = server};
    if (!facts_current(e, &f->facts))
        facts_of(e, f->question.name, f->question.type, &f->facts);
    if (e->env.opts->zones[f->key.partition].rebinding_check && answer_is_rebinding(&stored, &ctx.inside)) {
        metrics_add(e->env.metrics, METRIC_REBINDING, 1);
        flight_release(e, f, refuse_rebinding, &ctx, now);
        flight_end(e, f);
        return;
    }
    if (good_s > 0)
        keep(e, f, r, &stored, good_s, now.mono_ms);
    else
        cache_drop(e->env.cache, &f->key); /* what it replaces must not come back as a stale answer (RFC 8767, 4) */
    /* At the end of an alias it is the target that does not exist. */
    if (good_s > 0 && r->rcode == DNS_RCODE_NXDOMAIN && r->has_soa && r->chain_count == 0)
        absence_keep(e, &f->key, &stored, (int64_t)good_s * 1000, now.mono_ms);
    flight_release(e, f, answer_waiter, &ctx, now);
    flight_end(e, f);
}

/* Nothing to be had from this server: another one may know. */
static void settle_next(struct query_engine *e, struct flight *f, uint16_t server, struct query_time now)
{
    f->said_no |= flight_bit(e, f, server);
    if (!flight_tried_all(e, f)) {
        flight_try(e, f, now);
        return;
    }
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL)
            return;
    flight_fail(e, f, now);
}

/* The server said something other than yes or no. */
static void settle_refusal(struct query_engine *e, struct flight *f, const struct reply *r, uint16_t server,
                           struct query_time now)
{
    if (r->rcode == DNS_RCODE_REFUSED)
        f->refused = true;
    else
        f->answered = true;
    f->cause = cause_better(f->cause, r->cause);
    settle_next(e, f, server, now);
}

/* A broken datagram does not end the wait for a good one. Over a stream, or where it is only too much, none will come. */
static void settle_unusable(struct query_engine *e, struct flight *f, struct ask *ask, int code, struct query_time now)
{
    meter_add(e->meters[ask->server], METER_UNUSABLE, 1);
    if (!ask->stream && code != ERR_LIMIT)
        return;
    uint16_t server = ask->server;
    ask_close(&e->asks, ask);
    f->unusable = true;
    settle_next(e, f, server, now);
}

/* RFC 7873, 5.3: once more with the cookie that came along, then over TCP, which needs none. */
static void settle_bad_cookie(struct query_engine *e, struct flight *f, uint16_t server, struct query_time now)
{
    bool again = f->bad_cookie;
    f->bad_cookie = true;
    flight_retry(e, f, server, again, now);
}

static enum meter_count outcome_of(unsigned rcode)
{
    switch (rcode) {
    case DNS_RCODE_NOERROR:
    case DNS_RCODE_NXDOMAIN:
    case DNS_RCODE_YXDOMAIN:
        return METER_ANSWERS;
    case DNS_RCODE_SERVFAIL:
        return METER_SERVFAIL;
    case DNS_RCODE_REFUSED:
        return METER_REFUSED;
    default:
        return METER_ERRORS;
    }
}

/*
 * Old servers know no OPT, and say so in several ways (RFC 6891, 7). Some that know it stumble over an option in it, and send
 * FORMERR with an OPT.
 */
static bool refuses_edns(const struct reply *r)
{
    return r->rcode == DNS_RCODE_FORMERR || r->rcode == DNS_RCODE_BADVERS ||
           (r->rcode == DNS_RCODE_NOTIMP && !r->had_edns);
}

static void settle_without_edns(struct query_engine *e, struct flight *f, const struct reply *r, uint16_t server,
                                bool stream, struct query_time now)
{
    if (r->had_edns && r->rcode == DNS_RCODE_FORMERR)
        f->bare |= flight_bit(e, f, server);
    else
        server_note_no_edns(&e->servers[server], now.mono_ms);
    flight_retry(e, f, server, stream, now);
}

/* A server that knows: all others can only say the same. */
static bool is_answer(const struct reply *r)
{
    switch (r->rcode) {
    case DNS_RCODE_NOERROR:
        return !r->referral;
    case DNS_RCODE_NXDOMAIN:
        return true;
    case DNS_RCODE_YXDOMAIN:
        return r->ttl_count > 0; /* with the DNAME that makes the name too long */
    default:
        return false;
    }
}

void flight_settle(struct query_engine *e, struct flight *f, struct ask *ask, const uint8_t *msg, size_t len,
                   struct query_time now)
{
    struct reply r;
    uint16_t server = ask->server;
    bool stream = ask->stream;
    bool truncated = msg_u16(msg + 2) & MSG_TC;
    bool dnssec = f->key.flags & CACHE_KEY_DO;
    /* What TC came with is not used (RFC 2181, 9), and some servers cut within a record: it need not parse. */
    int code = truncated ? 0 : reply_clean(msg, len, &f->question, dnssec, e->clean, STORED_MSG_CAP, &r);
    if (code < 0) {
        settle_unusable(e, f, ask, code, now);
        return;
    }
    /* What TC came with was not read: the answer over TCP will tell. */
    if (!truncated && !stream && !server_take_cookie(&e->servers[server], r.cookie, r.cookie_len)) {
        meter_add(e->meters[server], METER_COOKIE, 1);
        return;
    }
    bool without_edns = !truncated && ask->edns && refuses_edns(&r);
    if ((ask->edns || ask->edns_probe) && !without_edns)
        server_note_edns_answer(&e->servers[server], ask->edns, now.mono_ms);
    servers_note_reply(e, ask, now);
    meter_add(e->meters[server], truncated ? METER_TRUNCATED : outcome_of(r.rcode), 1);
    if (ask->spelt)
        server_note_spelling(&e->servers[server], true, now.mono_ms);
    if (__builtin_expect(e->env.tap != NULL, 0))
        tell_reply(e, f, ask, msg, len, truncated ? NULL : &r, now);
    flight_blame(e, f, server, ask->sent_ms, now.mono_ms); /* asked earlier, and silent still */
    ask_close(&e->asks, ask);
    if (truncated && !stream) {
        flight_retry(e, f, server, true, now);
    } else if (truncated) {
        f->unusable = true;
        settle_next(e, f, server, now);
    } else if (without_edns) {
        settle_without_edns(e, f, &r, server, stream, now);
    } else if (r.rcode == DNS_RCODE_BADCOOKIE && !stream) {
        settle_bad_cookie(e, f, server, now);
    } else if (is_answer(&r)) {
        server_note_use(&e->servers[server], true);
        settle_reply(e, f, &r, server, now);
    } else {
        /* SERVFAIL is about the name. Whoever refuses, or does not look up, may do so always. */
        if (r.rcode != DNS_RCODE_SERVFAIL)
            server_note_use(&e->servers[server], false);
        settle_refusal(e, f, &r, server, now);
    }
}

/* ---- no answer to be had ---- */

struct failed {
    struct ede ede;
    bool *stale_given;
};

static void fail_waiter(struct query_engine *e, struct client *c, const void *ctx, struct query_time now)
{
    const struct failed *failed = ctx;
    if (settle_stale(e, c, now))
        *failed->stale_given = true;
    else
        settle_failure(e, c, failed->ede, now);
}

void flight_fail(struct query_engine *e, struct flight *f, struct query_time now)
{
    uint16_t failure = failure_of(f);
    struct ede ede = failure_ede(failure);
    if (__builtin_expect(e->env.tap != NULL, 0))
        tell_silence(e, f, now);
    flight_blame(e, f, UINT16_MAX, now.mono_ms, now.mono_ms);
    struct failed failed = {.ede = ede, .stale_given = &f->stale_given};
    flight_release(e, f, fail_waiter, &failed, now);
    failure_keep(e, f, failure, now.mono_ms);
    flight_end(e, f);
}
