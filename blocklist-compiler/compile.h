/*
 * One run: feeds in, one verified generation out, or the reason why not.
 *
 *   lock the folder → fetch all → nothing new? done → read all → nothing new? done
 *   → sort and merge → compare with the generation before → write, verify, rename → note the inputs
 *
 * What is in force only ever changes by the last rename, so a run that is killed anywhere leaves it as it was.
 */
#ifndef COMPILER_COMPILE_H
#define COMPILER_COMPILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "blocklist-compiler/job.h"
#include "blocklist-compiler/references.h"

struct compile_opts {
    const struct recipe_feed *feeds;
    size_t feed_count;
    const char *out;     /* folder of the generations; made if missing */
    bool keep_copies;    /* the last good copy of a feed stands in for a bad one; false: copies only save time */
    unsigned keep;       /* generations */
    unsigned threads;    /* that fetch and read; at least 1 */
    struct guard *guard; /* what no feed may block; NULL: made of help */
    const char *help;    /* names that must stay reachable: one a line, "#" comments */
    struct references_opts references;
    int64_t now_s; /* wall time */
    const char *ca_file;
    FILE *progress;               /* NULL: silent */
    struct sandbox_limits limits; /* of reading a piece of a copy; zero: reader_limits */
    int64_t (*clock_ms)(void);    /* for how long each stage took; NULL: nobody wants to know */
};

struct compile;

/* ERR_NOMEM; ERR_CONFIG: help has a line that is no name (*out_line). */
ERR_CHECKED int compile_new(const struct compile_opts *opts, struct compile **out, unsigned *out_line);
void compile_free(struct compile *c);

/* Once. The report is filled whatever happens, and lives as long as c. */
const struct report *compile_run(struct compile *c);

/* 0: published or unchanged; 1: the same with a feed stale or missing; 2: not published. */
int compile_exit_code(const struct report *report);

#endif
