#include <string.h>

#include "base/verdict.h"
#include "identity/hearing.h"
#include "policy/special_use.h"
#include "qlog/writer.h"
#include "query/engine.h"

static void count(struct metrics *m, const struct client *c, unsigned rcode)
{
    metrics_add_answer(m, &c->verdict, rcode);
    metrics_bump(&m->grade[c->grade]);
    if (verdict_is_silence(&c->verdict))
        metrics_add(m, METRIC_DROPPED, 1);
    if (rcode == DNS_RCODE_SERVFAIL && c->verdict.action == VERDICT_RESOLVE)
        metrics_add(m, METRIC_SERVFAIL, 1);
    if (c->cache_state == QLOG_CACHE_HIT)
        metrics_add(m, METRIC_CACHE_HITS, 1);
    else if (c->cache_state == QLOG_CACHE_STALE)
        metrics_add(m, METRIC_CACHE_STALE, 1);
}

/* The first address of the answer section, all zero when there is none. */
static struct ipaddr first_address(const uint8_t *msg, size_t len)
{
    struct msg_walk walk;
    struct msg_rr rr;
    if (msg_u16(msg + 6) == 0 || msg_walk_begin(&walk, msg, len) < 0)
        return (struct ipaddr){{0}};
    while (msg_walk_next(&walk, &rr) > 0 && rr.section == MSG_ANSWER) {
        if (rr.type == DNS_TYPE_A && rr.rdata_len == 4)
            return ipaddr_from_v4(msg + rr.rdata_pos);
        if (rr.type == DNS_TYPE_AAAA && rr.rdata_len == 16)
            return ipaddr_from_v6(msg + rr.rdata_pos);
    }
    return (struct ipaddr){{0}};
}

/* The feed behind a block is looked up only here: most answers need none. */
static void explain(const struct query_engine *e, const struct client *c, struct verdict *v)
{
    struct name_key key;
    if (e->env.blockdb == NULL || v->match == MATCH_ADDRESS || v->match == MATCH_CLIENT ||
        (!verdict_reason_is_category(v->reason) && v->reason != REASON_LOG_ONLY))
        return;
    if (v->match != MATCH_CNAME && c->match != NULL) {
        policy_explain_match(e->env.blockdb, c->match, v);
        return;
    }
    name_key_make(v->match == MATCH_CNAME ? c->matched : c->request.question.name, &key);
    policy_explain(e->env.blockdb, &key, c->request.question.type, v);
}

static void fill_names(struct qlog_record *r, const struct client *c)
{
    const struct question *q = &c->request.question;
    r->qname_len = 1;
    r->qname[0] = 0;
    r->qtype = r->qclass = 0;
    r->matched_len = 0;
    if (c->request.has_question) {
        r->qname_len = q->name_len;
        memcpy(r->qname, q->name, q->name_len);
        r->qtype = q->type;
        r->qclass = q->class;
    }
    if (c->verdict.match == MATCH_CNAME) {
        r->matched_len = (uint8_t)name_len(c->matched);
        memcpy(r->matched, c->matched, r->matched_len);
    }
}

/* Whether the names of this answer have been looked up in the lists: not when the question was refused before. */
static bool is_looked_up(const struct verdict *v)
{
    return v->reason != REASON_ACCESS && v->reason != REASON_BAD_QUESTION && v->reason != REASON_RATE_LIMIT;
}

/* A device with a search suffix asks for the listed name with it, too, beside the row that has the id. */
static bool is_listed_with_suffix(const struct query_engine *e, const uint8_t *name, struct concealment *out)
{
    uint8_t front[NAME_MAX_LEN];
    size_t len = 0;
    for (unsigned labels = 0; labels < POLICY_SUFFIXED_MAX && name_front_grow(name, front, &len); labels++) {
        name_key_make(front, &out->key);
        out->labels = statutory_find(e->env.statutory, &out->key);
        if (out->labels > 0)
            return true;
    }
    return false;
}

/* Only where there is no such name, as with help (asks_for_help). */
static bool may_have_suffix(const struct client *c, unsigned rcode)
{
    return rcode == DNS_RCODE_NXDOMAIN && c->request.has_question && !verdict_is_block(&c->verdict);
}

bool note_is_concealed(const struct query_engine *e, const struct client *c, const uint8_t *msg,
                       struct concealment *out)
{
    static const uint8_t root[1];
    const struct verdict *v = &c->verdict;
    bool listed = v->reason == REASON_STATUTORY;
    out->labels = 0;
    if (e->env.statutory_missing && v->reason != REASON_PROTECTED_HELP)
        return true;
    if (e->env.statutory == NULL)
        return false;
    if (may_have_suffix(c, msg_u16(msg + 2) & MSG_RCODE) && is_listed_with_suffix(e, c->request.question.name, out))
        return true;
    if (!listed && is_looked_up(v))
        return false;
    if (listed && v->match == MATCH_CNAME)
        name_key_make(c->matched, &out->key);
    else
        name_key_make(c->request.has_question ? c->request.question.name : root, &out->key);
    out->labels = statutory_find(e->env.statutory, &out->key);
    return out->labels > 0 || listed;
}

