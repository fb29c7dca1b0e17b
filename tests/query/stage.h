/*
 * The stage on which scenarios are played: a real engine with its cache, policy and generation; questions to upstream
 * servers and delayed answers are caught instead of sent; the clock stands still until it is moved.
 */
#ifndef TESTS_QUERY_STAGE_H
#define TESTS_QUERY_STAGE_H

#include "cache/cache.h"
#include "decision/table.h"
#include "dnstap/tap.h"
#include "identity/presence.h"
#include "metrics/metrics.h"
#include "policy/policy.h"
#include "qlog/record.h"
#include "query/query.h"
#include "support/generation.h"

#define STAGE_ROWS_MAX  64
#define STAGE_NAMES_MAX 384 /* the shipped special-use names are many */
#define STAGE_TEXTS_MAX 256
#define STAGE_TAPS_MAX  64

struct caught_ask {
    uint16_t server;
    bool stream;
    bool seen; /* the script has looked at it */
    bool gone; /* answered, or given up by the script */
    uint32_t slot;
    size_t len;
    uint8_t msg[1500];
};

struct caught_answer {
    bool seen;
    uint64_t token; /* which client */
    size_t len;
    uint8_t msg[65536];
};

/* A dnstap message. */
struct caught_tap {
    bool seen;
    size_t len;
    uint8_t *bytes; /* the tap's */
};

struct stage {
    /* what the script sets up before the first question */
    struct query_opts opts;
    struct query_server servers[8];
    struct query_zone zones[8];
    uint16_t zone_servers[8][8];
    uint8_t zone_names[8][NAME_MAX_LEN];
    struct query_record records[STAGE_ROWS_MAX];
    struct query_search searches[8];
    struct ipaddr search_addresses[STAGE_ROWS_MAX];
    size_t search_address_count;
    struct policy_level levels[8];
    struct policy_group groups[8];
    struct policy_schedule schedules[8];
    struct window windows[8][WINDOWS_MAX];
    uint16_t schedule_groups[8];
    struct calendar calendar;
    struct time_zone *time_zone;
    struct prefix networks[8];
    struct prefix access[8];
    struct policy_name names[STAGE_NAMES_MAX];
    uint8_t name_bytes[STAGE_NAMES_MAX][NAME_MAX_LEN];
    uint8_t record_names[STAGE_ROWS_MAX][NAME_MAX_LEN];
    uint8_t record_data[STAGE_ROWS_MAX][512];
    struct policy_opts policy_opts;
    struct generation_rule rules[STAGE_ROWS_MAX];
    struct generation_clause clauses[STAGE_ROWS_MAX]; /* of the rule of the same index */
    bool has_clause[STAGE_ROWS_MAX];
    size_t rule_count;
    char texts[STAGE_TEXTS_MAX][400];
    size_t text_count;
    const uint8_t *spared[STAGE_ROWS_MAX]; /* what a pause of everything leaves open */
    size_t spared_count;
    uint64_t grant_never; /* categories */
    bool no_generation;
    const char *statutory[STAGE_ROWS_MAX]; /* hosts */
    size_t statutory_count;
    bool statutory_missing;
    struct hearing *hearing;     /* NULL: it is not noted when devices ask */
    struct sightings *sightings; /* NULL: it is not noted which cards forwarders tell of */
    uint32_t refuse_server;      /* bit: io.send() fails for this server */

    /* what runs */
    bool running;
    struct generation generation;
    struct blockdb *blockdb;
    struct statutory *tier; /* NULL: no host is listed */
    uint64_t tier_number;
    struct policy *policy;
    struct cache *cache;
    struct metrics metrics;
    struct decision decisions[STAGE_ROWS_MAX]; /* their ids are their places, from 1 */
    size_t decision_count;
    struct claims *claims; /* who is where; NULL: nobody knows */
    struct presence *presence;
    struct table *table;
    uint32_t table_version;
    struct query_engine *engine;
    struct query_time now;
    uint32_t next_slot;
    uint8_t out[65536];

    struct caught_ask asks[64];
    size_t ask_count;
    struct caught_answer answers[64];
    size_t answer_count;
    struct tap *tap;
    struct caught_tap taps[STAGE_TAPS_MAX]; /* those beyond are lost */
    size_t tap_count;
    struct qlog_record last_log;
    size_t log_count;
};

void stage_init(struct stage *stage);
/* Keeps a copy of text for as long as the stage. */
const char *stage_text(struct stage *stage, const char *text);
/* Makes everything that was set up; called by the first question. */
void stage_start(struct stage *stage);
/* Publishes the rules as a new generation and gives it to the engine; a changed policy comes with it. */
void stage_publish(struct stage *stage);
/* Only the statutory list, as its hosts are now. */
void stage_publish_statutory(struct stage *stage);
void stage_done(struct stage *stage);

/* Somebody is here now; in force at once. */
void stage_claim(struct stage *stage, const struct claim *claim);
/* Records a decision, or ends one; in force at once. until_s counts from now on; 0: for good. */
void stage_decide(struct stage *stage, const struct decision *decision);
void stage_revoke(struct stage *stage, size_t id);

/* One question; its answer, now or later, is caught under token. */
void stage_ask(struct stage *stage, const struct query_source *source, const uint8_t *msg, size_t len);
void stage_move_clock(struct stage *stage, int64_t ms);

#endif
