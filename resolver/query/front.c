#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "query/failure.h"
#include "query/passage.h"

struct passage *passages_new(void)
{
    return calloc(QUERY_BATCH_MAX, sizeof(struct passage));
}

void passage_give(struct query_engine *e, struct query_item *item, struct client *c, size_t len, struct query_time now)
{
    item->out_len = len;
    bool silent = verdict_is_silence(&c->verdict); /* as a list asks */
    item->step = silent ? QUERY_DROP : QUERY_ANSWER;
    client_end_alias(c);
    note_answer(e, c, item->out, len, now);
}

/* What is answered without a look at the name. Who asks for help is not written down, whatever was wrong with the question. */
static struct verdict verdict_unseen(const struct query_engine *e, const struct client *c, enum verdict_action action,
                                     enum verdict_reason reason)
{
    const struct request *r = &c->request;
    return (struct verdict){.action = (uint8_t)action,
                            .reason = (uint8_t)reason,
                            .category = CATEGORY_NONE,
                            .feed = VERDICT_NO_FEED,
                            .unattributed = r->has_question && policy_is_help(e->env.policy, r->question.name)};
}

static void give_error(struct query_engine *e, struct query_item *item, struct client *c, enum verdict_action action,
                       enum verdict_reason reason, unsigned rcode, struct ede ede, struct query_time now)
{
    c->verdict = verdict_unseen(e, c, action, reason);
    passage_give(e, item, c, compose_error(e, c, rcode, ede, item->out, item->out_cap), now);
}

/* ---- open ---- */

/* Questions that are not names to be resolved: transfers, transaction types, other classes than IN. */
static bool is_refused_kind(const struct question *q)
{
    switch (q->type) {
    case 0:
    case DNS_TYPE_OPT:
    case DNS_TYPE_IXFR:
    case DNS_TYPE_AXFR:
    case DNS_TYPE_MAILA:
    case DNS_TYPE_MAILB:
    case 249:
    case 250: /* TKEY, TSIG */
        return true;
    default:
        return q->class != DNS_CLASS_IN;
    }
}

uint16_t zone_of(const struct query_opts *opts, const uint8_t *name)
{
    uint16_t best = 0;
    unsigned best_labels = 0;
    for (size_t i = 1; i < opts->zone_count; i++) {
        unsigned labels = name_label_count(opts->zones[i].name);
        if (labels >= best_labels && name_is_at_or_below(name, opts->zones[i].name)) {
            best = (uint16_t)i;
            best_labels = labels;
        }
    }
    return best;
}

void client_cache_key(const struct query_engine *e, const struct client *c, struct cache_key *key)
{
    const struct question *q = &c->request.question;
    *key = (struct cache_key){
        .name = q->name,
        .name_len = q->name_len,
        .type = q->type,
        .class = q->class,
        .partition = c->zone,
        .flags = (uint8_t)((c->request.edns.present && c->request.edns.dnssec_ok ? CACHE_KEY_DO : 0) |
                           (c->request.flags & MSG_CD ? CACHE_KEY_CD : 0)),
    };
    cache_key_hash(e->env.cache, key);
}

/* What the rcode does not say already. */
static struct ede ede_of_fault(const struct client *c, int rcode)
{
    if (rcode == DNS_RCODE_NOTIMP)
        return (struct ede){.code = EDE_NOT_SUPPORTED};
    if (rcode == DNS_RCODE_FORMERR && c->request.has_question && c->request.question.type == DNS_TYPE_NXNAME)
        return (struct ede){.code = EDE_INVALID_QUERY_TYPE};
    return (struct ede){.code = EDE_NONE};
}

/* RFC 7873, 5.4: no question, but for a server cookie, or whether the one that came still holds. The OPT has the new one. */
static void give_cookie(struct query_engine *e, struct query_item *item, struct client *c, struct query_time now)
{
    const struct ede none = {.code = EDE_NONE};
    if (c->request.edns.cookie_len == EDNS_COOKIE_CLIENT_LEN || cookie_is_ours(e, c))
        give_error(e, item, c, VERDICT_LOCAL, REASON_NETWORK_DUTY, DNS_RCODE_NOERROR, none, now);
    else
        give_error(e, item, c, VERDICT_ERROR, REASON_BAD_QUESTION, DNS_RCODE_BADCOOKIE, none, now);
}

