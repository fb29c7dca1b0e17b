/*
 * What a proposed policy would change, measured: the query log of the last weeks, judged by the policy in force and by the
 * proposed one (replay.h), in words and numbers.
 *
 * Memory: heap. Threads: one.
 */
#ifndef OPERATOR_PLAN_H
#define OPERATOR_PLAN_H

#include <stdio.h>

#include "base/text.h"
#include "config/config.h"

#define PLAN_WEEKS_DEFAULT 4
#define PLAN_NAMES_DEFAULT 10

struct plan_opts {
    const struct config *now, *proposed; /* must outlive the plan */
    int64_t from_ns, to_ns;              /* of the log, wall */
    unsigned names_max;                  /* told of each group */
    bool people;                         /* tells who asked */
};

struct plan;

/*
 * Replays the log. Negative: why gets a sentence without full stop. ERR_NOENT: there is no log, or no list; ERR_ACCESS,
 * ERR_NOMEM, ERR_IO.
 */
ERR_CHECKED int plan_new(const struct plan_opts *opts, struct plan **out, struct text *why);
void plan_free(struct plan *plan);

/* For people. */
void plan_print(const struct plan *plan, FILE *to);
/* One JSON object, without a line end. */
void plan_write_json(const struct plan *plan, struct text *out);
/* What those who approve should know, in one line without its end:
 * "312 look-ups of 4 names newly allowed (pupils-wifi 312), 0 newly blocked; of 9812334 look-ups, 2026-11-01 to 2026-11-29" */
void plan_summary(const struct plan *plan, struct text *out);

#endif
