/*
 * Episodes as `belisha visits` writes them: for people by concern or one after the other, for programs as NDJSON.
 *
 * Threads: one.
 */
#ifndef OPERATOR_VISIT_LINES_H
#define OPERATOR_VISIT_LINES_H

#include <stdio.h>

#include "episode/episode.h"
#include "operator/log_names.h"

struct visit_lines {
    FILE *to;
    struct log_names *names;
};

/* What to look at first, and why: several lines. */
void visit_lines_concern(struct visit_lines *lines, const struct episode *episode);
/* One line: when, what, who. */
void visit_lines_course(struct visit_lines *lines, const struct episode *episode);
/* One JSON object and a newline. */
void visit_lines_json(struct visit_lines *lines, const struct episode *episode);

#endif