static enum stage refuse(struct query_engine *e, struct query_item *item, struct client *c, int rcode,
                         struct query_time now)
{
    if (c->group == POLICY_GROUP_DENIED)
        give_error(e, item, c, VERDICT_REFUSED, REASON_ACCESS, DNS_RCODE_REFUSED,
                   (struct ede){.code = EDE_PROHIBITED, .text = "This server answers its own networks only"}, now);
    else if (c->request.asks_cookie)
        give_cookie(e, item, c, now);
    else if (rcode > 0)
        give_error(e, item, c, VERDICT_ERROR, REASON_BAD_QUESTION, (unsigned)rcode, ede_of_fault(c, rcode), now);
    else
        give_error(e, item, c, VERDICT_REFUSED, REASON_BAD_QUESTION, DNS_RCODE_REFUSED,
                   (struct ede){.code = EDE_NOT_SUPPORTED}, now);
    return STAGE_DONE;
}

/* The share of the client that client_stand() was last asked about. */
static enum fair_answer take_share(struct query_engine *e, const struct client *c, int64_t now_ms)
{
    const struct query_opts *o = e->env.opts;
    if (!c->source.stream) {
        enum fair_answer answer = fair_take(&e->fair, e->last_share, o->client_rate, o->client_burst, now_ms);
        if (answer == FAIR_GRANTED || !cookie_is_ours(e, c))
            return answer;
    }
    return fair_take(&e->fair, fair_proven(e->last_share), o->client_rate, o->client_burst, now_ms);
}

/*
 * Over UDP, TC: a true client comes back over TCP, where its share is not what others use up in its name. Most questions
 * of a flood get no answer and no line in the log, so that a flood costs the other clients as little as can be.
 */
static enum stage limit(struct query_engine *e, struct query_item *item, struct client *c, enum fair_answer answer,
                        struct query_time now)
{
    struct ede ede = {.code = EDE_PROHIBITED, .text = "Too many questions from this address"};
    metrics_add(e->env.metrics, METRIC_LIMIT_RATE, 1);
    if (answer == FAIR_DROP) {
        metrics_add(e->env.metrics, METRIC_DROPPED, 1);
        item->step = QUERY_DROP;
        return STAGE_DONE;
    }
    c->verdict = verdict_unseen(e, c, VERDICT_DROPPED, REASON_RATE_LIMIT);
    bool stream = c->source.stream;
    size_t len = compose_error(e, c, stream ? DNS_RCODE_REFUSED : DNS_RCODE_NOERROR, ede, item->out, item->out_cap);
    if (!stream)
        msg_put_u16(item->out + 2, msg_u16(item->out + 2) | MSG_TC);
    passage_give(e, item, c, len, now);
    return STAGE_DONE;
}

static enum metric counter_of(uint8_t transport)
{
    static const enum metric counters[] = {[QLOG_UDP] = METRIC_QUERIES_UDP,
                                           [QLOG_TCP] = METRIC_QUERIES_TCP,
                                           [QLOG_DOT] = METRIC_QUERIES_DOT,
                                           [QLOG_DOH] = METRIC_QUERIES_DOH};
    return counters[transport];
}

/* Rare: who asks for structured errors, once they are set up. */
__attribute__((noinline)) static bool asks_structured(const struct query_structured *s, const struct query_item *item,
                                                      const struct client *c)
{
    const struct request *request = &c->request;
    if (s->encrypted_only && !source_is_encrypted(&item->source))
        return false;
    if (c->asker.has_mac && s->option_code == FORWARDED_OPTION_MAC)
        return false; /* the number is for local use, and a forwarder uses it for something else */
    return request->edns.present &&
           edns_asks_structured(item->msg + request->options_pos, request->options_len, s->option_code, s->by_ede);
}

static enum stage open_item(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    int rcode = request_parse(item->msg, item->msg_len, &c->request);
    metrics_add(e->env.metrics, counter_of(item->source.transport), 1);
    if (rcode < 0) {
        metrics_add(e->env.metrics, METRIC_DROPPED, 1);
        item->step = QUERY_DROP;
        return STAGE_DONE;
    }
    c->source = item->source;
    asker_begin(&c->asker, &item->source.client.addr);
    if (__builtin_expect(c->request.options_len > 0 && e->env.opts->forwarder_count > 0, 0))
        asker_read(e, &item->source.client.addr, item->msg + c->request.options_pos, c->request.options_len, &c->asker);
    c->structured = __builtin_expect(c->request.options_len > 0 && e->structured, 0) &&
                    asks_structured(&e->env.opts->structured, item, c);
    c->asked = now;
    c->match = NULL;
    c->ttl_max_s = UINT32_MAX;
    c->aliased = c->alias_void = false;
    c->alias_kind = ALIAS_LOCAL;
    c->barred = 0;
    c->zone = 0;
    c->cache_state = QLOG_CACHE_NONE;
    c->upstream = QLOG_NO_UPSTREAM;
    memcpy(c->head, item->msg, c->request.has_question ? c->request.question_end : MSG_HEADER_LEN);
    client_stand(e, c);
    enum fair_answer share = e->last_limited ? take_share(e, c, now.mono_ms) : FAIR_GRANTED;
    if (share != FAIR_GRANTED)
        return limit(e, item, c, share, now);
    if (rcode == 0 && c->request.question.type == DNS_TYPE_NXNAME)
        rcode = DNS_RCODE_FORMERR; /* RFC 9824, 3.5: it stands in NSEC records only */
    if (rcode == 0 && item->source.stream && c->request.edns.present && c->request.edns.keepalive_timed)
        rcode = DNS_RCODE_FORMERR; /* RFC 7828, 3.2.1; over UDP the option is ignored (3.3.1) */
    if (rcode > 0 || c->group == POLICY_GROUP_DENIED || is_refused_kind(&c->request.question))
        return refuse(e, item, c, rcode, now);
    if (e->env.opts->zone_count > 1)
        c->zone = zone_of(e->env.opts, c->request.question.name);
    client_cache_key(e, c, &p->key);
    cache_fetch_bucket(e->env.cache, &p->key);
    return STAGE_RECALL;
}

