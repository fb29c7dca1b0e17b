#include "query/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "base/ipaddr.h"
#include "base/verdict.h"
#include "dns/edns.h"
#include "dns/msg.h"
#include "dns/rr.h"
#include "dnstap/decode.h"
#include "query/play.h"
#include "statutory/statutory.h"

/* The id of the host if that is all the record says of names. */
static void concealed_read(const struct qlog_record *r, const char *host, char got[NAME_TEXT_MAX])
{
    uint8_t name[NAME_MAX_LEN], opaque[NAME_MAX_LEN];
    struct name_key key;
    lower_read(host, name);
    name_key_make(name, &key);
    size_t len = statutory_opaque_name(stage.tier, &key, key.labels, opaque);
    bool same = r->qname_len == len && memcmp(r->qname, opaque, len) == 0 && r->matched_len == 0;
    snprintf(got, NAME_TEXT_MAX, "%s", same ? host : "another name");
}

void records_logged(const struct line *l)
{
    const struct qlog_record *r = &stage.last_log;
    static const char *const caches[] = {"none", "hit", "miss", "stale", "merged"};
    for (int i = 1; i < l->count; i++) {
        char got[NAME_TEXT_MAX] = "";
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("logged KEY=VALUE");
        *value++ = '\0';
        if (is(l, i, "verdict"))
            snprintf(got, sizeof got, "%s", verdict_action_name(r->verdict.action));
        else if (is(l, i, "reason"))
            snprintf(got, sizeof got, "%s", verdict_reason_name(r->verdict.reason));
        else if (is(l, i, "match"))
            snprintf(got, sizeof got, "%s", verdict_match_name(r->verdict.match));
        else if (is(l, i, "category"))
            snprintf(got, sizeof got, "%s",
                     category_name(r->verdict.category) ? category_name(r->verdict.category) : "-");
        else if (is(l, i, "cache"))
            snprintf(got, sizeof got, "%s", caches[r->cache]);
        else if (is(l, i, "name"))
            name_to_text(r->qname, got);
        else if (is(l, i, "concealed"))
            concealed_read(r, value, got);
        else if (is(l, i, "matched"))
            r->matched_len > 0 ? (void)name_to_text(r->matched, got) : (void)0;
        else if (is(l, i, "labels"))
            snprintf(got, sizeof got, "%u", r->verdict.match_labels);
        else if (is(l, i, "feed"))
            snprintf(got, sizeof got, "%d", r->verdict.feed == VERDICT_NO_FEED ? -1 : r->verdict.feed);
        else if (is(l, i, "rule"))
            snprintf(got, sizeof got, "%u", r->verdict.rule);
        else if (is(l, i, "upstream"))
            snprintf(got, sizeof got, "%d", r->upstream == QLOG_NO_UPSTREAM ? -1 : r->upstream);
        else if (is(l, i, "client"))
            ipaddr_to_text(&r->client, got);
        else if (is(l, i, "answer"))
            ipaddr_to_text(&r->answer, got);
        else if (is(l, i, "rtt_ms"))
            snprintf(got, sizeof got, "%u", r->rtt_us / 1000);
        else
            fail("no field: %s", l->word[i]);
        if (strcmp(got, value) != 0)
            fail("logged %s is '%s', not '%s'", l->word[i], got, value);
    }
}

/* What was counted under this key about answers. */
static uint64_t count_of_answers(const struct metrics *sum, const char *key)
{
    if (strcmp(key, "waited") == 0)
        return histogram_total(&sum->waited);
    if (strcmp(key, "dnstap") == 0)
        return sum->value[METRIC_DNSTAP];
    if (strncmp(key, "blocked/", 8) == 0) {
        int category = category_from_name(key + 8, strlen(key + 8));
        return category < 0 ? 0 : sum->blocked[category];
    }
    for (unsigned i = 0; i < METRICS_RCODES; i++) {
        char rcode[DNS_TYPE_TEXT_MAX];
        if (strcmp(key, dns_rcode_to_text(i, rcode)) == 0)
            return sum->rcode[i];
    }
    for (unsigned i = 0; i < METRICS_REASONS; i++)
        if (strcmp(key, verdict_reason_name(i)) == 0)
            return metrics_by_reason(sum, (enum verdict_reason)i);
    int action = verdict_action_from_name(key);
    if (action < 0)
        fail("no counter: %s", key);
    return metrics_by_action(sum, (enum verdict_action)action);
}

static uint64_t count_of_server(const struct meter *meter, const char *key)
{
    static const char *const keys[] = {
#define X(suffix, family, label, key, help) key,
        METER_LIST(X)
#undef X
    };
    if (strcmp(key, "rtt") == 0)
        return histogram_total(&meter->rtt);
    if (strcmp(key, "failed_in_row") == 0)
        return (uint64_t)meter_get(meter, METER_FAILED_IN_ROW);
    for (unsigned i = 0; i < METER_COUNTS; i++)
        if (strcmp(key, keys[i]) == 0)
            return meter->count[i];
    fail("no counter: %s", key);
}

