#include "qlog/record.h"

#include <stdbool.h>
#include <string.h>

#include "qlog/format.h"

/* ---- writing: in place, as a copy of a fresh struct would wait for its own stores; `out` is the end so far ---- */

static uint8_t *address_put(const struct ipaddr *address, uint8_t *parts, uint8_t *out)
{
    static const struct ipaddr none;
    if (ipaddr_is_v4(address)) {
        *parts |= JOURNAL_ADDRESS_V4;
        memcpy(out, ipaddr_v4(address), 4);
        return out + 4;
    }
    if (ipaddr_equal(address, &none))
        return out;
    *parts |= JOURNAL_ADDRESS;
    memcpy(out, address->bytes, sizeof address->bytes);
    return out + sizeof address->bytes;
}

static uint8_t *who_put(const struct qlog_record *r, uint8_t *out)
{
    struct journal_who *who = (struct journal_who *)(void *)out;
    *who = (struct journal_who){.policy_version = r->policy_version, .group = r->group};
    out += sizeof *who;
    if (r->verdict.unattributed)
        return out; /* protected help: who asked is written nowhere, not even for a moment */
    who->grade = r->grade;
    out = address_put(&r->client, &who->parts, out);
    if ((r->device | r->user) != 0) {
        struct journal_device *device = (struct journal_device *)(void *)out;
        *device = (struct journal_device){.device = r->device, .user = r->user};
        who->parts |= JOURNAL_MORE;
        out += sizeof *device;
    }
    return out;
}

static uint8_t *what_put(const struct qlog_record *r, uint8_t *out)
{
    struct journal_what *what = (struct journal_what *)(void *)out;
    *what = (struct journal_what){
        .generation = r->generation,
        .qtype = r->qtype,
        .qclass = r->qclass,
        .rcode = r->rcode,
        .feed = r->verdict.feed,
        .answer_count = r->answer_count,
        .action = r->verdict.action,
        .reason = r->verdict.reason,
        .category = r->verdict.category,
        .match = r->verdict.match,
        .match_labels = r->verdict.match_labels,
        .unattributed = r->verdict.unattributed,
    };
    out = address_put(&r->answer, &what->parts, out + sizeof *what);
    if ((r->verdict.categories | r->verdict.rule) != 0) {
        struct journal_rule *rule = (struct journal_rule *)(void *)out;
        *rule = (struct journal_rule){.categories = r->verdict.categories, .rule = r->verdict.rule};
        what->parts |= JOURNAL_MORE;
        out += sizeof *rule;
    }
    return out;
}

/* Names are short: what the compiler makes of memcpy() for up to 255 bytes takes longer to begin than this to end. */
static inline void name_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            to[i] = from[i];
        return;
    }
    for (size_t i = 0; i + 8 < len; i += 8)
        memcpy(to + i, from + i, 8);
    memcpy(to + len - 8, from + len - 8, 8);
}

size_t record_write(const struct qlog_record *r, uint8_t *out)
{
    static const uint8_t root[1] = {0};
    const uint8_t *qname = r->qname_len == 0 ? root : r->qname; /* a question too broken to have a name */
    uint8_t qname_len = r->qname_len == 0 ? 1 : r->qname_len;
    struct journal_row *row = (struct journal_row *)(void *)out;
    *row = (struct journal_row){
        .time_ns = r->time_ns,
        .kind = JOURNAL_ROW,
        .qname_len = qname_len,
        .matched_len = r->matched_len,
        .transport = r->transport,
        .rtt_us = r->rtt_us,
        .client_port = r->verdict.unattributed ? 0 : r->client_port,
        .upstream = r->upstream,
        .cache = r->cache,
    };
    uint8_t *names = what_put(r, who_put(r, out + sizeof *row));
    name_copy(names, qname, qname_len);
    name_copy(names + qname_len, r->matched, r->matched_len);
    return (size_t)(names - out) + qname_len + r->matched_len;
}

/* ---- reading ---- */

/* Bytes of the parts; `more` is the length of JOURNAL_MORE. Negative: a part that does not exist. */
static int parts_len(uint8_t parts, size_t more)
{
    static const int8_t address_len[4] = {0, 4, 16, -1};
    int len = address_len[parts & 3];
    if (len < 0 || parts > (JOURNAL_MORE | JOURNAL_ADDRESS))
        return ERR_MALFORMED;
    return len + (parts & JOURNAL_MORE ? (int)more : 0);
}

