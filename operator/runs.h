/*
 * What the compiler's runs came to, from the records in <blocklist>/runs (docs/reference/feeds.md). A record that can't be
 * read is left out; without any there is a line that says so. Threads: one.
 */
#ifndef OPERATOR_RUNS_H
#define OPERATOR_RUNS_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* Lines for `belisha status`: the last run, its feeds that want a look, the oldest copy, the runs before. */
void runs_print(FILE *to, const char *blocklist_dir, int64_t now_s);

/* The generation that the last run before that time left in force; 0: there is no record of one. */
uint64_t runs_generation_at(const char *blocklist_dir, int64_t at_s);

/* The newest runs, newest first: time_s, outcome, generation, reason, feeds, stale, missing. NULL: no memory. */
json_t *runs_json(const char *blocklist_dir);

/* The whole record of the newest run; the caller gives it back. NULL: there is none. */
json_t *runs_newest(const char *blocklist_dir);

#endif
