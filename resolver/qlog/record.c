#include "qlog/record.h"

#include <stdbool.h>
#include <string.h>

#include "qlog/format.h"

static void identity_write(const struct qlog_record *r, struct journal_row *row)
{
    if (r->verdict.unattributed)
        return; /* protected help: who asked is written nowhere, not even for a moment */
    memcpy(row->client, r->client.bytes, sizeof row->client);
    row->client_port = r->client_port;
    row->device = r->device;
    row->user = r->user;
    row->grade = r->grade;
}

size_t record_write(const struct qlog_record *r, uint8_t *out)
{
    static const uint8_t root[1] = {0};
    const uint8_t *qname = r->qname_len == 0 ? root : r->qname; /* a question too broken to have a name */
    uint8_t qname_len = r->qname_len == 0 ? 1 : r->qname_len;
    /* In place: entries begin on multiples of 8, and a copy of a fresh struct would wait for its own stores. */
    struct journal_row *row = (struct journal_row *)(void *)out;
    *row = (struct journal_row){
        .time_ns = r->time_ns,
        .kind = JOURNAL_ROW,
        .transport = r->transport,
        .cache = r->cache,
        .answer_count = r->answer_count,
        .qname_len = qname_len,
        .matched_len = r->matched_len,
        .unattributed = r->verdict.unattributed,
        .action = r->verdict.action,
        .reason = r->verdict.reason,
        .category = r->verdict.category,
        .match = r->verdict.match,
        .match_labels = r->verdict.match_labels,
        .feed = r->verdict.feed,
        .categories = r->verdict.categories,
        .generation = r->generation,
        .rule = r->verdict.rule,
        .policy_version = r->policy_version,
        .rtt_us = r->rtt_us,
        .group = r->group,
        .qtype = r->qtype,
        .qclass = r->qclass,
        .rcode = r->rcode,
        .upstream = r->upstream,
    };
    memcpy(row->answer, r->answer.bytes, sizeof row->answer);
    identity_write(r, row);
    memcpy(out + sizeof *row, qname, qname_len);
    memcpy(out + sizeof *row + qname_len, r->matched, r->matched_len);
    return sizeof *row + qname_len + r->matched_len;
}

static bool name_is_whole(const uint8_t *name, size_t len)
{
    return name_check(name, len) == (int)len;
}

static void row_unpack(const struct journal_row *row, struct qlog_record *out)
{
    out->time_ns = row->time_ns;
    memcpy(out->client.bytes, row->client, sizeof row->client);
    memcpy(out->answer.bytes, row->answer, sizeof row->answer);
    out->client_port = row->client_port;
    out->group = row->group;
    out->device = row->device;
    out->user = row->user;
    out->grade = row->grade;
    out->transport = row->transport;
    out->qtype = row->qtype;
    out->qclass = row->qclass;
    out->rcode = row->rcode;
    out->verdict = (struct verdict){.action = row->action,
                                    .reason = row->reason,
                                    .category = row->category,
                                    .match = row->match,
                                    .match_labels = row->match_labels,
                                    .unattributed = row->unattributed,
                                    .feed = row->feed,
                                    .rule = row->rule,
                                    .categories = row->categories};
    out->generation = row->generation;
    out->policy_version = row->policy_version;
    out->upstream = row->upstream;
    out->cache = row->cache;
    out->answer_count = row->answer_count;
    out->rtt_us = row->rtt_us;
    out->qname_len = row->qname_len;
    out->matched_len = row->matched_len;
}

int record_parse(const uint8_t *body, size_t len, struct qlog_record *out)
{
    struct journal_row row;
    if (len < sizeof row)
        return ERR_MALFORMED;
    memcpy(&row, body, sizeof row);
    if (row.kind != JOURNAL_ROW || len - sizeof row < (size_t)row.qname_len + row.matched_len)
        return ERR_MALFORMED;
    const uint8_t *qname = body + sizeof row;
    const uint8_t *matched = qname + row.qname_len;
    if (!name_is_whole(qname, row.qname_len) || (row.matched_len > 0 && !name_is_whole(matched, row.matched_len)))
        return ERR_MALFORMED;
    row_unpack(&row, out);
    memcpy(out->qname, qname, row.qname_len);
    memcpy(out->matched, matched, row.matched_len);
    return 0;
}