/* ---- recall ---- */

struct stored passage_stored(const struct passage *p, int64_t now_ms)
{
    return (struct stored){
        .msg = p->msg,
        .len = p->hit.msg_len,
        .question_end = p->hit.question_end,
        .ttl_at = p->hit.ttl_at,
        .ttl_count = p->hit.ttl_count,
        .age_s = (uint32_t)((now_ms - p->hit.stored_ms) / 1000),
        .has_ech = mark_has_ech(p->hit.mark),
    };
}

/*
 * The whole of a fresh entry, in item->out or, where that has no room for it, in e->clean: until another one is read there.
 */
static bool find_hit(struct query_engine *e, struct query_item *item, struct passage *p, int64_t now_ms)
{
    p->msg = item->out;
    if (!cache_get(e->env.cache, &p->key, now_ms, 0, item->out, item->out_cap, &p->hit))
        return false;
    if (__builtin_expect(!p->hit.cut, 1))
        return true;
    p->msg = e->clean;
    return cache_get(e->env.cache, &p->key, now_ms, 0, e->clean, STORED_MSG_CAP, &p->hit);
}

/*
 * Answers from the entry at p->msg; the facts are c->facts. An entry that can't be read to its end leaves the passage as it
 * is.
 */
static void give_hit(struct query_engine *e, struct query_item *item, struct passage *p, const struct mark *mark,
                     struct query_time now)
{
    struct client *c = &p->client;
    struct stored stored = passage_stored(p, now.mono_ms);
    verdict_decide(e, c);
    if (mark->chain_listed != 0 && verdict_follow_stored(e, c, &stored) < 0)
        return;
    if (c->verdict.action == VERDICT_REWRITE && c->verdict.match != MATCH_CNAME && c->verdict.match != MATCH_ADDRESS)
        return; /* by a rule of the name itself, or SafeSearch: both may be an alias that decide() follows */
    size_t len = compose_verdict(e, c, item->out, item->out_cap);
    if (len == 0) {
        c->cache_state = QLOG_CACHE_HIT;
        len = compose_stored(e, c, &stored, item->out, item->out_cap);
    }
    passage_give(e, item, c, len, now);
    p->stage = STAGE_DONE;
    if (p->hit.want_prefetch && c->cache_state == QLOG_CACHE_HIT)
        flight_refresh(e, c, &p->key, now);
}

static enum stage recall(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct mark mark;
    p->hit_fresh = find_hit(e, item, p, now.mono_ms);
    if (!p->hit_fresh)
        return STAGE_LIST;
    memcpy(&mark, p->hit.mark, sizeof mark);
    if (!facts_current(e, &mark.facts))
        return STAGE_LIST;
    p->client.facts = mark.facts;
    give_hit(e, item, p, &mark, now);
    if (p->stage == STAGE_DONE)
        return STAGE_DONE;
    p->hit_fresh = false;
    return STAGE_LIST;
}

/* ---- list ---- */

static void list_batch(struct query_engine *e, struct passage passages[], size_t count)
{
    const struct name_key *keys[QUERY_BATCH_MAX];
    struct blockdb_match matches[QUERY_BATCH_MAX];
    struct passage *asked[QUERY_BATCH_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (passages[i].stage != STAGE_LIST)
            continue;
        name_key_make(passages[i].client.request.question.name, &passages[i].name);
        keys[n] = &passages[i].name;
        asked[n++] = &passages[i];
    }
    if (n == 0)
        return;
    if (e->env.blockdb != NULL)
        blockdb_lookup_batch(e->env.blockdb, keys, n, matches);
    for (size_t i = 0; i < n; i++) {
        struct client *c = &asked[i]->client;
        if (e->env.blockdb != NULL && matches[i].typed)
            blockdb_lookup_type(e->env.blockdb, keys[i], c->request.question.type, &matches[i]);
        if (e->env.blockdb != NULL && matches[i].given_up > 0)
            metrics_add(e->env.metrics, METRIC_PATTERNS_GIVEN_UP, matches[i].given_up);
        policy_facts_from_match(e->env.policy, c->request.question.name, e->env.blockdb == NULL ? NULL : &matches[i],
                                c->request.question.type, e->basis, &c->facts);
        facts_add_statutory(e, keys[i], &c->facts);
        facts_add_decisions(e, c->request.question.name, &c->facts);
        if (e->env.blockdb != NULL && matches[i].hit_count > 0) { /* what the log will want to know of a block */
            asked[i]->match = matches[i];
            c->match = &asked[i]->match;
        }
        asked[i]->stage = STAGE_DECIDE;
    }
}

