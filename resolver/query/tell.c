/*
 * What is told by dnstap. Nothing is told before it is known what may be: a client's question leaves together with its
 * answer, a question to a server together with the reply. Left out altogether are protected help, and all that would name
 * a host of the statutory list or a name that led to one, as in the query log.
 *
 * Questions are told as header and question, without EDNS: no option of a client leaves by this way. In answers the cookie,
 * which proves an address, is zero.
 */
#include <stdio.h>
#include <string.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dnstap/tap.h"
#include "query/flight.h"
#include "upstream/rdata.h"

#define RULE_MAX 16 /* a number */

/* What is withheld is counted like the one before: a gap in the figures would tell of it (docs/decisions, 17). */
static void put(struct query_engine *e, const struct dnstap_event *event, bool withheld)
{
    if (!tap_wants(e->env.tap, event->type))
        return;
    if (!withheld)
        e->tap_lost = !tap_put(e->env.tap, event);
    metrics_add(e->env.metrics, e->tap_lost ? METRIC_DNSTAP_LOST : METRIC_DNSTAP, 1);
}

/* The last place that there is for it reaches to the end of the message. */
static void hide(size_t at, size_t len, struct dnstap_event *event)
{
    if (len == 0 || event->hidden_count == DNSTAP_HIDDEN_MAX)
        return;
    if (event->hidden_count == DNSTAP_HIDDEN_MAX - 1)
        len = event->response.len - at;
    event->hidden[event->hidden_count++] = (struct dnstap_span){.at = at, .len = len};
}

static void hide_in_options(const uint8_t *msg, const struct msg_rr *opt, struct dnstap_event *event)
{
    struct edns_option option;
    size_t pos = 0;
    int code;
    while ((code = edns_option_next(msg + opt->rdata_pos, opt->rdata_len, &pos, &option)) > 0)
        if (option.code == EDNS_OPTION_COOKIE)
            hide((size_t)(option.data - msg), option.len, event);
    if (code < 0)
        hide(opt->rdata_pos + pos, opt->rdata_len - pos, event);
}

/* Cookies in a message are told as zeros, and so is what can't be read: nobody knows what is in it. */
static void hide_cookies(const uint8_t *msg, size_t len, struct dnstap_event *event)
{
    struct msg_walk walk;
    struct msg_rr rr;
    size_t end = MSG_HEADER_LEN;
    int code = msg_walk_begin(&walk, msg, len);
    if (code == 0)
        end = walk.pos;
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0) {
        end = (size_t)rr.rdata_pos + rr.rdata_len;
        if (rr.type == DNS_TYPE_OPT)
            hide_in_options(msg, &rr, event);
    }
    hide(end, len - end, event);
}

static bool is_listed(const struct query_engine *e, const uint8_t *name)
{
    struct name_key key;
    name_key_make(name, &key);
    return statutory_find(e->env.statutory, &key) > 0;
}

/* ---- clients ---- */

static enum dnstap_protocol protocol_of(uint8_t transport)
{
    static const enum dnstap_protocol protocols[] = {
        [QLOG_UDP] = DNSTAP_UDP, [QLOG_TCP] = DNSTAP_TCP, [QLOG_DOT] = DNSTAP_DOT, [QLOG_DOH] = DNSTAP_DOH};
    return protocols[transport];
}

static enum dnstap_action action_of(const struct client *c, const uint8_t *msg)
{
    switch ((enum verdict_action)c->verdict.action) {
    case VERDICT_RESOLVE:
        return DNSTAP_PASS;
    case VERDICT_NOTICE:
    case VERDICT_REWRITE:
    case VERDICT_LOCAL:
        if ((msg_u16(msg + 2) & MSG_RCODE) == DNS_RCODE_NXDOMAIN)
            return DNSTAP_NXDOMAIN;
        return msg_u16(msg + 6) > 0 ? DNSTAP_LOCAL_DATA : DNSTAP_NODATA;
    case VERDICT_NXDOMAIN:
        return DNSTAP_NXDOMAIN;
    case VERDICT_NODATA:
        return DNSTAP_NODATA;
    case VERDICT_TRUNCATED:
        return DNSTAP_TRUNCATE;
    case VERDICT_DROPPED:
        if (verdict_is_silence(&c->verdict))
            return DNSTAP_DROP;
        return c->source.stream ? DNSTAP_ACTION_NONE : DNSTAP_TRUNCATE;
    case VERDICT_REFUSED:
    case VERDICT_NOT_READY:
    case VERDICT_ERROR:
        break;
    }
    return DNSTAP_ACTION_NONE;
}

static struct dnstap_bytes address_bytes(const struct ipaddr *addr)
{
    if (ipaddr_is_v4(addr))
        return (struct dnstap_bytes){.at = ipaddr_v4(addr), .len = 4};
    return (struct dnstap_bytes){.at = addr->bytes, .len = 16};
}

