#include "scribe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "dns/rr.h"
#include "qlog/keeper.h"

#define LISTS_AT_S   (3 * 3600 + 300) /* when the night's lists are in force */
#define JOURNAL_SIZE ((size_t)128 << 20)
#define HOUR_ROWS    2000u   /* less than that waits for the next hour: small logs would be all segments */
#define FLUSH_ROWS   500000u /* long before journals are full */

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    (void)ctx;
    (void)version;
    return group < GROUPS ? school_groups[group] : NULL;
}

static const char *feed_name(void *ctx, uint64_t generation, uint16_t feed)
{
    (void)ctx;
    (void)generation;
    return rules_feed(feed);
}

static const char *upstream_name(void *ctx, uint16_t upstream)
{
    (void)ctx;
    return upstream == 0 ? "10.0.0.54" : upstream == 1 ? "10.0.0.55" : "ad.school.example";
}

int scribe_open(struct scribe *scribe, const char *dir)
{
    snprintf(scribe->dir, sizeof scribe->dir, "%s/log", dir);
    snprintf(scribe->key, sizeof scribe->key, "%s/keys/log.key", dir);
    snprintf(scribe->keys, sizeof scribe->keys, "%s/keys/days", dir);
    scribe->opts = (struct qlog_opts){.dir = scribe->dir,
                                      .node = "beacon-hill-1",
                                      .key_path = scribe->key,
                                      .keys_dir = scribe->keys,
                                      .writer_count = 2,
                                      .journal_bytes = JOURNAL_SIZE,
                                      .segment_bytes = UINT64_MAX,
                                      .segment_s = 100000,
                                      .fsync_ms = 50,
                                      .group_name = group_name,
                                      .feed_name = feed_name,
                                      .upstream_name = upstream_name};
    return qlog_open(&scribe->opts, &scribe->log);
}

int scribe_close(struct scribe *scribe)
{
    struct qlog_stats stats;
    if (scribe->log == NULL)
        return 0;
    int code = qlog_flush(scribe->log);
    qlog_stats(scribe->log, &stats);
    if (stats.lost > 0) {
        fprintf(stderr, "month: %llu rows did not come into the log\n", (unsigned long long)stats.lost);
        code = ERR_LIMIT;
    }
    qlog_close(scribe->log);
    scribe->log = NULL;
    free(scribe->flight_until_ns);
    scribe->flight_until_ns = NULL;
    return code;
}

static int segment_end(struct scribe *scribe)
{
    scribe->unflushed = 0;
    return qlog_flush(scribe->log);
}

int scribe_hour(struct scribe *scribe)
{
    return scribe->unflushed < HOUR_ROWS ? 0 : segment_end(scribe);
}

uint64_t scribe_generation(const struct scribe *scribe, int64_t time_ns)
{
    int64_t since_s = time_ns / 1000000000 - (int64_t)scribe->first_day * 86400 - LISTS_AT_S;
    return SCRIBE_GENERATION + (since_s < 0 ? 0 : (uint64_t)(1 + since_s / 86400));
}

/* Two changes: on the tenth day at 10:12, on the 21st at 15:40. */
static uint32_t policy_of(const struct scribe *scribe, int64_t time_ns)
{
    int64_t since_s = time_ns / 1000000000 - (int64_t)scribe->first_day * 86400;
    return SCRIBE_POLICY + (since_s >= 9 * 86400 + 36720) + (since_s >= 20 * 86400 + 56400);
}

/* ---- the answer ---- */

static int64_t *flight_of(struct scribe *scribe, uint32_t name)
{
    if (name >= scribe->flight_count) {
        uint32_t count = scribe->book->count + 1024;
        scribe->flight_until_ns = realloc(scribe->flight_until_ns, count * sizeof *scribe->flight_until_ns);
        if (scribe->flight_until_ns == NULL)
            exit(1);
        memset(scribe->flight_until_ns + scribe->flight_count, 0,
               (count - scribe->flight_count) * sizeof *scribe->flight_until_ns);
        scribe->flight_count = count;
    }
    return &scribe->flight_until_ns[name];
}

