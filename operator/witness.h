/*
 * What the query log says about one question near a time: the rows that are closest to it.
 *
 * Memory: the caller's. Threads: one.
 */
#ifndef OPERATOR_WITNESS_H
#define OPERATOR_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/record.h"

#define WITNESS_MAX  8
#define WITNESS_WORD 128 /* of a group or feed; longer ones are cut */

struct witness_opts {
    const char *log_dir;
    int64_t from_ns, to_ns; /* the time that is meant, e.g. a minute: [from, to) */
    int64_t within_ns;      /* ... and rows before and after it */
    const uint8_t *name;    /* wire, lower case */
    bool has_type, has_client, has_user, has_device;
    uint16_t type;
    struct ipaddr client;
    uint32_t user, device; /* numbers of the roster; 0 matches nothing */
    const char *group;     /* NULL: any */
};

struct witness {
    struct qlog_record record;
    char group[WITNESS_WORD];
    char feed[WITNESS_WORD]; /* "" when none */
};

struct witnesses {
    struct witness rows[WITNESS_MAX]; /* in order of time */
    size_t count;
    size_t nearest;  /* the last one before the end of the time, else the first; of no meaning when there are none */
    uint64_t more;   /* rows that are farther away than these */
    uint64_t lost;   /* records of that time that were lost */
    uint64_t closed; /* blocks of that time of which nobody can say who asked */
};

/* ERR_NOENT: there is no log. ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int witness_find(const struct witness_opts *opts, struct witnesses *out);

#endif
