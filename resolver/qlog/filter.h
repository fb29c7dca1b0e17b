/*
 * Whether a row is wanted (struct qlog_filter, qlog/reader.h), part by part: tables of a block are judged once, not row
 * by row. Threads: pure; any thread.
 */
#ifndef QLOG_FILTER_H
#define QLOG_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "qlog/code.h"
#include "qlog/reader.h"

struct filter {
    struct qlog_filter wanted;
    struct qlog_code code; /* when wanted.code is given */
};

/* ERR_MALFORMED: the code is none. */
ERR_CHECKED int filter_init(struct filter *filter, const struct qlog_filter *wanted);

/* The parts of a block (enum block_part) that it looks at: tables, and indices of the rows; not their times. */
unsigned filter_parts(const struct filter *filter);

/* Whether any moment of [first, last] is wanted. */
bool filter_wants_times(const struct filter *filter, int64_t first_ns, int64_t last_ns);
struct filter_who {
    const struct ipaddr *client;
    const char *group;
    uint32_t user, device;
};

/* Whether rows of this user are wanted. */
bool filter_wants_user(const struct qlog_filter *wanted, uint32_t user);
bool filter_wants_who(const struct filter *filter, const struct filter_who *who);
/* Looks at action, reason and category. */
bool filter_wants_verdict(const struct filter *filter, const struct verdict *verdict);
/* A row is wanted for its name or for the matched one. */
bool filter_wants_name(const struct filter *filter, const uint8_t *name);
bool filter_wants_code(const struct filter *filter, const struct ipaddr *client, const uint8_t *name, int64_t time_ns);

#endif