static unsigned type_slot(uint16_t type)
{
    return type == DNS_TYPE_A ? 0 : type == DNS_TYPE_AAAA ? 1 : 2;
}

static void upstream_ask(struct scribe *scribe, const struct ask *ask, struct book_name *name, struct qlog_record *r)
{
    int64_t *good_until = &name->good_until[type_slot(ask->type)];
    int64_t *flight = flight_of(scribe, ask->name);
    if (ask->time_ns < *good_until) {
        bool waits = ask->time_ns < *flight;
        r->cache = waits ? QLOG_CACHE_MERGED : QLOG_CACHE_HIT;
        r->rtt_us = waits ? (uint32_t)((*flight - ask->time_ns) / 1000) : 0;
        return;
    }
    double quick = name->kind == BOOK_LOCAL ? 900 : 11000;
    r->rtt_us =
        (uint32_t)(quick *
                   exp((dice_unit(&scribe->dice) + dice_unit(&scribe->dice) + dice_unit(&scribe->dice) - 1.3) * 1.1));
    r->cache = QLOG_CACHE_MISS;
    r->upstream = name->kind == BOOK_LOCAL ? 2 : dice_chance(&scribe->dice, .2);
    *flight = ask->time_ns + (int64_t)r->rtt_us * 1000;
    *good_until = *flight + (int64_t)name->ttl_s * 1000000000;
}

/* Big sites have several addresses: each time it is asked for, another one may come first. */
static void address_give(const struct ask *ask, const struct book_name *name, struct qlog_record *r)
{
    uint64_t mix =
        dice_mix(ask->name, (uint64_t)name->good_until[type_slot(ask->type)] / MINUTE_NS % 3 * (ask->name % 3 == 0));
    uint8_t v4[4] = {(uint8_t)(mix % 2 ? 151 : 104), (uint8_t)(mix >> 8), (uint8_t)(mix >> 16), (uint8_t)(mix >> 24)};
    uint8_t v6[16] = {0x2a, 0x04, (uint8_t)(mix >> 8), (uint8_t)(mix >> 16), 0, (uint8_t)(mix >> 24)};
    v6[15] = (uint8_t)(mix >> 32);
    bool has_v6 = ask->name % 5 < 3;
    if (ask->type == DNS_TYPE_A) {
        r->answer = ipaddr_from_v4(v4);
        r->answer_count = (uint8_t)(1 + mix % 4);
    } else if (ask->type == DNS_TYPE_AAAA && has_v6) {
        r->answer = ipaddr_from_v6(v6);
        r->answer_count = (uint8_t)(1 + mix % 4);
    } else if (ask->type == DNS_TYPE_HTTPS) {
        r->answer_count = ask->name % 3 == 0;
    }
}

static void notice_give(const struct ask *ask, struct qlog_record *r)
{
    static const uint8_t notice[4] = {10, 1, 0, 80};
    if (ask->type != DNS_TYPE_A)
        return;
    r->answer = ipaddr_from_v4(notice);
    r->answer_count = 1;
}

static void answer(struct scribe *scribe, const struct ask *ask, struct qlog_record *r)
{
    static const uint8_t safe[4] = {216, 239, 38, 120};
    struct book_name *name = &scribe->book->names[ask->name];
    r->upstream = QLOG_NO_UPSTREAM;
    if (r->verdict.action == VERDICT_NOTICE) {
        notice_give(ask, r);
        return;
    }
    if (r->verdict.action == VERDICT_LOCAL) {
        r->rcode = DNS_RCODE_NXDOMAIN;
        return;
    }
    upstream_ask(scribe, ask, name, r);
    if (name->kind == BOOK_MISSING) {
        r->rcode = DNS_RCODE_NXDOMAIN;
        return;
    }
    address_give(ask, name, r);
    if (r->verdict.action == VERDICT_REWRITE && ask->type == DNS_TYPE_A)
        r->answer = ipaddr_from_v4(safe);
}

/* ---- who asked ---- */

