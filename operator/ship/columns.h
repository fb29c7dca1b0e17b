/*
 * The columns of a shipped row, in the order in which every form writes them: one list for the tables in data/clickhouse/, the
 * messages to Kafka and to syslog, and docs/shipping.md (a test compares them).
 *
 *     item      of each row: when, which kind, its number
 *     origin    of all rows of a batch: site, node, segment
 *     who | what | path    of an entry of the block's tables (qlog/block.h), written once a block, however many rows point to it
 *
 * Threads: pure; any thread.
 */
#ifndef SHIP_COLUMNS_H
#define SHIP_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "ship/pen.h"

/* What a row stands for; the values of Enum8 in the tables. */
enum ship_kind {
    SHIP_ROW = 0,
    SHIP_GAP = 1,     /* so many records (lost) were not stored, from time on */
    SHIP_REMOVED = 2, /* so many segments (lost) were removed by retention before they were sent */
    SHIP_DAMAGED = 3, /* so many rows (lost; 0: nobody knows) stand in a block that can't be read */
};
#define SHIP_KINDS 4

struct ship_item {
    enum ship_kind kind;
    int64_t time_ns;
    uint64_t number; /* rows, and gaps, are counted from 0 in each segment */
    uint64_t lost;
    uint32_t rtt_us;
};

struct ship_origin {
    const char *site, *node;
    uint64_t segment;
};

struct ship_who {
    const char *group; /* texts: never NULL */
    unsigned grade;    /* enum qlog_grade */
    uint32_t policy_version;
    uint64_t person, device, client;       /* pseudonyms; 0: none */
    const char *person_name, *device_name; /* "": none */
    const uint8_t *client_address;         /* 16 bytes; all zero: none */
};

#define SHIP_CATEGORIES_MAX 64

struct ship_what {
    const char *name, *domain, *type, *rcode, *verdict, *reason, *category, *match, *matched_name, *feed;
    const char *categories[SHIP_CATEGORIES_MAX];
    size_t category_count;
    unsigned blocked, help; /* 0 or 1: the client was kept from the name; the name is protected help */
    unsigned match_labels, answer_count;
    uint32_t rule;
    const uint8_t *answer; /* as client_address */
    uint64_t generation;
};

struct ship_path {
    unsigned transport, cache; /* enum qlog_transport, qlog_cache */
    const char *upstream;
};

/* Whatever stands before the first column of a row, and behind the last. */
void columns_begin(const struct pen *pen);
void columns_item(const struct pen *pen, const struct ship_item *item);
void columns_origin(const struct pen *pen, const struct ship_origin *origin);
void columns_who(const struct pen *pen, const struct ship_who *who);
void columns_what(const struct pen *pen, const struct ship_what *what);
void columns_path(const struct pen *pen, const struct ship_path *path);
void columns_end(const struct pen *pen);

/* What stands where there is nobody and nothing: of a gap. */
extern const struct ship_who ship_nobody;
extern const struct ship_what ship_nothing;
extern const struct ship_path ship_nowhere;

/* The names of all columns, with commas between. */
void columns_names(struct text *out);

#define SHIP_SCHEMA 1 /* of the messages; "v" of each */

#define SHIP_TIME_MAX 40
/* "2026-11-21T22:07:47.123456789Z". Returns out. */
char *ship_time_to_text(int64_t time_ns, char out[SHIP_TIME_MAX]);

#endif
