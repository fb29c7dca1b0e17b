/*
 * make_log STATE NODE ROWS SEGMENTS FIRST_S [SEED]: a log of a made-up school in STATE/log, sealed and signed, with a roster in
 * STATE/state/roster, for tests of shipping. Rows are spread evenly from FIRST_S on, one each half second, over SEGMENTS files.
 *
 * What is in it, a test can rely on: every 50th row is protected help, every 500th of the statutory list, every 7th blocked by a
 * category, every 1,000th opened by an exception; users are pupil0 to pupil199.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "belisha/category.h"
#include "belisha/statutory_format.h"
#include "dns/rr.h"
#include "identity/roster.h"
#include "qlog/writer.h"

#define PUPILS  200u
#define STEP_NS INT64_C(500000000)

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void die(const char *what)
{
    fprintf(stderr, "make_log: %s\n", what);
    exit(1);
}

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    static const char *const names[] = {"pupils", "sixth-form", "staff", "guests"};
    (void)ctx, (void)version;
    return names[group % 4];
}

static const char *feed_name(void *ctx, uint64_t generation, uint16_t feed)
{
    static const char *const names[] = {"county", "malware-list"};
    (void)ctx, (void)generation;
    return names[feed % 2];
}

static const char *upstream_name(void *ctx, uint16_t upstream)
{
    (void)ctx, (void)upstream;
    return "upstream-1";
}

static void set_name(struct qlog_record *r, const char *text)
{
    r->qname_len = (uint8_t)name_from_text(text, strlen(text), r->qname);
}

static void allow(struct qlog_record *r, uint32_t number)
{
    char name[128];
    uint32_t site = draw(200) * draw(200) / 200;
    snprintf(name, sizeof name, "%s.site%u.%s", draw(3) == 0 ? "cdn" : "www", site,
             site % 3 == 0 ? "sch.uk" : "example");
    set_name(r, name);
    r->verdict = (struct verdict){.action = VERDICT_RESOLVE, .feed = VERDICT_NO_FEED, .category = CATEGORY_NONE};
    r->answer = ipaddr_from_v4((uint8_t[]){192, 0, 2, (uint8_t)(number % 250)});
    r->answer_count = 1;
    r->cache = number % 4 == 0 ? QLOG_CACHE_MISS : QLOG_CACHE_HIT;
    r->upstream = r->cache == QLOG_CACHE_MISS ? 0 : QLOG_NO_UPSTREAM;
    r->rtt_us = r->cache == QLOG_CACHE_MISS ? 8000 + draw(20000) : 0;
}

static void block(struct qlog_record *r)
{
    static const uint8_t categories[] = {CATEGORY_GAMBLING, CATEGORY_SOCIAL_MEDIA, CATEGORY_SELF_HARM, CATEGORY_GAMING};
    char name[128];
    uint32_t site = draw(40);
    uint8_t category = categories[site % 4];
    snprintf(name, sizeof name, "www.blocked%u.example", site);
    set_name(r, name);
    r->verdict = (struct verdict){.action = VERDICT_NOTICE,
                                  .reason = REASON_CATEGORY,
                                  .category = category,
                                  .categories = CATEGORY_BIT(category),
                                  .match = MATCH_QNAME,
                                  .match_labels = 2,
                                  .feed = 0,
                                  .rule = 0};
    r->upstream = QLOG_NO_UPSTREAM;
}

static void special(struct qlog_record *r, uint32_t number)
{
    static const uint8_t id[] = "\x10"
                                "0123456789abcdef" STATUTORY_ID_ZONE;
    r->upstream = QLOG_NO_UPSTREAM;
    if (number % 1000 == 1) {
        set_name(r, "www.blocked7.example");
        r->verdict = (struct verdict){
            .reason = REASON_EXCEPTION, .category = CATEGORY_GAMING, .feed = VERDICT_NO_FEED, .rule = 17};
    } else if (number % 500 == 2) {
        memcpy(r->qname, id, sizeof id);
        r->qname_len = sizeof id;
        r->verdict = (struct verdict){.action = VERDICT_NXDOMAIN,
                                      .reason = REASON_STATUTORY,
                                      .category = CATEGORY_ILLEGAL,
                                      .categories = CATEGORY_BIT(CATEGORY_ILLEGAL),
                                      .feed = VERDICT_NO_FEED};
    } else {
        set_name(r, "www.childline.org.uk");
        r->verdict = (struct verdict){
            .reason = REASON_PROTECTED_HELP, .category = CATEGORY_NONE, .feed = VERDICT_NO_FEED, .unattributed = 1};
    }
}

static void make_row(uint32_t number, int64_t first_s, struct qlog_record *r)
{
    uint32_t pupil = draw(PUPILS);
    *r = (struct qlog_record){
        .time_ns = first_s * 1000000000 + number * STEP_NS + draw(400000000),
        .client = ipaddr_from_v4((uint8_t[]){10, 1, (uint8_t)(pupil / 100), (uint8_t)(1 + pupil % 100)}),
        .client_port = (uint16_t)(1024 + draw(60000)),
        .group = (uint16_t)(pupil % 20 == 0 ? 2 : pupil % 4 == 1),
        .device = pupil + 1,
        .user = pupil + 1,
        .grade = QLOG_GRADE_USER,
        .qtype = draw(3) == 0 ? DNS_TYPE_AAAA : DNS_TYPE_A,
        .qclass = DNS_CLASS_IN,
        .generation = 40 + number / 20000,
        .policy_version = 5};
    if (number % 1000 == 1 || number % 500 == 2 || number % 50 == 3)
        special(r, number);
    else if (number % 7 == 0)
        block(r);
    else
        allow(r, number);
}

static void make_roster(const char *path)
{
    struct roster *roster;
    char name[32];
    if (roster_open(path, NULL, NULL, &roster) < 0)
        die("the roster can't be written");
    for (uint32_t i = 0; i < PUPILS; i++) {
        snprintf(name, sizeof name, "pupil%u", i);
        uint32_t user = roster_number(roster, ROSTER_USER, name);
        snprintf(name, sizeof name, "02:00:00:00:00:%02x", i % 256);
        if (user != i + 1 || roster_number(roster, ROSTER_DEVICE, name) != i + 1)
            die("the roster has other numbers");
    }
    if (roster_sync(roster) < 0)
        die("the roster can't be written");
    roster_close(roster);
}

static const char *in(const char *folder, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

int main(int argc, char *argv[])
{
    if (argc < 6)
        die("STATE NODE ROWS SEGMENTS FIRST_S [SEED] are expected");
    uint32_t rows = (uint32_t)strtoul(argv[3], NULL, 10), segments = (uint32_t)strtoul(argv[4], NULL, 10);
    int64_t first_s = strtoll(argv[5], NULL, 10);
    struct qlog_record record;
    struct qlog *log;
    state += argc > 6 ? strtoull(argv[6], NULL, 10) * 7919 : 0;
    mkdir(argv[1], 0750);
    mkdir(in(argv[1], "state"), 0750);
    mkdir(in(argv[1], "keys"), 0750);
    if (access(in(argv[1], "state/roster"), F_OK) < 0)
        make_roster(in(argv[1], "state/roster"));
    const struct qlog_opts opts = {.dir = in(argv[1], "log"),
                                   .node = argv[2],
                                   .key_path = in(argv[1], "keys/log.key"),
                                   .keys_dir = in(argv[1], "keys/days"),
                                   .writer_count = 1,
                                   .journal_bytes = 16 << 20,
                                   .segment_bytes = UINT64_MAX,
                                   .segment_s = 100000,
                                   .fsync_ms = 1000,
                                   .backlog_bytes = UINT64_C(1) << 30,
                                   .group_name = group_name,
                                   .feed_name = feed_name,
                                   .upstream_name = upstream_name};
    if (qlog_open(&opts, &log) < 0)
        die("the log can't be opened");
    for (uint32_t i = 0; i < rows; i++) {
        make_row(i, first_s, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if ((i + 1) % (rows / segments + (rows % segments > 0)) == 0 && qlog_flush(log) < 0)
            die("a segment can't be written");
    }
    qlog_close(log);
    return 0;
}