void records_counted(const struct line *l)
{
    const struct metrics *const worker = &stage.metrics;
    struct metrics sum;
    bool of_server = l->count > 1 && is(l, 1, "upstream");
    int server = of_server ? atoi(l->word[2]) : 0;
    metrics_sum(&worker, 1, &sum);
    for (int i = of_server ? 3 : 1; i < l->count; i++) {
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("counted KEY=N");
        *value++ = '\0';
        uint64_t got =
            of_server ? count_of_server(&stage.metrics.meters[server], l->word[i]) : count_of_answers(&sum, l->word[i]);
        if (got != strtoull(value, NULL, 10))
            fail("counted %s is %llu, not %s", l->word[i], (unsigned long long)got, value);
    }
}

/* ---- dnstap ---- */

static struct caught_tap *next_told(void)
{
    for (size_t i = 0; i < stage.tap_count; i++)
        if (!stage.taps[i].seen)
            return &stage.taps[i];
    return NULL;
}

void records_nothing_told(void)
{
    if (next_told() != NULL)
        fail("something is told");
}

static void piece_text(const struct piece *piece, char out[NAME_TEXT_MAX])
{
    snprintf(out, NAME_TEXT_MAX, "%.*s", (int)piece->len, piece->at == NULL ? "" : (const char *)piece->at);
}

/* A policy's value: an address where the match says so, else a name. */
static void value_text(const struct told_policy *policy, char out[NAME_TEXT_MAX])
{
    struct ipaddr addr;
    if (policy->value.at == NULL)
        return;
    if (policy->match != DNSTAP_MATCH_CLIENT_IP && policy->match != DNSTAP_MATCH_RESPONSE_IP) {
        name_to_text(policy->value.at, out);
        return;
    }
    addr = policy->value.len == 4 ? ipaddr_from_v4(policy->value.at) : ipaddr_from_v6(policy->value.at);
    ipaddr_to_text(&addr, out);
}

/* "hidden": all of them are zeros; "shown", or "none". */
static const char *told_cookie(const struct piece *message)
{
    struct msg_walk walk;
    struct msg_rr rr;
    const char *found = "none";
    if (message->at == NULL || msg_walk_begin(&walk, message->at, message->len) < 0)
        return found;
    while (msg_walk_next(&walk, &rr) > 0) {
        struct edns_option option;
        size_t pos = 0;
        while (rr.type == DNS_TYPE_OPT && edns_option_next(message->at + rr.rdata_pos, rr.rdata_len, &pos, &option) > 0)
            if (option.code == EDNS_OPTION_COOKIE) {
                found = strcmp(found, "shown") == 0 ? found : "hidden";
                for (size_t i = 0; i < option.len; i++)
                    if (option.data[i] != 0)
                        found = "shown";
            }
    }
    return found;
}

static void check_told_word(const struct told *told, const char *key, const char *want)
{
    char got[NAME_TEXT_MAX] = "";
    if (strcmp(key, "policy") == 0)
        piece_text(&told->policy.type, got);
    else if (strcmp(key, "rule") == 0)
        piece_text(&told->policy.rule, got);
    else if (strcmp(key, "value") == 0)
        value_text(&told->policy, got);
    else if (strcmp(key, "action") == 0)
        snprintf(got, sizeof got, "%d", (int)told->policy.action);
    else if (strcmp(key, "match") == 0)
        snprintf(got, sizeof got, "%d", (int)told->policy.match);
    else if (strcmp(key, "protocol") == 0)
        snprintf(got, sizeof got, "%d", (int)told->protocol);
    else if (strcmp(key, "zone") == 0)
        name_to_text(told->zone.at, got);
    else if (strcmp(key, "cookie") == 0)
        snprintf(got, sizeof got, "%s", told_cookie(&told->response));
    else if (strcmp(key, "answers") == 0)
        snprintf(got, sizeof got, "%d", told->response.at == NULL ? -1 : msg_u16(told->response.at + 6));
    else
        fail("no field: %s", key);
    if (strcmp(got, want) != 0)
        fail("told %s is '%s', not '%s'", key, got, want);
}

void records_told(const struct line *l)
{
    static const char *const kinds[] = {[DNSTAP_CLIENT_QUERY] = "client_query",
                                        [DNSTAP_CLIENT_RESPONSE] = "client_response",
                                        [DNSTAP_FORWARDER_QUERY] = "forwarder_query",
                                        [DNSTAP_FORWARDER_RESPONSE] = "forwarder_response"};
    struct caught_tap *c = next_told();
    struct told told;
    uint8_t want[NAME_MAX_LEN], got[NAME_MAX_LEN] = {0};
    if (c == NULL)
        fail("nothing is told");
    c->seen = true;
    if (!told_read(c->bytes, c->len, &told) || told.type < DNSTAP_CLIENT_QUERY || told.type > DNSTAP_FORWARDER_RESPONSE)
        fail("what is told can't be read");
    if (strcmp(kinds[told.type], word(l, 1)) != 0)
        fail("told is a %s", kinds[told.type]);
    const struct piece *message = told.response.at != NULL ? &told.response : &told.query;
    if (message->at != NULL)
        name_lower(got, message->at + MSG_HEADER_LEN, name_len(message->at + MSG_HEADER_LEN));
    lower_read(word(l, 2), want);
    if (message->at != NULL && !name_equal(got, want))
        fail("told is another name");
    for (int i = 3; i < l->count; i++) {
        char *value = strchr(l->word[i], '=');
        if (value == NULL)
            fail("told KIND NAME KEY=VALUE");
        *value++ = '\0';
        check_told_word(&told, l->word[i], value);
    }
}