static struct dnstap_bytes name_bytes(const uint8_t *name)
{
    return (struct dnstap_bytes){.at = name, .len = name_len(name)};
}

static void set_match(const struct client *c, struct dnstap_policy *p)
{
    switch ((enum verdict_match)c->verdict.match) {
    case MATCH_NONE:
        break;
    case MATCH_QNAME:
        p->match = DNSTAP_MATCH_QNAME;
        p->value = name_bytes(c->request.question.name);
        break;
    case MATCH_CNAME: /* the format knows no such feature */
        p->value = name_bytes(c->matched);
        break;
    case MATCH_ADDRESS:
        p->match = DNSTAP_MATCH_RESPONSE_IP;
        p->value = address_bytes(&c->matched_address);
        break;
    case MATCH_CLIENT:
        p->match = DNSTAP_MATCH_CLIENT_IP;
        p->value = address_bytes(&c->source.client.addr);
        break;
    }
}

/* The category, or the number of the recorded decision; never a feed. */
static const char *rule_of(const struct verdict *v, char room[RULE_MAX])
{
    if (verdict_reason_is_category(v->reason) || v->reason == REASON_LOG_ONLY || v->reason == REASON_CATEGORY_ALLOWED)
        return v->category == CATEGORY_NONE ? NULL : category_name(v->category);
    if ((v->reason != REASON_LOCAL_BLOCK && v->reason != REASON_EXCEPTION && v->reason != REASON_SUSPENSION) ||
        v->rule == 0)
        return NULL;
    snprintf(room, RULE_MAX, "%u", (unsigned)v->rule);
    return room;
}

/* false: no policy had a part in the answer. */
static bool policy_of(const struct client *c, const uint8_t *msg, char room[RULE_MAX], struct dnstap_policy *out)
{
    const struct verdict *v = &c->verdict;
    if (v->reason == REASON_DEFAULT && v->action == VERDICT_RESOLVE)
        return false;
    if (v->reason == REASON_CONDITIONAL_ZONE || v->reason == REASON_NOT_READY || v->reason == REASON_BAD_QUESTION)
        return false;
    *out = (struct dnstap_policy){
        .type = verdict_reason_name(v->reason), .rule = rule_of(v, room), .action = action_of(c, msg)};
    set_match(c, out);
    return true;
}

static bool is_silent(const struct client *c)
{
    return verdict_is_silence(&c->verdict);
}

void tell_answer(struct query_engine *e, const struct client *c, const uint8_t *msg, size_t len, struct query_time now)
{
    uint8_t question[CLIENT_HEAD_MAX];
    char room[RULE_MAX];
    struct concealment concealment;
    struct dnstap_policy policy;
    size_t question_len = c->request.has_question ? c->request.question_end : MSG_HEADER_LEN;
    bool withheld = c->verdict.unattributed || note_is_concealed(e, c, msg, &concealment);
    memcpy(question, c->head, question_len);
    msg_put_u16(question + 4, c->request.has_question ? 1 : 0);
    memset(question + 6, 0, 6);
    struct dnstap_event event = {.type = DNSTAP_CLIENT_QUERY,
                                 .protocol = protocol_of(c->source.transport),
                                 .query_from = &c->source.client,
                                 .response_from = &c->source.local,
                                 .query_ns = c->asked.wall_ns,
                                 .query = {.at = question, .len = question_len}};
    put(e, &event, withheld);
    event.type = DNSTAP_CLIENT_RESPONSE;
    event.query.at = NULL;
    event.response_ns = now.wall_ns;
    if (!is_silent(c))
        event.response = (struct dnstap_bytes){.at = msg, .len = len};
    if (c->request.edns.cookie_len > 0 && !is_silent(c))
        hide_cookies(msg, len, &event);
    if (policy_of(c, msg, room, &policy))
        event.policy = &policy;
    put(e, &event, withheld);
}

/* ---- upstream servers ---- */

static bool is_listed_as_spelt(const struct query_engine *e, const uint8_t *name)
{
    uint8_t lower[NAME_MAX_LEN];
    name_lower(lower, name, name_len(name));
    return is_listed(e, lower);
}

/* Whether a record's owner or a name in its data is a listed host, or can't be read. */
static bool record_names_listed(const struct query_engine *e, const uint8_t *msg, size_t len, const struct msg_rr *rr)
{
    struct rdata_walk walk;
    uint8_t name[NAME_MAX_LEN];
    int code = msg_name_unpack(msg, len, rr->name_pos, name);
    if (code < 0 || is_listed_as_spelt(e, name) || (code = rdata_walk_begin(&walk, msg, len, rr)) < 0)
        return true;
    while ((code = rdata_walk_next(&walk, name)) > 0)
        if (is_listed_as_spelt(e, name))
            return true;
    return code < 0;
}

