/*
 * Reading the query log: segments and living journals, oldest first, by a filter.
 *
 * Reading needs no help from the running resolver and never disturbs it. Rows of a journal that is being written are
 * read up to its last whole record. Damaged blocks are skipped and counted, never trusted.
 *
 * Threads: one scan belongs to one thread.
 */
#ifndef QLOG_READER_H
#define QLOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/record.h"

struct qlog_filter {
    int64_t from_ns, to_ns;      /* [from, to); to 0: no end */
    const struct prefix *client; /* NULL: any */
    const uint8_t *name;         /* wire, lower case; NULL: any */
    bool name_below;             /* also names below it */
    const char *group;           /* NULL: any */
    uint32_t user, device;       /* numbers in the roster; 0: any */
    const uint32_t *also_users;  /* with user: these as well */
    size_t also_count;
    uint64_t categories; /* any of these in verdict.category; 0: any */
    int action;          /* enum verdict_action; -1: any */
    bool blocked_only;   /* NOTICE and NXDOMAIN */
    const char *code;    /* notice-page code (qlog/code.h); NULL: any */
};

/* A row with the names behind its numbers. */
struct qlog_row {
    struct qlog_record record;
    const char *node; /* texts: valid until the next call; never NULL */
    const char *group;
    const char *feed;                   /* "" when none */
    const char *upstream;               /* "" when none */
    const char *user, *device, *called; /* "": whoever knows the roster puts them here (qlog does not) */
    uint64_t lost;                      /* > 0: not a question, but a gap: so many records were lost before this time */
};

struct qlog_scan;

/* ERR_NOENT: no log in dir. ERR_NOMEM, ERR_ACCESS. filter is copied except for what its pointers point to. */
ERR_CHECKED int qlog_scan_open(const char *dir, const struct qlog_filter *filter, struct qlog_scan **out);
/* 1: *out is the next row; 0: the end (call again later to follow a living log); negative: stop. */
ERR_CHECKED int qlog_scan_next(struct qlog_scan *scan, struct qlog_row *out);

struct qlog_scan_stats {
    uint64_t segments; /* opened */
    uint64_t skipped;  /* left out by their footer */
    uint64_t damaged_blocks;
    uint64_t closed_blocks;                     /* with rows, of which nobody can say who asked: the key can't be had */
    uint64_t rows;                              /* that matched */
    uint64_t lost;                              /* sum of gaps in the range */
    uint64_t first_generation, last_generation; /* of the matched rows */
};

void qlog_scan_stats(const struct qlog_scan *scan, struct qlog_scan_stats *out);
void qlog_scan_close(struct qlog_scan *scan);

#endif