int record_split(const uint8_t *body, size_t len, struct record_ranges *out)
{
    const size_t heads = sizeof(struct journal_row) + sizeof(struct journal_who) + sizeof(struct journal_what);
    struct record_ranges ranges = {.who = body + sizeof(struct journal_row)};
    if (len < heads || body[offsetof(struct journal_row, kind)] != JOURNAL_ROW)
        return ERR_MALFORMED;
    int who = parts_len(ranges.who[offsetof(struct journal_who, parts)], sizeof(struct journal_device));
    if (who < 0 || len - heads < (size_t)who)
        return ERR_MALFORMED;
    ranges.who_len = sizeof(struct journal_who) + (size_t)who;
    ranges.what = ranges.who + ranges.who_len;
    int what = parts_len(ranges.what[offsetof(struct journal_what, parts)], sizeof(struct journal_rule));
    if (what < 0)
        return ERR_MALFORMED;
    size_t names =
        (size_t)body[offsetof(struct journal_row, qname_len)] + body[offsetof(struct journal_row, matched_len)];
    if (len - heads - (size_t)who < (size_t)what + names)
        return ERR_MALFORMED;
    ranges.what_len = sizeof(struct journal_what) + (size_t)what + names;
    *out = ranges;
    return 0;
}

/* Returns what is behind the address. */
static const uint8_t *address_get(const uint8_t *in, uint8_t parts, struct ipaddr *out)
{
    *out = (struct ipaddr){{0}};
    if (parts & JOURNAL_ADDRESS_V4) {
        *out = ipaddr_from_v4(in);
        return in + 4;
    }
    if (parts & JOURNAL_ADDRESS) {
        *out = ipaddr_from_v6(in);
        return in + sizeof out->bytes;
    }
    return in;
}

static void who_get(const uint8_t *in, struct qlog_record *out)
{
    struct journal_who who;
    struct journal_device device = {0};
    memcpy(&who, in, sizeof who);
    in = address_get(in + sizeof who, who.parts, &out->client);
    if (who.parts & JOURNAL_MORE)
        memcpy(&device, in, sizeof device);
    out->policy_version = who.policy_version;
    out->group = who.group;
    out->grade = who.grade;
    out->device = device.device;
    out->user = device.user;
}

static void what_get(const uint8_t *in, struct qlog_record *out)
{
    struct journal_what what;
    struct journal_rule rule = {0};
    memcpy(&what, in, sizeof what);
    in = address_get(in + sizeof what, what.parts, &out->answer);
    if (what.parts & JOURNAL_MORE)
        memcpy(&rule, in, sizeof rule);
    out->generation = what.generation;
    out->qtype = what.qtype;
    out->qclass = what.qclass;
    out->rcode = what.rcode;
    out->answer_count = what.answer_count;
    out->verdict = (struct verdict){.action = what.action,
                                    .reason = what.reason,
                                    .category = what.category,
                                    .match = what.match,
                                    .match_labels = what.match_labels,
                                    .unattributed = what.unattributed,
                                    .feed = what.feed,
                                    .rule = rule.rule,
                                    .categories = rule.categories};
}

static void row_get(const struct journal_row *row, struct qlog_record *out)
{
    out->time_ns = row->time_ns;
    out->client_port = row->client_port;
    out->transport = row->transport;
    out->cache = row->cache;
    out->upstream = row->upstream;
    out->rtt_us = row->rtt_us;
    out->qname_len = row->qname_len;
    out->matched_len = row->matched_len;
}

static bool name_is_whole(const uint8_t *name, size_t len)
{
    return name_check(name, len) == (int)len;
}

int record_parse(const uint8_t *body, size_t len, struct qlog_record *out)
{
    struct record_ranges ranges;
    struct journal_row row;
    int code = record_split(body, len, &ranges);
    if (code < 0)
        return code;
    memcpy(&row, body, sizeof row);
    const uint8_t *matched = ranges.what + ranges.what_len - row.matched_len;
    const uint8_t *qname = matched - row.qname_len;
    if (!name_is_whole(qname, row.qname_len) || (row.matched_len > 0 && !name_is_whole(matched, row.matched_len)))
        return ERR_MALFORMED;
    row_get(&row, out);
    who_get(ranges.who, out);
    what_get(ranges.what, out);
    name_copy(out->qname, qname, row.qname_len);
    name_copy(out->matched, matched, row.matched_len);
    return 0;
}