/* The entry was of an older generation: gives it today's facts, for this answer and the next ones. */
static void renew_hit(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct stored stored = passage_stored(p, now.mono_ms);
    uint8_t bytes[CACHE_MARK_BYTES];
    struct mark mark = {.facts = p->client.facts,
                        .chain_listed = answer_listed(e, &stored, p->client.request.question.type)};
    mark.facts.callers = stored.has_ech;
    memcpy(bytes, &mark, sizeof bytes);
    cache_set_mark(e->env.cache, &p->key, p->hit.stored_ms, bytes);
    give_hit(e, item, p, &mark, now);
}

/* ---- decide ---- */

/*
 * Not for protected help: some servers say "no such name" of a type that they do not know, and who needs help must not
 * pay for what somebody else has asked.
 */
static bool give_absence(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    struct stored stored;
    if (c->facts.special == POLICY_SPECIAL_HELP || !absence_find(e, c, &p->key, now.mono_ms, p->hit.ttl_at, &stored))
        return false;
    c->cache_state = QLOG_CACHE_HIT;
    passage_give(e, item, c, compose_stored(e, c, &stored, item->out, item->out_cap), now);
    return true;
}

void passage_forward(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    struct ede failed;
    if (!(c->request.flags & MSG_RD)) {
        give_error(e, item, c, VERDICT_REFUSED, REASON_BAD_QUESTION, DNS_RCODE_REFUSED,
                   (struct ede){.code = EDE_NOT_AUTHORITATIVE, .text = "Ask with RD set"}, now);
        return;
    }
    if (c->request.question.type == DNS_TYPE_ANY) {
        passage_give(e, item, c, compose_any(e, c, item->out, item->out_cap), now);
        return;
    }
    if (!c->aliased && give_absence(e, item, p, now))
        return;
    item->step = QUERY_PENDING;
    if (failure_find(e, &p->key, now.mono_ms, &failed)) {
        if (!settle_stale(e, c, now))
            settle_failure(e, c, failed, now);
        return;
    }
    if (flight_join(e, c, &p->key, now) == FLIGHT_WAITS)
        return;
    metrics_add(e->env.metrics, METRIC_LIMIT_PENDING, 1);
    if (!settle_stale(e, c, now))
        settle_failure(e, c, (struct ede){.code = EDE_OTHER, .text = "Too many questions are waiting"}, now);
}

static void decide(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    if (p->hit_fresh && p->msg != item->out) /* others of the batch have used that room since */
        p->hit_fresh = find_hit(e, item, p, now.mono_ms);
    if (p->hit_fresh) {
        renew_hit(e, item, p, now);
        if (p->stage == STAGE_DONE)
            return;
    }
    verdict_decide(e, c);
    if (follow_local(e, item, p, now) || follow_listed(e, item, p, now) || follow_safe(e, item, p, now))
        return;
    size_t len = compose_verdict(e, c, item->out, item->out_cap);
    if (len > 0) {
        passage_give(e, item, c, len, now);
        return;
    }
    passage_forward(e, item, p, now);
}

void query_batch(struct query_engine *e, struct query_item items[], size_t count, struct query_time now)
{
    struct passage *passages = e->passages;
    assert(count <= QUERY_BATCH_MAX);
    engine_set_time(e, now);
    if (e->env.presence != NULL)
        for (size_t i = 0; i < count; i++)
            presence_fetch(e->env.presence, &items[i].source.client.addr);
    for (size_t i = 0; i < count; i++)
        passages[i].stage = open_item(e, &items[i], &passages[i], now);
    for (size_t i = 0; i < count; i++)
        if (passages[i].stage == STAGE_RECALL)
            cache_fetch_entry(e->env.cache, &passages[i].key);
    for (size_t i = 0; i < count; i++)
        if (passages[i].stage == STAGE_RECALL)
            passages[i].stage = recall(e, &items[i], &passages[i], now);
    list_batch(e, passages, count);
    for (size_t i = 0; i < count; i++)
        if (passages[i].stage == STAGE_DECIDE)
            decide(e, &items[i], &passages[i], now);
}