static enum school_level level_of(const struct scribe *scribe, const struct ask *ask)
{
    if (ask->person != NOBODY)
        return (enum school_level)scribe->school->people[ask->person].level;
    return scribe->school->devices[ask->device].group == GROUP_PUPILS ? LEVEL_LOWER : LEVEL_GUESTS;
}

static void asker_fill(struct scribe *scribe, const struct ask *ask, struct qlog_record *r)
{
    const struct device *device = &scribe->school->devices[ask->device];
    const struct person *person = ask->person == NOBODY ? NULL : &scribe->school->people[ask->person];
    uint32_t day = (uint32_t)(ask->time_ns / DAY_NS);
    r->client = school_address(device, ask->device, day, ask->home);
    r->client_port = (uint16_t)(32768 + dice_below(&scribe->dice, 28232));
    r->device = device->number;
    r->user = person == NULL ? 0 : person->number;
    r->group = person != NULL ? person->group : device->group;
    r->grade = person != NULL ? device->grade : device->number == 0 ? QLOG_GRADE_ADDRESS : QLOG_GRADE_DEVICE;
    r->transport = ask->home || device->over_dot ? QLOG_DOT : dice_chance(&scribe->dice, .002) ? QLOG_TCP : QLOG_UDP;
}

/* ---- the row ---- */

static int restart(struct scribe *scribe)
{
    int code = qlog_flush(scribe->log);
    if (code < 0)
        return code;
    qlog_close(scribe->log);
    scribe->log = NULL;
    scribe->unflushed = 0;
    return qlog_open(&scribe->opts, &scribe->log);
}

/* Whether the row is one that was never written. A gap is what the writer itself would have noted. */
static bool is_lost(struct scribe *scribe, const struct ask *ask)
{
    struct truth *truth = scribe->truth;
    if (ask->time_ns >= truth->restart_from_ns && ask->time_ns < truth->restart_to_ns) {
        truth->unwritten++;
        return true;
    }
    if (ask->time_ns < truth->gap_from_ns || ask->time_ns >= truth->gap_to_ns)
        return false;
    struct qlog_writer *writer = qlog_writer(scribe->log, ask->device % 2);
    if (writer->gap.lost++ == 0)
        writer->gap.from_ns = ask->time_ns;
    writer->gap.to_ns = ask->time_ns;
    truth->lost++;
    return true;
}

static int restart_when_due(struct scribe *scribe, const struct ask *ask)
{
    if (scribe->restarted || ask->time_ns < scribe->truth->restart_from_ns)
        return 0;
    scribe->restarted = true;
    return restart(scribe);
}

static void names_fill(struct scribe *scribe, const struct ask *ask, struct qlog_record *r)
{
    const struct book_name *name = &scribe->book->names[ask->name];
    r->qname_len = name->len;
    memcpy(r->qname, book_wire(scribe->book, ask->name), name->len);
    if (r->verdict.match != MATCH_CNAME)
        return;
    r->matched_len = scribe->book->names[name->matched].len;
    memcpy(r->matched, book_wire(scribe->book, name->matched), r->matched_len);
}

int scribe_write(struct scribe *scribe, const struct ask *ask)
{
    static struct qlog_record r;
    int code = restart_when_due(scribe, ask);
    if (code < 0 || is_lost(scribe, ask))
        return code;
    r.time_ns = ask->time_ns;
    r.qtype = ask->type;
    r.qclass = 1;
    r.rcode = 0;
    r.answer = (struct ipaddr){{0}};
    r.answer_count = 0;
    r.cache = QLOG_CACHE_NONE;
    r.rtt_us = 0;
    r.matched_len = 0;
    r.generation = scribe_generation(scribe, ask->time_ns);
    r.policy_version = policy_of(scribe, ask->time_ns);
    r.verdict = rules_judge(level_of(scribe, ask), &scribe->book->names[ask->name], r.generation);
    asker_fill(scribe, ask, &r);
    answer(scribe, ask, &r);
    names_fill(scribe, ask, &r);
    qlog_append(qlog_writer(scribe->log, ask->device % 2), &r);
    scribe->truth->rows++;
    return ++scribe->unflushed >= FLUSH_ROWS ? segment_end(scribe) : 0;
}