/* Whether an alias or a service in the cleaned reply leads to a listed host, or can't be read. */
static bool leads_to_listed(const struct query_engine *e, const struct reply *r)
{
    struct stored stored = {.msg = (uint8_t *)(uintptr_t)e->clean, .len = r->len, .question_end = r->question_end};
    struct chain_walk chain;
    uint8_t target[NAME_MAX_LEN];
    int code = chain_begin(&chain, &stored);
    while (code >= 0 && (code = chain_next(&chain, target)) > 0)
        if (is_listed(e, target))
            return true;
    return code < 0;
}

/* A reply is told as it came: with records that no client gets, of servers, or beside what was asked. */
static bool names_listed(const struct query_engine *e, const uint8_t *msg, size_t len)
{
    struct msg_walk walk;
    struct msg_rr rr;
    int code = msg_walk_begin(&walk, msg, len);
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0)
        if (record_names_listed(e, msg, len, &rr))
            return true;
    return code < 0 || walk.pos < len;
}

/* r: of the reply in e->clean; NULL, or with records that are not in there: nobody knows where the name leads. */
static bool is_withheld(const struct query_engine *e, const struct flight *f, const uint8_t *msg, size_t len,
                        const struct reply *r)
{
    if (f->facts.special == POLICY_SPECIAL_HELP || e->env.statutory_missing)
        return true;
    if (e->env.statutory == NULL)
        return false;
    return r == NULL || r->withheld || is_listed(e, f->question.name) || leads_to_listed(e, r) ||
           names_listed(e, msg, len);
}

static size_t write_question(const struct flight *f, const struct ask *ask, uint8_t out[CLIENT_HEAD_MAX])
{
    const struct question *q = &f->question;
    size_t len = MSG_HEADER_LEN + (size_t)q->name_len + 4;
    memset(out, 0, MSG_HEADER_LEN);
    msg_put_u16(out, ask->id);
    msg_put_u16(out + 2, MSG_RD | MSG_AD | (f->key.flags & CACHE_KEY_CD ? MSG_CD : 0));
    msg_put_u16(out + 4, 1);
    spelling_write(&ask->spelling, q->name, q->name_len, out + MSG_HEADER_LEN);
    msg_put_u16(out + len - 4, q->type);
    msg_put_u16(out + len - 2, q->class);
    return len;
}

static struct dnstap_event event_of_ask(const struct query_engine *e, const struct flight *f, const struct ask *ask,
                                        struct query_time now)
{
    const struct query_server *server = &e->env.opts->servers[ask->server];
    return (struct dnstap_event){
        .type = DNSTAP_FORWARDER_QUERY,
        .protocol = server->tls != NULL ? DNSTAP_DOT
                    : ask->stream       ? DNSTAP_TCP
                                        : DNSTAP_UDP,
        .response_from = &server->at,
        .query_ns = now.wall_ns - (now.mono_ms - ask->sent_ms) * 1000000,
        .zone = name_bytes(e->env.opts->zones[f->key.partition].name),
    };
}

static void tell_ask(struct query_engine *e, const struct flight *f, const struct ask *ask, bool withheld,
                     struct query_time now)
{
    uint8_t question[CLIENT_HEAD_MAX];
    struct dnstap_event event = event_of_ask(e, f, ask, now);
    event.query = (struct dnstap_bytes){.at = question, .len = write_question(f, ask, question)};
    put(e, &event, withheld);
}

void tell_reply(struct query_engine *e, const struct flight *f, const struct ask *ask, const uint8_t *msg, size_t len,
                const struct reply *r, struct query_time now)
{
    bool last = r != NULL && (r->rcode == DNS_RCODE_NOERROR || r->rcode == DNS_RCODE_NXDOMAIN);
    bool withheld = is_withheld(e, f, msg, len, r);
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL && (last || &f->asks[i] == ask))
            tell_ask(e, f, &f->asks[i], withheld, now);
    struct dnstap_event event = event_of_ask(e, f, ask, now);
    event.type = DNSTAP_FORWARDER_RESPONSE;
    event.response_ns = now.wall_ns;
    event.response = (struct dnstap_bytes){.at = msg, .len = len};
    hide_cookies(msg, len, &event);
    put(e, &event, withheld);
}

void tell_silence(struct query_engine *e, const struct flight *f, struct query_time now)
{
    bool withheld = f->facts.special == POLICY_SPECIAL_HELP || e->env.statutory_missing ||
                    (e->env.statutory != NULL && is_listed(e, f->question.name));
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL)
            tell_ask(e, f, &f->asks[i], withheld, now);
}