/*
 * A row tells neither a name of the statutory list nor one that led to it: what is written is an id of the listed host.
 * Refused questions can be about one too.
 */
static void conceal(const struct query_engine *e, const struct client *c, const uint8_t *msg, struct qlog_record *r)
{
    static const uint8_t unknown[] = STATUTORY_ID_ZONE;
    struct concealment concealment;
    if (e->env.statutory == NULL && !e->env.statutory_missing) /* every answer passes here */
        return;
    if (!note_is_concealed(e, c, msg, &concealment))
        return;
    r->matched_len = 0;
    if (e->env.statutory_missing) { /* which names are listed nobody can tell now */
        r->qname_len = sizeof unknown;
        memcpy(r->qname, unknown, sizeof unknown);
        return;
    }
    r->qname_len = (uint8_t)statutory_opaque_name(e->env.statutory, &concealment.key, concealment.labels, r->qname);
    r->verdict.match_labels = 0;
}

static void log_answer(struct query_engine *e, const struct client *c, const uint8_t *msg, size_t len, unsigned rcode,
                       struct query_time now)
{
    struct qlog_record *r = &e->record;
    bool named = !c->verdict.unattributed;
    int64_t took_us = (now.wall_ns - c->asked.wall_ns) / 1000;
    unsigned answers = msg_u16(msg + 6);
    r->time_ns = now.wall_ns;
    r->client = named ? *client_address(c) : (struct ipaddr){{0}};
    r->client_port = named && !c->asker.whole ? c->source.client.port : 0;
    r->group = c->group;
    r->device = named ? c->device : 0;
    r->user = named ? c->user : 0;
    r->grade = named ? c->grade : (uint8_t)QLOG_GRADE_NONE;
    r->transport = c->source.transport;
    r->rcode = (uint16_t)rcode;
    r->verdict = c->verdict;
    explain(e, c, &r->verdict);
    r->generation = e->env.blockdb == NULL ? 0 : blockdb_generation(e->env.blockdb);
    r->policy_version = policy_version(e->env.policy);
    r->upstream = c->upstream;
    r->cache = c->cache_state;
    r->answer_count = answers > 255 ? 255 : (uint8_t)answers;
    r->rtt_us = took_us < 0 ? 0 : took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
    r->answer = first_address(msg, len);
    fill_names(r, c);
    conceal(e, c, msg, r);
    qlog_append(e->env.log, r);
}

/* Whether it was asked for a name by which devices find ways round us. */
static bool evades(const struct client *c)
{
    if ((c->verdict.categories & CATEGORY_BIT(CATEGORY_CIRCUMVENTION)) != 0)
        return true;
    return c->facts.special == POLICY_SPECIAL_NXDOMAIN && special_use_is_canary(c->request.question.name);
}

/* That it asked at all, but not that it asked for help. */
static void note_device(const struct query_engine *e, const struct client *c)
{
    if (e->env.hearing != NULL && !c->verdict.unattributed)
        hearing_note(e->env.hearing, c->device, e->wall_s, evades(c));
}

/*
 * A device with a search suffix asks for childline.org.uk.school.example as well, and that would tell as much. Only where
 * there is no such name: else a pupil's own server could take what its names begin with off the record.
 */
static bool asks_for_help(const struct query_engine *e, const struct client *c, unsigned rcode)
{
    return may_have_suffix(c, rcode) && policy_is_help_with_suffix(e->env.policy, c->request.question.name);
}

void note_answer(struct query_engine *e, struct client *c, const uint8_t *msg, size_t len, struct query_time now)
{
    unsigned rcode = msg_u16(msg + 2) & MSG_RCODE;
    /* Of the codes whose upper bits travel in OPT we make only these ourselves. */
    if (c->verdict.action == VERDICT_ERROR && rcode == (DNS_RCODE_BADVERS & MSG_RCODE))
        rcode = DNS_RCODE_BADVERS;
    else if (c->verdict.action == VERDICT_ERROR && rcode == (DNS_RCODE_BADCOOKIE & MSG_RCODE))
        rcode = DNS_RCODE_BADCOOKIE;
    if (asks_for_help(e, c, rcode))
        c->verdict.unattributed = 1;
    count(e->env.metrics, c, rcode);
    if (c->device != 0)
        note_device(e, c);
    if (e->env.log != NULL)
        log_answer(e, c, msg, len, rcode, now);
    if (__builtin_expect(e->env.tap != NULL, 0))
        tell_answer(e, c, msg, len, now);
}
