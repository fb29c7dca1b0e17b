/*
 * How an upstream server stands, over all workers: each finds out for itself, and the newest word counts.
 *
 * Threads: the manager's; the meters may change meanwhile.
 */
#ifndef CONTROL_STANDING_H
#define CONTROL_STANDING_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/metrics.h"
#include "query/query.h"

enum standing_state {
    STANDING_UNKNOWN,    /* not asked yet, or silent so far without being given up */
    STANDING_ANSWERS,    /* it answered last */
    STANDING_FAILS,      /* it failed several times in a row, and has not answered since */
    STANDING_DISTRUSTED, /* it did not prove who it is, and has not since */
};

struct standing {
    enum standing_state state;
    int64_t srtt_ms;       /* smoothed round-trip time where it answered last; -1: it never did */
    int64_t replied_ms;    /* 0: never */
    int64_t failed_in_row; /* the most of any worker */
    unsigned resting;      /* workers that do not ask it now */
    int64_t ports, links;  /* open over all workers */
    struct meter sum;
};

/* now_ms: as the engine's. */
void standing_of(const struct metrics *const workers[], size_t count, uint16_t meter, int64_t now_ms,
                 struct standing *out);

/* Whether an earlier server of the list has the same meter: two entries that are one server to whoever reads of it. */
bool standing_is_twin(const struct query_opts *query, size_t index);

/* What stands for a server's address in figures. Recursion has another port after each start, but is one server. */
const char *standing_address(const struct query_server *server, char out[ENDPOINT_TEXT_MAX]);

/* "answers" and so on, for machines. */
const char *standing_name(enum standing_state state);

/* Whether names that no zone covers can be asked: false when every server for them fails. */
bool standing_any_answers(const struct metrics *const workers[], size_t count, const struct query_opts *query,
                          int64_t now_ms);

#endif
